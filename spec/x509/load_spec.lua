-- ssl.loadcertificate: PEM text, good and bad.

describe("ssl.x509 load", function()
  local house = require "spec.support.init"
  local certs = require "spec.support.certs"
  local process = require "spec.support.process"
  local resources = require "spec.support.resources"
  local x509  = require "ssl.x509"
  local lib   = require "ssl.ffi.lib"

  local PEM = certs.make { subject = "CN = one.test" }
  local TWO = certs.make { subject = "CN = two.test" }

  local function name_of(cert) return cert:subject()[1].value end

  local function queued() return tonumber(lib.C.ERR_peek_error()) end

  -- One value, nil: LuaSec gives no message.
  local function refuses(text)
    assert.same({ n = 1 }, { n = select("#", x509.load(text)), x509.load(text) })
    assert.equal(0, queued())
  end

  it("reads a certificate", function()
    assert.equal("one.test", name_of(x509.load(PEM)))
    assert.equal(0, queued())
  end)

  it("takes the first of several", function()
    assert.equal("two.test", name_of(x509.load(TWO .. PEM)))
  end)

  it("skips what stands before the armour, and ignores what follows", function()
    assert.equal("one.test", name_of(x509.load("Subject: me\n\n" .. PEM .. "\0junk")))
  end)

  it("reads lines that end in CR LF", function()
    assert.equal("one.test", name_of(x509.load((PEM:gsub("\n", "\r\n")))))
  end)

  it("reads the older armour, X509 CERTIFICATE", function()
    assert.equal("one.test",
                 name_of(x509.load((PEM:gsub("CERTIFICATE", "X509 CERTIFICATE")))))
  end)

  it("takes the first that is a certificate, past a key", function()
    local key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    assert.equal("one.test", name_of(x509.load(key .. PEM)))
  end)

  it("gives nil for an empty text", function() refuses "" end)
  it("gives nil for garbage", function() refuses "no certificate" end)
  it("gives nil for zeros", function() refuses(("\0"):rep(5000)) end)
  it("gives nil for DER", function() refuses(certs.der(PEM)) end)
  it("gives nil for armour around nothing", function() refuses(certs.pem "") end)
  it("gives nil for armour around garbage", function() refuses(certs.pem "garbage") end)
  it("gives nil for a private key", function()
    refuses((PEM:gsub("CERTIFICATE", "PRIVATE KEY")))
  end)
  it("gives nil for a number, which counts as a string", function() refuses(5) end)

  it("gives nil for every truncated text", function()
    local whole = #PEM:gsub("\n$", "")
    for length = 0, whole - 1, house.scale(1, 40) do
      assert.is_nil(x509.load(PEM:sub(1, length)))
    end
    assert.is_truthy(x509.load(PEM:sub(1, whole)))
    assert.equal(0, queued())
  end)

  describe("a certificate that claims to be encrypted", function()
    local claim = PEM:gsub("(BEGIN CERTIFICATE%-%-%-%-%-\n)", "%1Proc-Type: 4,ENCRYPTED\n"
                           .. "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n")

    it("is nil", function() refuses(claim) end)

    it("never asks at the terminal for a password", function()
      local path = process.write(process.folder() .. "/claim.lua", ([[
        print("loaded", (require "ssl.x509".load %q))]]):format(claim))
      -- The program `script` gives it a terminal, so that a prompt would be seen.
      local output = process.capture(("timeout 20 script -qec 'luajit %s' /dev/null </dev/null")
                                     :format(path))
      assert.equal("loaded\tnil", (output:gsub("[\r\n]", "")))
    end)
  end)

  it("raises for a value that is no string (D28)", function()
    for _, bad in ipairs { true, {}, print, newproxy() } do
      local ok, message = pcall(function() local c = x509.load(bad) return c end)
      assert.is_false(ok)
      assert.matches("bad argument #1 to 'load' %(string expected, got " .. type(bad)
                     .. "%)$", message)
    end
    assert.has_error(function() local c = x509.load() return c end)
  end)

  it("leaks nothing when it is misused (D28)", function()
    local EACH = house.scale(6000, 30)
    -- LuaSec loses 340 bytes each: 2,000 KB.
    assert.is_true(resources.growth(function()
      for _ = 1, EACH do pcall(x509.load, {}) x509.load "garbage" end
    end) < 512)
  end)

  it("reports OpenSSL's memory to the collector, and none where there is none (D29)",
     function()
    local gcpressure = require "ssl.base.gcpressure"
    local real, told = gcpressure.took, {}
    gcpressure.took = function(kilobytes) told[#told + 1] = kilobytes end
    local ok, message = pcall(function()
      x509.load(PEM)
      x509.load(PEM .. ("x"):rep(100 * 1024))
      x509.load "garbage"
    end)
    gcpressure.took = real
    assert.is_true(ok, message)
    assert.equal(2, #told)
    assert.is_true(told[1] >= 2 and told[1] <= 10 and told[2] > told[1] + 90)
  end)

  it("is the same function in ssl.cert", function()
    assert.equal(x509.load, require("ssl.cert").load)
  end)
end)
