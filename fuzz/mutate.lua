--- Mutations of bytes, for where libFuzzer is not.

local bit = require "bit"

local mutate = {}

local random = math.random

-- Ends of ranges, as lengths and counters meet them.
local ODD = { 0, 1, 0x7f, 0x80, 0xfe, 0xff, 10, 13, 32, 48 }

local function place(s) return random(0, #s) end

local kinds = {
  function(s)
    local at = random(1, #s)
    return s:sub(1, at - 1) .. string.char(bit.bxor(s:byte(at), 2 ^ random(0, 7)))
           .. s:sub(at + 1)
  end,
  function(s)
    local at = random(1, #s)
    return s:sub(1, at - 1) .. string.char(ODD[random(#ODD)]) .. s:sub(at + 1)
  end,
  function(s)
    local at = random(1, #s)
    return s:sub(1, at - 1) .. string.char(random(0, 255)) .. s:sub(at + 1)
  end,
  function(s)
    local at = place(s)
    return s:sub(1, at) .. string.char(random(0, 255)) .. s:sub(at + 1)
  end,
  function(s)
    local at = random(1, #s)
    return s:sub(1, at - 1) .. s:sub(at + random(1, 1 + math.floor(#s / 8)))
  end,
  function(s)
    local from, to = random(1, #s), place(s)
    return s:sub(1, to) .. s:sub(from, from + random(0, 31)) .. s:sub(to + 1)
  end,
  function(s) return s:sub(1, random(1, #s)) end,
}

--- Change bytes in some places.
-- @tparam string bytes
-- @tparam string other  another input, whose second half may take the place of that of this one
-- @treturn string
function mutate.bytes(bytes, other)
  if random(8) == 1 then bytes = bytes:sub(1, place(bytes)) .. other:sub(place(other) + 1) end
  for _ = 1, 2 ^ random(0, 3) do
    if bytes == "" then bytes = string.char(random(0, 255)) end
    bytes = kinds[random(#kinds)](bytes)
  end
  return bytes
end

-- Without these bytes.
local function cut(bytes, at, length)
  return bytes:sub(1, at - 1) .. bytes:sub(at + length)
end

-- The same with a byte that is simpler.
local function simple(bytes, at)
  return bytes:sub(1, at - 1) .. "\0" .. bytes:sub(at + 1)
end

local function pass(bytes, fails, step, change)
  local at = 1
  while at <= #bytes do
    local less = change(bytes, at, step)
    if less ~= bytes and fails(less) then bytes = less else at = at + step end
  end
  return bytes
end

--- The smallest input that still fails.
-- @tparam string bytes  one that fails
-- @tparam function fails
-- @treturn string
function mutate.shrink(bytes, fails)
  local before
  repeat
    before = bytes
    local step = math.max(#bytes, 1)
    repeat
      step = math.ceil(step / 2)
      bytes = pass(bytes, fails, step, cut)
    until step == 1
    bytes = pass(bytes, fails, 1, simple)
  until bytes == before
  return bytes
end

return mutate
