-- Trust stores that contexts share, without an effect on each other.

describe("ssl.store", function()
  local contexts = require "spec.support.contexts"
  local lib      = require "ssl.ffi.lib"
  local needs    = require "spec.support.needs"
  local context  = require "ssl.context"
  local pki      = require "spec.support.pki"
  local ssl      = require "ssl"
  local store    = require "ssl.trust.store"
  local C        = lib.C

  -- Files in a spec are new, and the store of a new file is not kept. So the clock is moved
  -- ahead.
  local real_time, later = os.time, 0
  local files

  before_each(function()
    later, files = 3600, {}
    os.time = function(...) -- luacheck: ignore
      return real_time(...) + later
    end
  end)

  after_each(function()
    os.time = real_time -- luacheck: ignore
    for _, name in ipairs(files) do os.remove(name) end
  end)

  local function content(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
  end

  local function write(name, text)
    local file = assert(io.open(name, "wb"))
    file:write(text)
    file:close()
  end

  local function temporary(text)
    local name = os.tmpname()
    files[#files + 1] = name
    write(name, text)
    return name
  end

  -- Contexts share a store where each connection can be given one.
  local SHARED = "a store for each connection"

  -- A file of its own, so that no earlier test has left its store.
  local function root() return temporary(content(pki.root.cert)) end

  local function client(extra)
    local cfg = { mode = "client", protocol = "any", verify = "peer" }
    for key, value in pairs(extra or {}) do cfg[key] = value end
    return assert(ssl.newcontext(cfg))
  end

  local function store_of(ctx)
    return C.SSL_CTX_get_cert_store(contexts.pointer(ctx))
  end

  local function same(a, b) return store_of(a) == store_of(b) end

  local function trusts(ctx, who)
    local server = assert(ssl.newcontext { mode = "server", protocol = "any",
                                           key = who.key, certificate = who.cert })
    return contexts.connect(server, ctx).ok == true
  end

  it("is one for all contexts of the same file", function()
    needs.that(lib.K.SSL_CTRL_SET_VERIFY_CERT_STORE, SHARED)
    local file = root()
    local first, second = client { cafile = file }, client { cafile = file }
    assert.is_true(same(first, second))
    assert.is_true(trusts(second, pki.server))
    assert.is_false(trusts(second, pki.other_server))
    assert.is_false(same(first, client { cafile = root() }))
    assert.is_false(same(first, client()))
  end)

  it("is one for all of the same folder, and of the same file and folder", function()
    needs.that(lib.K.SSL_CTRL_SET_VERIFY_CERT_STORE, SHARED)
    local file = root()
    local folder = client { capath = pki.root.capath }
    local both = client { cafile = file, capath = pki.root.capath }
    assert.is_true(same(folder, client { capath = pki.root.capath }))
    assert.is_true(same(both, client { cafile = file, capath = pki.root.capath }))
    assert.is_false(same(both, folder))
    assert.is_false(same(both, client { cafile = file }))
    assert.is_true(trusts(folder, pki.server))
  end)

  it("lives on when the context that read it is gone", function()
    local file = root()
    client { cafile = file }
    collectgarbage()
    collectgarbage()
    assert.is_true(trusts(client { cafile = file }, pki.server))
  end)

  it("is read again when the file has changed", function()
    local file = root()
    local before = client { cafile = file }
    write(file, content(pki.ec_root.cert))
    local after = client { cafile = file }
    assert.is_false(same(before, after))
    assert.same({ true, false }, { trusts(before, pki.server), trusts(before, pki.ec_server) })
    assert.same({ false, true }, { trusts(after, pki.server), trusts(after, pki.ec_server) })
  end)

  it("is read again when the folder lists something else", function()
    needs.that(lib.K.SSL_CTRL_SET_VERIFY_CERT_STORE, SHARED)
    local folder = temporary ""
    os.remove(folder)
    os.execute(("cp -r '%s' '%s'"):format(pki.root.capath, folder))
    local before = client { capath = folder }
    assert.is_true(trusts(before, pki.server))
    os.execute(("rm '%s'/*"):format(folder))
    local after = client { capath = folder }
    assert.is_false(trusts(after, pki.server))
    assert.is_false(trusts(before, pki.server))
    os.execute(("rmdir '%s'"):format(folder))
    assert.is_false(trusts(client { capath = folder }, pki.server))
  end)

  it("is not kept of a file that changed just now: its next change would not show",
     function()
    later = 0
    local file = root()
    local first = client { cafile = file }
    assert.is_false(same(first, client { cafile = file }))
    assert.is_true(trusts(first, pki.server))
  end)

  it("does not carry one context's CRL checks to another", function()
    local file = root()
    local plain = client { cafile = file }
    local strict = client { cafile = file, verifyext = { "crl_check" } }
    assert.is_false(same(plain, strict))
    assert.same({ 0, 4 }, { contexts.store_flags(plain) % 16, contexts.store_flags(strict) % 16 })
    assert.is_true(trusts(plain, pki.server))
    assert.is_false(trusts(strict, pki.server)) -- there is no list
    assert.is_true(trusts(client { cafile = file }, pki.server))
    assert.is_true(plain:setverifyext "crl_check")
    assert.is_false(trusts(plain, pki.server))
    assert.is_true(trusts(client { cafile = file }, pki.server))
  end)

  it("keeps the lists of a file in a context's own copy", function()
    local file = temporary(content(pki.root.with_crl))
    client { cafile = file }
    local strict = client { cafile = file, verifyext = { "crl_check" } }
    assert.is_true(trusts(strict, pki.server))
    local server = assert(ssl.newcontext { mode = "server", protocol = "any",
      key = pki.server.key, certificate = pki.server.cert, cafile = file,
      verify = { "peer", "fail_if_no_peer_cert" }, verifyext = { "crl_check" } })
    local revoked = client { cafile = file, key = pki.revoked.key,
                             certificate = pki.revoked.cert }
    assert.is_not_true(contexts.connect(server, revoked).ok)
  end)

  it("does not carry one context's further authorities to another", function()
    local file = root()
    local first, second = client { cafile = file }, client { cafile = file }
    assert.is_true(context.locations(first, pki.ec_root.cert))
    assert.same({ true, true }, { trusts(first, pki.server), trusts(first, pki.ec_server) })
    assert.same({ true, false }, { trusts(second, pki.server), trusts(second, pki.ec_server) })
    assert.is_false(trusts(client { cafile = file }, pki.ec_server))
  end)

  it("keeps the folder of a context that adds a file", function()
    client { capath = pki.root.capath }
    local ctx = client { capath = pki.root.capath }
    assert.is_true(context.locations(ctx, pki.ec_root.cert))
    assert.same({ true, true }, { trusts(ctx, pki.server), trusts(ctx, pki.ec_server) })
  end)

  it("stays as it is when a context's further file cannot be read", function()
    local file = root()
    local first, second = client { cafile = file }, client { cafile = file }
    assert.same({ false, "error loading CA locations (No such file or directory)" },
                { context.locations(first, "/nowhere") })
    assert.same({ true, true }, { trusts(first, pki.server), trusts(second, pki.server) })
  end)

  it("of a file without certificates is refused each time", function()
    for _ = 1, 2 do
      assert.same({ nil, "error loading CA locations (no certificate or crl found)" },
                  { ssl.newcontext { mode = "client", protocol = "any",
                                     cafile = pki.server.key } })
    end
  end)

  it("is given to a context alone that asks for its own", function()
    local file = root()
    local first, second = client { cafile = file }, client { cafile = file }
    local shared = store_of(second)
    local own = store.of(context.state(first))
    assert.is_true(own == store_of(first) and own ~= shared)
    assert.is_true(store.of(context.state(first)) == own)
    assert.is_true(trusts(first, pki.server))
    assert.is_true(store_of(second) == shared)
  end)

  it("is forgotten when many others were used since", function()
    needs.that(lib.K.SSL_CTRL_SET_VERIFY_CERT_STORE, SHARED)
    local file = root()
    local first = client { cafile = file }
    for _ = 1, 4 do
      assert.is_true(same(first, client { cafile = file }))
      client { cafile = root() }
    end
    assert.is_true(same(first, client { cafile = file }))
    for _ = 1, 10 do client { cafile = root() } end
    assert.is_false(same(first, client { cafile = file }))
    assert.is_true(trusts(first, pki.server))
  end)
end)
