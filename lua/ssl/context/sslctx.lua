--- ssl.context.sslctx: the context object, an SSL_CTX and what goes with it.
--
-- Its functions are in ssl.context. A context has no close: it is freed when
-- neither Lua nor a connection refers to it.

local lib         = require "ssl.ffi.lib"
local shim        = require "ssl.ffi.shim"
local handle      = require "ssl.ffi.handle"
local arg         = require "ssl.base.arg"
local errors      = require "ssl.base.errors"
local object      = require "ssl.base.object"
local password    = require "ssl.source.password"
local gcpressure  = require "ssl.base.gcpressure"
local fingerprint = require "ssl.session.fingerprint"
local keys        = require "ssl.context.keys"
local versions    = require "ssl.context.versions"
local random      = require "ssl.base.random"
local C, K        = lib.C, lib.K

local sslctx = { methods = {} }

fingerprint.leave_out(keys.uncounted)

local own = handle.type("lsf_SSL_CTX *ctx", "SSL_CTX_free")

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
  local state = object.state(ctx, class, position or 1, (level or 1) + 1)
  return state
end

--- The state of a context that was not freed by a call of its finalizer, for the
-- function whose first argument it is; or an argument error.
function sslctx.live(ctx)
  local state = object.state(ctx, class, 1, 2)
  if state.handle:lost() then arg.fail(1, "invalid context", 2) end
  state.fingerprint = false -- it is about to change
  return state
end

--- Give a server's context its session id context: a server that verifies its
-- clients refuses to resume without one. A client must have none, since OpenSSL
-- compares it with that of a PSK's session, which has none.
-- It is the beginning: ssl.session.sessionid makes one of it that goes with the policy.
-- @tparam table state  of the context
-- @treturn boolean
function sslctx.set_session_context(state)
  local ok, seed = pcall(random, 16)
  if not ok then return false end
  state.seed = seed
  return C.SSL_CTX_set_session_id_context(state.handle.ctx, seed, #seed) == 1
end

-- The places where a server's handshake may stop, on every context, because a
-- handshake may be switched to any of them. A connection without a question passes
-- through.
local function set_callbacks(ctx)
  C.SSL_CTX_set_client_hello_cb(ctx, shim.callback "client_hello", nil)
  C.SSL_CTX_callback_ctrl(ctx, K.SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          shim.callback "servername")
  C.SSL_CTX_set_alpn_select_cb(ctx, shim.callback "alpn_select", nil)
  C.SSL_CTX_set_info_callback(ctx, shim.callback "info")
  C.SSL_CTX_set_session_ticket_cb(ctx, shim.callback "ticket_made", nil, nil)
end

local function bare()
  errors.clear()
  local h = own(C.SSL_CTX_new(C.TLS_method()))
  if not h then
    return nil, ("error creating context (%s)"):format(errors.reason())
  end
  C.SSL_CTX_ctrl(h.ctx, K.SSL_CTRL_SET_SESS_CACHE_MODE, K.SSL_SESS_CACHE_OFF, nil)
  C.SSL_CTX_ctrl(h.ctx, K.SSL_CTRL_MODE, MODES, nil)
  -- With this mode OpenSSL would read on within one call, past every time limit, while the
  -- peer sends records without plaintext. ssl.io.loop reads on instead.
  C.SSL_CTX_ctrl(h.ctx, K.SSL_CTRL_CLEAR_MODE, K.SSL_MODE_AUTO_RETRY, nil)
  C.SSL_CTX_set_default_passwd_cb_userdata(h.ctx, password.NONE)
  C.SSL_CTX_set_options(h.ctx, lib.options.no_renegotiation)
  set_callbacks(h.ctx)
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
  if not versions.limit(h.ctx, name) then
    return nil, ("invalid protocol (%s): %s cannot speak it")
                :format(name, lib.openssl.version)
  end

  local ctx, c = object.new(class)
  c.handle          = h
  c.fingerprint     = false -- ssl.session.fingerprint
  c.seed            = false -- of the session id context
  c.session_context = false -- of the policy of now: ssl.session.sessionid
  for i, field in ipairs(keys.fields) do c[field] = keys.defaults[i] end
  c.protocol        = name
  gcpressure.took(gcpressure.CONTEXT)
  return ctx
end

return sslctx
