--- ssl.base.lru: a few values by key; where there are too many, the least
-- recently used one goes. Pure Lua.
--
-- For small numbers: a look takes time for each entry.

local lru = {}

local cache = {}
local class = { __index = cache }

--- A cache, empty.
-- @tparam number limit  how many entries it keeps
-- @treturn table
function lru.new(limit)
  return setmetatable({ limit = limit }, class)
end

local function find(self, key)
  for i = 1, #self do
    if self[i].key == key then return i end
  end
end

--- The value under a key, which is the last used one now.
-- @tparam string key
-- @return nil where there is none
function cache:get(key)
  local i = find(self, key)
  if not i then return nil end
  table.insert(self, 1, table.remove(self, i))
  return self[1].value
end

--- Keep a value, as the last used one. It takes the place of another one of that key.
-- @tparam string key
-- @param value  not nil
function cache:put(key, value)
  local i = find(self, key)
  if i then table.remove(self, i) end
  table.insert(self, 1, { key = key, value = value })
  self[self.limit + 1] = nil
end

return lru
