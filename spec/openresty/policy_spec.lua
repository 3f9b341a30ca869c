-- What the policies of handshakes over cosockets keep. No nginx is needed.

describe("ssl.resty.policy", function()
  local ssl    = require "ssl"
  local policy = require "ssl.resty.policy"

  local monotonic = ssl.monotonic

  after_each(function() ssl.monotonic = monotonic end)

  -- More than the contexts that the library keeps for later use.
  local MANY, KEPT = 60, 16

  local function alive(set)
    collectgarbage()
    collectgarbage()
    local n = 0
    for _ in pairs(set) do n = n + 1 end
    return n
  end

  it("lets configurations go whose functions refer to them", function()
    local time, made = monotonic(), setmetatable({}, { __mode = "k" })
    function ssl.monotonic() return time end
    for _ = 1, MANY do
      local given = {}
      function given.onverify() return given ~= nil end
      made[given] = true
      assert(policy.of(given, { name = "localhost", verify = true }))
      time = time + 1
    end
    assert.is_true(alive(made) <= KEPT + 2, alive(made))
  end)
end)
