-- script/demo: its output, and that no process or file of it remains.

describe("script/demo", function()
  local socket  = require "socket"
  local process = require "spec.support.process"
  local ours    = require "spec.support.ours"

  after_each(process.stop_all)

  -- The demo builds the library and makes keys and certificates, which takes long on a busy
  -- machine.
  local LIMIT = 6 * ours.LIMIT

  local root = process.capture "pwd":gsub("\n", "")

  local function start()
    local folder = process.folder()
    local child = process.start { root .. "/script/demo", env = { TMPDIR = folder } }
    child.folder = folder
    return child
  end

  local function port(child)
    local number = child:wait_output("on port (%d+)", LIMIT)
    return tonumber(number)
  end

  -- Wait until there is neither a file nor a server.
  local function gone(child, number)
    local deadline = socket.gettime() + LIMIT
    repeat
      local files = process.capture("ls " .. process.quote(child.folder))
      local listens = socket.connect("127.0.0.1", number)
      if listens then listens:close() end
      if files == "" and not listens then return true end
      socket.sleep(0.02)
    until socket.gettime() > deadline
    return false
  end

  it("shows a verified server, two refusals and a page", function()
    local child = start()
    assert.same({ "exit", 0 }, { child:wait(LIMIT) })
    local output = child:output()
    for _, line in ipairs {
      "luasec-ffi on LuaJIT", "  host       localhost\n", "  verified   the chain, the name\n",
      "certificate verify failed (IP address mismatch)\n",
      "certificate verify failed (unable to get local issuer certificate)\n",
      "\n  Hello from luasec-ffi.\n",
    } do
      assert.matches(line, output, 1, true)
    end
    assert.not_matches("Terminated", output, 1, true)
    assert.is_true(gone(child, port(child)))
  end)

  for name, signal in pairs { interrupted = 2, terminated = process.SIGTERM,
                              killed = process.SIGKILL } do
    it("leaves nothing behind when it is " .. name, function()
      local child = start()
      local number = assert(port(child), child:output())
      child:signal(signal)
      assert.truthy(child:wait(LIMIT))
      assert.is_true(gone(child, number))
    end)
  end

  it("fails where it cannot build", function()
    local folder = process.folder()
    local file = process.write(folder .. "/file", "")
    local child = process.start { root .. "/script/demo",
                                  env = { BUILD_DIR = file, TMPDIR = folder } }
    assert.same({ "exit", 1 }, { child:wait(LIMIT) })
    assert.matches("bootstrap: cmake failed", child:output())
  end)
end)
