-- Certificates come from strangers. Whatever loads, every method may be called on
-- it, and none crashes, raises or leaves an error in the queue.

describe("ssl.x509 under mutation", function()
  local house   = require "spec.support.init"
  local certs   = require "spec.support.certs"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local x509    = require "ssl.x509"
  local check   = require("ssl.x509.checkhost").check
  local lib     = require "ssl.ffi.lib"

  local MUTATIONS = house.scale(2000, 100)

  -- Every method, and the check of names, in both encodings.
  local function use(cert)
    for _, encoding in ipairs { "ai5", "utf8" } do
      cert:setencode(encoding)
      for _, entries in ipairs { cert:subject(), cert:issuer() } do
        for _, entry in ipairs(entries) do
          assert(entry.value == nil or type(entry.value) == "string")
        end
      end
      local names = cert:extensions()["2.5.29.17"]
      for key, list in pairs(names or {}) do
        if key ~= "name" then assert(type(list[1]) == "string", "an empty list") end
      end
    end
    assert(x509.load(cert:pem()):pem() == cert:pem())
    cert:pubkey()
    assert(#cert:digest() == 40)
    assert(type(cert:validat(1800000000)) == "boolean")
    cert:notbefore()
    cert:notafter()
    cert:serial()
    cert:getsignaturename()
    cert:issued(cert, cert)
    check(cert, "odd.test")
    check(cert, "192.0.2.1")
    tostring(cert)
  end

  local function survive(der)
    local cert = x509.load(certs.pem(der))
    if cert then use(cert) end
    assert(tonumber(lib.C.ERR_peek_error()) == 0, "an error is queued")
    return cert ~= nil
  end

  local sources = {
    ["one of every kind of name"] = process.read(pki.odd.cert),
    ["a BMP subject"] = certs.make { subject = "CN = b\195\188cher", mask = "MASK:0x800" },
  }

  for title, pem in pairs(sources) do
    it("survives single bytes that are changed: " .. title, function()
      local der = certs.der(pem)
      -- A fixed sequence, so that a failure can be repeated.
      local seed = 12345
      local function random(n)
        seed = (seed * 1103515245 + 12345) % 2^31
        return math.floor(seed / 2^31 * n)
      end
      local loaded = 0
      for _ = 1, MUTATIONS do
        local at = random(#der) + 1
        local changed = string.char((der:byte(at) + 1 + random(255)) % 256)
        if survive(der:sub(1, at - 1) .. changed .. der:sub(at + 1)) then
          loaded = loaded + 1
        end
      end
      -- Otherwise only `load` was tried.
      assert.is_true(loaded > MUTATIONS / 10)
    end)

    it("survives tags that are changed to every other: " .. title, function()
      local der = certs.der(pem)
      for at = 1, #der, house.scale(7, 97) do
        for _, tag in ipairs { 1, 2, 3, 4, 5, 6, 12, 22, 30, 48, 49, 0x80, 0xA0 } do
          survive(der:sub(1, at - 1) .. string.char(tag) .. der:sub(at + 1))
        end
      end
    end)

    it("survives bytes that are missing at the end: " .. title, function()
      local der = certs.der(pem)
      for length = 0, #der - 1, house.scale(1, 50) do
        assert.is_false(survive(der:sub(1, length)))
      end
    end)
  end
end)
