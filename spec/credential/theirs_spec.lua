-- Objects in the form of lua-resty-openssl: a table with OpenSSL's pointer in `ctx`.

describe("objects of lua-resty-openssl", function()
  local ffi       = require "ffi"
  local keyobject = require "ssl.credential.keyobject"
  local lib       = require "ssl.ffi.lib"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local rawkey    = require "ssl.feature.rawkey"
  local ssl       = require "ssl"
  local x509      = require "ssl.x509.certificate"

  -- As it declares them.
  pcall(ffi.cdef, "typedef struct x509_st X509; typedef struct evp_pkey_st EVP_PKEY;")

  -- Theirs is the OpenSSL that the process exports. This one exports none by itself.
  local exported = lib.exported
  before_each(function() lib.exported = lib.address end)
  after_each(function() lib.exported = exported end)

  local function load(path)
    return assert(ssl.loadcertificate(process.read(path)))
  end

  -- Objects of ours that own the pointers, and the others.
  local function certificate(path)
    local ours = load(path)
    return { ctx = ffi.cast("X509 *", x509.pointer(ours)) }, ours
  end

  local function key(path)
    local held = keyobject.share(assert(ssl.loadkey(process.read(path))))
    return { ctx = ffi.cast("EVP_PKEY *", held.pkey) }, held
  end

  local function shaken(server, client)
    local s, c = pair.wrapped(assert(ssl.newcontext(server)), assert(ssl.newcontext(client)))
    local at_server, at_client = pair.handshake(s, c)
    local shown = at_client[1] and c:getpeercertificate():digest()
    s:close()
    c:close()
    return at_server[1] and at_client[1], shown
  end

  it("stand for certificates, keys and authorities, and stay their owner's", function()
    local cert, our_cert = certificate(pki.server.cert)
    local pkey, our_key = key(pki.server.key)
    local root, our_root = certificate(pki.root.cert)
    local digest = our_cert:digest()
    for _, config in ipairs {
      { certificate = cert, key = pkey }, { certificate = { cert }, key = pkey },
      { certificates = { { certificate = cert, key = pkey } } },
    } do
      config.mode, config.protocol = "server", "any"
      config.verify, config.clientca = "peer", root
      assert.same({ true, digest }, { shaken(config, pair.client_config { cafile = root }) })
    end
    collectgarbage()
    collectgarbage()
    assert.equal(digest, our_cert:digest())
    assert.is_false(our_key:lost())
    assert.is_true((our_root:validat(os.time())))
  end)

  it("may be gone when the context is used", function()
    local function made()
      local cert, our_cert = certificate(pki.server.cert)
      local pkey, our_key = key(pki.server.key)
      local ctx = assert(ssl.newcontext { mode = "server", protocol = "any",
                                          certificate = cert, key = pkey })
      our_key:free()
      getmetatable(our_cert).held:free()
      return ctx
    end
    local ctx = made()
    collectgarbage()
    local s, c = pair.wrapped(ctx, nil)
    assert.same({ { true }, { true } }, { pair.handshake(s, c) })
    s:close()
    c:close()
  end)

  it("are taken by the functions of ssl.context", function()
    local context = require "ssl.context"
    local cert, our_cert = certificate(pki.server.cert)
    local pkey, our_key = key(pki.server.key)
    local ctx = assert(context.create "any")
    assert.is_true((context.loadkey(ctx, pkey, nil)))
    assert.is_true((context.loadcert(ctx, cert)))
    assert.is_true((context.checkkey(ctx)))
    assert.is_true((context.locations(ctx, cert)))
    assert.is_truthy(our_cert and our_key)
  end)

  it("are raw public keys, too", function()
    if not rawkey.supported then return pending "this OpenSSL has no raw public keys" end
    local cert, our_cert = certificate(pki.server.cert)
    local pkey, our_key = key(pki.server.key)
    for _, value in ipairs { cert, pkey, { cert, pkey } } do
      assert(ssl.newcontext { mode = "client", protocol = "any", rawkeys = value })
    end
    assert.is_truthy(our_cert and our_key)
  end)

  it("are refused where they belong to another OpenSSL", function()
    local cert, our_cert = certificate(pki.server.cert)
    local pkey, our_key = key(pki.server.key)
    for _, where in ipairs { function() return nil end, function()
      return ffi.cast("void *", 4096)
    end } do
      lib.exported = where
      for what, config in pairs { certificate = { certificate = cert },
                                  key = { key = pkey } } do
        config.mode, config.protocol = "server", "any"
        local ok, why = pcall(ssl.newcontext, config)
        assert.is_false(ok)
        assert.equal(("ssl: the %s is of another OpenSSL than %s, which this library uses")
                     :format(what, lib.openssl.libcrypto), why)
      end
    end
    assert.is_truthy(our_cert and our_key)
  end)

  it("are told from other tables", function()
    local cert, our_cert = certificate(pki.server.cert)
    local pkey, our_key = key(pki.server.key)
    for _, value in ipairs {
      {}, { ctx = 1 }, { ctx = ffi.cast("void *", 4096) }, { ctx = ffi.cast("X509 *", nil) },
      setmetatable({}, { __index = cert }), pkey,
    } do
      assert.has_error(function()
        ssl.newcontext { mode = "server", protocol = "any", certificate = value }
      end)
    end
    for _, value in ipairs { {}, { ctx = 1 }, cert } do
      assert.has_error(function()
        ssl.newcontext { mode = "server", protocol = "any", key = value }
      end)
    end
    assert.is_truthy(our_cert and our_key)
  end)

  it("are looked for in the process", function()
    lib.exported = exported
    local there = exported "malloc"
    assert.is_truthy(there)
    assert.is_nil(exported "no_such_function_anywhere")
  end)
end)
