-- Verification is off only by request: keys that LuaSec does not have, and that decide about
-- trust, do not lose their effect without an error.

describe("verify, where it is not given,", function()
  local contexts = require "spec.support.contexts"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local shake    = require "spec.support.shake"
  local ssl      = require "ssl"
  local keys     = require "ssl.context.keys"

  local root = process.capture "pwd":gsub("\n", "")

  after_each(process.stop_all)

  -- A value for each key that decides about trust; the server's certificate is untrusted.
  local VALUES = {
    systemca = true, servername = "localhost", crl = pki.root.crl, purpose = "sslserver",
    partialchain = true, ocsp = "request", clientca = pki.root.cert,
    verifyext = { "crl_check", "x509_strict" },
    rawkeys = ssl.config.capabilities.rawkey
              and ssl.loadcertificate(process.read(pki.server.cert)) or nil,
  }

  local function trusting(side)
    local out = {}
    for _, record in ipairs(keys) do
      local there = record.key ~= "rawkeys" or VALUES.rawkeys -- not every OpenSSL has it
      if there and record.trust and (record.side == "both" or record.side == side) then
        out[#out + 1] = record.key
      end
    end
    return out
  end

  local function with(base, key, value)
    local cfg = {}
    for name, one in pairs(base) do cfg[name] = one end
    cfg[key] = value
    return cfg
  end

  local CLIENT = { mode = "client", protocol = "any", cafile = pki.root.cert }
  local SERVER = { mode = "server", protocol = "any", key = pki.server.key,
                   certificate = pki.server.cert, cafile = pki.root.cert }

  -- A client's result for an untrusted certificate: true, or the message.
  local function stranger(cfg)
    local a, b = pair.tcp()
    local server = assert(ssl.wrap(a, { mode = "server", protocol = "any",
      key = pki.selfsigned.key, certificate = pki.selfsigned.cert }))
    local client = assert(ssl.wrap(b, cfg))
    local _, result = shake(server, client)
    server:close()
    client:close()
    return result
  end

  local function refused(cfg)
    contexts.disturb()
    local ctx, message = ssl.newcontext(cfg)
    assert.is_nil(ctx)
    assert.is_true(contexts.quiet())
    return message
  end

  it("is none for a client with LuaSec's keys, as in LuaSec", function()
    for _, extra in ipairs { { "depth", 1 }, { "verifyext", "crl_check" }, { "capath", pki.dir },
                             { "systemca", false } } do
      assert.is_true(stranger(with(CLIENT, extra[1], extra[2])))
    end
  end)

  for _, key in ipairs(trusting "client") do
    it("is peer for a client with " .. key, function()
      assert.equal("certificate verify failed",
                   stranger(with(CLIENT, key, assert(VALUES[key], key))))
      assert.equal(key, ssl.cfg.trusting(with(CLIENT, key, VALUES[key])))
    end)

    it("cannot be none beside a client's " .. key, function()
      local message = ("invalid %s (it has no effect with verify = \"none\")")
                      :format(key)
      local cfg = with(CLIENT, key, VALUES[key])
      for _, verify in ipairs { "none", { "none" } } do
        assert.equal(message, refused(with(cfg, "verify", verify)))
      end
      cfg.onverify = function() return true end
      assert.truthy(ssl.newcontext(with(cfg, "verify", "none")))
      cfg.onverify = nil
      assert.truthy(ssl.newcontext(with(cfg, "verify", { "none", "peer" })))
    end)
  end

  for _, key in ipairs(trusting "server") do
    it("has to be given by a server with " .. key, function()
      local cfg = with(SERVER, key, VALUES[key])
      local message = ("invalid %s (it has no effect without verify = \"peer\", "
                       .. "or { \"peer\", \"fail_if_no_peer_cert\" })"):format(key)
      assert.equal(message, refused(cfg))
      assert.equal(message, refused(with(cfg, "verify", "none")))
      for _, verify in ipairs { "peer", "fail_if_no_peer_cert", "post_handshake" } do
        assert.truthy(ssl.newcontext(with(cfg, "verify", verify)))
      end
      assert.truthy(ssl.newcontext(with(cfg, "onverify", function() return true end)))
    end)
  end

  it("may be left out by a server with LuaSec's values of verifyext", function()
    assert.truthy(ssl.newcontext(with(SERVER, "verifyext", "crl_check")))
  end)

  it("is LuaSec's for values that are none", function()
    assert.equal("invalid verify option (x)", refused(with(SERVER, "verifyext", "x")))
    assert.equal("invalid verify option (x)",
                 refused(with(with(CLIENT, "systemca", true), "verify", "x")))
  end)

  describe("in ssl.connect", function()
    local port
    before_each(function()
      port = process.free_port()
      process.start({ "luajit", root .. "/samples/server.lua", port, pki.selfsigned.cert,
                      pki.selfsigned.key, port = port }):wait_port()
    end)

    local function try(flags)
      flags.protocol, flags.timeout = "any", 20
      local conn, message = ssl.connect("localhost", port, flags)
      if conn then conn:close() end
      return conn and true, message
    end

    it("is none, and the name is all that is looked at", function()
      assert.is_true(try { cafile = pki.root.cert })
    end)

    it("is peer where a key needs it", function()
      for key, value in pairs { systemca = true, servername = "localhost" } do
        local ok, message = try { cafile = pki.root.cert, [key] = value }
        assert.is_nil(ok)
        assert.matches("certificate verify failed", message, 1, true)
        ok, message = try { cafile = pki.root.cert, [key] = value, verify = "none" }
        assert.is_nil(ok)
        assert.equal(("context: invalid %s (it has no effect with verify = \"none\")"):format(key),
                     message)
      end
    end)
  end)

  it("is https.VERIFY in a request, and peer where a key needs it", function()
    local https, web = require "ssl.https", require "spec.support.web"
    local server = web.start { entry = pki.selfsigned,
                               routes = 'default = function(conn) ok(conn, "x") end' }
    local before = https.VERIFY
    https.VERIFY = "none"
    local function get(extra)
      extra.url = ("https://localhost:%d/"):format(server.port)
      local ok, code = https.request(extra)
      return ok, code
    end
    local lax, strict = { get {} }, { get { systemca = true, cafile = pki.root.cert } }
    local spelled = { get { systemca = true, verify = "none" } }
    https.VERIFY = before
    assert.equal(1, lax[1])
    assert.is_nil(strict[1])
    assert.matches("certificate verify failed", strict[2], 1, true)
    assert.same({ nil, "invalid systemca (it has no effect with verify = \"none\")" }, spelled)
  end)
end)
