-- The results that the methods of a stream may have, and the effect of impossible ones.

describe("a stream's method", function()
  local ssl    = require "ssl"
  local pair   = require "spec.support.pair"
  local faulty = require "spec.support.faulty"
  local values = require "spec.support.values"
  local limits = require "spec.support.limits"
  local raised = values.raised

  local contexts
  setup(function() contexts = faulty.contexts "tlsv1_3" end)

  local function connected()
    local server, client, a, b = faulty.wrapped(contexts)
    pair.handshake(server, client)
    return server, client, a, b
  end

  local NONSENSE = { ["true"] = true, ["a word"] = "x", ["a negative number"] = -1,
                     ["no number"] = 0 / 0, ["a table"] = {}, ["a function"] = print }

  for name, value in pairs(NONSENSE) do
    it("send that answers " .. name .. " has failed", function()
      local _, client, _, b = connected()
      function b.on_send() return value end
      for _ = 1, 2 do
        assert.same({ nil, "transport failed", 0 }, { client:send "hello" })
      end
    end)

    it("receive that answers " .. name .. " instead of bytes has failed", function()
      local _, client, _, b = connected()
      function b.on_receive() return value end
      local data, word = client:receive()
      assert.is_nil(data)
      -- A string could be the peer's bytes.
      assert.equal(value == "x" and limits.no_record or "transport failed", word)
    end)

    it("receive that answers " .. name .. " for a reason has failed", function()
      local _, client, _, b = connected()
      function b.on_receive() return nil, value end
      for _ = 1, 2 do
        assert.same({ nil, value == "x" and "x" or "transport failed", "" },
                    { client:receive() })
      end
    end)
  end

  it("send may take nothing: that is wantwrite, once a call", function()
    local server, client, _, b = connected()
    local calls = 0
    function b.on_send()
      calls = calls + 1
      return 0
    end
    assert.same({ nil, "wantwrite", 0 }, { client:send "hello\n" })
    assert.is_true(calls <= 3)
    b.on_send = nil
    assert.equal(6, client:send "hello\n")
    assert.equal("hello", server:receive())
  end)

  it("send is offered twice as much as it takes, and all when it takes all", function()
    local server, client, _, b = connected()
    local text, most, offered = ("x"):rep(16000) .. "\n", 10, {}
    function b:on_send(data)
      offered[#offered + 1] = #data
      return self:put(data:sub(1, most))
    end
    assert.equal(#text, client:send(text))
    assert.is_true(offered[1] > 16000)
    for i = 2, #offered do assert.is_true(offered[i] <= 128) end
    assert.equal(#text - 1, #server:receive())
    most = #text + 100
    for _ = 1, 2 do
      offered = {}
      assert.equal(#text, client:send(text))
      assert.equal(#text - 1, #server:receive())
    end
    assert.is_true(#offered == 1 and offered[1] > 16000)
  end)

  it("send may return how much it took as the third result", function()
    local server, client, _, b = connected()
    function b:on_send(data) return nil, "timeout", self:put(data:sub(1, 10)) end
    local _, word, last = client:send "hello\n"
    assert.same({ "timeout", 0 }, { word, last })
    b.on_send = nil
    assert.equal(6, client:send "hello\n")
    assert.equal("hello", server:receive())
  end)

  it("receive without bytes and without a message is the end", function()
    for _, nothing in ipairs { { nil }, { "" } } do
      local _, client, _, b = connected()
      function b.on_receive() return unpack(nothing) end
      assert.same({ nil, "unexpected eof while reading", "" }, { client:receive() })
    end
  end)

  it("receive may give more than was asked for", function()
    local server, client, a = connected()
    function a:on_receive() return self:take(#self.data) end
    client:send "one\n"
    client:send "two\n"
    assert.equal("one", server:receive())
    assert.is_true(server:dirty())
    assert.equal("two", server:receive())
  end)

  it("receive may return its last bytes together with closed", function()
    local server, client, a = connected()
    client:send "last\n"
    client:close()
    function a:on_receive() return nil, "closed", (self:take(#self.data)) or "" end
    assert.equal("last", server:receive())
    assert.same({ nil, "closed", "" }, { server:receive() })
  end)

  it("raises: its error comes through, and later calls return a message", function()
    local _, client, _, b = connected()
    local problem = {}
    function b.on_receive() error(problem, 0) end
    local ok, why = pcall(client.receive, client)
    assert.is_false(ok)
    assert.equal(problem, why)
    assert.same({ nil, "transport failed", "" }, { client:receive() })
    client:close()
  end)

  it("settimeout gets its arguments unchanged", function()
    local seen
    local _, client, _, b = connected()
    function b.settimeout(_, ...) seen = values.pack(...) end
    assert.equal(1, client:settimeout(250))
    assert.same({ n = 1, 250 }, seen)
    client:settimeout(nil)
    assert.equal(1, seen.n)
    client:settimeout(3, "t")
    assert.same({ n = 2, 3, "t" }, seen)
  end)

  it("getfd is asked, where there is one", function()
    local _, client, _, b = connected()
    assert.equal(-1, client:getfd())
    function b.getfd() return 17 end
    assert.equal(17, client:getfd())
    client:close()
    assert.equal(-1, client:getfd())
  end)

  it("close may be missing, or raise: close does not", function()
    local _, client, a, b = connected()
    function b.close() error "no" end
    client:close()
    local server = assert(ssl.wrap({ send = a.send, receive = a.receive, counted = a.counted,
                                     put = a.put, take = a.take }, contexts.server))
    server:close()
  end)

  it("send and one to receive have to be there", function()
    local text = "bad argument #1 to '?' (an object with getfd and setfd, or send and "
                 .. "receive, expected, got "
    for _, object in ipairs {
      {}, { send = print }, { receive = print }, 5, print,
      { send = true, receive = print }, { send = print, receive = "yes" },
      { send = print, receive = print, receiveany = 1 },
      { getfd = 3, setfd = print }, { getfd = print, setfd = true, send = {}, receive = print },
    } do
      assert.equal(text .. type(object) .. ")", raised(ssl.wrap, object, contexts.client))
    end
    assert.is_userdata(ssl.wrap({ send = print, receiveany = print }, contexts.client))
    local callable = setmetatable({}, { __call = print })
    assert.is_userdata(ssl.wrap({ send = callable, receive = callable }, contexts.client))
  end)
end)
