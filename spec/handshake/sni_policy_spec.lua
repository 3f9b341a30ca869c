-- The context that a server name chooses: its settings hold for the connection.

describe("the context chosen by a server name", function()
  local limits = require "spec.support.limits"
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local shake  = require "spec.support.shake"
  local values = require "spec.support.values"
  local ssl    = require "ssl"
  local pack, raised = values.pack, values.raised

  local DEMAND = { "peer", "fail_if_no_peer_cert" }

  local server, client
  after_each(function()
    server:close()
    client:close()
  end)

  local function context(extra)
    return assert(ssl.newcontext(pair.server_config(extra)))
  end

  -- `own` is the server's first context, `chosen` the one for the name.
  local function make(own, chosen, extra)
    server, client = pair.wrapped(own, extra or {})
    server:sni({ ["some.test"] = chosen }, true)
    client:sni "some.test"
  end

  local CLIENT = { key = pki.client.key, certificate = pki.client.cert }

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local function own(extra)
        extra = extra or {}
        extra.protocol = version
        return extra
      end

      it("demands a client certificate that the first context did not", function()
        make(own(), context(own { verify = DEMAND, cafile = pki.root.cert }))
        assert.equal("peer did not return a certificate", (shake(server, client)))
        server:close()
        client:close()
        make(own(), context(own { verify = DEMAND, cafile = pki.root.cert }), CLIENT)
        assert.same({ true, true }, { shake(server, client) })
        assert.equal("client", server:getpeercertificate():subject()[2].value)
      end)

      it("trusts its own authorities", function()
        make(own { verify = DEMAND, cafile = pki.root.cert },
             context(own { verify = DEMAND, cafile = pki.other.cert }), CLIENT)
        assert.equal("certificate verify failed", (shake(server, client)))
      end)

      it("does not demand what only the first context does", function()
        make(own { verify = DEMAND, cafile = pki.root.cert }, context(own()))
        assert.same({ true, true }, { shake(server, client) })
      end)

      it("collects errors where it has lsec_continue, and only there", function()
        local tolerant = { verify = DEMAND, cafile = pki.other.cert,
                           verifyext = "lsec_continue" }
        local bare = { key = pki.client.key, certificate = pki.client.cert, cafile = false,
                       verify = "none" }
        make(own(), context(own(tolerant)), bare)
        assert.same({ true, true }, { shake(server, client) })
        assert.same(pack(false, { limits.unknown_authority }),
                    pack(server:getpeerverification()))
        server:close()
        client:close()
        make(tolerant, context(own { verify = DEMAND, cafile = pki.other.cert }), bare)
        assert.equal("certificate verify failed", (shake(server, client)))
      end)

      it("ignores the purpose where it has lsec_ignore_purpose, and only there", function()
        local wrong = { key = pki.wrong_usage.key, certificate = pki.wrong_usage.cert }
        local strict = { verify = DEMAND, cafile = pki.root.cert }
        local lax = { verify = DEMAND, cafile = pki.root.cert,
                      verifyext = "lsec_ignore_purpose" }
        make(own(strict), context(own(lax)), wrong)
        assert.same({ true, true }, { shake(server, client) })
        server:close()
        client:close()
        make(own(lax), context(own(strict)), wrong)
        assert.equal("certificate verify failed", (shake(server, client)))
      end)

      it("checks lists of revocation where it has crl_check", function()
        local revoked = { key = pki.revoked.key, certificate = pki.revoked.cert }
        make(own(), context(own { verify = DEMAND, cafile = pki.root.with_crl,
                                  verifyext = "crl_check" }), revoked)
        assert.equal("certificate verify failed", (shake(server, client)))
      end)

      it("limits the depth to its value", function()
        local deep = { key = pki.client.key, certificate = pki.client.chain }
        make(own(), context(own { verify = DEMAND, cafile = pki.root.cert, depth = 0 }), deep)
        assert.equal("certificate verify failed", (shake(server, client)))
        server:close()
        client:close()
        make(own { depth = 0 }, context(own { verify = DEMAND, cafile = pki.root.cert,
                                              depth = 1 }), deep)
        assert.same({ true, true }, { shake(server, client) })
      end)

      it("fails the handshake when it was freed, and the error is raised", function()
        local ctx = context(own())
        make(own(), ctx)
        getmetatable(ctx).__gc(ctx)
        assert.equal("bad argument #1 to 'sni' (invalid context)",
                     raised(function() server:sni { ["some.test"] = ctx } end))
        client:settimeout(0)
        client:dohandshake()
        server:settimeout(10)
        assert.is_false((pcall(server.dohandshake, server)))
        assert.is_false(select(2, pcall(server.dohandshake, server)) == true)
      end)
    end)
  end

  -- A client may send two ClientHellos (HelloRetryRequest), and the first one decides. A name
  -- that only the second has would make a program believe that this context was in force.
  it("is in force where the server reports its name: a name that comes later is not", function()
    local lib  = require "ssl.ffi.lib"
    local C, K = lib.C, lib.K
    local demanding = context { protocol = "tlsv1_3", verify = DEMAND, cafile = pki.root.cert }
    local function late_name(own)
      own.protocol, own.curveslist = "tlsv1_3", "P-384"
      server, client = pair.wrapped(own, { protocol = "tlsv1_3", curveslist = "P-256:P-384" })
      if not own.onclienthello then server:sni { ["some.test"] = demanding } end
      client:settimeout(0)
      server:settimeout(10)
      assert.same(pack(false, "wantread"), pack(client:dohandshake()))
      server:settimeout(0)
      repeat until select(2, server:dohandshake()) == "wantread" and server:want() == "read"
      assert.equal(1, tonumber(C.SSL_ctrl(getmetatable(client).conn.ssl,
                                          K.SSL_CTRL_SET_TLSEXT_HOSTNAME, 0,
                                          require("ffi").cast("char *", "some.test"))))
      shake(server, client)
      assert.is_nil(server:getsniname())
      assert.is_nil((server:info "servername"))
    end
    late_name {}
    server:close()
    client:close()
    late_name { onclienthello = function() end }
  end)

  it("limits the versions", function()
    make({}, context { protocol = "tlsv1_2" })
    assert.same({ true, true }, { shake(server, client) })
    assert.equal("TLSv1.2", (client:info "protocol"))
    server:close()
    client:close()
    make({}, context { protocol = "tlsv1_3" }, { protocol = "tlsv1_2" })
    assert.is_string((shake(server, client)))
  end)

  it("gives its ciphers, up to TLS 1.2", function()
    make({ protocol = "tlsv1_2" },
         context { protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES128-SHA256" })
    assert.same({ true, true }, { shake(server, client) })
    assert.equal("ECDHE-ECDSA-AES128-SHA256", (client:info "cipher"))
  end)

  it("gives its DH parameters", function()
    local file = assert(io.open(pki.dh.ffdhe2048))
    local group = file:read "*a"
    file:close()
    local asked = 0
    make({ protocol = "tlsv1_2" }, context(pair.rsa { protocol = "tlsv1_2", dhparam = function()
      asked = asked + 1
      return group
    end }), { ciphers = "DHE-RSA-AES128-GCM-SHA256" })
    assert.same({ true, true }, { shake(server, client) })
    assert.equal(1, asked)
  end)
end)
