-- Reading DER, pure Lua.

describe("ssl.tlv", function()
  local der = require "ssl.x509.der"

  local function pack(...) return { ... } end

  it("reads an element: tag, and where its content begins and ends", function()
    assert.same({ 2, 3, 3 }, pack(der.read "\2\1\5"))
    assert.same({ 5, 3, 2 }, pack(der.read "\5\0"))
    assert.same({ 4, 4, 131 }, pack(der.read("\4\129\128" .. ("x"):rep(128))))
    assert.same({ 4, 5, 1004 }, pack(der.read("\4\130\3\232" .. ("x"):rep(1000))))
    assert.same({ 2, 5, 5 }, pack(der.read("\5\0\2\1\7", 3)))
  end)

  it("reads nothing that is cut off, of a long tag or without a length", function()
    for _, text in ipairs { "", "\2", "\2\1", "\4\129", "\4\130\1", "\31\1\1", "\191\31\1\1",
                            "\48\128\0\0", "\4\133\0\0\0\0\1x", "\4\132\255\255\255\255",
                            "\4\5abcd" } do
      assert.is_nil(der.read(text))
    end
    assert.is_nil(der.read("\4\2ab", 1, 3))
  end)

  it("reads a sequence that is all of the text", function()
    assert.same({}, der.sequence "\48\0")
    assert.same({ { tag = 2, content = "\5", whole = "\2\1\5" },
                  { tag = 1, content = "\255", whole = "\1\1\255" } },
                der.sequence "\48\6\2\1\5\1\1\255")
    for _, text in ipairs { "", "\48", "\48\1", "\48\0\0", "\48\2\2\1", "\49\0", "\48\3\2\2\1" } do
      assert.is_nil(der.sequence(text))
    end
  end)

  it("reads integers that a number holds", function()
    assert.equal(0, der.integer "\0")
    assert.equal(5, der.integer "\5")
    assert.equal(128, der.integer "\0\128")
    assert.equal(2 ^ 47 - 1, der.integer "\127\255\255\255\255\255")
    for _, text in ipairs { "", "\128", "\255", "\1\0\0\0\0\0\0" } do
      assert.is_nil(der.integer(text))
    end
  end)

  it("reads object identifiers", function()
    for text, content in pairs {
      ["2.5.29.19"] = "\85\29\19", ["1.3.6.1.5.5.7.1.24"] = "\43\6\1\5\5\7\1\24",
      ["1.2.840.113549"] = "\42\134\72\134\247\13", ["0.39"] = "\39", ["1.0"] = "\40",
      ["2.0"] = "\80", ["2.999"] = "\136\55", ["2.100.3"] = "\129\52\3",
    } do
      assert.equal(text, der.object(content))
    end
    for _, content in ipairs { "", "\128", "\43\134", ("\255"):rep(8) .. "\1" } do
      assert.is_nil(der.object(content))
    end
  end)

  it("neither raises nor hangs on anything", function()
    local seed = 4711
    local function random(n)
      seed = (seed * 16807) % 2147483647
      return seed % n
    end
    for _ = 1, 2000 do
      local bytes = {}
      for i = 1, random(40) do
        bytes[i] = string.char(random(4) == 0 and random(256) or random(50))
      end
      local text = table.concat(bytes)
      der.read(text)
      der.sequence(text)
      der.sequence("\48" .. string.char(#text) .. text)
      der.integer(text)
      der.object(text)
    end
  end)
end)
