-- ALPN (RFC 7301): the protocol that both sides agree on within the handshake.

describe("alpn", function()
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local shake   = require "spec.support.shake"
  local values  = require "spec.support.values"
  local context = require "ssl.context"
  local ssl     = require "ssl"
  local pack, raised = values.pack, values.raised
  local REFUSED = { "no application protocol", "tlsv1 alert no application protocol" }
  local INVALID = "invalid ALPN parameter"

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client
      after_each(function()
        server:close()
        client:close()
      end)

      -- Both handshakes; an argument is for cfg.alpn, or a context.
      local function meet(at_server, at_client, more)
        more = more or {}
        if type(at_server) ~= "userdata" then
          at_server = { alpn = at_server, protocol = version, curveslist = more.server_groups }
        end
        server, client = pair.wrapped(at_server, { alpn = at_client, protocol = version,
                                                   curveslist = more.client_groups })
        if more.map then server:sni(more.map) end
        if more.name then client:sni(more.name) end
        return { shake(server, client) }
      end

      local function agrees_on(protocol, ...)
        assert.same({ true, true }, meet(...))
        assert.same(pack(protocol), pack(server:getalpn()))
        assert.same(pack(protocol), pack(client:getalpn()))
      end

      for title, case in pairs {
        ["a string at the client"]         = { "h2", { "h2" }, "h2" },
        ["lists, the server's order wins"] = { "b", { "b", "a" }, { "a", "b" } },
        ["the only one in common"]         = { "c", { "a", "c" }, { "b", "c" } },
        ["names of 255 bytes, and with any byte"] =
          { "\0\1\255", { ("x"):rep(255), "\0\1\255" }, { ("x"):rep(254), "\0\1\255" } },
        ["nothing for a server without a list"] = { nil, nil, { "h2" } },
        ["nothing for a client without one"]    = { nil, { "h2" }, nil },
        ["names that differ in case alone"]     = { "H2", { "H2", "h2" }, { "h2", "H2" } },
      } do
        it("agrees: " .. title, function() agrees_on(case[1], case[2], case[3]) end)
      end

      it("D21: refuses a client that has none of the server's, with an alert", function()
        for _, choice in ipairs { { "h2" }, { "a", "h2x" },
                                  function() return "h2" end } do
          assert.same(REFUSED, meet(choice, { "h", "http/1.1" }))
          assert.same(pack(false, REFUSED[1]), pack(server:dohandshake()))
          assert.is_nil(server:getalpn())
          assert.is_nil(client:getalpn())
          server:close()
          client:close()
        end
      end)

      it("reads the server's table at each handshake", function()
        local list = { "h2" }
        local ctx = assert(ssl.newcontext(pair.server_config { protocol = version,
                                                               alpn = list }))
        for _, now in ipairs { { "h2" }, { "http/1.1" }, {}, { 5 }, { "" }, { "h2", "x" } } do
          list[1], list[2] = now[1], now[2]
          local expected = type(now[1]) == "string" and now[1] ~= "" and now[1] or nil
          agrees_on(expected, ctx, { "http/1.1", "h2" })
          server:close()
          client:close()
        end
        agrees_on("h2", ctx, "h2")
      end)

      it("does not see what becomes of the client's table", function()
        local list = { "a" }
        server, client = pair.wrapped({ alpn = { "b", "a" }, protocol = version },
                                      { alpn = list, protocol = version })
        list[1] = "b"
        assert.same({ true, true }, { shake(server, client) })
        assert.equal("a", client:getalpn())
      end)

      describe("a server's function", function()
        it("is called once, with the client's list, in its order", function()
          local calls = {}
          agrees_on("b", function(...)
            calls[#calls + 1] = pack(...)
            return "b"
          end, { "c", "b", "a" })
          assert.same({ pack({ "c", "b", "a" }) }, calls)
        end)

        it("D28: is called once when a HelloRetryRequest causes a second ClientHello", function()
          local calls = 0
          agrees_on("a", function()
            calls = calls + 1
            return "a"
          end, "a", { server_groups = "P-384:P-256",
                     client_groups = "X25519:P-384:P-256" })
          assert.equal(1, calls)
        end)

        it("is not called for a client without a list", function()
          agrees_on(nil, function() error "called" end, nil)
        end)

        for title, answer in pairs {
          ["nothing"] = false, ["a number"] = 5, ["true"] = true, ["a function"] = print,
          ["an empty list"] = {}, ["an empty string"] = "", ["a list with a number"] = { 5 },
          ["a list with an empty name"] = { "a", "" }, ["a list of lists"] = { { "a" } },
          ["a name of 256 bytes"] = ("x"):rep(256),
        } do
          it("negotiates nothing by answering " .. title, function()
            agrees_on(nil, function() return answer or nil end, { "a", "b" })
          end)
        end

        it("may answer a list, and its order wins", function()
          agrees_on("b", function() return { "x", "b", "a" } end, { "a", "b" })
        end)
      end)

      it("holds by the context that the server name chose", function()
        local function named(alpn)
          return assert(ssl.newcontext(pair.server_config {
            protocol = version, certificate = pki.cn_only.cert, alpn = alpn }))
        end
        local map = { ["a.test"] = named { "b" }, ["none.test"] = named(),
                      ["f.test"] = named(function() return "c" end) }
        local expected = { ["a.test"] = "b", ["f.test"] = "c", ["other.test"] = "a" }
        for _, name in ipairs { "a.test", "f.test", "none.test", "other.test" } do
          agrees_on(expected[name], { "a" }, { "a", "b", "c" }, { map = map, name = name })
          server:close()
          client:close()
        end
      end)

      it("is known from the end of the handshake until the connection is closed", function()
        server, client = pair.wrapped({ alpn = { "a" }, protocol = version },
                                      { alpn = "a", protocol = version })
        assert.same({ pack(nil), pack(nil) }, { pack(server:getalpn()), pack(client:getalpn()) })
        assert.same({ true, true }, { shake(server, client) })
        collectgarbage()
        assert.equal("a", server:getalpn())
        client:close()
        server:close()
        assert.same({ pack(nil), pack(nil) }, { pack(server:getalpn()), pack(client:getalpn()) })
      end)

      -- ssl.context takes bytes that were not checked before.
      for title, wire in pairs { ["one byte short"] = "\5abcd", ["a lone length"] = "\255",
                                 ["an empty name"] = "\0", ["a good one first"] = "\1b\9c" } do
        it("negotiates nothing by a malformed list from setalpncb: " .. title, function()
          local ctx = assert(ssl.newcontext(pair.server_config { protocol = version }))
          assert.same(pack(true), pack(context.setalpncb(ctx, function() return wire end)))
          agrees_on(nil, ctx, { "abcdefgh", "abcde", "b" })
        end)
      end
    end)
  end

  for _, case in ipairs {
    { "server", "h2", INVALID }, { "server", 5, INVALID }, { "server", true, INVALID },
    { "client", 5, INVALID }, { "client", true, INVALID }, { "client", print, INVALID },
    { "either", {}, "invalid ALPN list (empty)" },
    { "either", { "a", "" }, "invalid ALPN name (empty string)" },
    { "either", { ("x"):rep(256) }, "invalid ALPN name (length > 255)" },
    { "either", { "a", 5 }, "invalid ALPN name (string expected, got number)" },
    { "either", { {} }, "invalid ALPN name (string expected, got table)" },
    { "client", "", "invalid ALPN name (empty string)" },
  } do
    local mode, value, message = unpack(case, 1, 3)
    it(("says of %s %s: %s"):format(mode, type(value), message), function()
      for _, side in ipairs { "server", "client" } do
        if mode == "either" or mode == side then
          assert.same(pack(nil, message), pack(ssl.newcontext {
            mode = side, protocol = "any", alpn = value }))
        end
      end
    end)
  end

  it("is offered, and chosen, by the functions of ssl.context", function()
    local ctx = assert(context.create "any")
    assert.same(pack(true), pack(context.setalpn(ctx, "\1a\2bc")))
    assert.same(pack(true), pack(context.setalpn(ctx, "")))
    assert.same(pack(false, "error setting ALPN (malformed list)"),
                pack(context.setalpn(ctx, "\2a")))
    assert.equal("bad argument #2 to 'setalpn' (string expected, got table)",
                 raised(function() context.setalpn(ctx, {}) end))
    assert.equal("bad argument #2 to 'setalpncb' (function expected, got no value)",
                 raised(function() context.setalpncb(ctx) end))
  end)
end)
