--- ssl.io.problem: the failure of a connection, for the program.
--
-- It comes with the first connection. A program asks for the reason of a failure where there
-- may be no descriptor left to read a file with.

local errors = require "ssl.base.errors"
local state  = require "ssl.io.state"

local problem = {}

-- An operation is under way, and what it has found is not final.
local PENDING = { requesting = true, suspended = true }

--- The fatal error of a connection, also after it was closed.
-- @treturn table|nil  nil where there was none: a clean end is no error. `message`:
--   that of the failed call; the other fields where they apply.
--   `code`, `library` and `reason`: the cause in OpenSSL's queue, and `queue` all of it.
--   `verify`, where the certificate was refused: `code` and `text` of OpenSSL; `depth`,
--   `subject` and `issuer` of the certificate there; `misnamed`: the name is another one;
--   `untrusted`: the chain ends in no trusted certificate.
--   `alert`: `direction`, `code`, `text`. `errno`: of the transport. `hint`: what a person
--   may do next.
function problem:lasterror()
  local st = state.of(self)
  -- A problem without failure: nothing can be sent any more, but received data can be read.
  if PENDING[st.phase] or not st.failed and not st.problem then return nil end
  local out = errors.copy(st.problem or {})
  out.message = st.failed or out.message
  return out
end

return problem
