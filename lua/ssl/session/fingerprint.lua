--- ssl.session.fingerprint: the policy of a context, in 32 bytes.
--
-- A resumed handshake verifies nothing: the verdict of the handshake that made the session
-- holds. So a session must not be used under another policy. This file computes a digest
-- that distinguishes policies. It is made of the current settings, also where `ssl.context`
-- has changed them: those that OpenSSL returns, and every field of the context's state that
-- is not left out. The record of a key (ssl.context.keys) says whether its fields are. A
-- function cannot be compared, so it equals itself only (ssl.base.functionid).
--
-- It is computed when it is first needed, and kept in the mark of the context
-- (ssl.session.policy): until something of the context changes (ssl.context.sslctx), or a
-- folder of authorities that it has (ssl.trust.store).

local ffi        = require "ffi"
local lib        = require "ssl.ffi.lib"
local handle     = require "ssl.ffi.handle"
local hash       = require "ssl.base.hash"
local errors     = require "ssl.base.errors"
local later      = require "ssl.base.later"
local functionid = later.module "ssl.base.functionid"
local encode     = require "ssl.base.encode"
local policy     = require "ssl.session.policy"
local store      = require "ssl.trust.store"
local C, K       = lib.C, lib.K

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local fingerprint, uncounted = {}, policy.uncounted

-- Options that no verdict depends on. They choose among the suites that both sides allow,
-- the place of sessions, or the report of an end; or each later handshake applies them
-- again.
local BESIDE = { "cipher_server_preference", "prioritize_chacha", "no_ticket",
                 "no_anti_replay", "ignore_unexpected_eof", "no_renegotiation",
                 "allow_client_renegotiation" }

local counted_options = ffi.new("uint64_t", 0)
for _, name in ipairs(BESIDE) do
  local bits = ffi.cast("uint64_t", lib.options[name] or 0)
  counted_options = bit.bor(counted_options, bits)
end
counted_options = bit.bnot(counted_options)

local function made(bytes)
  if bytes then return bytes end
  errors.raise(("OpenSSL computes no SHA-256 (%s)"):format(errors.reason()))
end

--- The SHA-256 digest of a text.
function fingerprint.digest(text)
  return made(hash.text(text, hash.sha256()))
end

-- Connections of one kind come one after another. One assignment takes both, since a
-- finalizer may come here in between.
local last = {}

local function digest_of(text)
  local known = last
  if text ~= known.text then
    known = { text = text, digest = fingerprint.digest(text) }
    last = known
  end
  return known.digest
end

-- With the trust settings that a "TRUSTED CERTIFICATE" has beside the certificate.
local function object(entry)
  local x509 = C.X509_OBJECT_get0_X509(entry)
  if x509 ~= nil then
    local bytes = encode(C.i2d_X509_AUX, x509)
    return bytes and fingerprint.digest(bytes) or functionid.unique()
  end
  local crl = C.X509_OBJECT_get0_X509_CRL(entry)
  if crl ~= nil then return made(hash.crl(crl, hash.sha256())) end
  return ""
end

-- Certificates and CRLs, in no order. Contexts share the stores that ssl.trust.store has read,
-- and their digests.
local function trusted(c)
  local shared = type(c.store) == "table" and c.store
  if shared and shared.digest then return shared.digest end
  if not lib.has.X509_STORE_get0_objects then return functionid.unique() end
  local objects, out = C.X509_STORE_get0_objects(store.content(c)), {}
  for i = 1, C.OPENSSL_sk_num(objects) do
    out[i] = object(ffi.cast("lsf_X509_OBJECT *", C.OPENSSL_sk_value(objects, i - 1)))
  end
  table.sort(out)
  local all = fingerprint.digest(table.concat(out))
  if shared then shared.digest = all end
  return all
end

local own_ssl = handle.type("lsf_SSL *scratch", "SSL_free")
local stack_t = ffi.typeof "lsf_OPENSSL_STACK *[1]"

local function x509_digest(x509)
  return made(x509 ~= nil and hash.certificate(x509, hash.sha256()))
end

