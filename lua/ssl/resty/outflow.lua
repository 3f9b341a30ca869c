--- ssl.resty.outflow: what a cosocket's send takes, as one string.

local outflow = {}

local DEEPEST = 100

local function bad(message)
  error(("bad argument #1 to 'send' (%s)"):format(message), 0)
end

local SCALAR = { string = true, number = true, boolean = true, ["nil"] = true }

-- nginx takes arrays alone.
local function check(list)
  for key in pairs(list) do
    if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then
      bad("non-array table found")
    end
  end
end

local function add(parts, value, depth)
  if SCALAR[type(value)] then
    parts[#parts + 1] = tostring(value)
  elseif type(value) == "table" and depth < DEEPEST then
    check(value)
    for i = 1, table.maxn(value) do add(parts, value[i], depth + 1) end
  else
    bad("bad data type " .. type(value) .. " found")
  end
end

--- The bytes of a value.
-- @param data  a string, a number, a boolean, nil, or an array of them and of such arrays
-- @treturn string
-- @raise for other values
function outflow.bytes(data)
  if type(data) == "string" then return data end
  if type(data) ~= "table" and not SCALAR[type(data)] then
    bad("string, number, boolean, nil, or array table expected, got " .. type(data))
  end
  local parts = {}
  add(parts, data, 0)
  return table.concat(parts)
end

return outflow
