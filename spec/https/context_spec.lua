-- Reading the authorities of a system costs twenty requests.

describe("ssl.https makes a context", function()
  local context = require "ssl.context"
  local luajit  = require("spec.support.fresh").luajit
  local https   = require "ssl.https"
  local files   = require "spec.support.made"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  local create = context.create
  local server, folder, made

  setup(function()
    for _, file in ipairs { pki.root.cert, pki.other.cert, pki.client.key, pki.server.cert,
                            pki.server.encrypted_key } do
      files.settle(file)
    end
    folder = process.folder()
    server = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]] }
  end)

  teardown(process.stop_all)

  before_each(function()
    made = 0
    context.create = function(...)
      made = made + 1
      return create(...)
    end
  end)
  after_each(function()
    context.create, https.VERIFY = create, "peer"
  end)

  local function get(more)
    local reqt = { url = ("https://localhost:%d/"):format(server.port) }
    for key, value in pairs(more or {}) do reqt[key] = value end
    return https.request(reqt)
  end

  -- A configuration that no other test uses.
  local depth = 20
  local function fresh(more)
    depth = depth + 1
    local t = { cafile = pki.root.cert, depth = depth }
    for key, value in pairs(more or {}) do t[key] = value end
    return t
  end

  it("once for one configuration, in any order of its keys", function()
    local a = fresh { options = { "no_sslv3", "no_tlsv1" }, verify = { "peer" } }
    local b = { verify = { "peer" }, options = { "no_sslv3", "no_tlsv1" },
                depth = a.depth, cafile = a.cafile }
    assert.equal(1, (get(a)))
    assert.equal(1, (get(a)))
    assert.equal(1, (get(b)))
    assert.equal(1, made)
  end)

  it("with any other fields in the request's table", function()
    local t = fresh()
    for n = 1, 3 do
      t.headers, t.anything, t.sink = { ["x-n"] = n }, { n }, function() return 1 end
      assert.equal(1, (get(t)))
    end
    assert.equal(1, made)
  end)

  it("once for each value of each key", function()
    local t = fresh()
    get(t)
    for key, value in pairs { protocol = "tlsv1_2", ciphers = "HIGH", verify = "none",
                              curveslist = "P-256", verifyext = "lsec_continue",
                              capath = pki.root.capath, key = pki.client.key } do
      local before = made
      local other = { [key] = value }
      for k, v in pairs(t) do other[k] = other[k] or v end
      assert.equal(1, (get(other)), key)
      assert.equal(before + 1, made, key)
      get(other)
      assert.equal(before + 1, made, key)
    end
  end)

  it("never for one policy of verification and used for another", function()
    local t = fresh { cafile = pki.other.cert }
    for _ = 1, 2 do
      t.verify = "none"
      assert.equal(1, (get(t)))
      t.verify = nil
      assert.is_nil((get(t)))
      https.VERIFY = "none"
      assert.equal(1, (get(t)))
      https.VERIFY = "peer"
      assert.is_nil((get(t)))
    end
  end)

  it("again when the file has changed", function()
    local file = process.write(folder .. "/ca.pem", process.read(pki.other.cert))
    local t = fresh { cafile = file }
    assert.is_nil((get(t)))
    process.write(file, process.read(pki.root.cert))
    assert.equal(1, (get(t)))
    assert.equal(2, made)
    os.remove(file)
    local ok, why = get(t)
    assert.is_nil(ok)
    assert.equal("error loading CA locations (No such file or directory): " .. file, why)
  end)

  -- Only the first context of a process learns which keys there are.
  it("again when the file was changed while the first was made", function()
    local file = folder .. "/first.p12"
    process.write(file, files.read(files.pkcs12 {
      cert = pki.client.cert, key = pki.client.key, password = "secret" }))
    local output = luajit(([[
      local contexts, file, pkcs12 = require("ssl").contexts, %q, nil
      local settle = require("spec.support.made").settle
      local function copy()
        pkcs12 = pkcs12 or assert(io.open(file, "rb")):read "*a"
        os.remove(file)
        local to = assert(io.open(file, "wb"))
        to:write(pkcs12)
        to:close()
      end
      local cfg = { mode = "client", protocol = "any", pkcs12 = file, password = function()
        if not pkcs12 then copy() end
        return "secret"
      end }
      settle(file)
      local first = assert(contexts.of(cfg))
      settle(file)
      local again = assert(contexts.of(cfg))
      print(first ~= again, again == contexts.of(cfg))
    ]]):format(file))
    assert.equal("true\ttrue\n", output)
  end)

  it("again when the password has changed, though the key has not", function()
    local t = fresh { key = pki.server.encrypted_key, certificate = pki.server.cert,
                      password = pki.server.password }
    assert.equal(1, (get(t)))
    t.password = "wrong"
    assert.is_nil((get(t)))
    t.password = pki.server.password
    assert.equal(1, (get(t)))
    assert.equal(2, made)
  end)

  it("for a function, and for no other function", function()
    local function make()
      return function() return pki.server.password end
    end
    local t = fresh { key = pki.server.encrypted_key, certificate = pki.server.cert,
                      password = make() }
    get(t)
    get(t)
    assert.equal(1, made)
    t.password = make()
    get(t)
    assert.equal(2, made)
  end)

  it("again when it was long unused", function()
    local t = fresh()
    get(t)
    for _ = 1, 20 do
      get(fresh())
      if _ == 10 then get(t) end
    end
    assert.equal(21, made)
    get(t)
    assert.equal(21, made)
    for _ = 1, 20 do get(fresh()) end
    get(t)
    assert.equal(42, made)
  end)

  it("not for what cannot be one", function()
    local t = fresh { ciphers = "no such cipher" }
    assert.is_nil((get(t)))
    assert.is_nil((get(t)))
    assert.equal(2, made)
  end)
end)
