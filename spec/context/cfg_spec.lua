-- A table of parameters with mistakes that LuaSec ignores: unknown keys, and tables that are
-- no arrays.

describe("a configuration", function()
  local config   = require "ssl.config"
  local contexts = require "spec.support.contexts"
  local fresh    = require "spec.support.fresh"
  local https    = require "ssl.https"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local ssl      = require "ssl"

  local before
  before_each(function()
    before = config.strict
    config.strict = false
  end)
  after_each(function()
    config.strict = before
    process.stop_all()
  end)

  local function client(extra)
    local cfg = { mode = "client", protocol = "any", cafile = pki.root.cert }
    for key, value in pairs(extra) do cfg[key] = value end
    return cfg
  end

  -- The error of a function, which has to be positioned in this file.
  local function raised(f, ...)
    local arguments = { ... }
    local ok, message = pcall(function() local a, b = f(unpack(arguments)) return a, b end)
    assert.is_false(ok)
    local text, count = message:gsub("^spec/context/cfg_spec%.lua:%d+: ", "")
    assert.equal(1, count, message)
    return text
  end

  local function problem(cfg)
    contexts.disturb()
    local text = raised(ssl.newcontext, client(cfg))
    assert.is_true(contexts.quiet())
    return text:match "^bad argument #1 to 'newcontext' %((.*)%)$"
  end

  local MISTAKES = {
    { { verfy = "peer" }, "unknown key 'verfy'; did you mean 'verify'?" },
    { { Verify = "peer" }, "unknown key 'Verify'; did you mean 'verify'?" },
    { { verify_mode = "peer" }, "unknown key 'verify_mode'; did you mean 'verify'?" },
    { { minVersion = "tlsv1_3" }, "unknown key 'minVersion'; did you mean 'minversion'?" },
    { { min_version = "tlsv1_3" }, "unknown key 'min_version'; did you mean 'minversion'?" },
    { { serverName = "a.test" }, "unknown key 'serverName'; did you mean 'servername'?" },
    { { frobnicate = 1 }, "unknown key 'frobnicate'" },
    { { verfy = false }, "unknown key 'verfy'; did you mean 'verify'?" },
    { { "no_sslv3" }, "unknown key [1]" },
    { { zzz = 1, yyy = 1, xxx = 1 }, "unknown key 'xxx'" },
    { { verify = { peer = true } },
      "verify: a string or an array of strings expected, got a table with the key 'peer'" },
    { { verify = { [2] = "peer" } },
      "verify: a string or an array of strings expected, got a table with the key [2]" },
    { { verify = { [0] = "peer" } },
      "verify: a string or an array of strings expected, got a table with the key [0]" },
    { { verify = { "peer", fail_if_no_peer_cert = true } }, "verify: a string or an array of "
      .. "strings expected, got a table with the key 'fail_if_no_peer_cert'" },
    { { verify = {} },
      "verify: a string or an array of strings expected, got an empty table" },
    { { verify = "peer", verifyext = { crl_check = true } },
      "verifyext: a string or an array of strings expected, got a table with the key 'crl_check'" },
    { { options = { no_tlsv1_2 = true } },
      "options: a string or an array of strings expected, got a table with the key 'no_tlsv1_2'" },
    { { alpn = { "h2", http = true } },
      "alpn: a string or an array of strings expected, got a table with the key 'http'" },
    { { groups = { X25519 = true } },
      "groups: a string or an array of strings expected, got a table with the key 'X25519'" },
    { { dane = { no_ee_namechecks = true } }, "dane: a string or an array of strings expected, "
      .. "got a table with the key 'no_ee_namechecks'" },
    { { cafile = { root = pki.root.cert } },
      "cafile: a file, or an array of them, expected, got a table with the key 'root'" },
    { { crl = { pki.root.crl, more = pki.root.crl } },
      "crl: a file, or an array of them, expected, got a table with the key 'more'" },
    { { certificates = { key = pki.client.key } },
      "certificates: an array of tables expected, got a table with the key 'key'" },
    { { certificates = { { key = pki.client.key, certficate = pki.client.cert } } },
      "certificates[1]: unknown key 'certficate'; did you mean 'certificate'?" },
    { { certificates = { {}, { certificate = { leaf = pki.client.cert } } } },
      "certificates[2]: certificate: a file, or an array of them, expected, "
      .. "got a table with the key 'leaf'" },
    { { certificates = { nil, { key = pki.client.key } } },
      "certificates[1]: table expected, got nil" },
    { { psk = { hnit = "x", callback = print } },
      "psk: unknown key 'hnit'; did you mean 'hint'?" },
  }

  local function with(extra, more)
    local out = {}
    for _, t in ipairs { extra, more } do
      for key, value in pairs(t) do out[key] = value end
    end
    return out
  end

  for _, case in ipairs(MISTAKES) do
    it("with a key of ours is held to the list: " .. case[2], function()
      assert.equal(case[2], problem(with({ explain = true }, case[1])))
    end)

    it("without one is where ssl.config.strict is on: " .. case[2], function()
      config.strict = true
      assert.equal(case[2], problem(case[1]))
    end)
  end

  it("with LuaSec's keys alone means what LuaSec makes of it", function()
    for _, extra in ipairs { { verfy = "peer" }, { minVersion = "tlsv1_3" }, { "x" },
                             { verify = { peer = true } }, { verify = { [2] = "peer" } },
                             { verify = {} }, { options = { no_tlsv1_2 = true } },
                             { verify = "peer", verifyext = { crl_check = true } },
                             { dane = { no_ee_namechecks = true } },
                             { systemca = false, copas = {} } } do
      assert.truthy(ssl.newcontext(client(extra)))
    end
  end)

  it("is held to the list for a value of ours, too", function()
    assert.equal("unknown key 'x'", problem { verify = "post_handshake", x = 1 })
    assert.equal("unknown key 'x'", problem { verify = "peer", verifyext = { "x509_strict" },
                                              x = 1 })
    assert.truthy(ssl.newcontext(client { verify = "peer", verifyext = "crl_check", x = 1 }))
  end)

  it("may have its keys from tables of defaults, and methods there", function()
    local class = { explain = true, load = print }
    class.__index = class
    assert.truthy(ssl.newcontext(setmetatable(client {}, class)))
    class.expalin = true
    local ok, message = pcall(ssl.newcontext, setmetatable(client {}, class))
    assert.is_false(ok)
    assert.matches("unknown key 'expalin'; did you mean 'explain'?", message, 1, true)
    assert.truthy(ssl.newcontext(setmetatable({}, { __index = function(_, key)
      return client { explain = true }[key]
    end })))
  end)

  it("may be an object with the keys of its class", function()
    local object = newproxy(true)
    getmetatable(object).__index = client { explain = true, show = function() end }
    assert.truthy(ssl.newcontext(object))
    getmetatable(object).__index = client { expalin = true, explain = true }
    assert.equal("bad argument #1 to 'newcontext' (unknown key 'expalin'; did you mean 'explain'?)",
                 raised(ssl.newcontext, object))
  end)

  it("may have no options, and no certificates", function()
    assert.truthy(ssl.newcontext(client { explain = true, options = {}, verifyext = {},
                                          certificates = {} }))
  end)

  it("is the one argument of ssl.newcontext: those behind it mean nothing", function()
    for _, extra in ipairs { { 1, false }, { 5, "https" }, { "server", {} }, { {}, print } } do
      assert.truthy(ssl.newcontext(client {}, unpack(extra)))
      local message = raised(ssl.newcontext, client { explain = true, verfy = "peer" },
                             unpack(extra))
      assert.matches("unknown key 'verfy'; did you mean 'verify'?", message, 1, true)
    end
  end)

  it("says which key it lacks, where it is no configuration of LuaSec's", function()
    local NO_PROTOCOL = "bad argument #1 to 'newcontext' (no key 'protocol': \"any\", or one "
                        .. "version such as \"tlsv1_3\" expected)"
    local NO_MODE = "bad argument #1 to 'newcontext' (no key 'mode': \"client\" or \"server\" "
                    .. "expected)"
    assert.equal(NO_PROTOCOL, raised(ssl.newcontext, { mode = "client", explain = true }))
    assert.equal(NO_PROTOCOL, raised(ssl.newcontext, { explain = true }))
    assert.equal(NO_MODE, raised(ssl.newcontext, { protocol = "any", explain = true }))
    -- The same key, misspelled.
    assert.equal("bad argument #1 to 'newcontext' (unknown key 'protocl'; did you mean "
                 .. "'protocol'?)", raised(ssl.newcontext, { mode = "client", protocl = "any",
                                                             explain = true }))
    assert.equal("bad argument #1 to 'create' (string expected, got nil)",
                 raised(ssl.newcontext, { mode = "client" }))
    assert.equal("bad argument #2 to 'setmode' (string expected, got nil)",
                 raised(ssl.newcontext, { protocol = "any" }))
    config.strict = true
    assert.equal(NO_PROTOCOL, raised(ssl.newcontext, {}))
    assert.equal(NO_MODE, raised(ssl.newcontext, { protocol = "any" }))
    assert.equal("bad argument #1 to 'create' (string expected, got nil)",
                 raised(ssl.newcontext, "x"))
    assert.equal("bad argument #1 to 'create' (string expected, got boolean)",
                 raised(ssl.newcontext, { protocol = false }))
  end)

  it("has its mistakes reported by ssl.cfg.problem, without being used", function()
    assert.is_nil(ssl.cfg.problem { explain = true })
    assert.equal("unknown key 'verfy'; did you mean 'verify'?",
                 ssl.cfg.problem { explain = true, verfy = "peer" })
    assert.is_nil(ssl.cfg.problem { verfy = "peer" })
  end)

  it("of ssl.wrap and of ssl.engine is held to the list, at the caller", function()
    local a, b = pair.tcp()
    assert.matches("unknown key 'verfy'", raised(ssl.wrap, a, client { explain = true,
                                                                      verfy = 1 }))
    assert.equal("number", type(a:getfd()))
    a:close()
    b:close()
    assert.matches("unknown key 'verfy'", raised(ssl.engine, client { explain = true,
                                                                      verfy = 1 }))
  end)

  describe("of ssl.connect", function()
    -- The name is invalid, so no connection is tried.
    local function try(flags)
      local _, message = ssl.connect("127.0.0.1", 0.5, flags)
      return message
    end

    it("is refused for a slip in any case", function()
      for name, meant in pairs { verfy = "verify", Verify = "verify", ca_file = "cafile",
                                 time_out = "timeout", dedline = "deadline" } do
        assert.matches(("unknown key '%s'; did you mean '%s'?"):format(name, meant),
                       raised(ssl.connect, "127.0.0.1", 0.5, { [name] = 1 }), 1, true)
      end
    end)

    it("may have fields of the program's, where there is no key of ours", function()
      local why = "connecting to 127.0.0.1 port 0.5: no such port"
      assert.equal(why, try { copas = 1, timeout = 5, deadline = 5 })
      assert.equal(why, try { systemca = true, cafile = pki.root.cert, timeout = 5 })
      assert.matches("unknown key 'copas'", raised(ssl.connect, "127.0.0.1", 0.5,
                                                   { copas = 1, explain = true }), 1, true)
      config.strict = true
      assert.equal(why, try { timeout = 5, deadline = 5 })
      assert.matches("unknown key 'copas'", raised(ssl.connect, "127.0.0.1", 0.5,
                                                   { copas = 1 }), 1, true)
    end)
  end)

  describe("of ssl.resty", function()
    local policy = require "ssl.resty.policy"

    it("is held to the list in any case", function()
      assert.is_nil(policy.problem { verify = "peer", resume = false, sessions = "sessions" })
      assert.equal("unknown key 'verfy'; did you mean 'verify'?",
                   policy.problem { verfy = "peer" })
      assert.equal("verify: a string or an array of strings expected, got a table with the key "
                   .. "'peer'", policy.problem { verify = { peer = true } })
      assert.equal("verify: a string or an array of strings expected, got an empty table",
                   policy.problem { verify = {} })
    end)

    it("does not lose a demand behind a nil", function()
      local given = { verify = { nil, "peer" }, cafile = pki.root.cert }
      assert.same({ nil, "bad argument #2 to 'setverify' (string expected, got nil)", true },
                  { policy.of(given, { name = "localhost", verify = false }) })
    end)
  end)

  describe("of ssl.https", function()
    -- The port is invalid, so no connection is tried.
    local URL = "https://localhost:0/"

    local function try(extra)
      local _, message = https.request(with({ url = URL }, extra))
      return message
    end

    it("is refused for a slip in any case", function()
      for name, meant in pairs { verfy = "verify", Verify = "verify", ca_file = "cafile",
                                 header = "headers", Method = "method", srouce = "source",
                                 servername_ = "servername", proxi = "proxy" } do
        local text = ("unknown field '%s'; did you mean '%s'?"):format(name, meant)
        assert.equal("bad argument #1 to 'request' (" .. text .. ")",
                     raised(https.request, { url = URL, [name] = 1 }))
        assert.equal("bad argument #1 to 'tcp' (" .. text .. ")",
                     raised(https.tcp, { [name] = 1 }))
        local pool = https.pool()
        assert.equal("bad argument #1 to 'request' (" .. text .. ")",
                     raised(pool.request, pool, { url = URL, [name] = 1 }))
      end
    end)

    it("may have fields of the program, beside any others", function()
      for _, strict in ipairs { false, true } do
        config.strict = strict
        assert.equal("invalid port '0'", try { copas = 1, systemca = true, [1] = "x" })
      end
    end)

    it("keeps its meaning with LuaSec's keys alone, and is checked otherwise", function()
      local shape = "options: a string or an array of strings expected, got a table with the key"
      assert.equal("invalid port '0'", try { options = { all = true } })
      assert.matches(shape, raised(https.request, { url = URL, options = { all = true },
                                                    explain = true }), 1, true)
      config.strict = true
      assert.matches(shape, raised(https.request, { url = URL, options = { all = true } }),
                     1, true)
    end)
  end)

  it("is checked everywhere with SSL_STRICT=1 in the environment", function()
    local CODE = [[
      local ssl = require "ssl"
      print(ssl.config.strict, pcall(ssl.newcontext, { mode = "client", protocol = "any",
                                                       verfy = "peer" }))]]
    local file = process.write(process.folder() .. "/strict.lua", CODE)
    local function run(value)
      return (fresh.luajit(("dofile %q"):format(file), { SSL_STRICT = value }))
    end
    assert.matches("^true\tfalse\t[^\n]*unknown key 'verfy'", run "1")
    for _, value in ipairs { "", "0", "yes" } do
      assert.matches("^nil\ttrue\t", run(value))
    end
  end)
end)
