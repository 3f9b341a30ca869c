-- Our client against nginx.

describe("our client and nginx", function()
  local ssl     = require "ssl"
  local process = require "spec.support.process"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local bulk    = require "spec.support.bulk"
  local ours    = require "spec.support.ours"
  local wording = require "spec.support.wording"

  after_each(process.stop_all)

  local KINDS = {
    RSA   = { entry = pki.rsa_server,    cafile = pki.root.cert },
    ECDSA = { entry = pki.ec_server, cafile = pki.ec_root.cert },
    ["chained RSA"] = { entry = { cert = pki.rsa_server.chain, key = pki.rsa_server.key },
                        cafile = pki.root.cert },
  }

  -- The response to a request: the status line and the body.
  local function ask(conn, line, host)
    assert(conn:send(("%s\r\nHost: %s\r\nConnection: close\r\n\r\n"):format(line, host)))
    local status = assert(conn:receive())
    repeat local header = assert(conn:receive()) until header == ""
    local body = assert(conn:receive "*a")
    conn:close()
    return status, body
  end

  local function get(conn)
    return ask(conn, "GET /a HTTP/1.1", "localhost")
  end

  for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
    local function nginx(entry, directives, options)
      options = options or {}
      options.key, options.cert = entry.key, entry.cert
      options.server = "ssl_protocols " .. version .. ";\n" .. (directives or "")
      options.files = { a = "the file" }
      return peers.nginx(options)
    end

    for kind, of in pairs(KINDS) do
      it(("speak %s with a verified %s certificate"):format(version, kind), function()
        local server = nginx(of.entry)
        local conn = assert(ours.connect(server.port, { cafile = of.cafile }))
        assert.equal(version, conn:info "protocol")
        local expected = ssl.loadcertificate(process.read(of.entry.cert))
        assert.equal(expected:digest(), conn:getpeercertificate():digest())
        assert.same({ "HTTP/1.1 200 OK", "the file" }, { get(conn) })
      end)
    end

    it(version .. ": speak under each name of the certificate, and no other", function()
      local server = nginx(pki.server)
      for _, name in ipairs { "localhost", "LOCALHOST", "localhost.", "127.0.0.1" } do
        local conn = assert(ours.connect(server.port, nil, name))
        assert.same({ "HTTP/1.1 200 OK", "the file" }, { get(conn) })
      end
      local other = nginx(pki.cn_only)
      assert.same({ nil, ("handshake with 127.0.0.1 port %d: certificate verify failed "
                          .. "(IP address mismatch)"):format(other.port) },
                  { ours.connect(other.port, nil, "127.0.0.1") })
      assert.same({ nil, ("handshake with localhost port %d: certificate verify failed "
                          .. wording "(hostname mismatch)"):format(other.port) },
                  { ours.connect(other.port) })
    end)

    it(version .. ": end over an unknown authority and over an expired certificate", function()
      for entry, reason in pairs { [pki.other_server] = "unable to get local issuer certificate",
                                   [pki.expired] = "certificate has expired",
                                   [pki.selfsigned] = wording "self-signed certificate" } do
        local server = nginx(entry)
        assert.same({ nil, ("handshake with localhost port %d: certificate verify failed (%s)")
                           :format(server.port, reason) }, { ours.connect(server.port) })
      end
    end)

    -- nginx itself answers a client without a certificate, or with a wrong one.
    it(version .. ": know each other by certificates", function()
      local server = nginx(pki.server, ([[
        ssl_client_certificate "%s";
        ssl_verify_client on;
        location /a { return 200 "$ssl_client_verify $ssl_client_s_dn"; }
      ]]):format(pki.root.cert))
      local function as(entry)
        return get(assert(ours.connect(server.port, { certificate = entry.cert,
                                                      key = entry.key })))
      end
      for _, entry in ipairs { pki.client, pki.ec_client } do
        local status, body = as(entry)
        assert.equal("HTTP/1.1 200 OK", status)
        assert.matches("^SUCCESS CN=", body)
      end
      for wanted, entry in pairs { ["No required SSL certificate was sent"] = {},
                                   ["The SSL certificate error"] = pki.selfsigned } do
        local status, body = as(entry)
        assert.equal("HTTP/1.1 400 Bad Request", status)
        assert.matches(wanted, body)
      end
    end)

    it(version .. ": agree on the certificate for a server name", function()
      local server = nginx(pki.rsa_server, "server_name localhost;", { http = ([[
        server {
          listen 127.0.0.1:%%(port)s ssl;
          server_name a.wild.test;
          ssl_protocols %s;
          ssl_certificate "%s";
          ssl_certificate_key "%s";
          location /a { return 200 "for $ssl_server_name"; }
        }
      ]]):format(version, pki.ec_server.cert, pki.ec_server.key) })
      for name, expected in pairs { ["a.wild.test"] = { pki.ec_root, "EC", "for a.wild.test" },
                                    localhost = { pki.root, "RSA", "the file" } } do
        local conn = ours.connect_sni(server.port, name, { cafile = expected[1].cert })
        local _, key = conn:getpeercertificate():pubkey()
        assert.equal(expected[2], key)
        assert.same({ "HTTP/1.1 200 OK", expected[3] },
                    { ask(conn, "GET /a HTTP/1.1", name) })
      end
    end)

    it(version .. ": take many bytes as they are", function()
      local server = nginx(pki.server)
      process.capture(("ln -s '%s' '%s/bulk'"):format(bulk.path(), server.files))
      local conn = assert(ours.connect(server.port))
      assert(conn:send "GET /bulk HTTP/1.0\r\n\r\n")
      repeat local line = assert(conn:receive()) until line == ""
      assert.equal(bulk.size, bulk.receive(conn))
      assert.same({ nil, "closed", "" }, { conn:receive(1) })
      conn:close()
    end)

    it(version .. ": give many bytes as they are", function()
      local server = nginx(pki.server, [[
        client_max_body_size 100m;
        location /put { dav_methods PUT; }
      ]])
      local conn = assert(ours.connect(server.port))
      assert(conn:send(("PUT /put HTTP/1.0\r\nContent-Length: %d\r\n\r\n"):format(bulk.size)))
      assert.equal(bulk.size, bulk.send(conn))
      assert.same({ "HTTP/1.1 201 Created" }, { conn:receive() })
      conn:close()
      assert.is_true(bulk.equals(server.files .. "/put"))
    end)
  end
end)
