--- All strings that can be reached: from the registry, which holds every module, every
-- global and every coroutine, through tables, metatables, upvalues and environments, and
-- from the struct members of cdata that this library makes.
--
--   local where = reachable.find { password = "s3cret" }
--   where.password     nil, or the ways that lead there, as texts
--
-- The search itself is left out: the table of wanted strings, and the stacks of running
-- functions.

local reachable = {}

local function name_of(key)
  return type(key) == "string" and key:gsub("[^%w_.]", "?"):sub(1, 40) or type(key)
end

local function children(value, visit)
  local kind = type(value)
  local meta = debug.getmetatable(value)
  if meta and kind ~= "string" then visit(meta, "<metatable>") end
  if kind == "table" then
    for key, item in next, value do
      visit(key, "<key>")
      visit(item, "." .. name_of(key))
    end
  elseif kind == "function" then
    visit(debug.getfenv(value), "<env>")
    for i = 1, math.huge do
      local name, item = debug.getupvalue(value, i)
      if not name then break end
      visit(item, "^" .. (name == "" and i or name))
    end
  elseif kind == "userdata" or kind == "thread" then
    visit(debug.getfenv(value), "<env>")
  end
end

--- Look for texts.
-- @tparam table wanted  name -> text
-- @tparam[opt] table apart  values that are not looked into, as keys
-- @treturn table  name -> array of ways
-- @treturn number  how many values were seen
function reachable.find(wanted, apart)
  local found, seen, count = {}, { [wanted] = true }, 0
  for value in pairs(apart or {}) do seen[value] = true end
  local queue, ways, first = { debug.getregistry() }, { "registry" }, 1
  seen[queue[1]], seen[queue], seen[ways] = true, true, true
  local function look(text, way)
    for name, secret in pairs(wanted) do
      if text:find(secret, 1, true) then
        found[name] = found[name] or {}
        table.insert(found[name], way)
      end
    end
  end
  seen[seen] = true
  local function visit(value, step)
    local way = ways[first] .. step
    if type(value) == "string" then return look(value, way) end
    if value == nil or type(value) == "number" or type(value) == "boolean"
       or type(value) == "cdata" or seen[value] then
      return
    end
    seen[value], count = true, count + 1
    queue[#queue + 1], ways[#ways + 1] = value, way
  end
  seen[visit], seen[look], seen[reachable.find] = true, true, true
  while queue[first] do
    children(queue[first], visit)
    first = first + 1
  end
  return found, count
end

return reachable
