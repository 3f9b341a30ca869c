-- Handshakes by the thousand that stand still and are never finished: dropped, closed,
-- or left by a coroutine that is gone, in every kind of pause.

describe("handshakes that stand still", function()
  local house     = require "spec.support.init"
  local ssl       = require "ssl"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local questions = require "spec.support.questions"
  local resources = require "spec.support.resources"

  -- A handshake each: thousands once, hundreds where everything is slower.
  local TOTAL = house.scale(house.mode == "jit" and 1000 or 200, 60)
  local BATCH = house.scale(100, 10)

  local function ask() return coroutine.yield "asked" end

  local KEYS = { server = { key = pki.ec_server.key, certificate = pki.ec_server.cert },
                 client = { cafile = pki.ec_root.cert } }

  -- What each kind puts into the configurations, and which side asks.
  local KINDS = {
    onclienthello = { server = { onclienthello = ask }, asker = "server" },
    alpn = { server = { alpn = ask }, client = { alpn = "a" }, asker = "server" },
    sni = { asker = "server", prepare = function(server, client)
      server:sni(ask)
      client:sni "some.test"
    end },
    ["a client's onverify"] = { client = { onverify = ask }, asker = "client" },
    ["a server's onverify"] = { asker = "server",
      server = { onverify = ask, verify = { "peer", "fail_if_no_peer_cert" },
                 cafile = pki.ec_root.cert },
      client = { key = pki.ec_server.key, certificate = pki.ec_server.cert } },
    ["a server's psk"] = { asker = "server",
      server = { psk = ask, key = false, certificate = false },
      client = { psk = function() return "me", ("k"):rep(32) end } },
    ["a client's psk"] = { asker = "client",
      server = { psk = function() return ("k"):rep(32) end, key = false, certificate = false },
      client = { psk = ask } },
  }

  local function contexts(kind, version)
    local made = {}
    for _, name in ipairs { "server", "client" } do
      local config = { protocol = version }
      for key, value in pairs(KEYS[name]) do config[key] = value end
      for key, value in pairs(kind[name] or {}) do config[key] = value end
      made[name] = assert(ssl.newcontext(pair[name .. "_config"](config)))
    end
    return made
  end

  local function stand_still(kind, made)
    local server, client = pair.wrapped(made.server, made.client)
    if kind.prepare then kind.prepare(server, client) end
    local asker, other = server, client
    if kind.asker == "client" then asker, other = client, server end
    local thread = coroutine.create(questions.drive)
    local ok, word = coroutine.resume(thread, asker, other)
    assert(ok and word == "asked", word)
    return { thread = thread, asker = asker, other = other }
  end

  local ENDS = {
    ["dropped"] = function() end,
    ["closed"] = function(one)
      one.asker:close()
      one.other:close()
    end,
    ["closed by the peer, and left"] = function(one) one.other:close() end,
    ["left by a coroutine that died, and closed"] = function(one)
      one.thread = nil
      collectgarbage "step"
      one.asker:close()
    end,
  }

  local function batch(kind, made, finish)
    local held = {}
    for i = 1, BATCH do held[i] = stand_still(kind, made) end
    for _, one in ipairs(held) do finish(one) end
    held = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
  end

  local share = math.ceil(TOTAL / BATCH / 7 / 4 / 2)

  for name, kind in pairs(KINDS) do
    for how, finish in pairs(ENDS) do
      it(("in %s and are %s leave nothing behind"):format(name, how), function()
        local made = {}
        for _, version in ipairs(pair.versions) do made[version] = contexts(kind, version) end
        -- What a pool and an allocator keep is there after the first.
        for _, version in ipairs(pair.versions) do batch(kind, made[version], finish) end
        local descriptors, memory = resources.descriptors(), resources.rss()
        for _ = 1, share do
          for _, version in ipairs(pair.versions) do batch(kind, made[version], finish) end
        end
        assert.equal(0, questions.paused())
        assert.equal(descriptors, resources.descriptors())
        -- valgrind holds back for a while what was freed.
        assert.is_true(resources.rss() - memory < house.scale(8192, 65536))
      end)
    end
  end
end)
