-- A session is resumed only where a full handshake under the policy of now would go
-- through with the same peer. Every pair of policies is walked: one that made the
-- session, one that is asked to resume it, over every key that belongs to a policy.

describe("the walk of policies:", function()
  local house    = require "spec.support.init"
  local pair     = require "spec.support.pair"
  local policies = require "spec.support.policies"
  local process  = require "spec.support.process"
  local sessions = require "spec.support.sessions"
  local values   = require "spec.support.values"
  local walker   = require "spec.support.walker"

  local declared, sides, trusting = {}, {}, {}
  for _, record in ipairs(require "ssl.context.keys") do
    declared[record.key], sides[record.key] = record.policy, record.side
    if record.trust then trusting[#trusting + 1] = record.key end
  end

  setup(policies.begin)
  teardown(function()
    policies.finish()
    process.stop_all()
  end)

  -- The keys of which a walk tries the policies: all, or every fourth where everything is
  -- slow, by the place of sessions. Over one key or another nothing else happens in C.
  local function some(place)
    return function(entries)
      if not house.slow then return entries end
      local kept = {}
      for at, key in ipairs(values.some(entries, 1)) do
        if (at + #place) % 4 == 0 then kept[key] = entries[key] end
      end
      return kept
    end
  end

  -- Policies are walked in steps of STEP, and one of EACH pairs is tried by a handshake. The
  -- fingerprints of all pairs are compared.
  local STEP, EACH = house.scale(1, 3), house.scale(20, 10)

  -- The places of sessions: keys of the side's contexts.
  local PLACES = {
    client = { ["a client"] = {} },
    server = { ["a server with tickets"] = { ticketkeys = { sessions.key "w" } },
               ["a server with a store"] = { sessionstore = sessions.store(),
                                             sessionkey = ("s"):rep(32) } },
  }

  -- The versions over the at-th of a list.
  local function tried(at)
    local out = {}
    for i, version in ipairs(pair.versions) do
      if house.crossed(at, i) then out[#out + 1] = version end
    end
    return out
  end

  local walks = {}

  -- The same walk again: the tried pairs are known.
  local function walk_of(side, version, place)
    place = place or next(PLACES[side])
    local id = side .. version .. place
    walks[id] = walks[id] or walker.new(side, version, PLACES[side][place], some(place))
    return walks[id]
  end

  it("has every key that decides about trust", function()
    assert.is_true(#trusting > 5)
    for _, key in ipairs(trusting) do assert.is_true(declared[key], key) end
  end)

  for side in pairs(PLACES) do
    it("has an entry for each key of a " .. side .. " that belongs to the policy", function()
      for _, version in ipairs(pair.versions) do
        local entries = policies[side](version)
        for key, counts in pairs(declared) do
          if counts == true then assert.is_truthy(entries[key], key) end
        end
        for key, entry in pairs(entries) do
          assert.is_true(declared[key], key)
          -- A reason in the place of two policies: the key is for the other side.
          local other = sides[key] ~= "both" and sides[key] ~= side or key == "mode"
                     or policies.elsewhere[key] ~= nil
          assert.equal(other, type(entry) == "string", key)
        end
      end
    end)

    it("shows for each key of a " .. side .. " that it can decide", function()
      local decides = {}
      for _, version in ipairs(pair.versions) do
        local walk = walk_of(side, version)
        for key, entry in pairs(walk.entries) do
          if type(entry) == "table" then
            local lax, strict = walk:ends_of(key)
            local before, now = walk:full(lax, entry.peer).ok, walk:full(strict, entry.peer).ok
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

  local function apart(walk, from, to, peer, asked)
    local what = ("from %s to %s, with %s"):format(from, to, peer)
    assert.are_not.equal(walk:policy(from), walk:policy(to), what)
    if asked then assert.is_false(walk:resumed(from, to, peer), what) end
  end

  -- Where everything is slow, each place over one version, and so is each side below.
  for at, side in ipairs { "client", "server" } do
    for step, place in ipairs(values.some(PLACES[side], 1)) do
      for _, version in ipairs(tried(at + step)) do
        local where = ("%s, %s: "):format(place, version)

        it(where .. "a session is resumed under its own policy", function()
          local walk, count = walk_of(side, version, place), 0
          for key, entry in pairs(walk.entries) do
            for _, name in ipairs(type(entry) == "table" and { walk:ends_of(key) } or {}) do
              if walk:full(name, entry.peer).bytes then
                assert.is_true(walk:resumed(name, name, entry.peer), name)
                count = count + 1
              end
            end
          end
          assert.is_true(count > house.scale(20, 3))
        end)

        it(where .. "none is resumed under the policy that a key makes stricter", function()
          local walk, count = walk_of(side, version, place), 0
          for from, to, peer in walk:own_pairs() do
            apart(walk, from, to, peer, true)
            count = count + 1
          end
          assert.is_true(count > house.scale(15, 1))
        end)
      end
    end
  end

  for at, side in ipairs { "client", "server" } do
    for _, version in ipairs(tried(at)) do
      it(("none of a %s is resumed where a full handshake would fail, %s"):format(side, version),
         function()
        local walk, count = walk_of(side, version, side == "server" and "a server with tickets"), 0
        for from, to, peer in walk:pairs(STEP) do
          apart(walk, from, to, peer, count % EACH == 0)
          count = count + 1
        end
        assert.is_true(count > house.scale(1000, 3))
      end)
    end
  end
end)
