-- ssl.config: what the loaded OpenSSL can do.

describe("ssl.config", function()
  local config  = require "ssl.config"
  local context = require "ssl.context"
  local fresh   = require "spec.support.fresh"
  local lib     = require "ssl.ffi.lib"
  local limits  = require "spec.support.limits"
  local process = require "spec.support.process"
  local refused = require "spec.support.refused"
  local shim    = require "ssl.ffi.shim"

  local function keys(set)
    local out = {}
    for key, value in pairs(set) do
      assert.is_true(value)
      out[#out + 1] = key
    end
    table.sort(out)
    return out
  end

  it("has LuaSec's five tables, and names its OpenSSL", function()
    for _, name in ipairs { "algorithms", "capabilities", "curves", "openssl", "options",
                            "protocols" } do
      assert.equal("table", type(config[name]), name)
      assert.equal(config[name], config[name])
      assert.equal(config[name], rawget(config, name))
    end
    assert.is_nil(config.compression)
    assert.is_nil(config[1])
  end)

  it("lists the protocols that can be created", function()
    for _, name in ipairs { "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3" } do
      assert.equal(config.protocols[name], context.create(name) and true)
    end
    assert.is_true(config.protocols.tlsv1_2)
    assert.is_nil(config.protocols.any)
    assert.is_nil(config.protocols.sslv23)
  end)

  it("lists the options that setoptions takes", function()
    local ctx = context.create "any"
    for _, name in ipairs(keys(config.options)) do
      assert.is_true(context.setoptions(ctx, name))
    end
    assert.is_true(#keys(config.options) >= limits.options)
  end)

  it("lists the curves of the loaded libcrypto, and what else TLS can use", function()
    for _, name in ipairs { "prime256v1", "P-256", "P-384", "P-521", "X25519" } do
      assert.is_true(config.curves[name], name)
    end
    assert.equal(limits.x448, config.curves.X448 == true)
    assert.is_true(#keys(config.curves) > 10)
  end)

  it("D37: agrees with the openssl program of the same version about curves", function()
    local pipe = io.popen "openssl version; openssl ecparam -list_curves"
    if pipe:read("*l"):match "^OpenSSL %S+" ~= lib.openssl.version:match "^OpenSSL %S+" then
      pipe:close()
      return pending "another version is installed"
    end
    local theirs = { ["P-256"] = true, ["P-384"] = true, ["P-521"] = true, X25519 = true,
                     X448 = true }
    for line in pipe:lines() do
      local name = line:match "^%s*(%S+)%s*:"
      if name then theirs[name] = true end
    end
    pipe:close()
    assert.same(theirs, config.curves)
  end)

  it("claims what there is, with LuaSec's names", function()
    assert.same({ "ec" }, keys(config.algorithms))
    for name, value in pairs { alpn = true, curves_list = true, ecdh_auto = true } do
      assert.same({ name, value }, { name, config.capabilities[name] })
    end
    assert.equal(refused.can "psk" or nil, config.capabilities.psk)
    assert.same(refused.can "dane" and { no_ee_namechecks = true } or nil,
                config.capabilities.dane)
  end)

  it("claims what TLS 1.3 brings where it is spoken", function()
    for _, name in ipairs { "keyupdate", "posthandshakeauth", "earlydata" } do
      assert.equal(refused.can(name) and config.protocols.tlsv1_3 or nil,
                   config.capabilities[name])
    end
  end)

  it("lists the groups that newcontext takes, and no other", function()
    local newcontext = require "ssl.context.new"
    for _, name in ipairs { "X25519", "P-256", "ffdhe2048", "X25519MLKEM768", "nonsense" } do
      local ctx = newcontext { mode = "client", protocol = "any", groups = name }
      assert.equal(config.capabilities.groups[name] or false, ctx ~= nil)
    end
    assert.is_true(#keys(config.capabilities.groups) >= 5)
  end)

  it("names the OpenSSL", function()
    assert.same({ version = lib.openssl.version, number = lib.openssl.number,
                  how = lib.openssl.how, libssl = lib.openssl.libssl,
                  libcrypto = lib.openssl.libcrypto, shim = shim.path, fips = false },
                config.openssl)
    assert.matches("^" .. limits.brand .. " %d", config.openssl.version)
  end)

  if lib.has.EVP_default_properties_is_fips_enabled then
    it("shows whether OpenSSL's configuration demands approved algorithms, and keeps it",
       function()
      local file = process.write(process.folder() .. "/openssl.cnf", table.concat({
        "openssl_conf = start", "[start]", "alg_section = algorithms", "[algorithms]",
        "default_properties = fips=yes" }, "\n"))
      local output, ok = fresh.luajit([[
        local ssl = require "ssl"
        print(ssl.config.openssl.fips)
        print(ssl.newcontext { mode = "client", protocol = "any" })
        print(ssl.config.openssl.fips)
      ]], { OPENSSL_CONF = file })
      assert.is_true(ok, output)
      assert.equal("true\nnil\terror creating context (library has no ciphers)\ntrue\n", output)
    end)
  end

  it("is the user's to change, and changes nothing for the library", function()
    local kept = config.curves["P-256"]
    config.curves["P-256"], config.options.spec = nil, true
    local ctx = context.create "any"
    assert.is_true(context.setcurve(ctx, "P-256"))
    assert.is_false((context.setoptions(ctx, "spec")))
    config.curves["P-256"], config.options.spec = kept, nil
  end)

  for _, order in ipairs { { "ssl.config" }, { "ssl.config", "ssl.context" },
                           { "ssl.context", "ssl.config" },
                           { "ssl.config", "ssl.context.new", "ssl.context" } } do
    it("D3: can be required in the order " .. table.concat(order, ", "), function()
      local program = {}
      for i, name in ipairs(order) do program[i] = ("require %q "):format(name) end
      local text = table.concat(program) .. 'print(require "ssl.config".curves.X25519)'
      local pipe = io.popen(("luajit -e '%s' 2>&1"):format(text))
      local output = pipe:read "*a"
      pipe:close()
      assert.equal("true\n", output)
    end)
  end
end)
