-- A server that goes on with another context: the settings of that context hold, in the
-- handshake and in the connection.

describe("a context chosen by onclienthello", function()
  local ssl     = require "ssl"
  local context = require "ssl.context"
  local house   = require "spec.support.init"
  local limits  = require "spec.support.limits"
  local needs   = require "spec.support.needs"
  local ours    = require "spec.support.ours"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local shake   = require "spec.support.shake"
  local values  = require "spec.support.values"

  after_each(process.stop_all)

  local STRICT = { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert }

  local function over(base, extra)
    local config = {}
    for key, value in pairs(base) do config[key] = value end
    for key, value in pairs(extra or {}) do config[key] = value end
    return config
  end

  -- A server that begins with one configuration and goes on with another.
  local function switched(version, chosen, client, first)
    local ctx = assert(ssl.newcontext(pair.server_config(chosen)))
    first = over(first or {}, { onclienthello = function() return ctx end })
    local server
    server, client = pair.wrapped(first, over({ protocol = version }, client))
    local at_server, at_client = shake(server, client)
    return at_server, at_client, server, client
  end

  local function of_client(entry)
    return { key = entry.key, certificate = entry.chain or entry.cert }
  end

  for _, version in ipairs(pair.versions) do
    local label = " (" .. version .. ")"

    local function fails(words, chosen, client, first)
      local at_server, _, server, peer = switched(version, chosen, client, first)
      assert.equal(words, at_server)
      server:close()
      peer:close()
    end

    local function connects(chosen, client, first)
      local at_server, at_client, server, peer = switched(version, chosen, client, first)
      assert.same({ true, true }, { at_server, at_client })
      return server, peer
    end

    it("demands a certificate where it is set" .. label, function()
      fails("peer did not return a certificate", STRICT)
      fails("certificate verify failed", STRICT, of_client(pki.other_server))
      local server = connects(STRICT, of_client(pki.client))
      assert.is_true(server:getpeerverification())
    end)

    it("demands none where the first one did" .. label, function()
      connects({}, nil, STRICT)
    end)

    it("has a depth of its own" .. label, function()
      fails("certificate verify failed", over(STRICT, { depth = 0 }), of_client(pki.client))
      connects(over(STRICT, { depth = 3 }), of_client(pki.client), { depth = 0 })
    end)

    it("checks revocation where it is set" .. label, function()
      local strict = over(STRICT, { cafile = pki.root.with_crl, verifyext = "crl_check" })
      fails("certificate verify failed", strict, of_client(pki.revoked))
      connects(STRICT, of_client(pki.revoked))
      connects(STRICT, of_client(pki.revoked), strict)
    end)

    it("goes on after errors, or does not, by its result" .. label, function()
      local server = connects(over(STRICT, { verifyext = "lsec_continue" }),
                              of_client(pki.other_server))
      assert.is_false((server:getpeerverification()))
      fails("certificate verify failed", STRICT, of_client(pki.other_server),
            over(STRICT, { verifyext = "lsec_continue" }))
    end)

    it("has its own function to judge certificates, or none" .. label, function()
      local asked = 0
      local function judge()
        asked = asked + 1
        return true
      end
      connects(over(STRICT, { onverify = judge }), of_client(pki.other_server))
      assert.is_true(asked > 0)
      asked = 0
      fails("certificate verify failed", STRICT, of_client(pki.other_server),
            over(STRICT, { onverify = judge }))
      assert.equal(0, asked)
    end)

    it("has its own versions" .. label, function()
      local other = version == "tlsv1_2" and "tlsv1_3" or "tlsv1_2"
      local words = version == "tlsv1_3" and limits.version_too_high or limits.version_too_low
      fails(words, { protocol = other })
      fails(words, { options = { "no_tlsv1", "no_tlsv1_1", "no_" .. version } })
      connects({ protocol = version }, nil, { protocol = other })
      connects({}, nil, { options = "no_" .. version })
    end)

    it("has its own protocols" .. label, function()
      local server, client = connects({ alpn = { "new" } }, { alpn = { "old", "new" } },
                                      { alpn = { "old" } })
      assert.same({ "new", "new" }, { server:getalpn(), client:getalpn() })
      fails("no application protocol", { alpn = { "new" } }, { alpn = { "old" } },
            { alpn = { "old" } })
      server = connects({}, { alpn = { "old" } }, { alpn = { "old" } })
      assert.is_nil(server:getalpn())
    end)

    it("has its own ciphers and groups" .. label, function()
      local ciphers = version == "tlsv1_2"
        and { ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" }
        or { ciphersuites = "TLS_AES_128_GCM_SHA256" }
      local server = connects(ciphers)
      assert.matches("AES.?128.GCM.SHA256", server:info "cipher")
      if not (version == "tlsv1_3" and limits.silent_without_group_13) then
        fails(version == "tlsv1_2" and "no shared cipher" or "no suitable key share",
              { curveslist = "P-384" }, { curveslist = "P-256", ciphers = "ECDHE" })
      end
      connects({ curveslist = "P-256" }, { curveslist = "P-256" }, { curveslist = "P-384" })
      connects({}, { curveslist = "P-256" }, { curveslist = "P-384" })
    end)

    it("does not resume what another context accepted" .. label, function()
      needs.resumption(version)
      local strict = assert(ssl.newcontext(pair.server_config(STRICT)))
      local words = {}
      local session = process.folder() .. "/session"
      for i, name in ipairs { "open.test", "strict.test", "open.test" } do
        local server = ours.listen { protocol = version, onclienthello = function(_, hello)
          return hello.servername == "strict.test" and strict or nil
        end }
        server.context = i == 1 and server.context or words.context
        words.context = server.context
        process.start { "openssl", "s_client", "-connect", "127.0.0.1:" .. server.port,
                        "-servername", name, i == 1 and "-sess_out" or "-sess_in", session }
        local conn, why = server:accept()
        words[i] = conn and true or why
        if conn then
          conn:send "hello\n"
          if i == 1 then
            local late = house.patience()
            while process.read(session) == "" and not late() do
              require("socket").sleep(0.01)
            end
          end
          conn:close()
        end
      end
      assert.same({ true, "peer did not return a certificate", true },
                  { words[1], words[2], words[3] })
    end)
  end

  it("lives on when the program has dropped it", function()
    local server, client = pair.wrapped { onclienthello = function()
      return assert(ssl.newcontext(pair.server_config { certificate = pki.cn_only.cert }))
    end }
    assert.same({ true, true }, { shake(server, client) })
    for _ = 1, 3 do collectgarbage() end
    assert.equal("cn.only.test", server:getlocalcertificate():subject()[2].value)
  end)

  it("has to be alive", function()
    local dead = assert(ssl.newcontext(pair.server_config()))
    getmetatable(dead).__gc(dead)
    local server, client = pair.wrapped { onclienthello = function() return dead end }
    local ok, problem = pcall(shake, server, client)
    assert.is_false(ok)
    assert.equal("ssl: the context for this server name cannot be used", problem)
    assert.matches("invalid context", values.raised(context.setverify, dead, "peer"))
  end)
end)
