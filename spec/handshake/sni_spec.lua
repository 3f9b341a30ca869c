-- Server names: the client's request, and the server's choice.

describe("sni", function()
  local limits = require "spec.support.limits"
  local needs  = require "spec.support.needs"
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local shake  = require "spec.support.shake"
  local values = require "spec.support.values"
  local ssl    = require "ssl"
  local pack, raised = values.pack, values.raised

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client
      after_each(function()
        server:close()
        client:close()
      end)

      local function context(extra)
        local cfg = pair.server_config { protocol = version }
        for key, value in pairs(extra or {}) do cfg[key] = value end
        return assert(ssl.newcontext(cfg))
      end

      -- A context that its certificate's subject identifies.
      local function named(extra)
        extra = extra or {}
        extra.certificate = pki.cn_only.cert
        return context(extra)
      end

      local function make(map, strict, name, extra)
        server, client = pair.wrapped({ protocol = version }, extra or {})
        if map then assert.same(pack(), pack(server:sni(map, strict))) end
        if name then assert.same(pack(), pack(client:sni(name))) end
      end

      local function subject()
        return client:getpeercertificate():subject()[2].value
      end

      -- The certificate that comes, and the name at both sides.
      local function serves(expected, name)
        assert.same({ true, true }, { shake(server, client) })
        assert.equal(expected, subject())
        assert.equal(name, server:getsniname())
        assert.equal(name, client:getsniname())
      end

      it("shows the name on both sides without any map", function()
        make(nil, nil, "some.test")
        assert.equal("some.test", client:getsniname())
        assert.is_nil(server:getsniname())
        serves("localhost", "some.test")
      end)

      it("serves from the named context", function()
        make({ ["some.test"] = named() }, false, "some.test")
        serves("cn.only.test", "some.test")
        server:send "through\n"
        client:settimeout(10)
        assert.equal("through", (client:receive()))
      end)

      it("D21: compares names without case, and prefers the exact key", function()
        make({ ["Some.TEST"] = named() }, true, "sOME.test")
        serves("cn.only.test", "sOME.test")
        server:close()
        client:close()
        make({ ["Some.TEST"] = context(), ["SOME.TEST"] = context(), ["some.test"] = named() },
             true, "some.test")
        serves("cn.only.test", "some.test")
      end)

      it("serves an unknown name from its own context unless it is strict", function()
        make({ ["some.test"] = named() }, false, "other.test")
        serves("localhost", "other.test")
      end)

      for _, strict in ipairs { true, 1, "yes" } do
        it("refuses an unknown name when strict is " .. tostring(strict), function()
          make({ ["some.test"] = named() }, strict, "other.test")
          local at_server, at_client = shake(server, client)
          assert.same({ limits.name_refused[version], "tlsv1 unrecognized name" },
                      { at_server, at_client })
          assert.equal("other.test", server:getsniname())
          assert.same(pack(false, at_server), pack(server:dohandshake()))
        end)
      end

      it("does not know a name that is false in the map, or for the function", function()
        local function refuses()
          assert.same({ limits.name_refused[version], "tlsv1 unrecognized name" },
                      { shake(server, client) })
          server:close()
          client:close()
        end
        local map = { ["some.test"] = named() }
        make(map, true, "some.test")
        map["some.test"] = false
        refuses()
        make(function() return false end, true, "some.test")
        refuses()
        map["some.test"] = nil
        make(map, false, "some.test")
        map["some.test"] = false
        serves("localhost", "some.test")
      end)

      it("D21: serves a client without a name from its own context, strict or not", function()
        for _, strict in ipairs { false, true } do
          make({ ["some.test"] = named() }, strict)
          serves("localhost", nil)
          if not strict then
            server:close()
            client:close()
          end
        end
      end)

      it("sends an IP literal as it was given", function()
        needs.that(limits.sends_addresses, "an address in the place of a name")
        make({ ["127.0.0.1"] = named() }, true, "127.0.0.1")
        serves("cn.only.test", "127.0.0.1")
      end)

      it("takes a number for a name", function()
        make({ ["5"] = named() }, true, 5)
        serves("cn.only.test", "5")
      end)

      for title, name in pairs {
        ["an empty name"] = "", ["a name of 256 bytes"] = ("x"):rep(256),
        ["an empty name before a NUL"] = "\0x",
      } do
        it("does not send " .. title, function()
          make({ ["some.test"] = named() }, true, name)
          assert.is_nil(client:getsniname())
          serves("localhost", nil)
        end)
      end

      it("cuts a name at a NUL, and sends 255 bytes", function()
        make({ ["some.test"] = named() }, true, "some.test\0.evil.test")
        assert.equal("some.test", client:getsniname())
        serves("cn.only.test", "some.test")
        server:close()
        client:close()
        local label = ("x"):rep(63)
        local longest = table.concat({ label, label, label, label }, ".")
        assert.equal(255, #longest)
        make({ [longest] = named() }, true, longest)
        serves("cn.only.test", longest)
      end)

      it("looks at the map as it is when the client comes", function()
        local map = { ["gone.test"] = named() }
        make(map, true, "some.test")
        map["some.test"], map["gone.test"] = named(), nil
        serves("cn.only.test", "some.test")
      end)

      it("D24: keeps a context that was dropped from the map after it was chosen", function()
        local map = { ["some.test"] = named() }
        make(map, true, "some.test")
        client:settimeout(0)
        server:settimeout(0)
        client:dohandshake()
        assert.same(pack(false, "wantread"), pack(server:dohandshake()))
        map["some.test"] = nil
        for _ = 1, 3 do collectgarbage() end
        serves("cn.only.test", "some.test")
        for _ = 1, 3 do collectgarbage() end
        assert.same(pack(true), pack(server:dohandshake()))
        server:send "kept\n"
        client:settimeout(10)
        assert.equal("kept", (client:receive()))
      end)

      it("D7: leaves the contexts of the map as they were for other connections", function()
        local mine = named()
        for _ = 1, 2 do
          make({ ["some.test"] = mine }, true, "some.test")
          serves("cn.only.test", "some.test")
          server:close()
          client:close()
          server, client = pair.wrapped(mine)
          client:sni "unheard.test"
          serves("cn.only.test", "unheard.test")
          server:close()
          client:close()
        end
        make()
        serves("localhost", nil)
      end)

      it("refuses a value that is no name or no map, and changes nothing", function()
        make({ ["some.test"] = named() }, true, "some.test")
        for got, value in pairs { table = {}, boolean = true } do
          assert.equal("bad argument #1 to 'sni' (string expected, got " .. got .. ")",
                       raised(function() client:sni(value) end))
        end
        for got, value in pairs { string = "x", number = 5 } do
          assert.equal("bad argument #1 to 'sni' (table expected, got " .. got .. ")",
                       raised(function() server:sni(value) end))
        end
        assert.equal("bad argument #1 to 'sni' (string expected, got no value)",
                     raised(function() client:sni() end))
        assert.equal("bad argument #1 to 'sni' (server names expected as keys, got number)",
                     raised(function() server:sni { named() } end))
        assert.equal("bad argument #1 to 'sni' (SSL:Context expected, got string)",
                     raised(function() server:sni { ["x.test"] = "x" } end))
        serves("cn.only.test", "some.test")
      end)
    end)
  end
end)
