--- Sends until there is no more room in the kernels' buffers.
--
--   local full = require "spec.support.full"
--   local sent = full(conn, data)
--
-- One `wantwrite` is not enough: what the peer's kernel takes a moment later makes room again.

local socket = require "socket"
local house  = require "spec.support.init"

local IDLE = 50 -- times, a millisecond apart

--- @param conn  at time limit 0
-- @tparam string data  more than there is room for
-- @treturn number  how much of it is sent
return function(conn, data)
  local late = house.patience()
  local last, idle = 0, 0
  while idle < IDLE do
    local sent, why, done = conn:send(data, last + 1)
    assert(not sent and why == "wantwrite", "no end of room")
    idle = done == last and idle + 1 or 0
    last = done
    assert(not late(), "no end of room")
    socket.sleep(0.001)
  end
  return last
end
