describe("ssl.https with a pool, very often", function()
  local https     = require "ssl.https"
  local house     = require "spec.support.init"
  local peers     = require "spec.support.peers"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local resources = require "spec.support.resources"

  if not peers.nginx_root() then
    pending "nginx is not there: script/bootstrap --with-tests"
    return
  end

  local EACH = house.scale(1400, 12)
  local MANY = EACH * (1 + resources.ROUNDS)
  -- A string of 100 bytes that each request leaves would be 137 KB.
  local ROOM = 128 -- KB
  local child

  setup(function()
    child = peers.nginx { key = pki.server.key, chain = pki.server.chain,
                          files = { small = "hello" },
                          -- Some connections end on the way.
                          server = ("keepalive_requests %d;"):format(house.scale(800, 25)) }
  end)

  teardown(process.stop_all)

  it(("needs no more memory and no more descriptors, %d times"):format(MANY), function()
    local pool = https.pool()
    local url = ("https://localhost:%d/small"):format(child.port)
    local descriptors
    local process_kb, lua_kb = resources.growth(function()
      for _ = 1, EACH do
        local ok, code = https.request { url = url, cafile = pki.root.cert, pool = pool }
        if ok ~= 1 or code ~= 200 then error(tostring(code)) end
      end
      -- At most one connection is in the pool, which may or may not have noticed its end.
      descriptors = descriptors or resources.descriptors()
      assert.is_true(resources.descriptors() <= descriptors + 1)
      assert.is_true(pool:count() <= 1)
    end)
    assert.is_true(lua_kb < ROOM, ("%d KB of Lua"):format(lua_kb))
    assert.is_true(process_kb < ROOM, ("%d KB"):format(process_kb))
    pool:close()
    assert.is_true(resources.descriptors() <= descriptors)
  end)
end)
