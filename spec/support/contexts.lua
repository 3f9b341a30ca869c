--- OpenSSL's settings of a context: getters that the library does not need.
--
--   contexts.pointer(ctx)       SSL_CTX *
--   contexts.options(ctx)       a uint64_t
--   contexts.limits(ctx)        lowest and highest version
--   contexts.store_flags(ctx)   of the verification
--   contexts.ciphers(ctx)       names, TLS 1.3 first
--   contexts.groups(ctx)        ids, as its ClientHello offers them
--   contexts.connect(...)       a handshake in memory

local ffi     = require "ffi"
local lib     = require "ssl.ffi.lib"
local context = require "ssl.context"
local store   = require "ssl.trust.store"
local C, K    = lib.C, lib.K

for _, text in ipairs {
  "void *X509_STORE_get0_param(void *)", "unsigned long X509_VERIFY_PARAM_get_flags(void *)",
  "void *SSL_CTX_get_ciphers(void *)", "const char *SSL_CIPHER_get_name(void *)",
  "void *SSL_get1_session(void *)", "int SSL_set_session(void *, void *)",
  "const char *SSL_SESSION_get0_id_context(void *, unsigned int *)",
  "void SSL_SESSION_free(void *)",
  "int BIO_write(void *, const void *, int)", "unsigned long ERR_peek_last_error(void)",
} do
  local name = text:match "([%w_]+)%("
  ffi.cdef(text:gsub("%f[%w_]" .. name .. "%f[^%w_]", "spec_" .. name)
           .. (' __asm__("%s");'):format(name))
end
local S, X = lib.openssl.ssl, lib.openssl.crypto

local contexts = {}

function contexts.pointer(ctx)
  return context.state(ctx).handle.raw
end
local pointer = contexts.pointer

local disturbance

--- Leave an error behind, as code that shares the thread may: one that no call of
-- ours ends with.
function contexts.disturb()
  local ctx = C.SSL_CTX_new(C.TLS_method())
  assert(C.SSL_CTX_set_session_id_context(ctx, ffi.new "unsigned char[99]", 99) == 0)
  C.SSL_CTX_free(ctx)
  disturbance = X.spec_ERR_peek_last_error()
  assert(disturbance ~= 0)
end

--- Is there no error in OpenSSL's queue, `disturb`'s apart?
function contexts.quiet()
  local last = X.spec_ERR_peek_last_error()
  return last == 0 or last == disturbance
end

function contexts.options(ctx)
  return C.SSL_CTX_get_options(pointer(ctx))
end

function contexts.limits(ctx)
  local function get(command) return tonumber(C.SSL_CTX_ctrl(pointer(ctx), command, 0, nil)) end
  return get(K.SSL_CTRL_GET_MIN_PROTO_VERSION), get(K.SSL_CTRL_GET_MAX_PROTO_VERSION)
end

function contexts.verify_mode(ctx)
  return C.SSL_CTX_get_verify_mode(pointer(ctx))
end

function contexts.depth(ctx)
  return C.SSL_CTX_get_verify_depth(pointer(ctx))
end

function contexts.store_flags(ctx)
  local param = X.spec_X509_STORE_get0_param(C.SSL_CTX_get_cert_store(pointer(ctx)))
  return tonumber(X.spec_X509_VERIFY_PARAM_get_flags(param))
end

function contexts.ciphers(ctx)
  local stack, out = S.spec_SSL_CTX_get_ciphers(pointer(ctx)), {}
  for i = 0, C.OPENSSL_sk_num(stack) - 1 do
    out[#out + 1] = ffi.string(S.spec_SSL_CIPHER_get_name(C.OPENSSL_sk_value(stack, i)))
  end
  return out
end

local function memory(ssl)
  local input, output = C.BIO_new(C.BIO_s_mem()), C.BIO_new(C.BIO_s_mem())
  C.SSL_set_bio(ssl, input, output)
  return input, output
end

local function drain(bio)
  local data = ffi.new "char *[1]"
  local length = tonumber(C.BIO_ctrl(bio, K.BIO_CTRL_INFO, 0, data))
  local text = ffi.string(data[0], length)
  C.BIO_ctrl(bio, 1, 0, nil) -- BIO_CTRL_RESET
  return text
end

local function u16(s, at) return s:byte(at) * 256 + s:byte(at + 1) end

-- The extension supported_groups of a ClientHello record.
local function supported_groups(hello)
  local at = 5 + 4 + 2 + 32 + 1
  at = at + 1 + hello:byte(at)               -- session id
  at = at + 2 + u16(hello, at)               -- ciphers
  at = at + 1 + hello:byte(at) + 2           -- compression, length of extensions
  local out = {}
  while at < #hello do
    local kind, length = u16(hello, at), u16(hello, at + 2)
    if kind == 10 then
      for i = at + 6, at + 3 + length, 2 do out[#out + 1] = u16(hello, i) end
    end
    at = at + 4 + length
  end
  return out
end

function contexts.groups(ctx)
  local ssl = C.SSL_new(pointer(ctx))
  local _, output = memory(ssl)
  C.SSL_set_connect_state(ssl)
  C.SSL_do_handshake(ssl)
  C.ERR_clear_error()
  local groups = supported_groups(drain(output))
  C.SSL_free(ssl)
  return groups
end

-- Move what each wrote to the other until both are done or one failed.
local function shake(sides)
  for _ = 1, 10 do
    for i, side in ipairs(sides) do
      side.result = C.SSL_do_handshake(side.ssl)
      local reason = C.SSL_get_error(side.ssl, side.result)
      if reason == K.SSL_ERROR_SSL then
        return nil, ffi.string(C.ERR_reason_error_string(C.ERR_get_error()))
      end
      local text = drain(side.output)
      sides[3 - i].feed(text)
    end
    if sides[1].result == 1 and sides[2].result == 1 then return true end
  end
  return nil, "stuck"
end

local function side(ctx, start)
  local ssl = C.SSL_new(pointer(ctx))
  local input, output = memory(ssl)
  store.settle(ssl, context.state(ctx)) -- as connections do
  start(ssl)
  return { ssl = ssl, output = output, result = 0,
           feed = function(text) X.spec_BIO_write(input, text, #text) end }
end

--- A handshake between two contexts.
-- @param[opt] session  of an earlier one
-- @treturn table  ok, reason, reused, and the session the client could resume
function contexts.connect(server, client, session)
  local sides = { side(client, C.SSL_set_connect_state),
                  side(server, C.SSL_set_accept_state) }
  if session then
    S.spec_SSL_set_session(sides[1].ssl, session)
  end
  local out = {}
  out.ok, out.reason = shake(sides)
  if out.ok then
    -- TLS 1.3 sends its tickets with the server's last flight.
    C.SSL_read_ex(sides[1].ssl, ffi.new "char[1]", 1, ffi.new "size_t[1]")
    out.reused = C.SSL_session_reused(sides[1].ssl) == 1
    out.session = ffi.gc(S.spec_SSL_get1_session(sides[1].ssl),
                         S.spec_SSL_SESSION_free)
    C.SSL_shutdown(sides[1].ssl)
  end
  C.SSL_free(sides[1].ssl)
  C.SSL_free(sides[2].ssl)
  C.ERR_clear_error()
  return out
end

--- The id of the context that a session was made with.
function contexts.session_context(session)
  local length = ffi.new "unsigned int[1]"
  local id = S.spec_SSL_SESSION_get0_id_context(session, length)
  return ffi.string(id, length[0])
end

return contexts
