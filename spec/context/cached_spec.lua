-- ssl.connect makes a context once for the same flags; spec/https/context_spec.lua is about the
-- cache itself.

describe("ssl.connect uses a context again", function()
  local context  = require "ssl.context"
  local contexts = require "ssl.context.cached"
  local made     = require "spec.support.made"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local ssl      = require "ssl"

  local create = context.create
  local count, folder

  setup(function()
    folder = process.folder()
    for _, file in ipairs { pki.root.cert, pki.other.cert, pki.client.cert } do
      made.settle(file)
    end
  end)

  before_each(function()
    count = 0
    context.create = function(...)
      count = count + 1
      return create(...)
    end
  end)
  after_each(function() context.create = create end)

  -- No port has the number 65536, so the context is all that a call makes.
  local function call(flags)
    local conn, why = ssl.connect("localhost", 65536, flags)
    assert.is_nil(conn)
    return why
  end

  -- Flags that no other test uses.
  local depth = 20
  local function fresh(more)
    depth = depth + 1
    local t = { verify = "peer", cafile = pki.root.cert, depth = depth, timeout = 10 }
    for key, value in pairs(more or {}) do t[key] = value end
    return t
  end

  local function copy(flags)
    local out = {}
    for key, value in pairs(flags) do out[key] = value end
    return out
  end

  it("for the same flags, in another table, with other flags of its own", function()
    local flags = fresh { alpn = { "h2", "http/1.1" } }
    call(flags)
    local other = copy(flags)
    other.alpn, other.timeout, other.deadline = { "h2", "http/1.1" }, 20, 30
    call(other)
    assert.equal(1, count)
  end)

  it("but not where one differs", function()
    local flags = fresh()
    call(flags)
    for key, value in pairs { protocol = "tlsv1_3", verify = "none", depth = 9, alpn = "h2",
                              cafile = pki.other.cert, resume = false, servername = "other",
                              certificate = pki.client.cert } do
      local before, other = count, copy(flags)
      other[key] = value
      if key == "certificate" then other.key = pki.client.key end
      call(other)
      assert.equal(before + 1, count, key)
    end
  end)

  it("and reads a changed file again", function()
    local file = process.write(folder .. "/ca.pem", process.read(pki.other.cert))
    made.settle(file)
    local flags = fresh { cafile = file }
    call(flags)
    call(flags)
    assert.equal(1, count)
    process.write(file, process.read(pki.root.cert))
    call(flags)
    assert.equal(2, count)
    os.remove(file)
    assert.matches("^context: error loading CA locations", call(flags))
  end)

  it("not of a file that has just changed: another change might not show", function()
    local flags = fresh { cafile = folder .. "/young.pem" }
    -- The clock stands still: on a busy machine the calls could come too late.
    local now, time = os.time(), os.time
    os.time = function() return now end -- luacheck: ignore 122
    finally(function() os.time = time end) -- luacheck: ignore 122
    process.write(flags.cafile, process.read(pki.other.cert))
    call(flags)
    call(flags)
    assert.equal(2, count)
  end)

  it("not with a function or an object of the program, which would stay alive", function()
    local function password() return "unused" end
    for _, more in ipairs {
      { password = password }, { onsession = function() end },
      { certificate = ssl.loadcertificate(process.read(pki.client.cert)),
        key = pki.client.key },
      { certificates = { { certificate = pki.client.cert, key = pki.client.key,
                           password = password } } },
    } do
      local flags, before = fresh(more), count
      call(flags)
      call(flags)
      assert.equal(before + 2, count)
    end
  end)

  local function not_kept(more)
    local flags, before = fresh(more), count
    assert.matches("^connecting to", call(flags))
    call(flags)
    assert.equal(before + 2, count)
  end

  it("not with a table that has other values behind it", function()
    local behind = { certificate = pki.client.cert, key = pki.client.key }
    not_kept { certificates = { setmetatable({}, { __index = behind }) } }
  end)

  it("not with a key behind a URI, which may be another one each time", function()
    local supported = require "ssl.credential.keyuri".supported
    require("spec.support.needs").that(supported, "a key by its URI")
    not_kept { certificate = pki.client.cert, key = "store:" .. pki.client.key }
  end)

  it("and frees what a function of a call holds", function()
    local held = setmetatable({}, { __mode = "k" })
    do
      local big = {}
      held[big] = true
      call(fresh { onsession = function() return big end })
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil((next(held)))
  end)

  it("and reports each time what cannot be one", function()
    for _ = 1, 2 do
      assert.matches("^context: ", call(fresh { ciphers = "no such cipher" }))
      local ok, why = pcall(call, fresh { depth = "three" })
      assert.is_false(ok)
      assert.matches("cached_spec.lua:%d+: bad argument", why)
    end
  end)

  it("never one whose handle is gone, as at the end of a Lua state", function()
    local params = fresh { mode = "client", protocol = "any", timeout = false }
    local first = assert(contexts.plain(params))
    assert.equal(first, (contexts.plain(params)))
    getmetatable(first).__gc(first)
    local second = assert(contexts.plain(params))
    assert.not_equal(first, second)
  end)
end)
