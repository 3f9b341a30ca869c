--- Two engines, and an attacker between them who changes, drops, repeats and makes up
-- records, and under TLS 1.3 has the keys, if the input wants that.
--
-- What holds for an attacker without keys: what one end reads is the beginning of what the
-- other has written; "closed" is said only where the other has ended the session, and then
-- all of it has come. Without an attacker both handshakes succeed.

local link  = require "fuzz.link"
local draw  = require "fuzz.draw"

local target = { about = "records and handshakes between two engines, both ends, 1.2 and 1.3" }

-- More operations than a handshake, some traffic and the end take.
local MOST = 60

function target.one(bytes)
  local d = draw.new(bytes)
  local l = link.new(d)
  for _ = 1, MOST do
    if d:over() then break end
    l:step(d)
  end
  l:finish()
end

return target
