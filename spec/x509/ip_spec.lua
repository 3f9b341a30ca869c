-- ssl.x509.ip: addresses as text, held against the C library's own.

describe("ssl.ip", function()
  local house = require "spec.support.init"
  local ip    = require "ssl.x509.ip"
  local ffi   = require "ffi"

  ffi.cdef [[
    const char *inet_ntop(int af, const void *src, char *dst, unsigned int size);
    int inet_pton(int af, const char *src, void *dst);
  ]]

  local V4, V6 = 2, ffi.os == "Linux" and 10 or ffi.os == "OSX" and 30 or 28
  local text = ffi.new("char[64]")
  local room = ffi.new("unsigned char[16]")

  local function ntop(bytes)
    return ffi.string(ffi.C.inet_ntop(#bytes == 4 and V4 or V6, bytes, text, 64))
  end

  local function pton(name)
    if ffi.C.inet_pton(V4, name, room) == 1 then return ffi.string(room, 4) end
    if ffi.C.inet_pton(V6, name, room) == 1 then return ffi.string(room, 16) end
  end

  -- A fixed sequence, so that a failure can be repeated.
  local function generator(seed)
    return function(n)
      seed = (seed * 1103515245 + 12345) % 2^31
      return math.floor(seed / 2^31 * n)
    end
  end

  it("writes addresses as inet_ntop does", function()
    local random = generator(1)
    for _ = 1, house.scale(20000, 500) do
      local bytes = {}
      -- Mostly zeros and ones, in pairs: gaps are the difficult part.
      for i = 1, 16, 2 do
        local kind = random(4)
        bytes[i]     = string.char(kind == 0 and random(256) or 0)
        bytes[i + 1] = string.char(kind == 0 and random(256) or kind == 1 and 1 or 0)
      end
      local address = table.concat(bytes)
      assert.equal(ntop(address), ip.text(address))
      assert.equal(ntop(address:sub(1, 4)), ip.text(address:sub(1, 4)))
      local mapped = ("\0"):rep(10) .. "\255\255" .. address:sub(1, 4)
      assert.equal(ntop(mapped), ip.text(mapped))
    end
  end)

  it("reads what inet_pton reads, to the same address, and nothing else", function()
    local random = generator(2)
    local pieces = { ":", ":", "::", ".", "0", "1", "00", "ffff", "A", "255", "256", "10", "1" }
    local taken = 0
    for _ = 1, house.scale(200000, 2000) do
      local made = {}
      for i = 1, random(15) + 1 do made[i] = pieces[random(#pieces) + 1] end
      local name = table.concat(made)
      local bytes = pton(name)
      if bytes then taken = taken + 1 end
      assert.equal(bytes and ntop(bytes), ip.canonical(name) or nil)
    end
    assert.is_true(taken > 10)
  end)

  it("writes no address of another length", function()
    for _, length in ipairs { 0, 1, 3, 5, 8, 15, 17, 32 } do
      assert.is_nil(ip.text(("\1"):rep(length)))
    end
  end)
end)
