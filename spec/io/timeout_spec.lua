-- settimeout, in both modes: the results of an operation whose time is over.

describe("settimeout", function()
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local pair    = require "spec.support.pair"
  local servers = require "spec.support.servers"
  local values  = require "spec.support.values"
  local socket  = require "socket"
  local ssl     = require "ssl"
  local pack, raised = values.pack, values.raised

  teardown(process.stop_all)

  it("takes time limits in every spelling, and refuses other modes", function()
    local server, client = pair.wrapped()
    for _, seconds in ipairs { 0, 1.5, -1, "2", "0x1", math.huge } do
      for _, mode in ipairs { "b", "block", "t", "total", "r", "rest" } do
        assert.same(pack(1), pack(client:settimeout(seconds, mode)))
      end
    end
    for _, mode in ipairs { "", "x", "Block", 5 } do
      assert.equal("bad argument #2 to 'settimeout' (invalid timeout mode)",
                   raised(function() client:settimeout(1, mode) end))
    end
    assert.equal("bad argument #1 to 'settimeout' (number expected, got string)",
                 raised(function() client:settimeout "x" end))
    assert.equal("bad argument #2 to 'settimeout' (string expected, got table)",
                 raised(function() client:settimeout(1, {}) end))
    server:close()
    client:close()
  end)

  -- 60 bytes come, one every 0.05 s, then the end. Where the machine stands still for longer
  -- than a limit, all of it is tried again at a slower pace.
  for title, case in pairs {
    ["block alone limits the whole call"] = { "wantread", { 0.3, "b" } },
    ["total alone limits the whole call"] = { "wantread", { 0.3, "t" } },
    ["total limits the whole call beside block"] = { "wantread", { 1, "b" }, { 0.3, "t" } },
    ["block limits each wait beside total"] = { "closed", { 2.5, "b" }, { 600, "t" } },
    ["none limits nothing"] = { "closed", { 0.1, "t" }, { nil, "t" } },
  } do
    it(title, function()
      house.in_time(function(factor)
        local child = servers.start { drip = { 60, 0.05 * factor } }
        local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", child.port)),
                                     pair.client_config()))
        assert(conn:dohandshake())
        for i = 2, #case do
          local limit, mode = unpack(case[i], 1, 2)
          conn:settimeout(limit and limit * factor, mode)
        end
        local text, word, partial = conn:receive(100)
        conn:close()
        child:stop()
        assert.is_nil(text)
        assert.equal(case[1], word)
        assert.equal(word == "closed", partial == ("x"):rep(60))
      end)
    end)
  end

  it("lets block end a wait beside a total of an hour", function()
    local server, client = pair.connected()
    client:settimeout(0.05, "b")
    client:settimeout(3600, "t")
    assert.same(pack(nil, "wantread", ""), pack(client:receive(1)))
    server:close()
    client:close()
  end)
end)
