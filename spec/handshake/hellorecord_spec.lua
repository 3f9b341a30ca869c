-- A ClientHello in every form in which it may arrive. It is the same for a server whose OpenSSL
-- stops at it, and for one whose BIO reads it (shim/hellorecord.c): spec/handshake/lacking_spec.lua
-- runs these tests for the second.

describe("a ClientHello", function()
  local lib  = require "ssl.ffi.lib"
  local ssl  = require "ssl"
  local pair = require "spec.support.pair"

  local NAME = "server.spec"
  local HEAD = 5

  local function word(n) return string.char(math.floor(n / 256), n % 256) end
  local function records(handshake, size)
    local out = {}
    for at = 1, #handshake, size do
      local part = handshake:sub(at, at + size - 1)
      out[#out + 1] = "\22\3\1" .. word(#part) .. part
    end
    return table.concat(out)
  end

  local asked

  local function server()
    asked = 0
    return assert(ssl.engine(pair.server_config { onclienthello = function(_, hello)
      asked = asked + 1
      assert.equal(NAME, hello.servername)
      assert.same({ "b", "a" }, hello.alpn)
      assert.is_true(#hello.ciphers > 0 and #hello.groups > 0)
    end, alpn = { "a" } }))
  end

  -- A client, and the handshake message of its ClientHello.
  local function client()
    local made = assert(ssl.engine(pair.client_config { alpn = { "b", "a" } }))
    made:connection():sni(NAME)
    made:handshake()
    local record = made:drain()
    assert.equal(22, record:byte(1))
    return made, record:sub(HEAD + 1)
  end

  -- Feed a server in pieces, and finish the handshake.
  local function shake(bytes, size, other)
    local one = server()
    for at = 1, #bytes, size do
      one:feed(bytes:sub(at, at + size - 1))
      one:handshake()
    end
    assert.equal(1, asked)
    for _ = 1, 4 do
      other:feed((one:drain()))
      other:handshake()
      one:feed((other:drain()))
      one:handshake()
    end
    assert.is_true((one:handshake()))
    assert.equal("a", one:connection():getalpn())
    assert.equal(1, asked)
  end

  for _, size in ipairs { 1, 4, 5, 6, 100, 16384 } do
    it(("in pieces of %d bytes"):format(size), function()
      local other, message = client()
      shake(records(message, 16384), size, other)
    end)

    it(("in records of %d bytes, which come one byte at a time"):format(size), function()
      local other, message = client()
      shake(records(message, size), 1, other)
    end)
  end

  it("of a client of TLS 1.2", function()
    local other = assert(ssl.engine(pair.client_config { alpn = { "b", "a" },
                                                         protocol = "tlsv1_2" }))
    other:connection():sni(NAME)
    other:handshake()
    shake(other:drain(), 7, other)
  end)

  -- OpenSSL or the BIO refuses it, and no function of the program sees it.
  describe("that is none, or broken, is refused:", function()
    local function changed(message, at, bytes)
      return message:sub(1, at - 1) .. bytes .. message:sub(at + #bytes)
    end

    local CASES = {
      ["plain text"]            = function() return "GET / HTTP/1.1\r\nHost: a\r\n\r\n" end,
      ["an alert"]              = function() return "\21\3\1\0\2\2\40" end,
      ["a record too long"]     = function() return "\22\3\1\72\1" .. ("x"):rep(18433) end,
      ["another message"]       = function(m) return records(changed(m, 1, "\2"), 16384) end,
      ["a message too long"]    = function(m)
        return records(changed(m, 2, "\4\0\0") .. ("x"):rep(0x40000), 16384)
      end,
      ["a part beyond the end"] = function(m) return records(changed(m, 39, "\255"), 16384) end,
    }
    -- What OpenSSL itself reads.
    if not lib.has.SSL_CTX_set_client_hello_cb then
      CASES["behind an empty record"] = function(m)
        return "\22\3\1\0\0" .. records(m, 16384)
      end
      CASES["in SSLv2's form"] = function()
        return "\128\46\1\3\1\0\21\0\0\0\16" .. ("\0\0\5"):rep(7) .. ("r"):rep(16)
      end
    end

    for what, make in pairs(CASES) do
      it(what, function()
        local _, message = client()
        local one = server()
        one:feed(make(message))
        local ok, why = one:handshake()
        assert.is_nil(ok or nil)
        assert.is_string(why)
        one:feed(nil)
        ok, why = one:handshake()
        assert.is_nil(ok or nil)
        assert.not_equal("wantread", why)
        assert.equal(0, asked)
      end)
    end

    it("one that ends in the middle", function()
      local _, message = client()
      local one = server()
      one:feed(records(message, 16384):sub(1, -2))
      assert.same({ nil, "wantread" }, { one:handshake() })
      one:feed(nil)
      local ok, why = one:handshake()
      assert.is_nil(ok or nil)
      assert.not_equal("wantread", why)
      assert.equal(0, asked)
    end)
  end)
end)
