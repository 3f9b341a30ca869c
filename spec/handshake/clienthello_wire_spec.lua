-- The shim's copy of a ClientHello, and what is read from it. Pure Lua.

describe("ssl.hello", function()
  local house = require "spec.support.init"
  local hello = require "ssl.handshake.clienthello_wire"
  local alpn  = require "ssl.feature.alpn"

  local function u16(n)
    return string.char(math.floor(n / 256), n % 256)
  end

  local function item(tag, data)
    return u16(tag) .. u16(#data) .. data
  end

  local function server_name(name, kind)
    local entry = string.char(kind or 0) .. u16(#name) .. name
    return u16(#entry) .. entry
  end

  local function list(...)
    local out = {}
    for i, n in ipairs { ... } do out[i] = u16(n) end
    return table.concat(out)
  end

  local VERSION, CIPHERS = 0xfffe, 0xffff
  local WHOLE = item(VERSION, u16(0x0303)) .. item(CIPHERS, list(0x1301, 0xc02f))
    .. item(0, server_name "some.test") .. item(10, u16(4) .. list(29, 23))
    .. item(13, u16(4) .. list(0x0804, 0x0403)) .. item(16, u16(12) .. "\2h2\8http/1.1")
    .. item(43, "\4" .. list(0x0304, 0x0303))

  local function read(data)
    local said = hello.parse(data)
    return said, hello.describe(said, said.alpn and alpn.decode(said.alpn))
  end

  it("reads the name and the protocols", function()
    local said = hello.parse(WHOLE)
    assert.equal("some.test", said.name)
    assert.equal("\2h2\8http/1.1", said.alpn)
  end)

  it("describes all of it, in the client's order", function()
    local _, described = read(WHOLE)
    assert.same({
      servername = "some.test", alpn = { "h2", "http/1.1" },
      versions = { "tlsv1_3", "tlsv1_2" }, ciphers = { 0x1301, 0xc02f },
      groups = { 29, 23 }, sigalgs = { 0x0804, 0x0403 },
    }, described)
  end)

  it("describes a client that sends no extensions", function()
    local said, described = read(item(VERSION, u16(0x0302)) .. item(CIPHERS, list(47)))
    assert.is_nil(said.name)
    assert.is_nil(said.alpn)
    assert.same({ versions = { "tlsv1_1" }, ciphers = { 47 }, groups = {}, sigalgs = {} },
                described)
  end)

  it("leaves out versions without a name, and keeps GREASE among the numbers", function()
    local _, described = read(item(43, "\6" .. list(0x0a0a, 0x7f1c, 0x0304))
                              .. item(10, u16(4) .. list(0x1a1a, 29)))
    assert.same({ "tlsv1_3" }, described.versions)
    assert.same({ 0x1a1a, 29 }, described.groups)
  end)

  describe("server_name", function()
    for title, case in pairs {
      ["a name"]                = { server_name "a.test", "a.test" },
      ["a name after another kind"] =
        { u16(13) .. "\7" .. u16(1) .. "x" .. "\0" .. u16(6) .. "a.test", "a.test" },
      ["another kind alone"]    = { server_name("a.test", 1), nil },
      ["no entry"]              = { u16(0), nil },
      ["nothing"]               = { "", nil },
      ["a name cut short"]      = { u16(9) .. "\0" .. u16(6) .. "a.tes", nil },
      ["a length cut short"]    = { u16(2) .. "\0\0", nil },
      ["an empty name"]         = { server_name "", nil },
      ["a name with a NUL"]     = { server_name "a\0b", nil },
      ["a name of 255 bytes"]   = { server_name(("x"):rep(255)), ("x"):rep(255) },
      ["a name of 256 bytes"]   = { server_name(("x"):rep(256)), nil },
    } do
      it("reads " .. title, function()
        local name = hello.server_name(case[1])
        assert.equal(case[2], name)
      end)
    end
  end)

  it("has no protocols where their list has none", function()
    assert.is_nil(hello.parse(item(16, "")).alpn)
    assert.is_nil(hello.parse(item(16, "\0")).alpn)
    assert.is_nil(hello.parse(item(16, "\0\0")).alpn)
  end)

  -- Whatever comes, no error, and nothing of another type.
  local function sane(data)
    local said, described = read(data)
    assert(said.name == nil or type(said.name) == "string")
    assert(said.alpn == nil or type(said.alpn) == "string")
    for _, field in ipairs { "versions", "ciphers", "groups", "sigalgs" } do
      assert(type(described[field]) == "table", field)
      for _, value in ipairs(described[field]) do assert(value, field) end
    end
  end

  it("fuzz: reads copies that end anywhere", function()
    for length = 0, #WHOLE do sane(WHOLE:sub(1, length)) end
  end)

  it("fuzz: reads copies that begin anywhere", function()
    for first = 1, #WHOLE do sane(WHOLE:sub(first)) end
  end)

  it("fuzz: reads copies with a byte changed", function()
    for at = 1, #WHOLE, house.scale(1, 7) do
      for _, byte in ipairs { 0, 1, 127, 255 } do
        sane(WHOLE:sub(1, at - 1) .. string.char(byte) .. WHOLE:sub(at + 1))
      end
    end
  end)

  it("fuzz: reads extensions that end anywhere", function()
    local name, protocols = server_name "some.test", u16(12) .. "\2h2\8http/1.1"
    for length = 0, #name do sane(item(0, name:sub(1, length))) end
    for length = 0, #protocols do sane(item(16, protocols:sub(1, length))) end
    for length = 0, 5 do
      for _, tag in ipairs { 10, 13, 43, VERSION, CIPHERS } do
        sane(item(tag, ("\1\2\3\4\5"):sub(1, length)))
      end
    end
  end)

  it("fuzz: reads any bytes", function()
    math.randomseed(3)
    for _ = 1, house.scale(5000, 200) do
      local bytes = {}
      for i = 1, math.random(40) do bytes[i] = string.char(math.random(0, 255) % 17) end
      sane(table.concat(bytes))
    end
  end)
end)
