-- The wire format of protocol lists. Pure Lua.

describe("ssl.alpn", function()
  local house = require "spec.support.init"
  local alpn  = require "ssl.feature.alpn"

  local LONGEST = ("x"):rep(255)

  for title, case in pairs {
    ["one name"]            = { { "h2" }, "\2h2" },
    ["two names, in order"] = { { "h2", "http/1.1" }, "\2h2\8http/1.1" },
    ["the shortest"]        = { { "a" }, "\1a" },
    ["the longest"]         = { { LONGEST, "a" }, "\255" .. LONGEST .. "\1a" },
    ["any byte"]            = { { "\0", "\255\1" }, "\1\0\2\255\1" },
    ["names twice"]         = { { "a", "a" }, "\1a\1a" },
  } do
    it("encodes and decodes " .. title, function()
      assert.equal(case[2], alpn.encode(case[1]))
      assert.same(case[1], alpn.decode(case[2]))
    end)
  end

  it("encodes the array alone", function()
    assert.equal("\1a", alpn.encode { "a", n = 5, [3] = "c" })
  end)

  for message, names in pairs {
    ["invalid ALPN list (empty)"]        = {},
    ["invalid ALPN name (empty string)"] = { "a", "", "b" },
    ["invalid ALPN name (length > 255)"] = { LONGEST .. "x" },
    ["invalid ALPN name (string expected, got number)"]  = { "a", 1 },
    ["invalid ALPN name (string expected, got boolean)"] = { false },
  } do
    it("refuses to encode: " .. message, function()
      assert.same({ nil, message }, { alpn.encode(names) })
    end)
  end

  for title, wire in pairs {
    ["an empty name"] = "\0", ["an empty name at the end"] = "\1a\0",
    ["an empty name in the middle"] = "\1a\0\1b", ["a name cut short"] = "\3ab",
    ["a length alone"] = "\1", ["a length alone at the end"] = "\1a\5",
  } do
    it("has no names for " .. title, function()
      assert.is_nil(alpn.decode(wire))
    end)
  end

  it("decodes nothing to no names", function()
    assert.same({}, alpn.decode "")
  end)

  it("fuzz: gets back what it encoded", function()
    math.randomseed(7)
    for _ = 1, house.scale(2000, 50) do
      local names = {}
      for i = 1, math.random(8) do
        local bytes = {}
        for j = 1, math.random(12) do bytes[j] = string.char(math.random(0, 255)) end
        names[i] = table.concat(bytes)
      end
      assert.same(names, alpn.decode(alpn.encode(names)))
    end
  end)

  it("fuzz: decodes any bytes to nothing, or to what encodes to them", function()
    math.randomseed(11)
    for _ = 1, house.scale(20000, 500) do
      local bytes = {}
      for i = 1, math.random(1, 8) do bytes[i] = string.char(math.random(0, 4)) end
      local wire = table.concat(bytes)
      local names = alpn.decode(wire)
      if names then assert.equal(wire, alpn.encode(names)) end
    end
  end)

  describe("a server's choice", function()
    it("is a table, read each time", function()
      local list = { "a" }
      local choose = alpn.selector(list)
      assert.equal("\1a", choose "\1x")
      list[1] = "b"
      assert.equal("\1b", choose "\1x")
      list[1] = nil
      assert.is_nil(choose "\1x")
    end)

    it("is a function of the names", function()
      local seen
      local choose = alpn.selector(function(names)
        seen = names
        return names[2]
      end)
      assert.equal("\1b", choose "\1a\1b")
      assert.same({ "a", "b" }, seen)
      assert.is_nil(choose "\1a")
    end)
  end)
end)
