--- ssl.fingerprint: what a context verifies by, in 32 bytes.
--
-- A resumed handshake verifies nothing: the verdict of the one that made the session
-- holds. So a session must not get from one policy to another, and here is what tells
-- policies apart: what OpenSSL says of the context - mode, depth, flags, security
-- level, every trusted certificate and revocation list, the own certificate - and
-- whatever else the context's state has, unless IRRELEVANT names it. A function cannot
-- be compared, so it makes a policy that no other context has.
--
-- It is computed when a context has its first connection and kept until something of
-- the context changes (ssl.sslctx). Not later: a folder of authorities enters the
-- store piece by piece, as handshakes ask for them.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local err    = require "ssl.err"
local C, K   = lib.C, lib.K

local fingerprint = {}

-- Fields of a context's state that no verdict depends on.
local IRRELEVANT = {
  class = true, handle = true, fingerprint = true, seed = true, unique = true,
  mode = true, protocol = true, dhparam = true, dh_pem = true, dh = true,
  alpn_select = true, onclienthello = true, groups = true, onsession = true,
  ocspresponse = true, keylog = true, tickets = true, sessionstore = true,
  earlydata = true, eof = true, explain = true,
  store = true, -- what is in it counts
  session_context = true, -- is made of it
  __index = true, __tostring = true, __gc = true, __close = true,
}

local md      = ffi.new("unsigned char[?]", K.EVP_MAX_MD_SIZE)
local md_size = ffi.new "unsigned int[1]"
local sha256  = C.EVP_get_digestbyname "SHA256"

local function result(rc)
  if rc ~= 1 then error("ssl: OpenSSL has no SHA-256", 0) end
  return ffi.string(md, md_size[0])
end

--- The SHA-256 digest of a text.
function fingerprint.digest(text)
  return result(C.EVP_Digest(text, #text, md, md_size, sha256, nil))
end

-- Connections of one kind come one after another.
local last_policy, last_digest

--- The digest of what `connection` answers.
function fingerprint.policy(text)
  if text ~= last_policy then
    last_policy, last_digest = text, fingerprint.digest(text)
  end
  return last_digest
end

local function random()
  local bytes = ffi.new "unsigned char[16]"
  if C.RAND_bytes(bytes, 16) ~= 1 then error("ssl: OpenSSL has no random bytes", 0) end
  return ffi.string(bytes, 16)
end

local function object(entry)
  local x509 = C.X509_OBJECT_get0_X509(entry)
  if x509 ~= nil then return result(C.X509_digest(x509, sha256, md, md_size)) end
  local crl = C.X509_OBJECT_get0_X509_CRL(entry)
  if crl ~= nil then return result(C.X509_CRL_digest(crl, sha256, md, md_size)) end
  return ""
end

-- Certificates and CRLs, in no order. Contexts share what ssl.store has read for them,
-- and what was computed of it.
local function trusted(c, store)
  local shared = type(c.store) == "table" and c.store
  if shared and shared.digest then return shared.digest end
  if not lib.has.X509_STORE_get0_objects then return random() end
  local objects, out = C.X509_STORE_get0_objects(store), {}
  for i = 1, C.OPENSSL_sk_num(objects) do
    out[i] = object(ffi.cast("lsf_X509_OBJECT *", C.OPENSSL_sk_value(objects, i - 1)))
  end
  table.sort(out)
  local all = fingerprint.digest(table.concat(out))
  if shared then shared.digest = all end
  return all
end

local function own_certificate(ctx)
  local x509 = C.SSL_CTX_get0_certificate(ctx)
  return x509 ~= nil and result(C.X509_digest(x509, sha256, md, md_size)) or ""
end

-- What stands for a server's function: where it is written, since its sessions come back
-- to processes that run the same program, too. Of several that were made in one place
-- only the first is known by it, because what they enclose may differ.
local known_as, taken = setmetatable({}, { __mode = "k" }), {}

local function name_of(f)
  if not known_as[f] then
    local at = debug.getinfo(f, "S")
    local place = fingerprint.digest(("%s:%d:%d"):format(at.source, at.linedefined,
                                                         at.lastlinedefined))
    known_as[f] = taken[place] and random() or place
    taken[place] = true
  end
  return known_as[f]
end

-- What stands for a value that is no text: on a client it is the same only for the same
-- context.
local function stand_in(c, value)
  if c.mode == "server" then
    return type(value) == "function" and name_of(value) or type(value)
  end
  c.unique = c.unique or random()
  return c.unique
end

-- What Lua keeps.
local function of_state(c, out)
  local names = {}
  for name in pairs(c) do
    if not IRRELEVANT[name] and c[name] then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = c[name]
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      value = stand_in(c, value)
    end
    value = tostring(value)
    out[#out + 1] = ("%s:%d:%s"):format(name, #value, value)
  end
end

local function compute(c)
  local ctx = c.handle.ctx
  local store = C.SSL_CTX_get_cert_store(ctx)
  local out = {
    ("mode:%d"):format(C.SSL_CTX_get_verify_mode(ctx)),
    ("depth:%d"):format(C.SSL_CTX_get_verify_depth(ctx)),
    ("level:%d"):format(C.SSL_CTX_get_security_level(ctx)),
    ("flags:%d:%d"):format(
      tonumber(C.X509_VERIFY_PARAM_get_flags(C.SSL_CTX_get0_param(ctx))),
      tonumber(C.X509_VERIFY_PARAM_get_flags(C.X509_STORE_get0_param(store)))),
    "trusted:" .. trusted(c, store),
    "own:" .. own_certificate(ctx),
  }
  of_state(c, out)
  err.clear()
  return fingerprint.digest(table.concat(out, "\n"))
end

--- The fingerprint of a context.
-- @tparam table c  the context's state
-- @treturn string  32 bytes
function fingerprint.context(c)
  local known = c.fingerprint
  if known then return known end
  known = compute(c)
  c.fingerprint = known
  return known
end

--- What a client's connection will verify by, before its handshake: the context as it
-- was when the connection was made, the name that is sent, the name and the records
-- that are demanded.
-- @tparam table st
-- @tparam table c  the context's state
-- @treturn string
function fingerprint.connection(st, c)
  local base = st.policy
  -- The store is the context's: what changed there meanwhile counts, and cannot be told.
  if c.fingerprint ~= base then base = random() end
  local name = C.SSL_get_servername(st.conn.ssl, K.TLSEXT_NAMETYPE_host_name)
  name = name ~= nil and ffi.string(name) or ""
  return ("%s%d:%s%s"):format(base, #name, name, st.demands)
end

return fingerprint
