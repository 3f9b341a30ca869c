--- Changes of bytes on the way, as an attacker makes them. Each takes decisions (fuzz/draw.lua)
-- and the bytes, and returns the bytes.

local bit    = require "bit"
local forger = require "spec.support.forger"

local alter = {}

local HEAD, MESSAGE_HEAD, HANDSHAKE = 5, 4, 22

local function u16(n) return string.char(bit.band(bit.rshift(n, 8), 255), bit.band(n, 255)) end

local function u24(n) return string.char(bit.band(bit.rshift(n, 16), 255)) .. u16(n) end

local function replaced(s, from, to, text)
  return s:sub(1, from - 1) .. text .. s:sub(to + 1)
end

--- One byte.
function alter.byte(d, s)
  if s == "" then return s end
  local at = d:below(#s) + 1
  return replaced(s, at, at, string.char(bit.bxor(s:byte(at), d:byte())))
end

--- Bytes go, and others come, the input's own.
function alter.bytes(d, s)
  local at = d:below(#s + 1) + 1
  return replaced(s, at, at + d:below(20) - 1, d:text(30))
end

-- Where records begin, and their lengths.
local function records(s)
  local found, at = {}, 1
  while at + HEAD <= #s do
    local length = HEAD + s:byte(at + 3) * 256 + s:byte(at + 4)
    if at + length - 1 > #s then break end
    found[#found + 1] = { at, at + length - 1 }
    at = at + length
  end
  return found
end

local TYPES = { 20, 21, 22, 23, 24, 0 }

-- Of a record: dropped, twice, exchanged with the next, or one of its own in front, inside.
local on_record = {
  function(_, s, r) return replaced(s, r[1], r[2], "") end,
  function(_, s, r) return replaced(s, r[1], r[1] - 1, s:sub(r[1], r[2])) end,
  function(_, s, r, list)
    local after = list[r.index + 1]
    if not after then return s end
    return s:sub(1, r[1] - 1) .. s:sub(after[1], after[2]) .. s:sub(r[1], r[2])
           .. s:sub(after[2] + 1)
  end,
  function(d, s, r)
    local text = d:text(40)
    local record = string.char(d:pick(TYPES)) .. "\3\3" .. u16(#text) .. text
    return replaced(s, r[1], r[1] - 1, record)
  end,
  function(d, s, r)
    local cut = d:below(r[2] - r[1] - HEAD + 2)
    local body = s:sub(r[1] + HEAD, r[2])
    local function part(text) return s:sub(r[1], r[1] + 2) .. u16(#text) .. text end
    return replaced(s, r[1], r[2], part(body:sub(1, cut)) .. part(body:sub(cut + 1)))
  end,
  function(d, s, r) return replaced(s, r[1], r[1], string.char(d:pick(TYPES))) end,
}

--- A record.
function alter.record(d, s)
  local list = records(s)
  if #list == 0 then return s end
  local i = d:below(#list) + 1
  list[i].index = i
  return d:pick(on_record)(d, s, list[i], list)
end

-- A handshake message of these, its length put right; or its type; or twice; or gone.
local function changed(d, text)
  local at, found = 1, {}
  while at + MESSAGE_HEAD - 1 <= #text do
    local length = text:byte(at + 1) * 65536 + text:byte(at + 2) * 256 + text:byte(at + 3)
    found[#found + 1] = { at, math.min(at + MESSAGE_HEAD + length - 1, #text) }
    at = at + MESSAGE_HEAD + length
  end
  if #found == 0 then return text end
  local m = d:pick(found)
  local body = text:sub(m[1] + MESSAGE_HEAD, m[2])
  local kind = d:below(6)
  if kind == 0 then body = alter.byte(d, body)
  elseif kind == 1 then body = alter.bytes(d, body)
  elseif kind == 2 then return replaced(text, m[1], m[1], string.char(d:byte()))
  elseif kind == 3 then return replaced(text, m[1], m[1] - 1, text:sub(m[1], m[2]))
  elseif kind == 4 then return replaced(text, m[1], m[2], "")
  else body = body:sub(1, d:below(#body + 1)) end
  return replaced(text, m[1] + 1, m[2], u24(#body) .. body)
end

--- A message of the handshake that is not encrypted.
function alter.message(d, s)
  for _, r in ipairs(records(s)) do
    if s:byte(r[1]) == HANDSHAKE then
      local text = changed(d, s:sub(r[1] + HEAD, r[2]))
      return replaced(s, r[1] + 3, r[2], u16(#text) .. text)
    end
  end
  return s
end

local KINDS = { 22, 23, 21, 20, 0, 24 }

-- What an encrypted record has inside.
local function inner(d, content, kind)
  local how = d:below(5)
  if how == 0 then return changed(d, content), kind end
  if how == 1 then return alter.byte(d, content), kind end
  if how == 2 then return alter.bytes(d, content), kind end
  if how == 3 then return content, d:pick(KINDS) end
  return d:text(60), d:pick(KINDS)
end

--- An encrypted record of TLS 1.3, with its keys.
-- @tparam {string,...} secrets  of the direction, in hexadecimal
-- @treturn string
-- @treturn boolean  was one opened and sealed again?
function alter.sealed(d, s, secrets)
  local list = records(s)
  if #list == 0 then return s, false end
  local r = list[d:below(#list) + 1]
  local record = s:sub(r[1], r[2])
  for _, secret in ipairs(secrets) do
    local content, kind, number = forger.open(secret, record)
    if content then
      content, kind = inner(d, content, kind)
      return replaced(s, r[1], r[2], forger.seal(secret, number, kind, content)), true
    end
  end
  return s, false
end

return alter
