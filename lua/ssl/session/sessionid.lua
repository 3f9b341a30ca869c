--- ssl.session.sessionid: which of a server's sessions come back to which context.
--
-- OpenSSL compares a text of the context that made a session with that of the context
-- that is asked to resume it. Ours is the digest of a seed - random, or the
-- `sessionid` that several processes agreed on - and of the context's fingerprint: a
-- session made under one verification policy is never resumed under another, also
-- where a context was changed, or where a server name chose another one.

local lib         = require "ssl.ffi.lib"
local errors      = require "ssl.base.errors"
local fingerprint = require "ssl.session.fingerprint"
local store       = require "ssl.trust.store"
local C           = lib.C

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local sessionid = {}

--- Make a context ready for a connection: before SSL_new, and before a handshake is
-- switched to it.
-- @tparam table c  the context's state
-- @treturn string  its fingerprint
function sessionid.bind(c)
  store.look(c)
  local known = fingerprint.context(c)
  if c.mode == "server" then
    local id = fingerprint.digest(c.seed .. known)
    if c.session_context ~= id then
      errors.must(C.SSL_CTX_set_session_id_context(c.handle.raw, id, #id),
                  "error setting the session id context")
      c.session_context = id
    end
  end
  return known
end

return sessionid
