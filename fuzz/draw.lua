--- Decisions of a harness, drawn from the bytes of its input.
--
--   local d = draw.new(bytes)
--   d:over()      has all been drawn? Then every further number is 0
--   d:below(n)    0 .. n - 1          d:pick(list)   one of an array
--   d:yes()       true or false       d:text(n)      at most n bytes
--
-- So every string is an input, a shorter one makes fewer decisions, and a smaller byte the
-- simpler one: an input that fails can be made smaller without knowing what it means.

local draw = {}

local methods = {}
methods.__index = methods

function methods:over()
  return self.at > #self.bytes
end

function methods:byte()
  local value = self.bytes:byte(self.at) or 0
  self.at = self.at + 1
  return value
end

--- A number below n, of as many bytes as n needs.
function methods:below(n)
  local value, most = self:byte(), 256
  while most < n do value, most = value * 256 + self:byte(), most * 256 end
  return value % n
end

function methods:yes()
  return self:byte() % 2 == 1
end

function methods:pick(list)
  return list[self:below(#list) + 1]
end

--- Bytes of the input itself, at most n.
function methods:text(n)
  local length = math.min(self:below(n + 1), math.max(#self.bytes - self.at + 1, 0))
  local text = self.bytes:sub(self.at, self.at + length - 1)
  self.at = self.at + length
  return text
end

--- All that is left.
function methods:rest()
  local text = self.bytes:sub(self.at)
  self.at = #self.bytes + 1
  return text
end

function draw.new(bytes)
  return setmetatable({ bytes = bytes, at = 1 }, methods)
end

return draw
