-- issued: is this certificate, as the only one trusted, enough for another?

describe("ssl.x509 issued", function()
  local certs   = require "spec.support.certs"
  local house   = require "spec.support.init"
  local limits  = require "spec.support.limits"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local resources = require "spec.support.resources"
  local x509    = require "ssl.x509"
  local lib     = require "ssl.ffi.lib"

  local function load(path)
    local cert = assert(x509.load(process.read(path)))
    return cert
  end

  local root, intermediate = load(pki.root.cert), load(pki.intermediate.cert)
  local leaf, direct = load(pki.server.leaf), load(pki.server.cert)
  local other = load(pki.other.cert)

  after_each(function()
    assert.equal(0, tonumber(lib.C.ERR_peek_error()))
  end)

  local function is_true(...)
    assert.same({ n = 1, true }, { n = select("#", ...), ... })
  end

  local function fails(message, ...)
    assert.same({ n = 2, nil, message }, { n = select("#", ...), ... })
  end

  it("is true, and nothing else, for the issuer", function()
    is_true(root:issued(direct))
  end)

  it("is true for a self-signed certificate and itself", function()
    is_true(root:issued(root))
    local selfsigned = x509.load(certs.make {})
    is_true(selfsigned:issued(selfsigned))
  end)

  it("uses the certificates between", function()
    is_true(root:issued(leaf, intermediate))
    is_true(root:issued(leaf, other, intermediate, direct))
    fails("unable to get local issuer certificate", root:issued(leaf))
    fails("unable to get local issuer certificate", root:issued(leaf, other))
  end)

  it("does not trust the certificates between", function()
    local ok, message = other:issued(direct, root)
    assert.is_nil(ok)
    assert.matches("^self.signed certificate in certificate chain$", message)
  end)

  it("is not content with an intermediate as the anchor", function()
    fails(limits.anchor_without_issuer, intermediate:issued(leaf))
  end)

  it("is for one direction", function()
    local ok, message = direct:issued(root)
    assert.is_nil(ok)
    assert.matches("^self.signed certificate$", message)
  end)

  it("reports an expired certificate", function()
    fails("certificate has expired", root:issued(load(pki.expired.cert)))
  end)

  it("reports a wrong signature", function()
    -- The last byte of the signature.
    local der = certs.der(direct:pem())
    local changed = der:sub(1, -2) .. string.char((der:byte(-1) + 1) % 256)
    fails("certificate signature failure", root:issued(x509.load(certs.pem(changed))))
  end)

  it("looks at no purpose and no name", function()
    is_true(root:issued(load(pki.wrong_usage.cert)))
  end)

  it("takes many certificates between", function()
    local many = {}
    for i = 1, 200 do many[i] = i == 150 and intermediate or other end
    is_true(root:issued(leaf, unpack(many)))
  end)

  it("leaves its arguments as they were", function()
    local pem = intermediate:pem()
    is_true(root:issued(leaf, intermediate))
    collectgarbage()
    assert.equal(pem, intermediate:pem())
    is_true(root:issued(leaf, intermediate))
  end)

  it("raises for anything that is no certificate, wherever it stands", function()
    for position, arguments in ipairs { { 5 }, { leaf, "x" }, { leaf, intermediate, {} },
                                        { leaf, intermediate, other, false } } do
      local ok, message = pcall(function()
        local r = root:issued(unpack(arguments))
        return r
      end)
      assert.is_false(ok)
      assert.matches("bad argument #" .. position .. " to 'issued' %(SSL:Certificate expected",
                     message)
    end
    assert.has_error(function() root:issued() end)
    assert.has_error(function() root:issued(leaf, nil) end)
  end)

  it("raises for a finalized argument (D14)", function()
    local gone = load(pki.server.cert)
    getmetatable(gone).__gc(gone)
    local ok, message = pcall(function() local r = root:issued(leaf, gone) return r end)
    assert.is_false(ok)
    assert.matches("#2 to 'issued' %(SSL:Certificate expected, got finalized object%)",
                   message)
  end)

  it("keeps no memory", function()
    local EACH = house.scale(300, 3)
    -- A store of 1 KB that each leaves would be 300 KB.
    assert.is_true(resources.growth(function()
      for _ = 1, EACH do
        root:issued(leaf)
        pcall(root.issued, root, leaf, 5)
        intermediate:issued(leaf, intermediate)
      end
    end) < 64)
  end)
end)
