-- A process that has no descriptor left cannot read files of the library (EMFILE). What ends a
-- connection, limits its time, or reports its failure goes on: see ssl.connection.methods.

describe("a process that can read no file any more", function()
  local fresh   = require "spec.support.fresh"
  local methods = require "ssl.connection.methods"

  local WITHOUT_FILES = { "close", "dirty", "dohandshake", "ended", "getfd", "lasterror", "receive",
                          "send", "setdeadline", "settimeout", "tlsshutdown", "want" }

  -- From `shut` on no file of the library can be opened.
  local SHUT = [[
    local pair = require "spec.support.pair"
    local ssl = require "ssl"
    local function shut()
      package.loaders = { function(name)
        if name:find "^ssl" then error("Too many open files", 0) end
      end }
    end
  ]]

  local function output(program)
    local text, ok = fresh.luajit(SHUT .. program)
    assert.is_true(ok, text)
    return text
  end

  it("has the files of these methods from its first connection on", function()
    local late = {}
    for _, method in ipairs(methods.list()) do late[method[1]] = method.late end
    for _, name in ipairs(WITHOUT_FILES) do assert.is_false(late[name], name) end
  end)

  it("can limit, ask, and end a connection", function()
    assert.equal("1\t1\tfalse\tnothing\tfalse\tnil\tfalse\twantread\tread\tclosed\t-1\n",
                 output [[
      local a, b = pair.tcp()
      local conn = assert(ssl.wrap(a, pair.client_config()))
      shut()
      local results = {}
      local function note(...)
        for i = 1, select("#", ...) do results[#results + 1] = tostring((select(i, ...))) end
      end
      note(conn:settimeout(0), conn:setdeadline(60), conn:dirty(), conn:want(), conn:ended(),
           conn:lasterror())
      assert(conn:getfd() >= 0)
      local ok, why = conn:dohandshake()
      note(ok, why, conn:want())
      conn:close()
      note(select(2, conn:dohandshake()), conn:getfd())
      print(table.concat(results, "\t"))
      b:close()
    ]])
  end)

  it("learns the message of a failure", function()
    assert.equal("true\ttrue\ttrue\ttrue\n", output [[
      local a, b = pair.tcp()
      local conn = assert(ssl.wrap(a, pair.client_config()))
      shut()
      assert(b:send(("no TLS"):rep(10)))
      local ok, why = conn:dohandshake()
      print(not ok and #why > 0, conn:lasterror().message == why, ssl.lasterror().message == why,
            conn:close() == nil and conn:lasterror().message == why)
      b:close()
    ]])
  end)

  it("closes a server's connection that has a store of sessions", function()
    assert.equal("false\ttrue\n", output [[
      local a, b = pair.tcp()
      local sessions = require "spec.support.sessions"
      local conn = assert(ssl.wrap(a, pair.server_config {
        sessionstore = sessions.store(), sessionkey = false,
      }))
      conn:settimeout(0)
      assert(not conn:dohandshake())
      shut()
      assert(b:send(("no TLS"):rep(10)))
      print(conn:dohandshake() or false, (pcall(conn.close, conn)))
      b:close()
    ]])
  end)

  it("has no failure where none was noted", function()
    assert.equal("true\tnil\n", output [[
      shut()
      package.loaded["ssl.base.errors"] = nil
      print(pcall(ssl.lasterror))
    ]])
  end)
end)
