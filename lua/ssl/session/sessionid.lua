--- ssl.session.sessionid: which of a server's sessions come back to which context.
--
-- OpenSSL compares a text of the context that made a session with that of the context
-- that is asked to resume it. Ours is the digest of a seed - random, or the
-- `sessionid` that several processes agreed on - and of the context's fingerprint: a
-- session made under one verification policy is never resumed under another, also
-- where a context was changed, or where a server name chose another one.

local lib         = require "ssl.ffi.lib"
local errors      = require "ssl.base.errors"
local later       = require "ssl.base.later"
local fingerprint = later.module "ssl.session.fingerprint"
local policy      = require "ssl.session.policy"
local store       = require "ssl.trust.store"
local C           = lib.C

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local sessionid = {}

-- A context made for clients, which a server name may choose, too, has none.
local function of_server(c)
  local mark, known = policy.mark(c), fingerprint.context(c)
  if c.mode ~= "server" then return known end
  mark.id = mark.id or fingerprint.digest(c.seed .. known)
  local id = mark.id
  if c.session_context ~= id then
    errors.must(C.SSL_CTX_set_session_id_context(c.handle.raw, id, #id),
                "error setting the session id context")
    c.session_context = id
  end
  return id
end

--- Make a context ready for a connection: before SSL_new, and before a handshake is
-- switched to it.
-- @tparam table c  the context's state
-- @tparam boolean server  the side of the connection
-- @treturn string|table  the policy of the connection: a server's session id context, a
--   client's mark (ssl.session.policy)
function sessionid.bind(c, server)
  store.look(c)
  if server then return of_server(c) end
  return policy.mark(c)
end

return sessionid
