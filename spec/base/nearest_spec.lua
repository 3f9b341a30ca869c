-- The known word that was probably meant: pure Lua.

describe("the nearest word", function()
  local nearest = require "ssl.base.nearest"

  local KNOWN = { "alpn", "cafile", "capath", "crl", "minversion", "options", "servername",
                  "verify", "verifyext" }

  for word, meant in pairs {
    verfy = "verify",            -- one is missing
    veriffy = "verify",          -- one is too many
    verifi = "verify",           -- one is wrong
    veirfy = "verify",           -- two have changed places
    vrfy = false, vrefiy = "verify", opitons = "options", optoins = "options",
    Verify = "verify", VERIFY = "verify", min_version = "minversion",
    minVersion = "minversion", serverName = "servername", server_nmae = "servername",
    ca_file = "cafile", verify_ext = "verifyext", verify = "verify", alnp = "alpn",
    aplm = false, crll = "crl", cr = false, xrl = false, Crl = "crl", [""] = false,
    _ = false, something = false, verification = false,
  } do
    it(("of %q is %s"):format(word, meant or "none"), function()
      assert.equal(meant or nil, nearest.slip(word, KNOWN))
    end)
  end

  it("is the first of the list where two are as near", function()
    assert.equal("cafile", nearest.slip("cafale", { "cafile", "cafule" }))
    assert.equal("cafule", nearest.slip("cafale", { "cafule", "cafile" }))
  end)

  it("is the nearer one, wherever it stands", function()
    for _, known in ipairs { { "verify", "verifyext" }, { "verifyext", "verify" } } do
      assert.equal("verifyext", nearest.slip("verifyexs", known))
      assert.equal("verify", nearest.slip("verifyx", known))
    end
  end)

  it("is looked for in no text", function()
    assert.is_nil(nearest.slip(("verify"):rep(1e5), KNOWN))
  end)

  it("is suggested of a longer name, too", function()
    for word, meant in pairs { verify_mode = "verify", ssl_verify = "verify",
                               SSLCAFile = "cafile", verifyext_flags = "verifyext",
                               verfy = "verify", unverified = false } do
      assert.same({ word, meant or nil }, { word, nearest.suggestion(word, KNOWN) })
    end
  end)
end)
