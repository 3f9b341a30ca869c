--- ssl.resty.inflow: how a cosocket receives, over a TLS connection.
--
-- `receiveuntil` reads ahead of its pattern. What it has read is held here, and every
-- receive begins with it.

local ready = require("ssl.connection.receive").ready

local find, sub = string.find, string.sub

local inflow = {}

local CHUNK = 16384

-- A peer that never sends the pattern cannot grow the process without end: as `maxall`.
local MOST = 2^29

-- As many results as nginx has.
local function result(data, why, partial)
  if data then return data end
  return nil, why, partial or ""
end

local function cut(self, n, behind)
  local held = self.held
  self.held = sub(held, behind or n + 1)
  return sub(held, 1, n)
end

-- All that is held, as the prefix of a longer result.
local function prefix(self)
  return cut(self, #self.held)
end

local function line(self)
  local at = find(self.held, "\n", 1, true)
  if at then return (cut(self, at - 1, at + 1):gsub("\r", "")) end
  return result(self.conn:receive("*l", (prefix(self):gsub("\r", ""))))
end

local function bytes(self, n)
  if n == 0 then return "" end
  if n <= #self.held then return cut(self, n) end
  return result(self.conn:receive(n, prefix(self)))
end

--- As the cosocket's receive.
-- @tparam table self  `conn`, and `held`, which is "" in the beginning
-- @param pattern  "*l", the default, "*a", or a number
function inflow.receive(self, pattern)
  local n = tonumber(pattern)
  if n then return bytes(self, n) end
  if self.held == "" then return result(self.conn:receive(pattern)) end
  if pattern == "*a" then return result(self.conn:receive("*a", prefix(self))) end
  return line(self)
end

--- The result of `receive` where all of it has been decrypted; nil otherwise.
function inflow.ready(self, pattern)
  if self.held ~= "" then return nil end
  if pattern == "*l" then return ready(self.conn) end
  if type(pattern) == "number" and pattern >= 1 then return ready(self.conn, pattern) end
end

--- As the cosocket's receiveany.
function inflow.any(self, most)
  if self.held ~= "" then return cut(self, most) end
  return result(self.conn:receiveany(most))
end

local function fill(self)
  local data, why = self.conn:receiveany(CHUNK)
  if not data then return false, why end
  self.held = self.held .. data
  return true
end

-- How many bytes at the end may be the beginning of the pattern.
local function begun(held, pattern)
  for n = math.min(#held, #pattern - 1), 1, -1 do
    if sub(held, -n) == sub(pattern, 1, n) then return n end
  end
  return 0
end

-- After a time-out the pattern may have begun already, and the next call goes on. After an
-- end all bytes are due.
local function failed(self, pattern, why, parts)
  local kept = why == "timeout" and begun(self.held, pattern) or 0
  parts[#parts + 1] = cut(self, #self.held - kept)
  return nil, why, table.concat(parts)
end

-- Up to the pattern. Bytes that cannot belong to it are set aside, so that none is searched
-- twice.
local function whole(self, pattern, behind)
  local parts, size = {}, 0
  while true do
    local at = find(self.held, pattern, 1, true)
    if at then
      parts[#parts + 1] = cut(self, at - 1 + behind, at + #pattern)
      return table.concat(parts)
    end
    local safe = #self.held - #pattern + 1
    if safe > 0 then
      parts[#parts + 1] = cut(self, safe)
      size = size + safe
    end
    if size > MOST then return nil, "too long", table.concat(parts) end
    local ok, why = fill(self)
    if not ok then return failed(self, pattern, why, parts) end
  end
end

-- At most `size` bytes of that. The second result is true at the pattern.
local function piece(self, pattern, behind, size)
  while true do
    local at = find(self.held, pattern, 1, true)
    local free = at and at - 1 or #self.held - begun(self.held, pattern)
    if free >= size then return cut(self, size) end
    if at then return cut(self, at - 1 + behind, at + #pattern), true end
    local ok, why = fill(self)
    if not ok then return failed(self, pattern, why, {}) end
  end
end

--- As the cosocket's receiveuntil.
-- @tparam table self
-- @tparam string pattern  not empty
-- @tparam boolean inclusive  the pattern belongs to the result
-- @treturn function  of `self` and a size: returns the bytes before the pattern; with the size at
--   most so many, and after the last of them nil without a message
function inflow.reader(self, pattern, inclusive)
  local behind, ended = inclusive and #pattern or 0, false
  return function(_, size)
    size = math.min(math.max(math.floor(tonumber(size) or 0), 0), MOST)
    if not self.conn then return nil, "closed" end
    if ended then
      ended = false
      return nil, nil, nil
    end
    if size == 0 then return whole(self, pattern, behind) end
    local data, last, partial = piece(self, pattern, behind, size)
    if not data then return nil, last, partial end
    ended = last == true
    return data
  end
end

return inflow
