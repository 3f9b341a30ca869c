-- Tables of options that LuaSec does not have: an unknown key is a mistake.

describe("a table of options", function()
  local ssl     = require "ssl"
  local https   = require "ssl.https"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  -- The error of a function, which has to be positioned in this file.
  local function raised(f, ...)
    local arguments = { ... }
    local ok, message = pcall(function() local a, b = f(unpack(arguments)) return a, b end)
    assert.is_false(ok)
    local text, count = message:gsub("^spec/base/options_spec%.lua:%d+: ", "")
    assert.equal(1, count, message)
    return text
  end

  local cert = ssl.loadcertificate(process.read(pki.server.cert))

  it("of ssl.wrap has no unknown key", function()
    local a, b = pair.tcp()
    assert.equal("bad argument #3 to 'f' (unknown key 'intial'; did you mean 'initial'?)",
                 raised(ssl.wrap, a, pair.server_config(), { intial = "x" }))
    assert.equal("bad argument #3 to 'f' (table expected, got string)",
                 raised(ssl.wrap, a, pair.server_config(), "x"))
    assert.is_true(a:getfd() >= 0)
    a:close()
    b:close()
  end)

  it("of https.pool has no unknown field", function()
    for options, why in pairs {
      [{ perHost = 5 }] = "unknown field 'perHost'; did you mean 'perhost'?",
      [{ 5 }] = "unknown field [1]",
      [{ size = "x" }] = "number of at least 0 expected in field 'size', got x",
      [5] = "table expected, got number",
    } do
      assert.equal(("bad argument #1 to 'pool' (%s)"):format(why), raised(https.pool, options))
    end
  end)

  it("of ssl.ocsp has no unknown key", function()
    assert.equal("bad argument #3 to 'f' (unknown key 'nonse'; did you mean 'nonce'?)",
                 raised(ssl.ocsp.request, cert, cert, { nonse = true }))
    assert.equal("bad argument #4 to 'f' (unknown key 'max_age'; did you mean 'maxage'?)",
                 raised(ssl.ocsp.check, "", cert, cert, { max_age = 1 }))
    assert.is_string(ssl.ocsp.request(cert, cert, { nonce = true }))
    for _, options in ipairs { { time = 1 }, { leeway = 1 }, { maxage = 1 },
                               { responder = cert }, { request = "" } } do
      assert.is_nil((ssl.ocsp.check("", cert, cert, options)))
    end
  end)
end)
