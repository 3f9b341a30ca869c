-- A certificate as an object: its type, its argument errors, its end. The specs beside this
-- one are about its sources and its methods.

describe("ssl.x509", function()
  local certs = require "spec.support.certs"
  local x509  = require "ssl.x509"

  local PEM = certs.make { subject = "CN = one.test" }

  local METHODS = { "basicconstraints", "der", "digest", "extension", "extensions",
                    "extkeyusage", "getsignaturename", "issued", "issuer", "issuertext",
                    "keyusage", "notafter", "notbefore", "ocspurls", "pem", "pubkey",
                    "serial", "setencode", "spki", "spkidigest", "subject",
                    "subjecttext", "text", "validat" }

  describe("an object", function()
    it("is userdata with LuaSec's metatable fields", function()
      local cert = x509.load(PEM)
      assert.equal("userdata", type(cert))
      local meta = getmetatable(cert)
      assert.equal("function", type(meta.__gc))
      assert.equal("function", type(meta.__close))
      assert.equal("function", type(meta.__tostring))
      local names = {}
      for name in pairs(meta.__index) do names[#names + 1] = name end
      table.sort(names)
      assert.same(METHODS, names)
    end)

    it("is written with the address of its X509", function()
      local cert = x509.load(PEM)
      assert.matches("^X509 certificate: 0x%x+$", tostring(cert))
      local address = tostring(require("ffi").cast("void *", x509.pointer(cert)))
      assert.equal(address:match "0x%x+", tostring(cert):match "0x%x+")
    end)

    it("equals itself alone, and is a table key", function()
      local a, b = x509.load(PEM), x509.load(PEM)
      assert.is_false(a == b)
      assert.equal(1, ({ [a] = 1, [b] = 2 })[a])
    end)

    it("has no other fields and takes none", function()
      local cert = x509.load(PEM)
      assert.is_nil(cert.nothing)
      assert.has_error(function() cert.field = 1 end)
    end)

    it("keeps its certificate as long as it exists, in any order of collection", function()
      local cert = x509.load(PEM)
      local other = x509.borrow(x509.pointer(cert))
      assert.equal(tostring(cert), tostring(other))
      local pem = cert:pem()
      cert = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      assert.equal(pem, other:pem())
    end)

    it("is nil for NULL, when it is made inside", function()
      assert.is_nil(x509.own(nil))
      assert.is_nil(x509.borrow(nil))
    end)

    it("is distinguished from everything else", function()
      assert.is_true(x509.is(x509.load(PEM)))
      for _, other in ipairs { 1, "", {}, newproxy(), newproxy(true), io.stdout } do
        assert.is_false(x509.is(other))
      end
      assert.is_false(x509.is(nil))
    end)
  end)

  describe("a method", function()
    local function raised(f, ...)
      local ok, message = pcall(f, ...)
      assert.is_false(ok)
      return message
    end

    for _, method in ipairs(METHODS) do
      it("raises for another self: " .. method, function()
        local cert = x509.load(PEM)
        for _, other in ipairs { 5, "text", {}, io.stdout, newproxy(true) } do
          assert.matches("SSL:Certificate expected, got " .. type(other),
                         raised(cert[method], other), 1, true)
        end
        assert.matches("SSL:Certificate expected, got no value", raised(cert[method]),
                       1, true)
      end)

      it("raises for a finalized object, twice finalized too (D14): " .. method, function()
        local cert = x509.load(PEM)
        local meta = getmetatable(cert)
        meta.__gc(cert)
        meta.__close(cert)
        meta.__gc(cert)
        assert.equal("X509 certificate: NULL", tostring(cert))
        assert.matches("SSL:Certificate expected, got finalized object",
                       raised(cert[method], cert, "sha1"), 1, true)
      end)
    end

    it("blames the line of its caller, and does not count self", function()
      local cert = x509.load(PEM)
      local message = raised(function() local r = cert:validat {} return r end)
      assert.matches("^spec/x509/x509_spec%.lua:%d+: bad argument #1 to 'validat' "
                     .. "%(number expected, got table%)$", message)
      message = raised(function() local r = cert:issued(cert, cert, 5) return r end)
      assert.matches("^spec/x509/x509_spec%.lua:%d+: bad argument #3 to 'issued' "
                     .. "%(SSL:Certificate expected, got number%)$", message)
    end)

    it("ignores a finalizer that is called with another object", function()
      local gc = getmetatable(x509.load(PEM)).__gc
      for _, other in ipairs { 5, "text", {}, newproxy(true) } do gc(other) end
    end)
  end)

  it("frees dropped objects, at any time of the state's end", function()
    local script = os.tmpname()
    local file = assert(io.open(script, "w"))
    file:write(([[
      local x509 = require "ssl.x509"
      local pem = %q
      for i = 1, 200 do x509.load(pem):subject() end
      collectgarbage() collectgarbage()
      local kept = x509.load(pem)
      -- Runs when every struct has been finalized already.
      local last = newproxy(true)
      getmetatable(last).__gc = function()
        print(pcall(kept.pem, kept), tostring(kept))
      end
    ]]):format(PEM))
    file:close()
    local pipe = io.popen("luajit " .. script .. " 2>&1; echo status $?")
    local output = pipe:read "*a"
    pipe:close()
    os.remove(script)
    assert.matches("X509 certificate: NULL\nstatus 0\n$", output)
  end)

  for _, name in ipairs { "ssl.x509", "ssl.cert", "ssl.x509.asn1", "ssl.x509.altname",
                          "ssl.source.membio", "ssl.x509.name", "ssl.x509.issued",
                          "ssl.x509.ip", "ssl.x509.hostname",
                          "ssl.x509.checkhost" } do
    it("can be required alone, and again after it was forgotten: " .. name, function()
      local code = ("local a = require [[%s]] for n in pairs(package.loaded) do "
                    .. "if n:find [[^ssl]] then package.loaded[n] = nil end end "
                    .. "local b = require [[%s]] print(a ~= b, next(_G, nil) ~= nil)")
      local pipe = io.popen(("luajit -e '%s' 2>&1"):format(code:format(name, name)))
      local output = pipe:read "*a"
      pipe:close()
      assert.equal("true\ttrue\n", output)
    end)
  end
end)
