-- Our server against curl: a program that knows nothing of this one.

describe("our server and curl", function()
  local ssl     = require "ssl"
  local limits  = require "spec.support.limits"
  local process = require "spec.support.process"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local bulk    = require "spec.support.bulk"
  local ours    = require "spec.support.ours"

  after_each(process.stop_all)

  -- curl's exit statuses.
  local NOT_VERIFIED = 60

  local function curl(server, options)
    local words = { "curl", "--silent", "--show-error", "--max-time", ours.LIMIT }
    for _, word in ipairs(options) do words[#words + 1] = word end
    words[#words + 1] = ("https://%s:%d/path"):format(options.host or "localhost", server.port)
    return process.start(words)
  end

  -- A request: its first line, and the headers by lower-case name.
  local function request(conn)
    local first, headers = assert(conn:receive()), {}
    repeat
      local line = assert(conn:receive())
      local name, value = line:match "^([^:]+):%s*(.-)%s*$"
      if name then headers[name:lower()] = value end
    until line == ""
    return first, headers
  end

  local function answer(conn, size)
    assert(conn:send(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n")
                     :format(size)))
  end

  -- A page, and the end.
  local function serve_page(conn, client)
    local first = request(conn)
    assert.equal("GET /path HTTP/1.1", first)
    answer(conn, 5)
    assert.equal(5, conn:send "hello")
    conn:close()
    assert.same({ "exit", 0 }, { client:wait() })
    assert.equal("hello", client:output())
  end

  local KINDS = {
    RSA   = { entry = pki.rsa_server,    cafile = pki.root.cert },
    ECDSA = { entry = pki.ec_server, cafile = pki.ec_root.cert },
    ["chained RSA"] = { entry = { cert = pki.rsa_server.chain, key = pki.rsa_server.key },
                        cafile = pki.root.cert },
  }
  local INSIST = { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert }

  for version, protocol in pairs { ["TLSv1.2"] = "tlsv1_2", ["TLSv1.3"] = "tlsv1_3" } do
    for kind, of in pairs(KINDS) do
      it(("speak %s with a verified %s certificate"):format(version, kind), function()
        local server = ours.listen { protocol = protocol, certificate = of.entry.cert,
                                     key = of.entry.key }
        local client = curl(server, { "--cacert", of.cafile })
        local conn = assert(server:accept())
        assert.same({ version, "localhost" }, { conn:info "protocol", conn:getsniname() })
        serve_page(conn, client)
      end)
    end

    it(version .. ": speak over an address instead of a name, which is not sent", function()
      local server = ours.listen { protocol = protocol }
      local client = curl(server, { "--cacert", pki.root.cert, host = "127.0.0.1" })
      local conn = assert(server:accept())
      assert.is_nil(conn:getsniname())
      serve_page(conn, client)
    end)

    it(version .. ": end where curl does not know our authority", function()
      local server = ours.listen { protocol = protocol, certificate = pki.other_server.cert,
                                   key = pki.other_server.key }
      local client = curl(server, { "--cacert", pki.root.cert })
      assert.same({ nil, limits.openssl_refuses[protocol] }, { server:accept() })
      assert.same({ "exit", NOT_VERIFIED }, { client:wait() })
    end)

    it(version .. ": end where our certificate names another host", function()
      local server = ours.listen { protocol = protocol, certificate = pki.cn_only.cert,
                                   key = pki.cn_only.key }
      local client = curl(server, { "--cacert", pki.root.cert })
      -- curl looks at the name when the handshake is over.
      local conn = assert(server:accept())
      -- Later versions leave without a close_notify.
      local data, word, rest = conn:receive()
      if word ~= "unexpected eof while reading" then assert.equal("closed", word) end
      assert.same({ nil, "" }, { data, rest })
      conn:close()
      assert.same({ "exit", NOT_VERIFIED }, { client:wait() })
      assert.matches("does not match target host ?name", client:output())
    end)

    for kind, entry in pairs { RSA = pki.client, ECDSA = pki.ec_client } do
      it(("%s: show an %s certificate of curl's"):format(version, kind), function()
        local server = ours.listen { protocol = protocol, cafile = pki.root.cert,
                                     verify = INSIST.verify }
        local client = curl(server, { "--cacert", pki.root.cert, "--cert", entry.cert,
                                      "--key", entry.key })
        local conn = assert(server:accept())
        local expected = ssl.loadcertificate(process.read(entry.cert))
        assert.equal(expected:digest(), conn:getpeercertificate():digest())
        serve_page(conn, client)
      end)
    end

    it(version .. ": end where curl has no certificate to show, or a foreign one", function()
      for message, entry in pairs { ["peer did not return a certificate"] = {},
                                    ["certificate verify failed"] = pki.selfsigned } do
        local server = ours.listen { protocol = protocol, cafile = pki.root.cert,
                                     verify = INSIST.verify }
        local options = { "--cacert", pki.root.cert }
        if entry.key then
          options[3], options[4], options[5], options[6] = "--cert", entry.cert,
                                                           "--key", entry.key
        end
        local client = curl(server, options)
        assert.same({ nil, message }, { server:accept() })
        local how, status = client:wait()
        assert.equal("exit", how)
        assert.are_not.equal(0, status)
        assert.matches("alert", client:output())
      end
    end)

    it(version .. ": agree on the certificate for a server name", function()
      local server = ours.listen { protocol = protocol }
      local client = curl(server, {
        "--cacert", pki.ec_root.cert, host = "a.wild.test",
        "--resolve", ("a.wild.test:%d:127.0.0.1"):format(server.port) })
      local conn = server:wrap()
      conn:sni { ["a.wild.test"] = assert(ssl.newcontext(pair.server_config {
        protocol = protocol, certificate = pki.ec_server.cert, key = pki.ec_server.key })) }
      assert.same({ true }, { conn:dohandshake() })
      assert.equal("a.wild.test", conn:getsniname())
      serve_page(conn, client)
    end)

    it(version .. ": pass many bytes each way as they are", function()
      local server = ours.listen { protocol = protocol }
      local client = curl(server, { "--cacert", pki.root.cert, "--upload-file", bulk.path(),
                                    "--header", "Expect:" })
      local conn = assert(server:accept())
      local first, headers = request(conn)
      assert.same({ "PUT /path HTTP/1.1", tostring(bulk.size) },
                  { first, headers["content-length"] })
      assert.equal(bulk.size, bulk.receive(conn))
      answer(conn, bulk.size)
      assert.equal(bulk.size, bulk.send(conn))
      conn:close()
      assert.same({ "exit", 0 }, { client:wait(ours.LIMIT) })
      assert.is_true(bulk.equals(client.dir .. "/out"))
    end)
  end
end)
