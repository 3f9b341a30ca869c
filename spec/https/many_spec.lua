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

  local MANY, WARM = house.scale(10000, 60), house.scale(1000, 20)
  local ROOM = 1024 -- KB
  local child

  setup(function()
    child = peers.nginx { key = pki.server.key, chain = pki.server.chain,
                          files = { small = "hello" },
                          -- Some connections end on the way.
                          server = ("keepalive_requests %d;"):format(house.scale(800, 25)) }
  end)

  teardown(process.stop_all)

  it(("needs no more for %d requests than for %d"):format(MANY, WARM), function()
    local pool = https.pool()
    local url = ("https://localhost:%d/small"):format(child.port)
    local function requests(n)
      for _ = 1, n do
        local ok, code = https.request { url = url, cafile = pki.root.cert, pool = pool }
        if ok ~= 1 or code ~= 200 then error(tostring(code)) end
      end
    end
    local function used()
      -- What the specs before have left is collected at any time, or not.
      collectgarbage()
      local descriptors = resources.descriptors()
      return descriptors, collectgarbage "count", resources.rss()
    end
    -- The heap, the compiler and the caches grow to their size in the first half.
    requests(WARM)
    local half = math.floor((MANY - WARM) / 2)
    requests(half)
    local descriptors, lua, rss = used()
    requests(half)
    local descriptors2, lua2, rss2 = used()
    assert.equal(1, pool:count())
    -- One connection is in the pool. The pool may or may not have noticed the end of the last
    -- one.
    assert.is_true(descriptors2 <= descriptors + 1)
    assert.is_true(lua2 - lua < ROOM)
    -- The sanitizer keeps what was freed.
    if not house.slow and house.mode ~= "asan" then
      assert.is_true(rss2 - rss < 4 * ROOM)
    end
    pool:close()
    assert.is_true(resources.descriptors() <= descriptors)
  end)
end)
