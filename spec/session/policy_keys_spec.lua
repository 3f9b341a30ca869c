-- Which keys of ssl.newcontext, and which functions of ssl.context, belong to the policy
-- that sessions are kept apart by.

describe("the policy of a context", function()
  local house       = require "spec.support.init"
  local values      = require "spec.support.values"
  local ssl         = require "ssl"
  local context     = require "ssl.context"
  local fingerprint = require "ssl.session.fingerprint"
  local needs       = require "spec.support.needs"
  local limits      = require "spec.support.limits"
  local certs       = require "spec.support.certs"
  local pair        = require "spec.support.pair"
  local pki         = require "spec.support.pki"
  local policies    = require "spec.support.policies"
  local process     = require "spec.support.process"
  local sessions    = require "spec.support.sessions"
  local sources     = require "spec.support.sources"
  local over        = policies.over

  local declared = {}
  for _, record in ipairs(require "ssl.context.keys") do
    declared[record.key] = record.policy
  end

  setup(policies.begin)
  teardown(function()
    policies.finish()
    process.stop_all()
  end)

  -- The context has to live until its fingerprint is there.
  local function of(ctx)
    local known = fingerprint.context(context.state(ctx))
    return context.state(ctx) and known
  end

  local function policy(config)
    local ctx = assert(ssl.newcontext(config))
    local known = of(ctx)
    return known
  end

  local function base(side)
    return policies.base[side] "tlsv1_3"
  end

  -- A configuration that notes in `seen` which keys are looked at.
  local function noting(config, seen)
    return setmetatable({}, { __index = function(_, key)
      seen[key] = true
      return config[key]
    end })
  end

  it("has a reason for each key that newcontext reads, and for each of its page", function()
    local seen, unknown = {}, {}
    for _, side in ipairs { "client", "server" } do
      for _, extra in ipairs { {}, { certificates = { {} } }, { pkcs12 = "no file" } } do
        ssl.newcontext(noting(over(base(side), extra), seen))
      end
    end
    for line in sources.read "docs/newcontext.md":gmatch "\n(| %[`[^\n]*)" do
      for key in line:match "^| (%[[^|]*)|":gmatch "`(%w+)`" do seen[key] = true end
    end
    for key in pairs(seen) do
      if declared[key] == nil then unknown[#unknown + 1] = key end
    end
    assert.same({}, unknown)
    for key in pairs(declared) do assert.is_true(seen[key], key) end
  end)

  it("gives a reason for each key that it leaves out", function()
    for key, reason in pairs(declared) do
      assert.is_true(reason == true or type(reason) == "string" and #reason > 10, key)
    end
  end)

  it("leaves out the keys that the page of sessions names", function()
    -- A sentence may break anywhere.
    local page = sources.read "docs/sessions.md":gsub("%s+", " ")
    local text = page:match "Some keys are not part of the policy(.-)%."
    local named = {}
    for key in text:gmatch "`(%w+)`" do named[key] = true end
    for key, counts in pairs(declared) do assert.equal(counts ~= true, named[key] or false, key) end
    for key in pairs(named) do assert.is_truthy(declared[key], key) end
  end)

  it("contains every field without a reason", function()
    local ctx = assert(ssl.newcontext(base "client"))
    local before = of(ctx)
    local c = context.state(ctx)
    c.fingerprint, c.new_field = false, "a value"
    assert.are_not.equal(before, of(ctx))
  end)

  -- The content of these fields counts.
  local INSIDE = { store = true, mode = true, dhparam = true }

  it("contains the fields of its keys, and those of no other key", function()
    local keyset = require "ssl.context.keyset"
    local counted = {}
    for key, fields in pairs(keyset.state) do
      for field, default in pairs(fields) do
        assert.is_nil(counted[field], field .. " belongs to two keys, also to " .. key)
        counted[field] = not keyset.uncounted[field]
        local ctx = assert(ssl.newcontext(base "client"))
        local before, c = of(ctx), context.state(ctx)
        if not INSIDE[field] then
          c.fingerprint, c[field] = false, default == "new" and "newer" or "new"
          assert.equal(counted[field], before ~= of(ctx), field)
        end
      end
    end
  end)

  for _, side in ipairs { "client", "server" } do
    it("of a " .. side .. " differs by each key that belongs to it", function()
      for i, version in ipairs(pair.versions) do
        local plain = policies.base[side](version)
        local entries = policies[side](version)
        -- Where everything is slow, each key over one version.
        for at, key in ipairs(values.some(entries, 1)) do
          local entry = entries[key]
          if type(entry) == "table" and house.crossed(at, i) then
            local lax, strict = over(plain, entry.lax or {}), over(plain, entry.strict or {})
            assert.equal(policy(lax), policy(lax), key)
            if version == "tlsv1_3" or key ~= "maxversion" then
              assert.are_not.equal(policy(lax), policy(strict), key)
            end
          end
        end
      end
    end)
  end

  local function nothing() end

  local there = ssl.config.capabilities

  -- The keys that do not belong to it, with a value each for the sides that have them.
  local BESIDE = {
    password          = { server = { key = pki.server.encrypted_key, password = "foobar" } },
    cipherpreference  = { server = "server", client = "server" },
    renegotiation     = { server = "once", client = true },
    posthandshakeauth = { client = "once" },
    earlydata         = { server = 100, client = 100 },
    padding           = { server = 512, client = 512 },
    -- Not every OpenSSL has these.
    certcompression   = there.certcompression
                        and { server = next(there.certcompression),
                              client = next(there.certcompression) } or {},
    echkeys           = { server = there.ech and require("spec.support.ech").keys },
    alpn              = { server = nothing, client = "h2" },
    onclienthello     = { server = nothing },
    onsession         = { client = nothing },
    sessiontimeout    = { server = 60, client = 60 },
    tickets           = { server = 0 },
    ticketkeys        = { server = { sessions.key "a" } },
    sessioncache      = { server = 7 },
    sessionstore      = { server = sessions.store() },
    sessionkey        = { server = ("s"):rep(32) },
    ocspresponse      = { server = nothing },
    keylog            = { server = nothing, client = nothing },
    eof               = { server = "lenient", client = "strict" },
    explain           = { server = true, client = true },
    maxline           = { server = 1000, client = 1000 },
    maxall            = { server = 1000, client = 1000 },
  }

  it("does not differ by a key that is left out", function()
    for key, counts in pairs(declared) do
      if counts ~= true then
        assert.is_truthy(BESIDE[key], key)
        for side, value in pairs(BESIDE[key]) do
          local plain = over(base(side), side == "server" and { key = pki.server.key,
                             certificate = pki.server.cert } or {})
          local overlay = key == "password" and value or { [key] = value }
          if key:find "^session[sk]" then
            overlay = { sessionstore = sessions.store(), sessionkey = ("s"):rep(32) }
          end
          if key == "sessioncache" then overlay.earlydata = 100 end
          assert.equal(policy(plain), policy(over(plain, overlay)), key .. " of a " .. side)
        end
      end
    end
  end)

  it("is another for the other side", function()
    local config = { mode = "client", protocol = "any" }
    assert.are_not.equal(policy(config), policy(over(config, { mode = "server" })))
  end)

  describe("after a call of ssl.context's", function()
    local CALLS = {
      setmode = { "client" }, locations = { pki.root.cert }, loadcert = { pki.server.cert },
      loadkey = { pki.server.key, nil }, setcipher = { "AES256-GCM-SHA384" },
      setciphersuites = { "TLS_AES_256_GCM_SHA384" }, setdepth = { 3 },
      setdhparam = { nothing }, setverify = { "peer" }, setoptions = { "no_tlsv1_2" },
      setpskhint = { "hint" }, setserverpskcb = { nothing }, setclientpskcb = { nothing },
      setdane = {}, setcurve = { "P-384" }, setcurveslist = { "P-384" },
    }
    local BESIDE_CALLS = { create = true, checkkey = true, setalpn = true, setalpncb = true,
                           setticketkeys = true, setsessionkey = true, sessionstats = true,
                           state = true }

    for name, f in pairs(context) do
      if type(f) == "function" and not BESIDE_CALLS[name] and name ~= "loadpkcs12" then
        it("is another: " .. name, function()
          if name == "setdane" then needs.key "dane" end
          if name == "setpskhint" then needs.key "psk" end
          if name == "loadkey" then
            needs.that(limits.tells_shown_certificate, "the certificate that was shown")
          end
          assert.is_truthy(CALLS[name], name)
          local ctx = assert(context.create "any")
          context.setmode(ctx, "server")
          if name == "loadkey" then context.loadcert(ctx, pki.server.cert) end
          if name == "loadcert" then context.loadkey(ctx, pki.server.key, nil) end
          local before, count = of(ctx), name == "loadkey" and 2 or #CALLS[name]
          local ok, message = f(ctx, unpack(CALLS[name], 1, count))
          assert.is_false(ok == false, message)
          assert.are_not.equal(before, of(ctx))
        end)
      end
    end

    it("is another: setverifyext, loadpkcs12, and setdane with another flag", function()
      needs.key "dane"
      local ctx = assert(ssl.newcontext(base "client"))
      local seen = { [of(ctx)] = true }
      local function other()
        assert.is_nil(seen[of(ctx)])
        seen[of(ctx)] = true
      end
      ctx:setverifyext "crl_check"
      other()
      ctx:setverifyext "lsec_continue"
      other()
      assert.is_true(context.setdane(ctx))
      other()
      assert.is_true(context.setdane(ctx, "no_ee_namechecks"))
      other()
      local p12 = policies.client("tlsv1_3").pkcs12.lax
      assert.is_true(context.loadpkcs12(ctx, p12.pkcs12, p12.password))
      other()
    end)
  end)

  it("has the trust settings of a certificate in it", function()
    local pem = certs.make { extensions = "basicConstraints = critical, CA:TRUE" }
    local function trusting(...)
      local command = ("openssl x509 -in '%s' -trustout %s"):format(
        process.write(process.folder() .. "/cert.pem", pem), table.concat({ ... }, " "))
      return over(base "client", { cafile = process.capture(command) })
    end
    local plain, twice = trusting "", trusting ""
    assert.matches("TRUSTED CERTIFICATE", plain.cafile)
    assert.equal(policy(plain), policy(twice))
    local rejecting = policy(trusting "-addreject serverAuth")
    assert.are_not.equal(policy(plain), rejecting)
    assert.are_not.equal(policy(trusting "-addtrust clientAuth"), rejecting)
  end)

  it("has all the certificates in it that may be shown, and their chains", function()
    needs.that(limits.tells_shown_certificate, "the certificate that was shown")
    local ec = { key = pki.ec_server.key, certificate = pki.ec_server.cert }
    local function showing(first)
      return policy { mode = "server", protocol = "any", certificates = { first, ec } }
    end
    local leaf = showing { key = pki.rsa_server.key, certificate = pki.rsa_server.leaf }
    local chain = showing { key = pki.rsa_server.key, certificate = pki.rsa_server.chain }
    local other = showing { key = pki.rsa_server.key, certificate = pki.rsa_server.cert }
    assert.are_not.equal(leaf, chain)
    assert.are_not.equal(leaf, other)
    assert.equal(other, policy { mode = "server", protocol = "any", certificates = {
      ec, { key = pki.rsa_server.key, certificate = pki.rsa_server.cert } } })
  end)

  it("has the folders of authorities in it", function()
    local one, other = process.folder(), process.folder()
    local function looking(capath) return policy(over(base "client", { capath = capath })) end
    assert.equal(looking(one), looking(one))
    assert.are_not.equal(looking(one), looking(other))
  end)

  describe("with a function", function()
    local function judging(f, name)
      return policy(over(base "client", { onverify = f, sessionid = name }))
    end

    local function closure(answer)
      return function() return answer end
    end

    it("is that of the same function alone", function()
      local one = closure(true)
      assert.equal(judging(one), judging(one))
      assert.are_not.equal(judging(one), judging(closure(true)))
    end)

    local REFUSED = "invalid sessionid (another function has this name)"

    local function refused(f, name)
      local ctx, message = ssl.newcontext(over(base "client", { onverify = f, sessionid = name }))
      assert.same({ nil, REFUSED }, { ctx, message })
    end

    it("and a name is that of the first function of the name, and no other may have it",
       function()
      local one, other = closure(true), closure(false)
      local named = judging(one, "keys")
      assert.equal(named, judging(one, "keys"))
      assert.are_not.equal(named, judging(one, "others"))
      assert.are_not.equal(named, judging(one))
      refused(other, "keys")
      refused(closure(true), "keys")
      assert.equal(named, judging(one, "keys"))
    end)

    it("and a name stays the first function's when that is gone", function()
      judging(closure(1), "gone")
      for _ = 1, 3 do collectgarbage() end
      refused(closure(1), "gone")
    end)

    it("that was put into a named context later is that of this function alone", function()
      local function later(f)
        local ctx = assert(ssl.newcontext(over(base "server", { sessionid = "later" })))
        context.setserverpskcb(ctx, f)
        local known = of(ctx)
        return known
      end
      local one, other = closure "1", closure "2"
      local named = later(one)
      assert.equal(named, later(one))
      assert.are_not.equal(named, later(other))
      assert.equal(later(other), later(other))
    end)

    it("and a name has a function for each key", function()
      local one = closure(true)
      local function with(extra)
        return policy(over(base "client", { sessionid = "several", onverify = one }, extra))
      end
      assert.are_not.equal(with {}, with { psk = one })
      assert.equal(with { psk = one }, with { psk = one })
    end)

    -- The fingerprints that another process computes with the same program: of a policy with a
    -- name, and of one without.
    local PROGRAM = [[
      local ssl, context = require "ssl", require "ssl.context"
      local fingerprint = require "ssl.session.fingerprint"
      local function closure(value) return function() return value end end
      for i, name in ipairs { "fleet", false } do
        for _, mode in ipairs { "client", "server" } do
          local ctx = assert(ssl.newcontext { mode = mode, protocol = "any",
            onverify = closure(arg[i]), sessionid = name and name .. mode })
          print((fingerprint.context(context.state(ctx)):gsub(".", function(c)
            return ("%02x"):format(c:byte())
          end)))
        end
      end
    ]]

    it("is no other process's, unless the program names it", function()
      local file = process.write(process.folder() .. "/policy.lua", PROGRAM)
      local function run(...)
        local child = process.start { "luajit", file, ... }
        assert.same({ "exit", 0 }, { child:wait() }, child:output())
        local out = {}
        for line in child:output():gmatch "%x+" do out[#out + 1] = line end
        return out
      end
      local one, other = run("1", "2"), run("3", "2")
      assert.equal(4, #one)
      for i = 1, 4 do assert.equal(i <= 2, one[i] == other[i], tostring(i)) end
    end)
  end)
end)
