--- Patterns of receive against a model of LuaSocket's: texts that come in records and pieces
-- of any size, over an engine's connection and over a stream, and any sequence of calls.

local draw   = require "fuzz.draw"
local models = require "fuzz.models"
local meet   = require "fuzz.meet"

local target = { about = "patterns of receive against a plain model, any split" }

local MOST = 80

-- What texts are made of: lines, halves of them, and bytes that look like an end of line.
local PIECES = { "\n", "\r", "\r\n", "a", "line\n", "\0", "end\r\n\r\n", "\r\r", "b\rc" }

local PATTERNS = { "*l", "*a", nil }

local function compare(what, ours, model)
  for i = 1, 3 do
    if ours[i] ~= model[i] then
      error(("%s: result %d is %q, and the model's %q"):format(what, i, tostring(ours[i]),
                                                              tostring(model[i])), 0)
    end
  end
end

-- Every third prefix is the partial result of the call before.
local function prefix_of(d, partial)
  local how = d:below(4)
  if how == 0 then return nil end
  if how == 1 then return partial end
  return how == 2 and "" or d:text(5)
end

local STEPS = {
  function(s, d) s.pending = s.pending .. d:pick(PIECES) end,
  function(s, d) s.pending = s.pending .. d:text(30) end,
  function(s, d)
    s.pending = s.pending .. ("x"):rep(d:below(70000)) .. (d:yes() and "\n" or "")
  end,
  function(s)
    if s.over then return end
    s:send(s.pending)
    s.pending = ""
  end,
  -- Some of the ciphertext comes; what is in its whole records can be read.
  function(s, d)
    local plain, ended = s:arrive(d:yes() and math.huge or d:below(400))
    s.model:come(plain)
    if ended then s.model:finish() end
  end,
  function(s, d)
    local kind = d:below(5)
    local pattern = PATTERNS[kind + 1]
    if kind > 2 then pattern = d:below(kind == 3 and 8 or 40000) end
    local prefix = prefix_of(d, s.partial)
    local ours = { s.near:receive(pattern, prefix) }
    compare(("receive(%s, %q)"):format(tostring(pattern), tostring(prefix)), ours,
            { s.model:receive(pattern, prefix) })
    s.partial = ours[3]
  end,
  function(s, d)
    local most = d:yes() and d:below(50) + 1 or nil
    local data, why = s.near:receiveany(most)
    local _, word, n = s.model:receiveany(most)
    if data then
      if data ~= s.model.text:sub(1, #data) or most and #data > most then
        error("receiveany: other bytes", 0)
      end
      s.model:count(#data, "")
    elseif n or why ~= word then
      error(("receiveany: %s, and the model has %s"):format(why, tostring(word or n)), 0)
    end
  end,
  function(s)
    if s.over then return end
    s:finish()
  end,
}

function target.one(bytes)
  local d = draw.new(bytes)
  local s = meet.take(d:yes() and "stream" or "engine", d:yes() and "tlsv1_2" or "tlsv1_3")
  s.model, s.pending, s.partial = models.receive(), "", nil
  for _ = 1, MOST do
    if d:over() then break end
    d:pick(STEPS)(s, d)
  end
  meet.back(s)
end

return target