-- The certificate that is marked, and its chain.
local function marked(ssl, out)
  local stack = stack_t()
  out[#out + 1] = x509_digest(C.SSL_get_certificate(ssl))
  C.SSL_ctrl(ssl, K.SSL_CTRL_GET_CHAIN_CERTS, 0, stack)
  for i = 0, stack[0] ~= nil and C.OPENSSL_sk_num(stack[0]) - 1 or -1 do
    out[#out + 1] = x509_digest(ffi.cast("lsf_X509 *", C.OPENSSL_sk_value(stack[0], i)))
  end
  out[#out + 1] = ";"
end

local function mark(ssl, which)
  return C.SSL_ctrl(ssl, K.SSL_CTRL_SET_CURRENT_CERT, which, nil) == 1
end

-- Every certificate with a key, and its chain: a handshake may show them. A temporary
-- connection lists them, because that does not move the context's own mark. LibreSSL cannot
-- list them; it shows the one that was loaded, where it was one.
local function shown(raw, loads)
  local held, out = own_ssl(C.SSL_new(raw)), {}
  if not held then return functionid.unique() end
  local ssl = held.scratch
  if K.SSL_CTRL_SET_CURRENT_CERT then
    local more = mark(ssl, K.SSL_CERT_SET_FIRST)
    while more do
      marked(ssl, out)
      more = mark(ssl, K.SSL_CERT_SET_NEXT)
    end
  elseif loads == 1 then
    marked(ssl, out)
  elseif loads then
    out[1] = functionid.unique()
  end
  held:free()
  return table.concat(out)
end

-- In no order: which of those that both sides allow is chosen is no matter of trust.
local function ciphers(raw)
  local all, out = C.SSL_CTX_get_ciphers(raw), {}
  for i = 1, all ~= nil and C.OPENSSL_sk_num(all) or 0 do
    local cipher = ffi.cast("lsf_SSL_CIPHER *", C.OPENSSL_sk_value(all, i - 1))
    out[i] = ("%08x"):format(C.SSL_CIPHER_get_id(cipher))
  end
  table.sort(out)
  return table.concat(out)
end

local function text_of(value, name, c)
  local kind = type(value)
  if kind == "string" or kind == "number" or kind == "boolean" then return tostring(value) end
  return functionid.of(value, name, c.sessionid)
end

-- The fields of a state that count, in order.
local function counted(c)
  local names = {}
  for name in pairs(c) do
    if not uncounted[name] and c[name] then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- The settings that Lua keeps.
local function of_state(c, out)
  for _, name in ipairs(counted(c)) do
    local value = text_of(c[name], name, c)
    out[#out + 1] = ("%s:%d:%s"):format(name, #value, value)
  end
end

local function flags_of(param)
  return tonumber(C.X509_VERIFY_PARAM_get_flags(param))
end

local function limit(raw, command)
  return tonumber(C.SSL_CTX_ctrl(raw, command, 0, nil))
end

-- The settings that OpenSSL keeps.
local function of_openssl(c)
  local raw = c.handle.raw
  local options = bit.band(C.SSL_CTX_get_options(raw), counted_options)
  return {
    ("mode:%d"):format(C.SSL_CTX_get_verify_mode(raw)),
    ("depth:%d"):format(C.SSL_CTX_get_verify_depth(raw)),
    ("level:%d"):format(C.SSL_CTX_get_security_level(raw)),
    ("flags:%d:%d"):format(flags_of(C.SSL_CTX_get0_param(raw)),
                           flags_of(C.X509_STORE_get0_param(store.content(c)))),
    ("versions:%d:%d"):format(limit(raw, K.SSL_CTRL_GET_MIN_PROTO_VERSION),
                              limit(raw, K.SSL_CTRL_GET_MAX_PROTO_VERSION)),
    "options:" .. tostring(options),
    "ciphers:" .. ciphers(raw),
    "shown:" .. shown(raw, c.loads),
  }
end

local function compute(c)
  local out = of_openssl(c)
  out[#out + 1] = "side:" .. tostring(c.mode)
  out[#out + 1] = "trusted:" .. trusted(c)
  out[#out + 1] = "dhe:" .. tostring(c.dhparam ~= false)
  of_state(c, out)
  errors.clear()
  return fingerprint.digest(table.concat(out, "\n"))
end

--- Does a context's `sessionid` cover all functions of its policy?
-- @tparam table c  the state of a context that has one
-- @treturn boolean  false: it is already that of another function
function fingerprint.named(c)
  local fine = true
  for _, place in ipairs(counted(c)) do
    local f = c[place]
    if type(f) == "function" then
      fine = functionid.covered(c.sessionid, place, f) and fine
    end
  end
  return fine
end

--- The fingerprint of a context.
-- @tparam table c  the context's state
-- @treturn string  32 bytes
function fingerprint.context(c)
  local now = policy.mark(c)
  if now.digest then return now.digest end
  local known = compute(c)
  -- A finalizer may have changed the context meanwhile.
  now.digest = c.fingerprint == now and known or functionid.unique()
  return now.digest
end

-- The fingerprint that the context of a client's connection had when the connection was made,
-- or one that nothing else has: a connection whose context has changed since uses the changed
-- store, which cannot be identified. After the beginning of the handshake changes are no
-- matter where the fingerprint is known.
local function made_by(st)
  local was, c = st.policy, st.c
  if was.digest and st.named then return was.digest end
  if c.handle:lost() then return functionid.unique() end
  if was == c.fingerprint or was.digest and was.digest == fingerprint.context(c) then
    return fingerprint.context(c)
  end
  return functionid.unique()
end

local function text_of_connection(st)
  if type(st.policy) == "string" then return st.policy end
  local name = policy.name(st)
  local text = ("%s%d:%s%s"):format(made_by(st), #name, name, st.demands)
  if st.named then policy.settle(st, text) end
  return text
end

--- The policy of a client's connection.
-- @tparam table st
-- @treturn string  32 bytes
function fingerprint.connection(st)
  return digest_of(text_of_connection(st))
end

--- The same from the beginning of the handshake on, whatever becomes of the context.
-- @tparam table st
fingerprint.fix = text_of_connection

return fingerprint
