--- ssl.https.earlydata: an answer that comes while the request is still being sent.
--
-- A server that refuses a body may answer at once (401, 413) and read no more, with the
-- connection open. A client that only sends would then wait for its time limit, although
-- the reason has arrived. So where sending makes no progress, the client checks what has
-- arrived.

local tls = require "ssl.https.tls"

local early = {}

--- Seconds for which a send is tried before arrived bytes are checked.
early.LOOK = 0.1

-- As much as is taken in beside a request that is being sent.
local MOST, PIECE = 65536, 4096

--- Can one look without waiting? A limit of 0 would be the end of some objects' sending.
function early.possible(s)
  return tls.over_descriptor(s)
end

--- The bytes that have arrived; nil where there are none, or the connection has ended. The
-- caller sets the time limit again.
-- @tparam table s  a stream
-- @tparam number held  number of bytes that were received before
-- @treturn string|nil
function early.look(s, held)
  if held >= MOST then return nil end
  s.sock:settimeout(0)
  return (s.sock:receiveany(PIECE))
end

--- Does the answer refuse the rest of the body? A success does not: a server may answer 200
-- and read on. An incomplete head decides nothing yet.
-- @tparam string text  begins with an answer's head, perhaps after interim ones
-- @treturn boolean
function early.refuses(text)
  local at = 1
  while true do
    local code = tonumber(text:match("^HTTP/%d+%.%d+ (%d%d%d)", at))
    if not code or code >= 200 or code == 101 then return code ~= nil and code >= 300 end
    local _, stop = text:find("\n\r?\n", at)
    if not stop then return false end
    at = stop + 1
  end
end

return early
