-- ssl.connect against a server of ours in another process.

describe("ssl.connect", function()
  local limits  = require "spec.support.limits"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local servers = require "spec.support.servers"
  local values  = require "spec.support.values"
  local socket  = require "socket"
  local ssl     = require "ssl"
  local wording = require "spec.support.wording"

  local LIMIT = 30
  local ALTNAMES = "the certificate is not valid for this host name"

  -- The system may know no IPv6.
  local function has_ipv6()
    local listener = socket.bind("::1", 0)
    if listener then listener:close() end
    return listener ~= nil
  end

  teardown(process.stop_all)

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local child
      after_each(function() child:stop() end)

      local function serve(certificate, host, tls)
        tls = tls or {}
        tls.protocol, tls.certificate = version, certificate
        child = servers.start { host = host, tls = tls }
      end

      local function flags(extra)
        local out = { protocol = version, verify = "peer", cafile = pki.root.cert,
                      timeout = LIMIT }
        for key, value in pairs(extra or {}) do out[key] = value end
        return out
      end

      -- The server's report about the last handshake.
      local function reported(pattern)
        local text = child:wait_output "shaken: [^\n]*\n"
        assert.matches(pattern, text)
      end

      local function succeeds(name, extra, sent)
        local before = values.descriptors()
        local conn, sock = ssl.connect(name, child.port, flags(extra))
        assert(conn, sock)
        assert.equal(before + 1, values.descriptors())
        assert.equal(-1, sock:getfd())
        assert.equal("TLSv1." .. version:match "%d$", (conn:info "protocol"))
        assert.equal(6, conn:send "hello\n")
        assert.equal("hello", (conn:receive()))
        conn:close()
        assert.equal(before, values.descriptors(true))
        reported("shaken: true, name: " .. sent .. "\n")
      end

      -- The message without the server's name and port. No descriptor stays open.
      local function fails(name, extra)
        local before = values.descriptors()
        local conn, message = ssl.connect(name, child.port, flags(extra))
        assert.is_nil(conn)
        assert.equal(before, values.descriptors(true))
        local start = ("handshake with %s port %d: "):format(name, child.port)
        assert.equal(start, message:sub(1, #start))
        return message:sub(#start + 1)
      end

      it("reaches a server by its name, and sends the name", function()
        serve(pki.server.cert)
        succeeds("localhost", {}, "localhost")
      end)

      it("sends the name in its one spelling", function()
        serve(pki.server.cert)
        succeeds("LocalHost.", {}, "localhost")
      end)

      it("reaches a server by its address, and sends no name", function()
        serve(pki.server.cert)
        succeeds("127.0.0.1", {}, "nil")
      end)

      for _, name in ipairs { "::1", "[::1]" } do
        it("reaches a server by its address " .. name .. ", and sends no name", function()
          if not has_ipv6() then
            serve(pki.server.cert) -- the name is still one that may be asked for
            local _, message = ssl.connect(name, child.port, flags())
            return assert.matches("^connecting to ::1 port ", message)
          end
          serve(pki.server.cert, "::1")
          succeeds(name, {}, "nil")
        end)
      end

      it("checks the name with every value of verify", function()
        serve(pki.cn_only.cert)
        assert.equal(ALTNAMES, fails("localhost", { verify = false }))
        reported "shaken: true"
      end)

      it("checks the address with every value of verify", function()
        serve(pki.selfsigned.cert)
        assert.equal(ALTNAMES, fails("127.0.0.1", { verify = "none" }))
      end)

      it("refuses a wrong name in the handshake with verify peer, by an alert", function()
        serve(pki.cn_only.cert)
        assert.equal(wording "certificate verify failed (hostname mismatch)", fails "localhost")
        reported(wording("shaken: " .. limits.misnamed_alert.reason .. ", name: localhost\n"))
      end)

      it("refuses a wrong address in the handshake with verify peer", function()
        serve(pki.cn_only.cert)
        assert.equal("certificate verify failed (IP address mismatch)", fails "127.0.0.1")
        reported(wording("shaken: " .. limits.misnamed_alert.reason .. ", name: nil\n"))
      end)

      it("takes no wildcard and no common name for an address", function()
        serve(pki.server.cert, "0.0.0.0")
        assert.equal("certificate verify failed (IP address mismatch)", fails "127.0.0.2")
      end)

      it("refuses an authority that it does not trust", function()
        serve(pki.server.cert)
        assert.equal("certificate verify failed (unable to get local issuer certificate)",
                     fails("localhost", { cafile = pki.other.cert }))
        reported "shaken: tlsv1 alert unknown ca"
      end)

      it("refuses an expired certificate, unless it was not asked to verify", function()
        serve(pki.expired.cert)
        assert.equal("certificate verify failed (certificate has expired)", fails "localhost")
        assert(ssl.connect("localhost", child.port, flags { verify = "none" })):close()
      end)

      it("proves itself to a server that demands it", function()
        serve(pki.server.cert, nil, { verify = { "peer", "fail_if_no_peer_cert" },
                                      cafile = pki.root.cert })
        succeeds("localhost", { key = pki.client.key, certificate = pki.client.cert },
                 "localhost")
      end)

      it("does not get through to a server of another version", function()
        serve(pki.server.cert)
        local other = version == "tlsv1_2" and "tlsv1_3" or "tlsv1_2"
        assert.equal("tlsv1 alert protocol version", fails("localhost", { protocol = other }))
        reported("shaken: " .. (version == "tlsv1_2" and limits.version_too_high
                                or limits.version_too_low))
      end)
    end)
  end

  it("takes a common name that names the host, when nothing else does", function()
    -- Of the names of this system such a certificate contains only "localhost".
    local cert = require("spec.support.certs").make {
      subject = "CN = localhost", extensions = "basicConstraints = CA:FALSE",
    }
    local folder = process.folder()
    local path = process.write(folder .. "/cn.pem", cert)
    local key = require("spec.support.init").build .. "/certs/ec.key"
    local child = servers.start { tls = { certificate = path, key = key } }
    local conn = assert(ssl.connect("localhost", child.port, {
      protocol = "any", verify = "peer", cafile = path, timeout = LIMIT }))
    conn:close()
    assert.matches(ALTNAMES, select(2, ssl.connect("127.0.0.1", child.port, {
      protocol = "any", timeout = LIMIT })), 1, true)
    child:stop()
  end)
end)
