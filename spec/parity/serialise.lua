--- Values as text that two processes can compare.
--
-- Addresses become *, and a position in the library's own Lua becomes "ssl.lua:N".

local function escape(c)
  return ("\\%03d"):format(c:byte())
end

local function quoted(text)
  text = text:gsub("0x%x%x%x+", "0x*"):gsub("[^%s:]*/ssl[%w_/]*%.lua:%d+:",
                                                       "ssl.lua:N:")
  return '"' .. text:gsub('[%c"\\\127-\255]', escape) .. '"'
end

local value

local function before(a, b)
  if type(a) == type(b) and type(a) ~= "boolean" then return a < b end
  return tostring(type(a)) < tostring(type(b))
end

local function members(t, depth)
  local keys, out = {}, {}
  for key in pairs(t) do
    if type(key) == "string" or type(key) == "number" then keys[#keys + 1] = key end
  end
  table.sort(keys, before)
  for i, key in ipairs(keys) do
    out[i] = ("[%s]=%s"):format(value(key, depth + 1), value(t[key], depth + 1))
  end
  return "{" .. table.concat(out, ", ") .. "}"
end

function value(v, depth)
  local kind = type(v)
  if kind == "string" then return quoted(v) end
  if kind == "number" then return ("%.14g"):format(v) end
  if kind == "table" then return depth < 8 and members(v, depth) or "{...}" end
  if kind == "userdata" then return "userdata " .. quoted(tostring(v)) end
  if kind == "nil" or kind == "boolean" then return tostring(v) end
  return kind
end

--- How a protected call ended: "raises X", or "N values" and each of them.
return function(ok, ...)
  if not ok then return "raises " .. value((...), 0) end
  local n, out = select("#", ...), {}
  for i = 1, n do out[i] = value((select(i, ...)), 0) end
  return ("%d: %s"):format(n, table.concat(out, ", "))
end
