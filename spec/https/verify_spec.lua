-- D15: LuaSec's ssl.https checks no name, and by default no chain.

describe("ssl.https verifies (D15)", function()
  local https   = require "ssl.https"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  local HELLO = [[ default = function(conn) ok(conn, "hello") end ]]
  local server, other, cn_only

  setup(function()
    server  = web.start { routes = HELLO }
    other   = web.start { routes = HELLO, entry = pki.other_server }
    cn_only = web.start { routes = HELLO, entry = pki.cn_only }
  end)

  teardown(process.stop_all)
  after_each(function() https.VERIFY = "peer" end)

  local function get(child, more, host)
    local reqt = { url = ("https://%s:%d/"):format(host or "localhost", child.port) }
    for key, value in pairs(more or {}) do reqt[key] = value end
    return https.request(reqt)
  end

  it("by default, with the system's authorities", function()
    local ok, why = get(server)
    assert.is_nil(ok)
    assert.matches("^certificate verify failed %(", why)
  end)

  it("and has advice in the refusal", function()
    local _, why = get(other, { cafile = pki.root.cert })
    for _, way in ipairs { "cafile", "capath", "SSL_CERT_FILE", "SSL_CERT_DIR",
                           'verify = "none"', 'https.VERIFY = "none"' } do
      assert.truthy(why:find(way, 1, true), why)
    end
  end)

  it("with a cafile instead of the system's", function()
    assert.equal(1, (get(server, { cafile = pki.root.cert })))
    assert.is_nil((get(other, { cafile = pki.root.cert })))
  end)

  it("with a capath instead of the system's", function()
    assert.equal(1, (get(server, { capath = pki.root.capath })))
    assert.is_nil((get(other, { capath = pki.root.capath })))
  end)

  it("the name, inside the handshake: the peer gets the alert", function()
    local ok, why = get(cn_only, { cafile = pki.root.cert })
    assert.is_nil(ok)
    assert.matches("^certificate verify failed %(.-: the certificate is not for localhost%)",
                   why)
    assert.truthy(cn_only:wait_output "shaken: [^\n]*alert[^\n]*, name: localhost")
    assert.is_nil(cn_only:output():find("> GET", 1, true))
  end)

  it("the name also where verifyext lets errors pass", function()
    local more = { cafile = pki.root.cert, verifyext = "lsec_continue" }
    assert.equal(1, (get(server, more)))
    local ok, why = get(cn_only, more)
    assert.is_nil(ok)
    assert.matches("the certificate is not for localhost", why)
  end)

  it("an address against the addresses, and never sends one as server name", function()
    assert.equal(1, (get(server, { cafile = pki.root.cert }, "127.0.0.1")))
    assert.truthy(server:wait_output "shaken: true, name: nil")
  end)

  it("names in any spelling", function()
    for _, host in ipairs { "LOCALHOST", "LocalHost" } do
      assert.equal(1, (get(server, { cafile = pki.root.cert }, host)))
    end
  end)

  it("nothing with verify = none", function()
    assert.equal(1, (get(other, { verify = "none" })))
    assert.equal(1, (get(cn_only, { verify = { "none" } })))
  end)

  it("nothing where https.VERIFY is none and the request is silent", function()
    https.VERIFY = "none"
    assert.equal(1, (get(other)))
    assert.equal(1, (get(cn_only, { verify = {} })))
    assert.is_nil((get(other, { verify = "peer" })))
  end)

  it("even where verify is empty and VERIFY was lost", function()
    https.VERIFY = nil
    assert.is_nil((get(other, { verify = {} })))
    assert.is_nil((get(other, { verify = false })))
  end)

  it("with an unknown flag not at all", function()
    assert.same({ nil, "invalid verify option (zz)" },
                { get(server, { verify = "zz" }) })
  end)

  describe("with the environment's authorities", function()
    local SCRIPT = [[
local https = require "ssl.https"
print(https.request(arg[1]))
]]

    local function with(environment)
      local child = process.start {
        "luajit", process.write(process.folder() .. "/get.lua", SCRIPT),
        ("https://localhost:%d/"):format(server.port), env = environment,
      }
      child:wait()
      return child:output()
    end

    it("SSL_CERT_FILE", function()
      assert.matches("^hello\t200", with { SSL_CERT_FILE = pki.root.cert })
    end)

    it("SSL_CERT_DIR", function()
      assert.matches("^hello\t200", with { SSL_CERT_DIR = pki.root.capath,
                                           SSL_CERT_FILE = "/nowhere.pem" })
    end)

    it("and names them where they are none", function()
      local output = with { SSL_CERT_FILE = pki.server.key }
      assert.matches("^nil\terror loading CA locations %(", output)
      assert.truthy(output:find("): " .. pki.server.key .. ": give authorities with cafile, ",
                                1, true))
    end)

    it("and lists the tried places where there are none", function()
      local output = with { SSL_CERT_DIR = "/no/folder", SSL_CERT_FILE = "/no/file" }
      assert.matches("^nil\tno certificate authorities found; tried "
                     .. "/no/file %(SSL_CERT_FILE%), /no/folder %(SSL_CERT_DIR%): ", output)
    end)
  end)
end)
