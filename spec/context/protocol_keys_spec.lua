-- The keys about the protocol: the errors of newcontext, and that they hold, also when a
-- server name has switched the context. peers/protocols_spec tests them against other
-- programs.

describe("ssl.newcontext's key", function()
  local ssl      = require "ssl"
  local ffi      = require "ffi"
  local lib      = require "ssl.ffi.lib"
  local context  = require "ssl.context"
  local contexts = require "spec.support.contexts"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local shake    = require "spec.support.shake"
  local fresh    = require "spec.support.fresh"
  local process  = require "spec.support.process"
  local wording  = require "spec.support.wording"
  local needs    = require "spec.support.needs"
  local limits   = require "spec.support.limits"

  local open = {}
  after_each(function()
    for _, conn in ipairs(open) do conn:close() end
    open = {}
    process.stop_all()
  end)

  -- A server's configuration gets an RSA key, which supports more signature algorithms than
  -- other keys.
  local function wrapped(server, client)
    local s, c = pair.wrapped(type(server) == "table" and pair.rsa(server) or server, client)
    open[#open + 1], open[#open + 2] = s, c
    return s, c
  end

  -- Both ends' results.
  local function both(server, client)
    return { shake(wrapped(server, client)) }
  end

  local function create(extra)
    extra.mode, extra.protocol = extra.mode or "client", extra.protocol or "any"
    return ssl.newcontext(extra)
  end

  local function refused(extra)
    local ctx, message = create(extra)
    assert.is_nil(ctx)
    return message
  end

  -- A connection for some.test, for which the server has a context of its own.
  local function switched(own, chosen, client)
    local s, c = wrapped(own, client)
    s:sni({ ["some.test"] = assert(ssl.newcontext(pair.server_config(pair.rsa(chosen)))) }, true)
    c:sni "some.test"
    return { shake(s, c) }, c
  end

  describe("minversion or maxversion", function()
    local NAMES = { "tlsv1_2", "tlsv1_3" }

    it("leaves the versions that both ends allow", function()
      for low, minimum in ipairs(NAMES) do
        for high = low, 2 do
          local s, c = wrapped({ minversion = minimum, maxversion = NAMES[high] }, {})
          assert.same({ true, true }, { shake(s, c) })
          assert.equal("TLSv1." .. NAMES[high]:match "%d$", (c:info "protocol"))
        end
      end
    end)

    it("fails a handshake that no version is left for", function()
      assert.same({ limits.version_too_low, "tlsv1 alert protocol version" },
                  both({ minversion = "tlsv1_3" }, { maxversion = "tlsv1_2" }))
      assert.same({ limits.version_too_high, "tlsv1 alert protocol version" },
                  both({ maxversion = "tlsv1_2" }, { minversion = "tlsv1_3" }))
    end)

    it("goes with a protocol of one version that lies between", function()
      local s, c = wrapped({ protocol = "tlsv1_2", minversion = "tlsv1_2",
                             maxversion = "tlsv1_3" }, {})
      assert.same({ true, true }, { shake(s, c) })
      assert.equal("TLSv1.2", (c:info "protocol"))
    end)

    it("is refused where it contradicts another key", function()
      assert.equal("minversion tlsv1_3 contradicts maxversion tlsv1_2",
                   refused { minversion = "tlsv1_3", maxversion = "tlsv1_2" })
      assert.equal("minversion tlsv1_3 contradicts protocol tlsv1_2",
                   refused { protocol = "tlsv1_2", minversion = "tlsv1_3" })
      assert.equal("maxversion tlsv1_2 contradicts protocol tlsv1_3",
                   refused { protocol = "tlsv1_3", maxversion = "tlsv1_2" })
    end)

    it("is refused for a version that the loaded OpenSSL does not speak", function()
      local protocols = require("ssl.config").protocols
      for _, name in ipairs { "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3" } do
        for _, key in ipairs { "minversion", "maxversion" } do
          local ctx, message = create { [key] = name }
          assert.equal(protocols[name] or false, ctx ~= nil)
          if not ctx then
            assert.equal(("invalid %s (%s): %s cannot speak it"):format(
              key, name, lib.openssl.version), message)
          end
        end
      end
    end)

    it("is refused for what names no version", function()
      for _, key in ipairs { "minversion", "maxversion" } do
        for _, name in ipairs { "any", "sslv23", "TLSv1_2", "tls", "" } do
          assert.equal(("invalid %s (%s)"):format(key, name), refused { [key] = name })
        end
        assert.equal(("invalid %s (string expected, got number)"):format(key),
                     refused { [key] = 1.2 })
        assert.equal(("invalid %s (string expected, got table)"):format(key),
                     refused { [key] = {} })
      end
    end)

    it("is refused where OpenSSL's configuration has another limit", function()
      needs.that(limits.configures_tls, "a configuration of TLS")
      local conf = process.write(process.folder() .. "/openssl.cnf", [[
openssl_conf = init
[init]
ssl_conf = modules
[modules]
system_default = limits
[limits]
MinProtocol = TLSv1.2
MaxProtocol = TLSv1.2
]])
      local output = fresh.luajit([[
        local ssl = require "ssl"
        print(select(2, ssl.newcontext { mode = "client", protocol = "any",
                                         minversion = "tlsv1_3" }))
        if ssl.config.protocols.tlsv1_1 then
          print(select(2, ssl.newcontext { mode = "client", protocol = "any",
                                           maxversion = "tlsv1_1" }))
        else
          print "maxversion tlsv1_1 contradicts the configuration of OpenSSL"
        end
        print(ssl.newcontext { mode = "client", protocol = "any", minversion = "tlsv1_3",
                               maxversion = "tlsv1_3" } ~= nil)]],
        { OPENSSL_CONF = conf })
      assert.equal("minversion tlsv1_3 contradicts the configuration of OpenSSL\n"
                   .. "maxversion tlsv1_1 contradicts the configuration of OpenSSL\n"
                   .. "true\n", output)
    end)

    it("means nothing when it is false", function()
      assert.is_truthy(create { minversion = false, maxversion = false })
    end)

    it("holds for the context that a server name chooses", function()
      local results, c = switched({}, { maxversion = "tlsv1_2" })
      assert.same({ true, true }, results)
      assert.equal("TLSv1.2", (c:info "protocol"))
      assert.same({ limits.version_too_low, "tlsv1 alert protocol version" },
                  (switched({}, { minversion = "tlsv1_3" }, { maxversion = "tlsv1_2" })))
    end)
  end)

  describe("groups", function()
    local GROUPS = { ["P-256"] = "secp256r1", ["P-384"] = "secp384r1", X25519 = "x25519",
                     X448 = "x448" }

    it("chooses the group of the key exchange, as text and as a list", function()
      needs.has("SSL_group_to_name", "the group's name")
      for _, version in ipairs(pair.versions) do
        for name, known in pairs(GROUPS) do
          local s, c = wrapped({ protocol = version, groups = name },
                               { groups = { "P-521", "P-256", "P-384", "X25519", "X448" } })
          assert.same({ true, true }, { shake(s, c) })
          assert.equal(known, (c:info "group"))
          assert.equal(known, (s:info "group"))
        end
      end
    end)

    it("fails a handshake that no group is left for", function()
      needs.that(not limits.silent_without_group_13, "an alert where no group is left")
      assert.same({ "no suitable key share", wording "sslv3 alert handshake failure" },
                  both({ protocol = "tlsv1_3", groups = "P-256" }, { groups = { "X25519" } }))
    end)

    it("does what this OpenSSL can, post-quantum groups too, and names the others",
       function()
      for _, name in ipairs { "X25519MLKEM768", "SecP256r1MLKEM768" } do
        local offered = require("ssl.config").capabilities.groups[name]
        local ctx, message = create { groups = { "X25519", name } }
        assert.equal(offered or false, ctx ~= nil)
        if not ctx then
          assert.equal(("unknown group '%s' in \"X25519:%s\""):format(name, name), message)
        else
          local s, c = wrapped({ groups = name }, { groups = name })
          assert.same({ true, true }, { shake(s, c) })
          if lib.has.SSL_group_to_name then assert.equal(name, (c:info "group")) end
        end
      end
    end)

    it("names the one that is unknown", function()
      assert.equal("unknown group 'nonsense' in \"X25519:nonsense:P-256\"",
                   refused { groups = { "X25519", "nonsense", "P-256" } })
      assert.equal("unknown group '' in \"X25519::P-256\"", refused { groups = "X25519::P-256" })
      assert.equal("unknown group 'nonsense' in \"nonsense\"", refused { groups = "nonsense" })
    end)

    it("is refused for a value that is no list of names", function()
      assert.equal("invalid groups (empty list)", refused { groups = "" })
      assert.equal("invalid groups (empty list)", refused { groups = {} })
      assert.equal("invalid groups (string or table expected, got number)",
                   refused { groups = 29 })
      assert.equal("invalid groups (entry 2: string expected, got number)",
                   refused { groups = { "X25519", 29 } })
      assert.equal("invalid groups (NUL in the list)", refused { groups = "X25519\0:nonsense" })
    end)

    it("wins over curveslist", function()
      needs.has("SSL_group_to_name", "the group's name")
      local s, c = wrapped({ curveslist = "P-256", groups = "P-384" }, {})
      assert.same({ true, true }, { shake(s, c) })
      assert.equal("secp384r1", (c:info "group"))
    end)

    it("holds for the context that a server name chooses", function()
      needs.has("SSL_group_to_name", "the group's name")
      for _, version in ipairs(pair.versions) do
        local results, c = switched({ protocol = version, groups = "X25519" },
                                    { protocol = version, groups = "P-384" },
                                    { groups = "X25519:P-384" })
        assert.same({ true, true }, results)
        assert.equal("secp384r1", (c:info "group"))
      end
    end)
  end)

  describe("sigalgs", function()
    it("limits the peer's signatures", function()
      for _, version in ipairs(pair.versions) do
        for _, name in ipairs { "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha512" } do
          local s, c = wrapped({ protocol = version }, { sigalgs = { name } })
          assert.same({ true, true }, { shake(s, c) })
          assert.equal(name, (c:info "sigalg"))
        end
      end
    end)

    it("limits this side's signatures", function()
      for _, version in ipairs(pair.versions) do
        local s, c = wrapped({ protocol = version, sigalgs = "rsa_pss_rsae_sha384" }, {})
        assert.same({ true, true }, { shake(s, c) })
        assert.equal("rsa_pss_rsae_sha384", (c:info "sigalg"))
      end
    end)

    it("fails a handshake that no algorithm is left for", function()
      assert.same({ "no suitable signature algorithm", wording "sslv3 alert handshake failure" },
                  both({ protocol = "tlsv1_3" }, { sigalgs = "ecdsa_secp256r1_sha256" }))
    end)

    it("names the one that is unknown", function()
      assert.equal("unknown signature algorithm 'md4' in \"RSA+SHA256:md4\"",
                   refused { sigalgs = { "RSA+SHA256", "md4" } })
      assert.equal("invalid sigalgs (string or table expected, got boolean)",
                   refused { sigalgs = true })
    end)

    it("holds for the context that a server name chooses", function()
      for _, version in ipairs(pair.versions) do
        local results, c = switched({ protocol = version, sigalgs = "rsa_pss_rsae_sha256" },
                                    { protocol = version, sigalgs = "rsa_pss_rsae_sha512" })
        assert.same({ true, true }, results)
        assert.equal("rsa_pss_rsae_sha512", (c:info "sigalg"))
      end
    end)
  end)

  describe("clientsigalgs", function()
    local CLIENT = { key = pki.client.key, certificate = pki.client.cert }
    local INSIST = { "peer", "fail_if_no_peer_cert" }

    it("limits a client's signatures", function()
      for _, version in ipairs(pair.versions) do
        local s, c = wrapped({ protocol = version, verify = INSIST, cafile = pki.root.cert,
                               clientsigalgs = "rsa_pss_rsae_sha384" }, CLIENT)
        assert.same({ true, true }, { shake(s, c) })
        assert.equal("rsa_pss_rsae_sha384", (s:info "sigalg"))
        assert.equal("rsa_pss_rsae_sha256", (c:info "sigalg"))
      end
    end)

    it("refuses a client that can sign with none of them", function()
      local at_server = shake(wrapped({ protocol = "tlsv1_3", verify = INSIST,
                                        cafile = pki.root.cert,
                                        clientsigalgs = "ecdsa_secp256r1_sha256" }, CLIENT))
      assert.equal("peer did not return a certificate", at_server)
    end)

    it("names the one that is unknown", function()
      assert.equal("unknown signature algorithm 'x' in \"x\"", refused { clientsigalgs = "x" })
    end)

    it("holds for the context that a server name chooses", function()
      local s, c = wrapped({ protocol = "tlsv1_3" }, CLIENT)
      s:sni { ["some.test"] = assert(ssl.newcontext(pair.server_config {
        protocol = "tlsv1_3", verify = INSIST, cafile = pki.root.cert,
        clientsigalgs = "rsa_pss_rsae_sha384" })) }
      c:sni "some.test"
      assert.same({ true, true }, { shake(s, c) })
      assert.equal("rsa_pss_rsae_sha384", (s:info "sigalg"))
    end)
  end)

  describe("seclevel", function()
    -- TLS 1.0 signs with SHA-1 and MD5, which 3.x has at level 0 alone.
    local OLD = { protocol = "tlsv1", seclevel = 0 }

    it("lets older versions be spoken at 0", function()
      needs.that(require("ssl.config").protocols.tlsv1, "TLS 1.0")
      assert.same({ true, true }, both(OLD, { protocol = "tlsv1", seclevel = 0 }))
      assert.is_string(both(OLD, { protocol = "tlsv1",
                                   seclevel = limits.tls1_refused.level })[1])
    end)

    it("refuses a key that is too short, when it is loaded and at the peer", function()
      assert.equal("error loading certificate (ee key too small)",
                   refused(pair.rsa { mode = "server", seclevel = 3 }))
      local at_server, at_client = shake(wrapped({}, { seclevel = 3 }))
      assert.equal("certificate verify failed", at_client)
      assert.matches("alert", at_server)
    end)

    it("wins over a level in the list of ciphers", function()
      local ctx = assert(create { seclevel = 1, ciphers = "DEFAULT@SECLEVEL=4" })
      assert.equal(1, lib.C.SSL_CTX_get_security_level(context.state(ctx).handle.raw))
    end)

    it("is refused for a value that is no level", function()
      for value, said in pairs { [6] = "6", [-1] = "-1", [1.5] = "1.5", ["2"] = "string" } do
        assert.equal(("invalid seclevel (0 to 5 expected, got %s)"):format(said),
                     refused { seclevel = value })
      end
      assert.equal("invalid seclevel (0 to 5 expected, got nan)",
                   (refused { seclevel = 0 / 0 }:gsub("%-nan", "nan")))
    end)

    it("holds for the context that a server name chooses", function()
      needs.that(require("ssl.config").protocols.tlsv1, "TLS 1.0")
      local client = { protocol = "tlsv1", seclevel = 0 }
      assert.same({ true, true }, (switched({ minversion = "tlsv1" }, OLD, client)))
    end)

    it("refuses by the level of the context that a server name chooses", function()
      needs.that(limits.tls1_refused.level < 3, "a level that refuses TLS 1.0 and not the key")
      local client = { protocol = "tlsv1", seclevel = 0 }
      assert.is_string(switched({ minversion = "tlsv1", seclevel = 0 },
                                { protocol = "tlsv1", seclevel = limits.tls1_refused.level },
                                client)[1])
    end)
  end)

  describe("cipherpreference", function()
    local ONE, OTHER = "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"
    local OFFER = { ciphers = OTHER .. ":" .. ONE }

    local function ours(whose)
      return { protocol = "tlsv1_2", ciphers = ONE .. ":" .. OTHER, cipherpreference = whose }
    end

    it("decides whose order counts", function()
      for whose, cipher in pairs { server = ONE, client = OTHER } do
        local s, c = wrapped(ours(whose), OFFER)
        assert.same({ true, true }, { shake(s, c) })
        assert.equal(cipher, (c:info "cipher"))
      end
    end)

    it("undoes the option of OpenSSL", function()
      local config = ours "client"
      config.options = "cipher_server_preference"
      local s, c = wrapped(config, OFFER)
      assert.same({ true, true }, { shake(s, c) })
      assert.equal(OTHER, (c:info "cipher"))
    end)

    it("is refused for others than the two", function()
      assert.equal("invalid cipherpreference (nobody)", refused { cipherpreference = "nobody" })
      assert.equal("invalid cipherpreference (string expected, got table)",
                   refused { cipherpreference = {} })
    end)

    it("holds for the context that a server name chooses", function()
      for whose, other in pairs { server = "client", client = "server" } do
        local results, c = switched(ours(other), ours(whose), OFFER)
        assert.same({ true, true }, results)
        assert.equal(whose == "server" and ONE or OTHER, (c:info "cipher"))
      end
    end)
  end)

  describe("renegotiation", function()
    local OPTION = ffi.cast("uint64_t", lib.options.no_renegotiation)

    local function off(ctx)
      return bit.band(contexts.options(ctx), OPTION) == OPTION
    end

    it("is off in every context, made by whichever function", function()
      for _, mode in ipairs { "client", "server" } do
        assert.is_true(off(assert(create { mode = mode })))
        assert.is_true(off(assert(create { mode = mode, renegotiation = false })))
      end
      assert.is_true(off(assert(context.create "any")))
    end)

    it("is on where it is asked for, by this name or for clients alone by OpenSSL's",
       function()
      assert.is_false(off(assert(create { renegotiation = true })))
      if not lib.options.allow_client_renegotiation then return end
      assert.is_false(off(assert(create { options = "allow_client_renegotiation" })))
      assert.is_true(off(assert(create {
        options = { "allow_client_renegotiation", "no_renegotiation" } })))
    end)

    it("is refused for others than booleans and one word", function()
      assert.is_false(off(assert(create { renegotiation = "once" })))
      assert.equal('invalid renegotiation (boolean or "once" expected, got string)',
                   refused { renegotiation = "yes" })
    end)
  end)

  for key, value in pairs { posthandshakeauth = true, earlydata = 100 } do
    it(key .. " is refused by name where OpenSSL does not speak TLS 1.3", function()
      local versions = require "ssl.context.versions"
      local speaks = versions.speaks
      versions.speaks = function() return false end
      local message = refused { [key] = value }
      versions.speaks = speaks
      assert.equal(("invalid %s (%s cannot speak TLS 1.3)"):format(key, lib.openssl.version),
                   message)
      assert.is_truthy(create { [key] = value })
    end)
  end

  it("sigalgs keeps a session from clients that take others", function()
    local server = assert(ssl.newcontext(pair.server_config(pair.rsa { protocol = "tlsv1_3" })))
    local function client(extra)
      return assert(ssl.newcontext(pair.client_config(extra)))
    end
    local s, c = wrapped(server, client { sigalgs = "rsa_pss_rsae_sha256" })
    assert.same({ true, true }, { shake(s, c) })
    s:send "ticket\n"
    c:settimeout(20)
    assert.equal("ticket", (c:receive()))
    local found = assert(c:getsession())
    local _, other = wrapped(server, client { sigalgs = "rsa_pss_rsae_sha512" })
    assert.same({ nil, "session of another verification policy" }, { other:setsession(found) })
    local _, same = wrapped(server, client { sigalgs = { "rsa_pss_rsae_sha256" },
                                             earlydata = 10 })
    assert.is_true(same:setsession(found))
  end)

  describe("posthandshakeauth", function()
    it("is refused for others than booleans", function()
      assert.is_truthy(create { posthandshakeauth = true })
      assert.is_truthy(create { posthandshakeauth = "once" })
      assert.equal('invalid posthandshakeauth (boolean or "once" expected, got 1)',
                   refused { posthandshakeauth = 1 })
    end)
  end)

  it("minversion has ssl.connect try more than TLS 1.2", function()
    local peers   = require "spec.support.peers"
    local server = peers.s_server(pki.server)
    for _, flags in ipairs { { minversion = "tlsv1_2" }, { maxversion = "tlsv1_3" } } do
      flags.verify, flags.cafile, flags.timeout = "peer", pki.root.cert, 20
      local conn = assert(ssl.connect("localhost", server.port, flags))
      assert.equal("TLSv1.3", (conn:info "protocol"))
      conn:close()
    end
  end)
end)
