--- A walk over the policies of spec.support.policies: one side, one version.
--
--   local walk = walker.new("server", "tlsv1_3", { ticketkeys = keys })
--
-- `names` are the policies: "base", and "KEY, lax" and "KEY, strict" of each entry that
-- has them. `entries` and `peers` are as spec.support.policies has them.

local ssl         = require "ssl"
local context     = require "ssl.context"
local fingerprint = require "ssl.session.fingerprint"
local meeting     = require "spec.support.meeting"
local policies    = require "spec.support.policies"

local walker = {}
walker.__index = walker

local function add(walk, name, config)
  walk.names[#walk.names + 1], walk.configs[name] = name, config
end

--- @tparam table extra  keys for every context of the side
-- @tparam[opt] function some  some(entries) -> those of them that are walked
function walker.new(side, version, extra, some)
  local entries = policies[side](version)
  local walk = setmetatable({
    side = side, entries = some and some(entries) or entries, peers = policies.peers[side](version),
    names = {}, configs = {}, others = {}, first = {}, second = {}, done = {} }, walker)
  local base = policies.over(policies.base[side](version), extra)
  add(walk, "base", base)
  for key, entry in pairs(walk.entries) do
    for _, which in ipairs { "lax", "strict" } do
      local overlay = type(entry) == "table" and entry[which]
      if overlay then add(walk, key .. ", " .. which, policies.over(base, overlay)) end
    end
  end
  table.sort(walk.names)
  for name, config in pairs(walk.peers) do walk.others[name] = assert(ssl.newcontext(config)) end
  return walk
end

-- The context of a policy out of a table of them.
local function take(walk, list, name)
  if not list[name] then
    local ctx, message = ssl.newcontext(walk.configs[name])
    list[name] = assert(ctx, ("%s: %s"):format(name, message))
  end
  return list[name]
end

local function meet(walk, ctx, peer, session)
  local prepare, other = policies.prepare[peer], walk.others[peer]
  local server, client = ctx, other
  if walk.side == "client" then server, client = other, ctx end
  local out = meeting.of(server, client, prepare, session)
  return { ok = out.ok, resumed = out.resumed, bytes = out.bytes }
end

--- The result of a full handshake under a policy: `ok`, and the session's `bytes`.
function walker:full(name, peer)
  local id = name .. "/" .. peer
  self.done[id] = self.done[id] or meet(self, take(self, self.first, name), peer)
  return self.done[id]
end

--- Is the session that `from` made resumed under `to`, in another context?
function walker:resumed(from, to, peer)
  local session = assert(ssl.importsession(self:full(from, peer).bytes))
  return meet(self, take(self, self.second, to), peer, session).resumed
end

--- The fingerprint of a policy, which keeps sessions apart.
function walker:policy(name)
  local ctx = take(self, self.first, name)
  local known = fingerprint.context(context.state(ctx))
  return context.state(ctx) and known
end

--- The names of an entry's two policies.
function walker:ends_of(key)
  local entry = self.entries[key]
  return entry.lax and key .. ", lax" or "base", entry.strict and key .. ", strict" or "base"
end

local function telling(walk, from, to, peer)
  return walk:full(from, peer).bytes and not walk:full(to, peer).ok
end

--- The keys that can decide: for each its two policies and the peer that tells them
-- apart.
function walker:own_pairs()
  return coroutine.wrap(function()
    for key, entry in pairs(self.entries) do
      if type(entry) == "table" then
        local from, to = self:ends_of(key)
        if telling(self, from, to, entry.peer) then coroutine.yield(from, to, entry.peer) end
      end
    end
  end)
end

--- Every two policies, and a peer with whom a full handshake goes through under the first
-- and fails under the second.
-- @tparam number step  only each so many, of both
function walker:pairs(step)
  return coroutine.wrap(function()
    for peer in pairs(self.peers) do
      for i = 1, #self.names, step do
        for j = 1 + i % step, #self.names, step do
          local from, to = self.names[i], self.names[j]
          if telling(self, from, to, peer) then coroutine.yield(from, to, peer) end
        end
      end
    end
  end)
end

return walker
