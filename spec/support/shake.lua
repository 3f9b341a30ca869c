--- Both handshakes of a pair, in turn, whatever comes of them.
--
-- Unlike pair.handshake it closes nothing: what a side that failed says of its
-- peer must come from the alert, and both can be asked again afterwards.
--
--   local at_server, at_client = shake(server, client)
--
-- Each is true or the word of the failure.

local house = require "spec.support.init"

local function step(side)
  side.conn:settimeout(0)
  local ok, word = side.conn:dohandshake()
  if ok or word ~= "wantread" and word ~= "wantwrite" then side.result = ok or word end
end

return function(server, client)
  local ends = { { conn = server }, { conn = client } }
  local late = house.patience()
  repeat
    for _, side in ipairs(ends) do
      if not side.result then step(side) end
    end
    assert(not late(), "the handshake did not end")
  until ends[1].result and ends[2].result
  return ends[1].result, ends[2].result
end
