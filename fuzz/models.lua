--- What LuaSocket's `receive` returns, over a text that has come in whole: written from its
-- manual, and without a look at lua/ssl/connection/receive.lua.
--
--   local m = models.receive()
--   m:come(bytes)           bytes have come       m:finish()   and nothing comes behind them
--   m:receive(pattern, prefix)  as the method
--
-- Where a call would have to wait the message is "wantread".

local models = {}

local methods = {}
methods.__index = methods

function methods:come(bytes)
  self.text = self.text .. bytes
end

function methods:finish()
  self.ended = true
end

local function take(self, n)
  local data = self.text:sub(1, n)
  self.text = self.text:sub(n + 1)
  return data
end

local function why(self)
  return self.ended and "closed" or "wantread"
end

-- Without CR, wherever it is.
local function bare(text)
  return (text:gsub("\r", ""))
end

function methods:line(prefix)
  local stop = self.text:find("\n", 1, true)
  if stop then return prefix .. bare(take(self, stop):sub(1, -2)), nil, nil end
  return nil, why(self), prefix .. bare(take(self, #self.text))
end

-- All of it is there when the end is, and there is something.
function methods:all(prefix)
  local data = take(self, #self.text)
  if self.ended and data ~= "" then return prefix .. data, nil, nil end
  return nil, why(self), prefix .. data
end

-- So many bytes together with the prefix; 0 waits for something to read.
function methods:count(n, prefix)
  n = math.floor(n)
  if prefix ~= "" and #prefix >= n then return prefix, nil, nil end
  local wanted = n - #prefix
  if #self.text >= math.max(wanted, 1) then return prefix .. take(self, wanted), nil, nil end
  return nil, why(self), prefix .. take(self, #self.text)
end

function methods:receive(pattern, prefix)
  prefix = prefix or ""
  if type(pattern) == "number" then return self:count(pattern, prefix) end
  if pattern == "*a" then return self:all(prefix) end
  return self:line(prefix)
end

--- As `receiveany`.
function methods:receiveany(most)
  if self.text == "" then return nil, why(self) end
  return nil, nil, #self.text < (most or math.huge) and #self.text or most
end

--- @treturn table
function models.receive()
  return setmetatable({ text = "", ended = false }, methods)
end

return models
