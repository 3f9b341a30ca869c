-- What the suite excuses: only what this OpenSSL lacks.

describe("a refused test", function()
  local config  = require "ssl.config"
  local refused = require "spec.support.refused"

  local text = "spec/x_spec.lua:1: invalid protocol (%s): OpenSSL 0.0 cannot speak it"

  -- The reason where the library says that it lacks the version.
  local function lacking(name)
    local real = config.protocols[name]
    config.protocols[name] = nil
    local reason = refused.reason(text:format(name))
    config.protocols[name] = real
    return reason
  end

  it("is skipped for an old version of the protocol", function()
    for _, name in ipairs { "sslv3", "tlsv1", "tlsv1_1" } do
      assert.matches("^the protocol " .. name .. ": not with ", lacking(name))
    end
  end)

  it("has failed for any other version", function()
    for _, name in ipairs { "tlsv1_2", "tlsv1_3", "any", "sslv23", "tls", "dtls" } do
      assert.is_nil(lacking(name))
    end
  end)

  it("has failed for a key that this OpenSSL can do", function()
    for _, key in ipairs { "onverify", "dane", "keylog", "padding" } do
      local message = ("invalid %s (this OpenSSL cannot do it)"):format(key)
      assert.equal(refused.can(key), refused.reason(message) == nil)
    end
    assert.is_nil(refused.reason "invalid nokey (this OpenSSL cannot do it)")
  end)
end)
