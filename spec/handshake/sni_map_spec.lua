-- A server's map of names: the cost of a lookup, and when changes count.

describe("a map of server names", function()
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local shake  = require "spec.support.shake"
  local values = require "spec.support.values"
  local ssl    = require "ssl"
  local sni    = require "ssl.handshake.sni"
  local raised = values.raised

  local fallback = assert(ssl.newcontext(pair.server_config()))
  local named = assert(ssl.newcontext(pair.server_config { certificate = pki.cn_only.cert }))
  local client_ctx = assert(ssl.newcontext(pair.client_config { verify = "none" }))

  local function map_of(count)
    local map = {}
    for i = 1, count do map[("n%d.test"):format(i)] = named end
    return map
  end

  -- The certificate that a client gets when it asks for the name.
  local function met(map, name)
    local server, client = pair.wrapped(fallback, client_ctx)
    server:sni(map)
    client:sni(name)
    assert.same({ true, true }, { shake(server, client) })
    local subject = client:getpeercertificate():subject()
    server:close()
    client:close()
    return subject[2].value == "cn.only.test"
  end

  -- Thousands of instructions of Lua that a call takes.
  local function steps(f)
    local count = 0
    local hook, mask, every = debug.gethook()
    local compiled = jit.status()
    jit.off()
    jit.flush() -- compiled code has no hooks
    debug.sethook(function() count = count + 1 end, "", 1000)
    f()
    debug.sethook(hook, mask, every)
    if compiled then jit.on() end
    return count
  end

  local state = { server = true }
  local function choose(map, name)
    state.sni = { map = map }
    return (sni.choose(state, name))
  end

  it("costs no more for an unknown name than for a known one, however many it has", function()
    local large = map_of(20000)
    met(large, "n1.test")
    assert.is_true(steps(function()
      for i = 1, 20 do assert.is_nil(choose(large, i .. ".unknown.test")) end
    end) <= 20)
    assert.equal(named, choose(large, "N20000.test"))
  end)

  it("costs no more for the second connection either", function()
    local large = map_of(20000)
    met(large, "n1.test")
    local server, client = pair.wrapped(fallback, client_ctx)
    assert.is_true(steps(function() server:sni(large) end) <= 20)
    server:close()
    client:close()
  end)

  for _, count in ipairs { 3, 2000 } do
    it(("may change at any time: %d names"):format(count), function()
      local map = map_of(count)
      map["Some.TEST"] = named
      assert.is_true(met(map, "some.test"))
      assert.is_true(met(map, "SOME.test"))
      assert.is_false(met(map, "later.test"))
      map["later.test"] = named
      assert.is_true(met(map, "LATER.test"))
      map["Exact.test"] = named
      assert.is_true(met(map, "Exact.test"))
      map["some.test"] = fallback
      assert.is_false(met(map, "SoMe.test"))
      assert.is_true(met(map, "Some.TEST"))
      map["some.test"], map["Some.TEST"] = nil, nil
      assert.is_false(met(map, "some.test"))
    end)
  end

  it("of few names has every change count at once, capitals or not", function()
    local map = map_of(100)
    assert.is_false(met(map, "some.test"))
    map["Some.TEST"] = named
    assert.is_true(met(map, "some.test"))
  end)

  it("of many names has a new key with capitals count after a while", function()
    local map = map_of(300)
    assert.is_false(met(map, "some.test"))
    map["Some.TEST"] = named
    repeat until met(map, "some.test")
  end)

  it("may be a table that makes up its entries", function()
    local asked = {}
    local map = setmetatable({}, { __index = function(_, name)
      asked[#asked + 1] = name
      return name == "made.test" and named or nil
    end })
    assert.is_true(met(map, "Made.test"))
    assert.same({ "Made.test", "made.test" }, { asked[1], asked[#asked] })
    assert.is_false(met(map, "other.test"))
  end)

  it("is looked through when it is first given", function()
    local map = map_of(300)
    map["wrong.test"] = true
    local server, client = pair.wrapped(fallback, client_ctx)
    for _ = 1, 2 do
      assert.matches("Context expected", raised(function() server:sni(map) end))
    end
    server:close()
    client:close()
  end)
end)
