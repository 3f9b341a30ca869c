--- ssl.x509.der: reading DER (X.690). Pure Lua.
--
-- For the few extensions whose content is small and simple. An element is returned as its
-- tag, and the positions at which its content begins and ends. Bytes that are no DER give
-- nil; no function here raises an error.

local der = {
  BOOLEAN = 1, INTEGER = 2, BIT_STRING = 3, OBJECT = 6, SEQUENCE = 0x30,
}

-- Larger numbers are not exact in a Lua number.
local LONGEST_INTEGER, LONGEST_LENGTH = 6, 4

local function number(data, first, last)
  local n = 0
  for i = first, last do n = n * 256 + data:byte(i) end
  return n
end

--- The element at a place. Tags of one byte only.
-- @tparam string data
-- @tparam[opt=1] number at
-- @tparam[opt=#data] number limit  nothing of it may lie behind
-- @treturn number  the tag
-- @treturn number,number  the first and the last byte of its content
-- @treturn nil
function der.read(data, at, limit)
  at, limit = at or 1, limit or #data
  if at + 1 > limit then return nil end
  local tag, length = data:byte(at, at + 1)
  local first = at + 2
  if tag % 32 == 31 or length == 128 then return nil end
  if length > 128 then
    local size = length - 128
    if size > LONGEST_LENGTH or first + size - 1 > limit then return nil end
    length = number(data, first, first + size - 1)
    first = first + size
  end
  if first + length - 1 > limit then return nil end
  return tag, first, first + length - 1
end

--- The elements of a SEQUENCE that is all of the data.
-- @tparam string data
-- @treturn {{tag=number,content=string},...}
-- @treturn nil
function der.sequence(data)
  local tag, at, last = der.read(data)
  if tag ~= der.SEQUENCE or last ~= #data then return nil end
  local out = {}
  while at <= last do
    local inner, first, finish = der.read(data, at, last)
    if not inner then return nil end
    out[#out + 1] = { tag = inner, content = data:sub(first, finish),
                      whole = data:sub(at, finish) }
    at = finish + 1
  end
  return out
end

--- The value of an INTEGER's content, 0 to 2^47.
-- @treturn number|nil
function der.integer(content)
  if content == "" or #content > LONGEST_INTEGER or content:byte() > 127 then
    return nil
  end
  return number(content, 1, #content)
end

--- An object identifier's content in numbers.
-- @treturn string|nil  "1.3.6.1"; nil also for an arc beyond 2^52
function der.object(content)
  local arcs, arc = {}, 0
  for i = 1, #content do
    local byte = content:byte(i)
    if arc >= 2^45 then return nil end
    arc = arc * 128 + byte % 128
    if byte < 128 then
      arcs[#arcs + 1] = ("%.0f"):format(arc)
      arc = 0
    elseif i == #content then
      return nil
    end
  end
  if not arcs[1] then return nil end
  -- The first two are one number: 40 * a + b, and a is at most 2.
  local both = tonumber(arcs[1])
  local a = math.min(2, math.floor(both / 40))
  arcs[1] = ("%d.%.0f"):format(a, both - 40 * a)
  return table.concat(arcs, ".")
end

return der
