-- LuaSec's messages do not name the file that cannot be read: `ssl.lasterror` does, and the
-- messages that LuaSec does not have.

describe("a file that cannot be read", function()
  local https   = require "ssl.https"
  local ssl     = require "ssl"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  local MISSING = "/no/file.pem"
  local KEYS = { cafile = "CA locations", certificate = "certificate", key = "private key",
                 pkcs12 = "PKCS#12", crl = "CRL", clientca = "client CA names" }

  local broken

  setup(function()
    broken = process.write(process.folder() .. "/broken.pem",
                           process.read(pki.root.cert):gsub("\n%w", "\n!", 1))
  end)

  local function server(key, value)
    local cfg = { mode = "server", protocol = "any", verify = "peer", [key] = value }
    local ctx, why = ssl.newcontext(cfg)
    assert.is_nil(ctx)
    return why, ssl.lasterror().file
  end

  it("is named by lasterror, and not in LuaSec's message", function()
    for key, what in pairs(KEYS) do
      assert.same({ ("error loading %s (No such file or directory)"):format(what), MISSING },
                  { server(key, MISSING) })
    end
  end)

  it("is the one of several", function()
    for _, key in ipairs { "cafile", "certificate", "clientca" } do
      for _, list in ipairs { { pki.root.cert, MISSING }, { MISSING, pki.root.cert } } do
        assert.equal(MISSING, (select(2, server(key, list))))
      end
    end
  end)

  it("is named where it cannot be decoded", function()
    for _, key in ipairs { "cafile", "certificate", "clientca" } do
      assert.equal(broken, (select(2, server(key, broken))))
    end
    assert.equal(broken, (select(2, server("certificate", { pki.server.cert, broken }))))
  end)

  it("is none where the text is at fault, or something else", function()
    local text = process.read(broken)
    for _, key in ipairs { "cafile", "certificate", "key" } do
      local why, file = server(key, text)
      assert.is_nil(file)
      assert.is_nil(why:find("BEGIN", 1, true))
    end
    server("cafile", MISSING)
    assert.is_nil((select(2, server("ciphers", "none"))))
    assert.is_nil((select(2, server("mode", "neither"))))
  end)

  it("is none after a success", function()
    local why = server("ciphers", "none")
    assert.truthy(ssl.newcontext(pair.server_config { verify = "peer",
                                                      clientca = { pki.root.cert } }))
    assert.equal(why:match "%((.*)%)", ssl.lasterror().message)
  end)

  it("is in the messages of ssl.connect and ssl.https", function()
    local why = "error loading CA locations (No such file or directory): " .. MISSING
    assert.same({ nil, "context: " .. why },
                { ssl.connect("localhost", 1, { cafile = MISSING }) })
    assert.same({ nil, why },
                { https.request { url = "https://localhost:1/", cafile = MISSING } })
    why = "error loading private key (No such file or directory): " .. MISSING
    assert.same({ nil, "context: " .. why },
                { ssl.connect("localhost", 1, { key = MISSING }) })
    assert.same({ nil, why }, { https.request { url = "https://localhost:1/", key = MISSING,
                                                cafile = pki.root.cert } })
    assert.same({ nil, "context: error setting cipher list (no cipher match)" },
                { ssl.connect("localhost", 1, { ciphers = "none" }) })
  end)
end)
