--- ssl.session.policy: what a connection verifies by, before anybody asks for it in bytes.
--
-- The fingerprint of a context (ssl.session.fingerprint) costs more than the rest of a
-- client's preparation, and most clients never use a session. So a mark stands for it: an
-- object that the context keeps until something of the context changes, or a folder of
-- authorities that it has. The fingerprint is computed when a session has to be compared or
-- labelled, and is kept in the mark. If the context has another mark by then, its earlier
-- settings are lost: the connection gets a policy of its own, and its sessions fit nowhere.
-- A server needs the fingerprint for each connection (ssl.session.sessionid).

local ffi  = require "ffi"
local lib  = require "ssl.ffi.lib"
local C, K = lib.C, lib.K

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local policy = {}

--- Fields of a context's state that do not count in its fingerprint: a set. These belong to
-- every object and context; ssl.context.keys names the others.
policy.uncounted = {
  class = true, handle = true, fingerprint = true, seed = true,
  session_context = true, -- is made of it
  __index = true, __tostring = true, __gc = true, __close = true,
}

--- Leave fields of a context's state out of the fingerprint.
-- @tparam table names  a set: of keys that no verdict depends on, or that are counted
--   otherwise
function policy.leave_out(names)
  for name in pairs(names) do policy.uncounted[name] = true end
end

--- The mark of a context as it is now.
-- @tparam table c  the context's state
-- @treturn table  `digest`: the fingerprint, false until it is computed; `id`: the session id
--   context that was made of it, or false
function policy.mark(c)
  local mark = c.fingerprint
  if mark then return mark end
  mark = { digest = false, id = false }
  c.fingerprint = mark
  return mark
end

--- The policy of a connection.
-- @tparam table st
-- @tparam table|string value  a client's: the mark of its context, and later a text; a
--   server's: its session id context
function policy.settle(st, value)
  st.policy = value
end

--- A client's connection demands one thing more of its peer.
-- @tparam table st
-- @tparam string kind
-- @tparam string value
function policy.demand(st, kind, value)
  st.demands = ("%s%d:%s:%s"):format(st.demands, #value, kind, value)
end

--- The name that a client's connection sends, or would send now.
-- @tparam table st
-- @treturn string  "" for none
function policy.name(st)
  if st.named then return st.named end
  local name = C.SSL_get_servername(st.conn.ssl, K.TLSEXT_NAMETYPE_host_name)
  return name ~= nil and ffi.string(name) or ""
end

--- A client's handshake is about to begin, and its policy is fixed: the context as it was
-- when the connection was made, the name that is sent, the names and records that are
-- demanded.
-- @tparam table st
-- @treturn boolean  is it needed in bytes now? A session was offered, or a new one will be
--   reported, or the context has changed meanwhile
function policy.begin(st)
  local c = st.c
  st.named = policy.name(st)
  return st.resume ~= false or c.onsession ~= false or c.fingerprint ~= st.policy
end

return policy
