--- Mutations of DER that keep its form: a value changes, and the lengths of all around it with
-- it. Mutations of single bytes rarely get past the first length.

local bit = require "bit"

local der = {}

local MOST_DEPTH = 40

-- Head and length of the value at `at`: tag bytes, first byte of the value, first byte behind.
local function header(bytes, at, last)
  local first = at
  local tag = bytes:byte(at)
  if not tag or at >= last then return end
  at = at + 1
  if bit.band(tag, 31) == 31 then
    while at <= last and bytes:byte(at) >= 128 do at = at + 1 end
    at = at + 1
  end
  local length = bytes:byte(at)
  if not length or at > last then return end
  at = at + 1
  if length >= 128 then
    local n = length - 128
    if n == 0 or n > 3 then return end
    length = 0
    for _ = 1, n do
      length, at = length * 256 + (bytes:byte(at) or 0), at + 1
    end
  end
  if at + length - 1 > last then return end
  return bytes:sub(first, at - 1), at, at + length
end

-- The values between two places, or nil where that is no DER.
local function parse(bytes, first, last, depth)
  local nodes = {}
  while first <= last do
    local head, from, behind = header(bytes, first, last)
    if not head then return nil end
    local tag = head:match "^[\31\63\95\127\159\191\223\255][\128-\255]*." or head:sub(1, 1)
    local node = { tag = tag, value = bytes:sub(from, behind - 1) }
    local wraps = bit.band(tag:byte(), 32) ~= 0 or tag == "\4" or tag == "\3"
    local inner = tag == "\3" and 1 or 0
    if wraps and depth < MOST_DEPTH and behind - from > inner + 1 then
      node.nodes = parse(bytes, from + inner, behind - 1, depth + 1)
      node.before = bytes:sub(from, from + inner - 1)
    end
    nodes[#nodes + 1] = node
    first = behind
  end
  return nodes
end

local function length_of(n)
  if n < 128 then return string.char(n) end
  if n < 256 then return string.char(129, n) end
  if n < 65536 then return string.char(130, math.floor(n / 256), n % 256) end
  return string.char(131, math.floor(n / 65536), math.floor(n / 256) % 256, n % 256)
end

local function write(nodes)
  local out = {}
  for i, node in ipairs(nodes) do
    local value = node.nodes and node.before .. write(node.nodes) or node.value
    out[i] = node.tag .. (node.length or length_of(#value)) .. value
  end
  return table.concat(out)
end

local function collect(nodes, out)
  for i, node in ipairs(nodes) do
    out[#out + 1] = { nodes = nodes, at = i, node = node }
    if node.nodes then collect(node.nodes, out) end
  end
  return out
end

local function copy(node)
  return { tag = node.tag, value = node.nodes and node.before .. write(node.nodes) or node.value }
end

local TAGS = "\1\2\3\4\5\6\10\12\19\20\22\23\24\27\28\30\48\49\128\129\130\135\160\161"

local changes = {
  function(p) table.remove(p.nodes, p.at) end,
  function(p) table.insert(p.nodes, p.at, copy(p.node)) end,
  function(p, other) p.nodes[p.at] = copy(other.node) end,
  function(p, other) table.insert(p.nodes, p.at, copy(other.node)) end,
  function(p, _, random)
    local at = random(#TAGS)
    p.node.tag = TAGS:sub(at, at)
  end,
  function(p) p.node.value, p.node.nodes = "", nil end,
  function(p, _, random)
    local value = copy(p.node).value
    local at = random(0, #value)
    p.node.nodes = nil
    p.node.value = value:sub(1, at) .. string.char(random(0, 255))
                   .. value:sub(at + 1 + random(0, 1))
  end,
  function(p, _, random)
    p.node.nodes = nil
    p.node.value = p.node.value:rep(random(2, 60)):sub(1, 2000)
  end,
  function(p, _, random)
    p.node.nodes = nil
    p.node.value = ("\255"):rep(random(1, 20))
  end,
  function(p, _, random) p.node.length = string.char(random(0, 255)) end,
  function(p) p.node.length = "\132\255\255\255\255" end,
  function(p) p.node.length = "\128" end,
}

--- Change some values of a DER text.
-- @tparam string bytes
-- @tparam number seed
-- @treturn string  the same where this is no DER
function der.mutate(bytes, seed)
  local nodes = parse(bytes, 1, #bytes, 0)
  if not nodes or #nodes == 0 then return bytes end
  -- Numbers of its own: math.random belongs to others.
  local function random(from, to)
    if not to then from, to = 1, from end
    seed = (seed * 16807) % 2147483647
    return from + seed % (to - from + 1)
  end
  seed = seed % 2147483646 + 1
  for _ = 1, random(3) do
    local all = collect(nodes, {})
    if #all > 0 then
      changes[random(#changes)](all[random(#all)], all[random(#all)], random)
    end
  end
  return write(nodes)
end

return der
