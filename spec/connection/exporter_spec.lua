-- Values that only the two ends of one connection have in common: getfinished, getpeerfinished
-- and exportkeyingmaterial.

describe("ssl.binding", function()
  local pair   = require "spec.support.pair"
  local values = require "spec.support.values"
  local limits = require "spec.support.limits"
  local pack, raised = values.pack, values.raised

  local LABEL = "EXPORTER-luasec-ffi-spec"

  local server, client
  after_each(function()
    server:close()
    client:close()
  end)

  local function connect(extra)
    server, client = pair.connected(extra)
  end

  for _, case in ipairs {
    { version = "tlsv1_2", finished = 12 },
    { version = "tlsv1_3", suite = "TLS_AES_256_GCM_SHA384", finished = 48 },
    { version = "tlsv1_3", suite = "TLS_AES_128_GCM_SHA256", finished = 32 },
  } do
    local name = case.version .. (case.suite and " with " .. case.suite or "")
    describe("over " .. name, function()
      before_each(function()
        connect { protocol = case.version, ciphersuites = case.suite }
      end)

      it("gives each side's Finished to both", function()
        assert.equal(client:getfinished(), server:getpeerfinished())
        assert.equal(server:getfinished(), client:getpeerfinished())
        assert.are_not.equal(client:getfinished(), server:getfinished())
      end)

      it("gives " .. case.finished .. " bytes of it, each time the same", function()
        for _, conn in ipairs { server, client } do
          assert.equal(case.finished, #conn:getfinished())
          assert.equal(case.finished, #conn:getpeerfinished())
          assert.same({ n = 1, conn:getfinished() }, pack(conn:getfinished()))
        end
      end)
    end)
  end

  for _, version in ipairs(pair.versions) do
    describe("exportkeyingmaterial over " .. version, function()
      before_each(function() connect { protocol = version } end)

      local function both(...)
        local material = server:exportkeyingmaterial(...)
        assert.same({ n = 1, material }, pack(client:exportkeyingmaterial(...)))
        return material
      end

      it("gives both sides the same bytes, as many as asked for", function()
        for _, length in ipairs { 1, 32, 48, 255, 4096 } do
          assert.equal(length, #both(LABEL, length))
          assert.equal(length, #both(LABEL, length, "context"))
        end
      end)

      it("gives each label, context and connection bytes of its own", function()
        local seen = {}
        local function take(material)
          assert.is_nil(seen[material])
          seen[material] = true
        end
        take(both(LABEL, 32))
        take(both(LABEL .. "2", 32))
        take(both(LABEL, 32, "a"))
        take(both(LABEL, 32, "a\0"))
        take(both(LABEL, 32, "a\0b"))
        take(both(LABEL .. "\0x", 32))
        server:close()
        client:close()
        connect { protocol = version }
        take(both(LABEL, 32))
      end)

      it("takes a context of nil for none", function()
        assert.equal(both(LABEL, 32), both(LABEL, 32, nil))
      end)

      it((version == "tlsv1_2" and "tells" or "does not tell")
         .. " an empty context from none", function()
        assert.equal(version == "tlsv1_3", both(LABEL, 32) == both(LABEL, 32, ""))
      end)

      it("takes numbers as strings and strings as numbers, and cuts fractions off", function()
        assert.equal(both(LABEL, 32, "5"), both(LABEL, 32, 5))
        assert.equal(both(LABEL, 32), both(LABEL, "32"))
        assert.equal(both(LABEL, 32), both(LABEL, 32.9))
        assert.equal(both("5", 16), both(5, 16))
      end)

      it("reports a refusal of OpenSSL, and leaves no error queued", function()
        local refused = { n = 2, nil, "error exporting keying material" }
        if version == "tlsv1_2" then
          assert.same(refused, pack(client:exportkeyingmaterial("master secret", 32)))
          assert.same(limits.exporter_refuses_nothing and refused or pack "",
                      pack(client:exportkeyingmaterial(LABEL, 0)))
        else
          assert.same(limits.exporter_refuses_nothing_13 and refused or pack "",
                      pack(client:exportkeyingmaterial(LABEL, 0)))
          assert.equal(32, #both("master secret", 32))
          assert.same(refused, pack(client:exportkeyingmaterial(LABEL, 100000)))
          assert.same(refused, pack(client:exportkeyingmaterial(("l"):rep(300), 32)))
        end
        assert.equal(0, tonumber(require("ssl.ffi.lib").C.ERR_peek_error()))
        assert.equal(5, client:send "hello")
      end)

      it("refuses a context with a length of more than two bytes", function()
        assert.equal(32, #both(LABEL, 32, ("c"):rep(512)))
        assert.same({ n = 2, nil, "error exporting keying material" },
                    pack(client:exportkeyingmaterial(LABEL, 32, ("c"):rep(65536))))
      end)

      it("raises for a length that is none, and allocates nothing for it", function()
        for _, length in ipairs { -1, -2^31, 1048577, 2^31, 2^40, 2^63, math.huge, 0 / 0 } do
          local before = collectgarbage "count"
          assert.equal("bad argument #2 to 'exportkeyingmaterial' "
                       .. "(length not in the range 0 to 1048576)",
                       raised(function() client:exportkeyingmaterial(LABEL, length) end))
          assert.is_true(collectgarbage "count" - before < 1024)
        end
      end)

      it("raises for a value that is no string or number", function()
        local function call(...)
          local arguments = pack(...)
          return raised(function()
            client:exportkeyingmaterial(unpack(arguments, 1, arguments.n))
          end)
        end
        assert.equal("bad argument #1 to 'exportkeyingmaterial' (string expected, got no value)",
                     call())
        assert.equal("bad argument #2 to 'exportkeyingmaterial' (number expected, got no value)",
                     call(LABEL))
        assert.equal("bad argument #2 to 'exportkeyingmaterial' (number expected, got string)",
                     call(LABEL, "x"))
        assert.equal("bad argument #3 to 'exportkeyingmaterial' (string expected, got boolean)",
                     call(LABEL, 32, false))
      end)

      it("goes on after the peer has closed", function()
        local material = both(LABEL, 32)
        server:close()
        client:settimeout(10)
        assert.same({ n = 3, nil, "closed", "" }, pack(client:receive()))
        assert.equal(material, client:exportkeyingmaterial(LABEL, 32))
      end)
    end)
  end

  it("makes what TLS 1.2 accepts up to 1 MiB", function()
    connect { protocol = "tlsv1_2" }
    local material = client:exportkeyingmaterial(LABEL, 1048576)
    assert.equal(1048576, #material)
    assert.equal(material:sub(1, 32), client:exportkeyingmaterial(LABEL, 32))
  end)

  it("D8: all answer nil, \"closed\" before the handshake and after close", function()
    server, client = pair.wrapped()
    local function check()
      for _, conn in ipairs { server, client } do
        assert.same({ n = 2, nil, "closed" }, pack(conn:getfinished()))
        assert.same({ n = 2, nil, "closed" }, pack(conn:getpeerfinished()))
        assert.same({ n = 2, nil, "closed" }, pack(conn:exportkeyingmaterial(LABEL, 32)))
        assert.same({ n = 2, nil, "closed" }, pack(conn:exportkeyingmaterial()))
        assert.same({ n = 2, nil, "closed" }, pack(conn:exportkeyingmaterial({}, -1)))
      end
    end
    check()
    server:close()
    client:close()
    check()
  end)
end)
