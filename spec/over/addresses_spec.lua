-- Hosts that look like addresses: a resolver gets them, or the caller a message.

describe("a host that is nearly an address", function()
  local socket  = require "socket"
  local loops   = require "spec.support.loops"
  local process = require "spec.support.process"
  local race    = require "ssl.over.race"

  local EXPECTED = [[
127.0.0.1: connection refused, 0 open
256.1.1.1: string, 0 open
1.2.3.4.5: string, 0 open
a:b: string, 0 open
::1::: string, 0 open
]]

  after_each(process.stop_all)

  for name, more in pairs { cqueues = "", luv = "a:b: string, 0 open\n",
                            neovim = "a:b: string, 0 open\n" } do
    it("raises nothing, and leaves nothing open: " .. name, function()
      local closed = socket.tcp()
      assert(closed:bind("127.0.0.1", 0)) -- and never told to listen
      local output = loops.run(name, "spec/over/addresses.lua",
                               { CLOSED = select(2, closed:getsockname()) })
      closed:close()
      assert.equal(EXPECTED .. more, (output:gsub("\r", ""):gsub("([^\n])$", "%1\n")))
    end)
  end

  local function run(name, program)
    local closed = socket.tcp()
    assert(closed:bind("127.0.0.1", 0)) -- and never told to listen
    local output = loops.run(name, program, { CLOSED = select(2, closed:getsockname()) })
    closed:close()
    return output
  end

  it("is asked for once more where the one who asked had no time left: cqueues", function()
    assert.equal("first: timeout\nsecond: connection refused\n",
                 run("cqueues", "spec/over/resolver.lua"))
  end)

  it("is answered to others where those who asked are abandoned: cqueues", function()
    assert.equal("all are answered\n", run("cqueues", "spec/over/abandoned.lua"))
  end)

  it("takes its time from that of the connection: copas", function()
    assert.equal("timeout\n", run("copas", "spec/over/slowname.lua"))
  end)

  it("is told from one", function()
    for _, host in ipairs { "127.0.0.1", "::1", "::ffff:1.2.3.4", "fe80::1%eth0" } do
      assert.is_true(race.is_address(host), host)
    end
    for _, host in ipairs { "127.1", "256.1.1.1", "1.2.3.4.", "a:b", "localhost", "", "%eth0" } do
      assert.is_false(race.is_address(host), host)
    end
  end)
end)
