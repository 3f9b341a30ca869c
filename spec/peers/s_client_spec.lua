-- Our server against `openssl s_client`.

describe("our server and openssl s_client", function()
  local ssl     = require "ssl"
  local process = require "spec.support.process"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local bulk    = require "spec.support.bulk"
  local limits  = require "spec.support.limits"
  local ours    = require "spec.support.ours"
  local wording = require "spec.support.wording"

  after_each(process.stop_all)

  -- -verify_return_error ends the client when it does not trust our certificate.
  local function s_client(server, options)
    local words = { "openssl", "s_client", "-connect", "127.0.0.1:" .. server.port,
                    "-quiet", "-verify_return_error", input = options.input }
    for _, word in ipairs(options) do words[#words + 1] = word end
    return process.start(words)
  end

  local function root(options, cafile)
    for _, word in ipairs { "-CAfile", cafile or pki.root.cert } do
      options[#options + 1] = word
    end
    return options
  end

  -- A line each way, and the end.
  local function talk(conn, client)
    client:write "from the client\n"
    assert.same({ "from the client" }, { conn:receive() })
    assert.equal(16, conn:send "from the server\n")
    conn:close()
    assert.same({ "exit", 0 }, { client:wait() })
    assert.matches("from the server", client:output())
  end

  local KINDS = {
    RSA   = { entry = pki.rsa_server,    cafile = pki.root.cert },
    ECDSA = { entry = pki.ec_server, cafile = pki.ec_root.cert },
    ["chained RSA"] = { entry = { cert = pki.rsa_server.chain, key = pki.rsa_server.key },
                        cafile = pki.root.cert },
  }

  for version, option in pairs { ["TLSv1.2"] = "-tls1_2", ["TLSv1.3"] = "-tls1_3" } do
    for kind, of in pairs(KINDS) do
      it(("speak %s with a verified %s certificate"):format(version, kind), function()
        local server = ours.listen { certificate = of.entry.cert, key = of.entry.key }
        local client = s_client(server, root({
          option, "-verify_hostname", "localhost", "-servername", "localhost" }, of.cafile))
        local conn = assert(server:accept())
        assert.same({ version, "localhost" }, { conn:info "protocol", conn:getsniname() })
        talk(conn, client)
      end)
    end

    local protocol = version:lower():gsub("%.", "_")

    it(version .. ": end where the client does not know our authority", function()
      local server = ours.listen { certificate = pki.other_server.cert,
                                   key = pki.other_server.key }
      local client = s_client(server, root { option })
      assert.same({ nil, limits.openssl_refuses[protocol] }, { server:accept() })
      assert.same({ "exit", 1 }, { client:wait() })
    end)

    it(version .. ": end where our certificate names another host", function()
      local server = ours.listen()
      local client = s_client(server, root { option, "-verify_hostname", "other.test" })
      assert.same({ nil, wording(limits.openssl_refuses_name[protocol]) },
                  { server:accept() })
      assert.same({ "exit", 1 }, { client:wait() })
      assert.matches("hostname mismatch", client:output())
    end)

    for kind, entry in pairs { RSA = pki.client, ECDSA = pki.ec_client } do
      it(("%s: show an %s certificate of the client"):format(version, kind), function()
        local server = ours.listen { verify = { "peer", "fail_if_no_peer_cert" },
                                     cafile = pki.root.cert }
        local client = s_client(server, root { option, "-cert", entry.cert,
                                               "-key", entry.key })
        local conn = assert(server:accept())
        assert.same({ true }, { conn:getpeerverification() })
        local expected = ssl.loadcertificate(process.read(entry.cert))
        assert.equal(expected:digest "sha256", conn:getpeercertificate():digest "sha256")
        talk(conn, client)
      end)
    end

    for name, refused in pairs {
      ["shows no certificate"] = { nil, "peer did not return a certificate" },
      ["shows one of an unknown authority"] = { pki.selfsigned, "certificate verify failed" },
      ["shows one that was made for servers"] = { pki.wrong_usage,
                                                  "certificate verify failed" },
      ["shows one that was revoked"] = { pki.revoked, "certificate verify failed" },
    } do
      local entry, message = refused[1], refused[2]
      it(("%s: end where the client %s"):format(version, name), function()
        local server = ours.listen { verify = { "peer", "fail_if_no_peer_cert" },
                                     verifyext = "crl_check", cafile = pki.root.with_crl }
        local options = root { option }
        if entry then
          for _, word in ipairs { "-cert", entry.cert, "-key", entry.key } do
            options[#options + 1] = word
          end
        end
        local client = s_client(server, options)
        assert.same({ nil, message }, { server:accept() })
        assert.same({ "exit", 1 }, { client:wait() })
        assert.matches("alert", client:output())
      end)
    end

    for name, expected in pairs { ["a.wild.test"] = "localhost", ["cn.only.test"] = "cn.only.test",
                                  ["CN.Only.Test"] = "cn.only.test" } do
      it(("%s: agree on the certificate for %s"):format(version, name), function()
        local server = ours.listen()
        local client = s_client(server, root { option, "-servername", name })
        local conn = server:wrap()
        conn:sni {
          ["cn.only.test"] = assert(ssl.newcontext(pair.server_config {
            certificate = pki.cn_only.cert, key = pki.cn_only.key })),
        }
        assert.same({ true }, { conn:dohandshake() })
        assert.equal(name, conn:getsniname())
        talk(conn, client)
        assert.matches("depth=0 [^\n]*CN ?= ?" .. expected, client:output())
      end)
    end

    it(version .. ": pass many bytes each way as they are", function()
      local server = ours.listen()
      local client = s_client(server, root { option })
      local conn = assert(server:accept())
      local writer = process.start { "sh", "-c", ("exec cat '%s' >'%s/in'"):format(
        bulk.path(), client.dir) }
      assert.equal(bulk.size, bulk.receive(conn))
      assert.same({ "exit", 0 }, { writer:wait() })
      assert.equal(bulk.size, bulk.send(conn))
      conn:close()
      assert.same({ "exit", 0 }, { client:wait(ours.LIMIT) })
      assert.is_true(bulk.equals(client.dir .. "/out"))
    end)
  end
end)
