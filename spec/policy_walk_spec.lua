-- A session is resumed only where a full handshake under the policy of now would go
-- through with the same peer. Every pair of policies is walked: one that made the
-- session, one that is asked to resume it, over every key that belongs to a policy.

describe("the walk of policies:", function()
  local ssl      = require "ssl"
  local house    = require "spec.support.init"
  local meeting  = require "spec.support.meeting"
  local pair     = require "spec.support.pair"
  local policies = require "spec.support.policies"
  local process  = require "spec.support.process"
  local sessions = require "spec.support.sessions"
  local context  = require "ssl.context"
  local fingerprint = require "ssl.fingerprint"
  local declared = require("ssl.policykeys").keys
  local over     = policies.over

  setup(policies.begin)
  teardown(function()
    policies.finish()
    process.stop_all()
  end)

  -- Policies are walked in steps of so many, and of a server's pairs every so many is
  -- tried: it has to be asked by a handshake.
  local STEP, EACH = house.scale(1, 7), house.scale(12, 40)

  -- One side's walk over one version: its policies, its peers, and what comes of a full
  -- handshake under each with each.
  local function new_walker(side, version, extra)
    local walk = { names = {}, configs = {}, entries = policies[side](version), contexts = {},
                   others = {}, done = {} }
    local base = policies.base[side](version)
    local function add(name, overlay)
      walk.names[#walk.names + 1] = name
      walk.configs[name] = over(base, extra or {}, overlay or {})
    end
    add "base"
    for key, entry in pairs(walk.entries) do
      if type(entry) == "table" then
        if entry.lax then add(key .. ", lax", entry.lax) end
        if entry.strict then add(key .. ", strict", entry.strict) end
      end
    end
    table.sort(walk.names)
    walk.peers = policies.peers[side](version)
    for name, config in pairs(walk.peers) do
      walk.others[name] = assert(ssl.newcontext(config), name)
    end

    function walk.context(name)
      return assert(ssl.newcontext(walk.configs[name]))
    end

    local function arrange(ctx, peer, session)
      local other = walk.others[peer]
      local prepare = walk.peers[peer].prepare
      local server_ctx, client_ctx = ctx, other
      if side == "client" then server_ctx, client_ctx = other, ctx end
      local out = meeting.of(server_ctx, client_ctx, prepare, session)
      return { ok = out.ok, resumed = out.resumed, bytes = out.bytes }
    end

    -- A full handshake, once.
    function walk.full(name, peer)
      local id = name .. "/" .. peer
      walk.contexts[name] = walk.contexts[name] or walk.context(name)
      walk.done[id] = walk.done[id] or arrange(walk.contexts[name], peer)
      return walk.done[id]
    end

    -- The session that `from` made, offered under `to`, in a context of its own.
    local second = {}
    function walk.resumed(from, to, peer)
      second[to] = second[to] or walk.context(to)
      local session = assert(ssl.importsession(walk.full(from, peer).bytes))
      return arrange(second[to], peer, session).resumed
    end

    -- Every pair of policies, and a peer with whom a full handshake goes through under
    -- the first and fails under the second.
    function walk.pairs()
      return coroutine.wrap(function()
        for peer in pairs(walk.peers) do
          for i, from in ipairs(walk.names) do
            for j = 1 + i % STEP, #walk.names, STEP do
              local to = walk.names[j]
              if walk.full(from, peer).bytes and not walk.full(to, peer).ok then
                coroutine.yield(from, to, peer)
              end
            end
          end
        end
      end)
    end

    -- What sessions are kept apart by.
    function walk.policy(name)
      walk.full(name, next(walk.peers))
      return fingerprint.context(context.state(walk.contexts[name]))
    end

    -- The names of an entry's two policies.
    function walk.ends_of(key)
      local entry = walk.entries[key]
      return entry.lax and key .. ", lax" or "base", entry.strict and key .. ", strict" or "base"
    end
    -- Are they the two of one entry?
    function walk.own(from, to)
      local key = to:match "^(.*), strict$" or from:match "^(.*), lax$"
      if not key then return false end
      local lax, strict = walk.ends_of(key)
      return lax == from and strict == to
    end

    return walk
  end

  -- Where sessions are: keys of the side's contexts.
  local PLACES = {
    client = { ["a client"] = {} },
    server = { ["a server with tickets"] = { ticketkeys = { sessions.key "w" } },
               ["a server with a store"] = { sessionstore = sessions.store(),
                                           sessionkey = ("s"):rep(32) } },
  }

  local walkers = {}

  -- The same one again: what was tried is known.
  local function walker(side, version, place)
    local id = side .. version .. place
    walkers[id] = walkers[id] or new_walker(side, version, PLACES[side][place])
    return walkers[id]
  end

  for side in pairs(PLACES) do
    it("has an entry for each key of a " .. side .. " that belongs to the policy", function()
      for _, version in ipairs(pair.versions) do
        local entries = policies[side](version)
        for key, counts in pairs(declared) do
          if counts == true then assert.is_truthy(entries[key], key) end
        end
        for key in pairs(entries) do assert.is_true(declared[key], key) end
      end
    end)

    it("shows for each key of a " .. side .. " that it can decide", function()
      local decides = {}
      for _, version in ipairs(pair.versions) do
        local walk = walker(side, version, (next(PLACES[side])))
        for key, entry in pairs(walk.entries) do
          if type(entry) == "table" then
            local lax, strict = walk.ends_of(key)
            local before, now = walk.full(lax, entry.peer).ok, walk.full(strict, entry.peer).ok
            assert.is_truthy(before or not now, key .. " of " .. version)
            decides[key] = decides[key] or before and not now or false
            if entry.neutral then assert.same({ true, true }, { before, now }, key) end
          end
        end
      end
      for key, does in pairs(decides) do
        assert.equal(not policies[side]("tlsv1_3")[key].neutral, does, key)
      end
    end)
  end

  for side, places in pairs(PLACES) do
    for place in pairs(places) do
      for _, version in ipairs(pair.versions) do
        local what = ("%s, %s: "):format(place, version)

        it(what .. "a session is resumed under its own policy", function()
          local walk = walker(side, version, place)
          for key, entry in pairs(walk.entries) do
            for _, name in ipairs(type(entry) == "table" and { walk.ends_of(key) } or {}) do
              if walk.full(name, entry.peer).bytes then
                assert.is_true(walk.resumed(name, name, entry.peer), name)
              end
            end
          end
        end)

        it(what .. "none is resumed where a full handshake would fail", function()
          local walk, shaken = walker(side, version, place), 0
          for from, to, peer in walk.pairs() do
            local what_it_is = ("from %s to %s, with %s"):format(from, to, peer)
            assert.are_not.equal(walk.policy(from), walk.policy(to), what_it_is)
            -- A client's session is offered to no server then, which costs nothing.
            if side == "client" or walk.own(from, to) or shaken % EACH == 0 then
              assert.is_false(walk.resumed(from, to, peer), what_it_is)
            end
            shaken = shaken + 1
          end
          assert.is_true(shaken > 10)
        end)
      end
    end
  end
end)
