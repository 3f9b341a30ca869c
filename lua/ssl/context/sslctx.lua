--- ssl.context.sslctx: the context object, an SSL_CTX and what goes with it.
--
-- Its functions are in ssl.context. A context has no close: it is freed when
-- neither Lua nor a connection refers to it.
--
-- Everywhere `ctx` is the program's object, `c` its state, and `raw` the SSL_CTX *, which is
-- `c.handle.raw`.

local lib         = require "ssl.ffi.lib"
local shim        = require "ssl.ffi.shim"
local handle      = require "ssl.ffi.handle"
local arg         = require "ssl.base.arg"
local errors      = require "ssl.base.errors"
local object      = require "ssl.base.object"
local password    = require "ssl.source.password"
local gcpressure  = require "ssl.base.gcpressure"
local policy      = require "ssl.session.policy"
local keys        = require "ssl.context.keyset"
local versions    = require "ssl.context.versions"
local later       = require "ssl.base.later"
local random      = later.func "ssl.base.random"
local C, K        = lib.C, lib.K

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local sslctx = { methods = {} }

policy.leave_out(keys.uncounted)

local own = handle.type("lsf_SSL_CTX *raw", "SSL_CTX_free")

local MODES = bit.bor(K.SSL_MODE_ENABLE_PARTIAL_WRITE,
                      K.SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
                      K.SSL_MODE_RELEASE_BUFFERS)

local class
class = object.class("SSL:Context", sslctx.methods, {
  tostring = function(self)
    return ("SSL context: %p"):format(self)
  end,
  free = function(self)
    if object.is(self, class) then getmetatable(self).handle:drop() end
  end,
})
sslctx.class = class

--- The state of a context, or an argument error.
-- @param ctx  anything
-- @tparam[opt=1] number position  of the argument
-- @tparam[opt=1] number level  as for ssl.base.arg
function sslctx.state(ctx, position, level)
  local c = object.state(ctx, class, position or 1, (level or 1) + 1)
  return c
end

--- The state of a context that was not freed by a call of its finalizer, for the
-- function whose first argument it is; or an argument error.
-- @param ctx  anything
-- @tparam[opt=1] number level  as for ssl.base.arg
function sslctx.usable(ctx, level)
  level = (level or 1) + 1
  local c = object.state(ctx, class, 1, level)
  if c.handle:lost() then arg.fail(1, "invalid context", level) end
  return c
end

--- The same for a function that is about to change the policy of the context.
function sslctx.live(ctx)
  local c = sslctx.usable(ctx, 2)
  c.fingerprint = false
  return c
end

--- Give a server's context its session id context: a server that verifies its
-- clients refuses to resume without one. A client must have none, since OpenSSL
-- compares it with that of a PSK's session, which has none.
-- It is the beginning: ssl.session.sessionid makes one of it that goes with the policy.
-- @tparam table c  state of the context
-- @treturn boolean
function sslctx.set_session_context(c)
  local ok, seed = pcall(random, 16)
  if not ok then return false end
  c.seed = seed
  return C.SSL_CTX_set_session_id_context(c.handle.raw, seed, #seed) == 1
end

-- The places where a server's handshake may stop, on every context, because a
-- handshake may be switched to any of them. A connection without a question passes
-- through.
local function set_callbacks(raw)
  local ok = true
  if lib.has.SSL_CTX_set_client_hello_cb then
    C.SSL_CTX_set_client_hello_cb(raw, shim.callback "client_hello", nil)
  end
  ok = C.SSL_CTX_callback_ctrl(raw, K.SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                               shim.callback "servername") == 1 and ok
  C.SSL_CTX_set_alpn_select_cb(raw, shim.callback "alpn_select", nil)
  C.SSL_CTX_set_info_callback(raw, shim.callback "info")
  if lib.has.SSL_CTX_set_session_ticket_cb then
    ok = C.SSL_CTX_set_session_ticket_cb(raw, shim.callback "ticket_made", nil, nil) == 1
         and ok
  end
  return ok
end

local function bare()
  errors.clear()
  local h = own(C.SSL_CTX_new(C.TLS_method()))
  local ok = h and set_callbacks(h.raw)
  if not ok then
    return nil, ("error creating context (%s)"):format(errors.reason())
  end
  C.SSL_CTX_ctrl(h.raw, K.SSL_CTRL_SET_SESS_CACHE_MODE, K.SSL_SESS_CACHE_OFF, nil)
  C.SSL_CTX_ctrl(h.raw, K.SSL_CTRL_MODE, MODES, nil)
  -- With this mode OpenSSL would read on within one call, past every time limit, while the
  -- peer sends records without plaintext. ssl.io.loop reads on instead.
  C.SSL_CTX_ctrl(h.raw, K.SSL_CTRL_CLEAR_MODE, K.SSL_MODE_AUTO_RETRY, nil)
  C.SSL_CTX_set_default_passwd_cb_userdata(h.raw, password.NONE)
  C.SSL_CTX_set_options(h.raw, lib.options.no_renegotiation)
  errors.clear()
  return h
end

--- A new context.
-- @tparam string name  of a protocol
-- @treturn userdata
-- @treturn nil,string
function sslctx.new(name)
  if not versions.known(name) then
    return nil, ("invalid protocol (%s)"):format(name)
  end
  local h, message = bare()
  if not h then return nil, message end
  if not versions.limit(h.raw, name) then
    return nil, ("invalid protocol (%s): %s cannot speak it")
                :format(name, lib.openssl.version)
  end

  local ctx, c = object.new(class)
  c.handle          = h
  c.fingerprint     = false -- ssl.session.policy
  c.seed            = false -- of the session id context
  c.session_context = false -- of the policy of now: ssl.session.sessionid
  for _, fields in pairs(keys.state) do
    for field, default in pairs(fields) do c[field] = default end
  end
  c.protocol        = name
  gcpressure.took(gcpressure.CONTEXT)
  return ctx
end

return sslctx
