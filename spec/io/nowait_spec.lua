-- A kernel that refuses to wait: `poll` fails where the process may have no descriptor at all.

describe("where poll fails", function()
  local fresh = require "spec.support.fresh"

  local PROGRAM = [[
    local ffi  = require "ffi"
    local pair = require "spec.support.pair"
    local s, c = pair.connected()
    ssl = require "ssl"
    ssl.preload()
    ffi.cdef "int setrlimit(int what, const unsigned long *limits);"
    local FILES = 7
    assert(ffi.C.setrlimit(FILES, ffi.new("unsigned long[2]", 0, 1024)) == 0)
    local transport = require("ssl.io.state").of(c).transport
    local real, waits = transport.wait, 0
    transport.wait = function(...)
      waits = waits + 1
      if waits == 5 then ARRIVE(s) end
      if waits > 2000 then error("it does not rest", 0) end
      return real(...)
    end
    c:settimeout(SECONDS)
    print(c:receive())
  ]]

  local function output(seconds, arrive)
    return fresh.luajit((PROGRAM:gsub("SECONDS", seconds):gsub("ARRIVE", arrive)))
  end

  it("a receive gets what comes", function()
    assert.equal("there\tnil\tnil\n", output("60", "(function(to) to:send 'there\\n' end)"))
  end)

  it("a receive ends with its time, and does not look without a pause", function()
    assert.equal("nil\twantread\t\n", output("1", "(function() end)"))
  end)
end)
