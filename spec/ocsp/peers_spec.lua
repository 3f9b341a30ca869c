-- Stapled OCSP responses against OpenSSL's programs, GnuTLS and nginx.

describe("OCSP stapling with others:", function()
  local house     = require "spec.support.init"
  local process   = require "spec.support.process"
  local peers     = require "spec.support.peers"
  local pki       = require "spec.support.pki"
  local ours      = require "spec.support.ours"
  local responses = require "spec.support.ocsp"
  local it        = require("spec.support.needs").each(
    it, require("ssl.feature.stapling").supported, "OCSP in the handshake")

  local DAY = 86400
  local ENTRY = { cert = pki.server.cert, key = pki.server.key }
  local files, ders = {}, {}

  setup(function()
    local folder = process.folder()
    local function make(more)
      local recipe = { cert = pki.server.cert, issuer = pki.root.cert, signer = pki.root }
      for key, value in pairs(more) do recipe[key] = value end
      return responses.make(recipe)
    end
    ders = {
      good    = responses.of_openssl { cert = pki.server.cert, issuer = pki.root },
      revoked = responses.of_openssl { cert = pki.server.cert, issuer = pki.root,
                                       status = "revoked" },
      expired = make { from = -3 * DAY, till = -2 * DAY },
      other   = make { cert = pki.client.cert },
      forged  = make { signer = pki.other },
    }
    -- process.stop_all, after each test, removes its folders.
    local kept = os.tmpname()
    os.remove(kept)
    assert(house.run(("mv '%s' '%s'"):format(folder, kept)))
    files.folder = kept
    for name, der in pairs(ders) do
      files[name] = process.write(("%s/%s.der"):format(kept, name), der)
    end
  end)

  teardown(function() os.execute(("rm -rf '%s'"):format(files.folder)) end)
  after_each(process.stop_all)

  local REFUSALS = {
    revoked = "OCSP: the certificate was revoked (keyCompromise)",
    expired = "OCSP: the response has expired on ",
    other   = "OCSP: the response is about another certificate",
    forged  = "OCSP: the response is not signed by the issuer or on its behalf ",
  }

  -- Our client with a server of theirs: start(file or nil) -> child
  local function judges(start)
    for _, wish in ipairs { "request", "require" } do
      local server = start(files.good)
      local conn = assert(ours.connect(server.port, { ocsp = wish }))
      assert.same({ ders.good, "good" }, { conn:getocspresponse() })
      conn:close()
      server:stop()
    end
    for name, words in pairs(REFUSALS) do
      local server = start(files[name])
      local conn, message = ours.connect(server.port, { ocsp = "request" })
      assert.is_nil(conn)
      assert.matches(words, message, 1, true)
      server:stop()
    end
    local server = start()
    local conn, message = ours.connect(server.port, { ocsp = "require" })
    assert.is_nil(conn)
    assert.matches("OCSP: the server has stapled no response", message, 1, true)
    conn = assert(ours.connect(server.port, { ocsp = "request" }))
    assert.is_nil((conn:getocspresponse()))
    conn:close()
  end

  for version, of in pairs {
    ["TLSv1.2"] = { openssl = "-tls1_2", gnutls = "NORMAL:-VERS-ALL:+VERS-TLS1.2" },
    ["TLSv1.3"] = { openssl = "-tls1_3", gnutls = "NORMAL:-VERS-ALL:+VERS-TLS1.3" },
  } do
    it(version .. ": our client judges what openssl s_server staples", function()
      judges(function(file)
        return peers.s_server(ENTRY, file and { of.openssl, "-status_file", file }
                                          or { of.openssl })
      end)
    end)

    it(version .. ": our client judges what gnutls-serv staples", function()
      judges(function(file)
        local words = { "--echo", "--priority", of.gnutls }
        if file then
          -- gnutls-serv would not start with an invalid response.
          words[#words + 1] = "--ocsp-response"
          words[#words + 1] = file
          words[#words + 1] = "--ignore-ocsp-response-errors"
        end
        return peers.gnutls(ENTRY, words)
      end)
    end)

    it(version .. ": our client judges what nginx staples", function()
      judges(function(file)
        local more = file and ("ssl_stapling on;\nssl_stapling_file '%s';\n"):format(file) or ""
        return peers.nginx { key = pki.server.key, cert = pki.server.cert,
                             server = "ssl_protocols " .. version .. ";\n" .. more }
      end)
    end)

    it(version .. ": openssl s_client gets what our server staples", function()
      for name, status in pairs { good = "Cert Status: good", revoked = "Cert Status: revoked" } do
        local server = ours.listen { ocspresponse = ders[name] }
        local client = process.start { "openssl", "s_client", "-connect",
          "127.0.0.1:" .. server.port, "-status", "-CAfile", pki.root.cert, of.openssl }
        local conn = assert(server:accept())
        assert.equal(status, client:wait_output(status))
        assert.equal(ders[name], (conn:getocspresponse()))
        conn:close()
        client:stop()
      end
      local server = ours.listen()
      local client = process.start { "openssl", "s_client", "-connect",
        "127.0.0.1:" .. server.port, "-status", of.openssl }
      local conn = assert(server:accept())
      assert.equal("no response sent", client:wait_output "no response sent")
      conn:close()
    end)

    it(version .. ": ssl.https takes the wish", function()
      local https = require "ssl.https"
      local function get(file)
        local server = peers.nginx { key = pki.server.key, cert = pki.server.cert,
          files = { a = "the file" }, server = ("ssl_protocols %s;\nssl_stapling on;\n"
            .. "ssl_stapling_file '%s';\n"):format(version, file) }
        local chunks = {}
        local ok, code = https.request { url = ("https://localhost:%d/a"):format(server.port),
          ocsp = "require", cafile = pki.root.cert, sink = function(chunk)
            chunks[#chunks + 1] = chunk
            return 1
          end }
        server:stop()
        return ok and code, ok and table.concat(chunks) or code
      end
      assert.same({ 200, "the file" }, { get(files.good) })
      assert.same({ nil, "OCSP: the certificate was revoked (keyCompromise)" },
                  { get(files.revoked) })
    end)

    local function visit(server)
      return process.start { "gnutls-cli", "--port", server.port, "--priority", of.gnutls,
                             "--x509cafile", pki.root.cert, "--logfile", "log", "localhost" }
    end

    it(version .. ": gnutls-cli accepts our server's stapled response", function()
      local server = ours.listen { ocspresponse = function() return ders.good end }
      local client = visit(server)
      local conn = assert(server:accept())
      assert.equal(ders.good, (conn:getocspresponse()))
      client:write "from the client\n"
      assert.same({ "from the client" }, { conn:receive() })
      conn:close()
      assert.same({ "exit", 0 }, { client:wait() })
    end)

    it(version .. ": gnutls-cli refuses a revoked certificate of our server", function()
      local server = ours.listen { ocspresponse = ders.revoked }
      local client = visit(server)
      local conn, message = server:accept()
      if conn then
        message = select(2, conn:receive())
        conn:close()
      end
      assert.is_string(message)
      assert.same({ "exit", 1 }, { client:wait() })
      assert.matches("revoked", process.read(client.dir .. "/log"))
    end)
  end
end)
