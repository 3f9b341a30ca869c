--- ssl.base.nearest: finds the known word that is most like an unknown one.
--
-- Words are compared without case and without "_", by the number of letters that are
-- wrong, missing, too many, or exchanged with their neighbour (Damerau-Levenshtein,
-- each letter changes once at most). Pure Lua.

local nearest = {}

-- Longer words are no misspelling, and comparing them would take long.
local LONGEST = 40

-- Short words are all near to each other, so fewer wrong letters are allowed in them.
local SHORT, TINY = 5, 3

local function plain(word)
  return (word:lower():gsub("_", ""))
end

local function tolerated(word)
  if #word <= TINY then return 0 end
  return #word <= SHORT and 1 or 2
end

-- One row of the table of distances; `before` and `last` are the two rows above it.
local function row(a, b, i, before, last)
  local this = { [0] = i }
  for j = 1, #b do
    local same = a:byte(i) == b:byte(j)
    local best = math.min(last[j] + 1, this[j - 1] + 1, last[j - 1] + (same and 0 or 1))
    if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
      best = math.min(best, before[j - 2] + 1)
    end
    this[j] = best
  end
  return this
end

local function distance(a, b)
  local before, last = nil, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    before, last = last, row(a, b, i, before, last)
  end
  return last[#b]
end

--- The known word that differs by a typing error: at most two letters, one in a word of
-- up to five, none in one of up to three.
-- @tparam string word
-- @tparam {string,...} known  where two are as near, the first in this order
-- @treturn string|nil
function nearest.slip(word, known)
  word = plain(word)
  if word == "" or #word > LONGEST then return nil end
  local found, least = nil, tolerated(word) + 1
  for _, candidate in ipairs(known) do
    local other = plain(candidate)
    local off = math.abs(#other - #word) < least and distance(word, other) or least
    if off < least then found, least = candidate, off end
  end
  return found
end

-- Another library may have a longer name for the same key: verify_mode, ssl_verify.
local function within(word, known)
  local found
  for _, candidate in ipairs(known) do
    local other = plain(candidate)
    local there = word:sub(1, #other) == other or word:sub(-#other) == other
    if there and #other > SHORT - 1 and (not found or #candidate > #found) then
      found = candidate
    end
  end
  return found
end

--- The known word to suggest: a slip, or else the longest one of five letters or more
-- that the word begins or ends with.
-- @treturn string|nil
function nearest.suggestion(word, known)
  local found = nearest.slip(word, known) or within(plain(word), known)
  return found
end

return nearest
