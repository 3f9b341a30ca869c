--- ssl.connection.negotiated: the names of the group and the signature of a handshake.

local ffi  = require "ffi"
local lib  = require "ssl.ffi.lib"
local C, K = lib.C, lib.K

local negotiated = {}

--- The group of the key exchange, by its name in the IANA's registry; nil where there
-- was none, and with OpenSSL 1.1.1, which does not report it.
function negotiated.group(ssl)
  if not lib.has.SSL_group_to_name then return nil end
  local group = tonumber(C.SSL_ctrl(ssl, K.SSL_CTRL_GET_NEGOTIATED_GROUP, 0, nil))
  local name = group ~= K.NID_undef and C.SSL_group_to_name(ssl, group) or nil
  return name ~= nil and ffi.string(name) or nil
end

-- Two kinds of key make the same kind of signature; the names distinguish them.
local function key_of_peer(ssl)
  local cert = C.SSL_get1_peer_certificate(ssl)
  if cert == nil then return nil end
  local key = C.X509_get0_pubkey(cert)
  local id = key ~= nil and C.EVP_PKEY_get_id(key) or nil
  C.X509_free(cert)
  return id
end

local KEYS = { [K.EVP_PKEY_RSA] = "rsa_pkcs1", [K.EVP_PKEY_DSA] = "dsa",
               [K.EVP_PKEY_EC] = "ecdsa" }
-- RFC 8446 section 4.2.3: with each digest goes one curve.
local CURVES = { sha256 = "secp256r1_", sha384 = "secp384r1_", sha512 = "secp521r1_" }

local function short_name(nid)
  local name = nid ~= K.NID_undef and C.OBJ_nid2sn(nid) or nil
  return name ~= nil and ffi.string(name):lower() or nil
end

-- "rsa_pss_rsae_sha256", "ecdsa_secp256r1_sha256", "ed25519".
local function scheme(ssl, kind, digest)
  if kind == K.EVP_PKEY_RSA_PSS then
    return (key_of_peer(ssl) == kind and "rsa_pss_pss_" or "rsa_pss_rsae_") .. digest
  end
  local key = KEYS[kind] or short_name(kind)
  return key .. "_" .. (key == "ecdsa" and CURVES[digest] or "") .. digest
end

--- The signature algorithm by which the peer proved that it has its key, by its name
-- in the IANA's registry. nil where it proved nothing: it showed no certificate, the
-- session was resumed, or the key exchange itself was the proof.
function negotiated.sigalg(ssl)
  local number = ffi.new "int[1]"
  if C.SSL_get_peer_signature_type_nid(ssl, number) ~= 1 then return nil end
  local kind = number[0]
  number[0] = K.NID_undef
  C.SSL_ctrl(ssl, K.SSL_CTRL_GET_PEER_SIGNATURE_NID, 0, number)
  if kind == K.NID_undef then return nil end
  local digest = short_name(number[0])
  if digest then return scheme(ssl, kind, (digest:gsub("-", "_"))) end
  -- Those that bring a digest of their own: Ed25519, ML-DSA-65.
  local name = short_name(kind)
  return name and (name:gsub("-", ""))
end

return negotiated
