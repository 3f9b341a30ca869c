--- ssl.handshake.inherit: the settings that a connection takes from its context.
--
-- OpenSSL copies most of them in SSL_new. When a server name switches the context, OpenSSL
-- exchanges the certificate and little else, so the other settings are transferred: a
-- context that demands client certificates must demand them of every client that asks for
-- its name. Each key has its part in its record and its room (ssl.context.keys). This file
-- does the parts that concern no key: the policy and the store.
--
-- A connection has the policy that its context had when the connection was made, or when
-- it was switched to the context. Later changes of a context must not reach existing
-- connections: otherwise a session that was judged by one policy could be resumed under
-- another. OpenSSL still looks up a few settings in the context, such as the cipher
-- suites. So a connection whose context has changed before its handshake resumes nothing.

local lib         = require "ssl.ffi.lib"
local sslctx      = require "ssl.context.sslctx"
local errors      = require "ssl.base.errors"
local later       = require "ssl.base.later"
local functionid  = later.module "ssl.base.functionid"
local keys        = require "ssl.context.keyset"
local policy      = require "ssl.session.policy"
local rooms       = require "ssl.context.rooms"
local sessionid   = require "ssl.session.sessionid"
local store       = require "ssl.trust.store"
local C           = lib.C

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local inherit = {}

-- OpenSSL compares the session id context of the connection with that of a session.
-- SSL_new copies the context's. SSL_set_SSL_CTX copies it only where the connection still
-- had that of its old context, and the old context may have another one meanwhile. So it
-- is always set here.
local function set_session_context(st, id)
  errors.must(C.SSL_set_session_id_context(st.conn.ssl, id, #id),
              "error setting the session id context")
  policy.settle(st, id)
end

local function bind(st, c, verifies_by)
  if st.server then
    set_session_context(st, verifies_by)
  else
    policy.settle(st, verifies_by)
  end
  store.settle(st.conn.ssl, c)
end

-- Does a context have a value of the key? `ssl.context` may have set it, too.
local function has(key, c)
  local fields = keys.state[key]
  if not fields then return false end
  for field, default in pairs(fields) do
    if c[field] ~= default then return true end
  end
  return false
end

-- Call the function `name` of each key: of keys that one of the contexts has, and at a switch
-- of keys without fields in the state of a context, too. A new connection has the settings of
-- these keys from SSL_new. A room without a used key is not loaded.
local function each(name, st, old, new)
  for _, key in ipairs(keys.at_context) do
    local concerned = keys.each[key] or has(key, new)
                   or old and (not keys.state[key] or has(key, old))
    local f = concerned and rooms.of(key)[name]
    if f then f(st, old, new) end
  end
end

--- A connection is made: it takes over the settings of its context.
-- @tparam table st
-- @tparam table c  the context's state
-- @tparam string|table verifies_by  its policy, from ssl.session.sessionid
-- @treturn true
-- @treturn nil,string  the reason
function inherit.begin(st, c, verifies_by)
  bind(st, c, verifies_by)
  for _, key in ipairs(keys.at_beginning) do
    if has(key, c) then
      local ok, why = rooms.of(key).begin(st, c)
      if ok == false then return nil, why end
    end
  end
  each("apply", st, nil, c)
  return true
end

--- A server's handshake is about to begin. Where its context has changed since, the
-- connection gets a session id context of its own: it resumes no session, and no other
-- connection resumes one of its sessions.
-- @tparam table st
function inherit.settle(st)
  local c = st.c
  if c.handle:lost() or c.fingerprint and c.fingerprint.id == st.policy then return end
  if sessionid.bind(c, true) ~= st.policy then set_session_context(st, functionid.unique()) end
end

--- Go on with another context. Within a handshake stopped at the ClientHello.
-- The connection keeps the context alive through OpenSSL's own count.
-- @tparam table st
-- @tparam userdata ctx
-- @raise when it is no usable context any more
function inherit.switch(st, ctx)
  local new = sslctx.state(ctx, 2)
  local lost = new.handle:lost()
  local verifies_by = not lost and sessionid.bind(new, true)
  if lost or C.SSL_set_SSL_CTX(st.conn.ssl, new.handle.raw) == nil then
    error("ssl: the context for this server name cannot be used", 0)
  end
  each("switch", st, st.c, new)
  bind(st, new, verifies_by)
  each("apply", st, st.c, new)
  st.ctx, st.c = ctx, new
end

return inherit
