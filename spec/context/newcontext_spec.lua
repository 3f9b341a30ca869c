-- ssl.newcontext: each key with its values, seen through OpenSSL's getters.

describe("ssl.newcontext", function()
  local bit        = require "bit"
  local contexts   = require "spec.support.contexts"
  local pki        = require "spec.support.pki"
  local context    = require "ssl.context"
  local lib        = require "ssl.ffi.lib"
  local newcontext = require "ssl.context.new"

  local function make(cfg)
    cfg.protocol, cfg.mode = cfg.protocol or "any", cfg.mode or "client"
    contexts.disturb()
    local ctx = assert(newcontext(cfg))
    assert.is_true(contexts.quiet())
    return ctx
  end

  local function credentials(entry, more)
    more = more or {}
    more.key, more.certificate = entry.key, entry.cert
    return more
  end

  for name, version in pairs { any = 0, sslv23 = 0, tlsv1 = 0x301, tlsv1_1 = 0x302,
                               tlsv1_2 = 0x303, tlsv1_3 = 0x304 } do
    it("takes protocol " .. name, function()
      assert.same({ version, version }, { contexts.limits(make { protocol = name }) })
    end)
  end

  for _, mode in ipairs { "server", "client" } do
    it("takes mode " .. mode, function()
      assert.equal(mode, context.state(make { mode = mode }).mode)
    end)
  end

  it("takes a key and a certificate that belong together", function()
    assert.is_true(context.checkkey(make(credentials(pki.server))))
    assert.is_true(context.checkkey(make { key = pki.server.key,
                                           certificate = pki.server.chain }))
  end)

  it("takes a certificate without key, and a key without certificate", function()
    assert.is_false(context.checkkey(make { certificate = pki.server.cert }))
    assert.is_false(context.checkkey(make { key = pki.server.key }))
  end)

  it("takes a password, or a function that knows it", function()
    for _, password in ipairs { pki.server.password,
                                function() return pki.server.password end } do
      local ctx = make { key = pki.server.encrypted_key, certificate = pki.server.cert,
                         password = password }
      assert.is_true(context.checkkey(ctx))
    end
  end)

  it("takes a password that yields", function()
    local load = coroutine.wrap(newcontext)
    assert.equal("which?", load {
      mode = "server", protocol = "any", key = pki.server.encrypted_key,
      certificate = pki.server.cert, password = function() return coroutine.yield "which?" end,
    })
    assert.is_true(context.checkkey(load(pki.server.password)))
  end)

  it("takes several certificates, and none of the single keys beside them", function()
    local server = make {
      mode = "server", protocol = "tlsv1_2", key = "/nowhere", certificate = "/nowhere",
      certificates = { credentials(pki.rsa_server), credentials(pki.ec_server) },
    }
    for _, kind in ipairs { "RSA", "ECDSA" } do
      local client = make { protocol = "tlsv1_2",
                            ciphers = "ECDHE-" .. kind .. "-AES128-GCM-SHA256" }
      local result = contexts.connect(server, client)
      assert.is_true(result.ok, result.reason)
    end
    make { certificates = {} }
  end)

  it("takes cafile, capath, or both", function()
    local server = make(credentials(pki.server, { mode = "server" }))
    for _, trust in ipairs { { cafile = pki.root.cert }, { capath = pki.root.capath },
                             { cafile = pki.other.cert, capath = pki.root.capath },
                             { cafile = false, capath = pki.root.capath } } do
      trust.verify = "peer"
      local result = contexts.connect(server, make(trust))
      assert.is_true(result.ok, result.reason)
    end
  end)

  it("takes ciphers and ciphersuites", function()
    local ctx = make { ciphers = "ECDHE-RSA-AES128-GCM-SHA256",
                       ciphersuites = "TLS_AES_128_GCM_SHA256" }
    assert.same({ "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256" },
                contexts.ciphers(ctx))
  end)

  for what, case in pairs {
    none = { "none", 0 }, peer = { "peer", 1 }, ["an empty table"] = { {}, 0 },
    ["peer in a table"] = { { "peer" }, 1 },
    ["none and peer"] = { { "none", "peer" }, 1 },
    ["all of them"] = { { "peer", "client_once", "fail_if_no_peer_cert" }, 7 },
  } do
    it("takes " .. what .. " for verify", function()
      assert.equal(case[2], contexts.verify_mode(make { verify = case[1] }))
    end)
  end

  it("takes each option, alone or in a table", function()
    for name, bits in pairs(lib.every(lib.options)) do
      -- An option that lets clients renegotiate switches it on: context/protocol_keys_spec.
      local on = name == "allow_client_renegotiation"
      local default = contexts.options(make { renegotiation = on })
      local wanted = bit.bor(default, require("ffi").cast("uint64_t", bits))
      assert.is_true(contexts.options(make { options = name }) == wanted, name)
      assert.is_true(contexts.options(make { options = { "no_compression", name } }) == wanted)
    end
  end)

  for _, case in ipairs { { 0, 0 }, { 5, 5 }, { "7", 7 }, { 2.9, 2 }, { -3, -3 },
                          { false, -1 } } do
    it("takes " .. tostring(case[1]) .. " for depth", function()
      assert.equal(case[2], contexts.depth(make { depth = case[1] }))
    end)
  end

  it("takes a function for dhparam", function()
    local function f() end
    assert.equal(f, context.state(make { dhparam = f }).dhparam)
  end)

  it("takes a curve, or a list of curves before it", function()
    assert.same({ 0x18 }, contexts.groups(make { curve = "P-384" }))
    assert.same({ 0x1d, 0x17 }, contexts.groups(make { curveslist = "X25519:P-256",
                                                       curve = "never looked at" }))
  end)

  it("takes verifyext, and does not let verify undo it", function()
    local ctx = make { verify = "peer",
                       verifyext = { "lsec_continue", "lsec_ignore_purpose", "crl_check" } }
    assert.is_true(context.state(ctx).verify_continue)
    assert.is_true(context.state(ctx).ignore_purpose)
    assert.equal(4, contexts.store_flags(ctx) % 16)
    assert.is_true(context.state(make { verifyext = "lsec_continue" }).verify_continue)
  end)

  it("takes false for absent, for every key", function()
    make { certificates = false, key = false, password = false, certificate = false,
           cafile = false, capath = false, ciphers = false, ciphersuites = false,
           verify = false, options = false, depth = false, dhparam = false, curve = false,
           curveslist = false, verifyext = false }
  end)

  it("reads what a metatable provides, and writes nothing", function()
    local cfg = setmetatable({}, {
      __index = { mode = "server", protocol = "tlsv1_2", depth = 4, options = { "all" } },
      __newindex = function() error "written" end,
    })
    local ctx = assert(newcontext(cfg))
    assert.equal(4, contexts.depth(ctx))
    assert.is_nil(next(cfg))
  end)
end)
