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

-- What `send` has reported, and what the far end has got: the same bytes.
--
--   local m = models.send()
--   m:reported(data, n)   a call has sent n bytes of data; `m.rest` is what is left of it
--   m:come(bytes)         the far end has them
--   m:check()             raises unless that fits
--   m:other()             checked just now: the next call sends something else than the rest
local sending = {}
sending.__index = sending

function sending:reported(data, n)
  self.wanted, self.rest = self.wanted .. data:sub(1, n), data:sub(n + 1)
end

function sending:come(bytes)
  self.got = self.got .. bytes
end

-- From here on a part of what was left may come first: it is of one of these rests.
function sending:other()
  if self.rest ~= "" then table.insert(self.owed, self.rest:sub(#self.got + 1)) end
  self.rest, self.got = "", ""
end

-- The rests that may still come, or nil: what has come is not a part of a rest and what was
-- reported. As long as nothing behind a rest was reported, more of it may come.
local function owed_now(self)
  if self.got == self.wanted then return self.got == "" and self.owed or {} end
  local extra = #self.got - #self.wanted
  for _, rest in ipairs(self.owed) do
    if extra > 0 and extra <= #rest and self.got == rest:sub(1, extra) .. self.wanted then
      return self.wanted == "" and { rest:sub(extra + 1) } or {}
    end
  end
  return nil
end

-- Records of the rest may have left beside what was reported: a call that repeats them reports
-- them when all of them have left.
local function ahead(self)
  local early = #self.got - #self.wanted
  if early <= 0 or early > #self.rest then return false end
  return self.got == self.wanted .. self.rest:sub(1, early) and self.got:sub(-early)
end

function sending:check()
  local early = ahead(self)
  if early then
    self.got, self.wanted, self.owed = early, "", {}
    return
  end
  local owed = owed_now(self)
  if not owed then
    error(("%d bytes have come, and %d were reported: %q, and %q"):format(
      #self.got, #self.wanted, self.got:sub(1, 20), self.wanted:sub(1, 20)), 0)
  end
  self.got, self.wanted, self.owed = "", "", owed
end

--- @treturn table
function models.send()
  return setmetatable({ wanted = "", got = "", rest = "", owed = {} }, sending)
end

return models
