--- ssl.io.inbound: ciphertext that comes through Lua, on its way to OpenSSL.
--
-- A stream receives it; an engine gets it from `feed`. The BIO has one buffer. Short strings
-- are copied into it, one behind the other. A long string is lent to the BIO, which reads it
-- without a copy. Further strings wait here, in order. So each byte costs the same, if bytes
-- come one at a time or all at once.

local shim       = require "ssl.ffi.shim"
local ciphertext = require "ssl.io.ciphertext"
local S          = shim.C

local inbound = {}

-- From this length on a copy costs more than it does to keep the string.
local LONG = 16384

--- Ciphertext comes and goes through Lua, and not through a descriptor.
-- @tparam table st
-- @tparam table transport  waits for it and carries it
function inbound.open(st, transport)
  st.transport, st.conn.by_lua = transport, 1
end

--- Nothing follows the bytes that the BIO has.
-- @tparam table st
function inbound.ended(st)
  st.conn.in_eof = 1
end

--- Put bytes behind those that wait.
-- @tparam table st
-- @tparam string bytes
function inbound.push(st, bytes)
  if bytes == "" then return end
  local waiting = st.inbound or { first = 1, last = 0, done = 0, size = 0, lent = false }
  st.inbound = waiting
  waiting.last, waiting.size = waiting.last + 1, waiting.size + #bytes
  waiting[waiting.last] = bytes
end

-- A string that was lent may go when the BIO has read it.
local function let_go(st, waiting)
  if waiting.lent and st.conn.in_lent == 0 then waiting.lent = false end
end

-- n bytes of the first string are with the BIO.
local function taken(waiting, n)
  local first = waiting.first
  waiting.done, waiting.size = waiting.done + n, waiting.size - n
  if waiting.done < #waiting[first] then return end
  waiting[first], waiting.first, waiting.done = nil, first + 1, 0
end

-- As many bytes of the first string as the BIO takes: how many, or -1 without memory.
local function give(st, waiting)
  local conn, bytes = st.conn, waiting[waiting.first]
  local done = waiting.done
  local n = #bytes - done
  if n >= LONG and S.lend(conn, bytes, done, n) == 1 then
    waiting.lent = bytes
    return n
  end
  return S.feed(conn, bytes, done, n)
end

--- Give the BIO what it takes of the bytes that wait.
-- @tparam table st
-- @treturn boolean  did it take any, or fail in a way that the next read reports?
function inbound.feed(st)
  local waiting, came = st.inbound, false
  if not waiting then return false end
  let_go(st, waiting)
  while waiting.size > 0 do
    local n = give(st, waiting)
    if n < 0 then return true end
    if n == 0 then break end
    taken(waiting, n)
    came = true
  end
  return came
end

--- How many bytes wait.
function inbound.size(st)
  return st.inbound and st.inbound.size or 0
end

--- All bytes that OpenSSL has not read: those in the BIO, and those that wait.
-- @treturn string
function inbound.drain(st)
  local conn, waiting = st.conn, st.inbound
  local held = conn.in_end - conn.in_beg
  local out = { conn.in_lent == 1 and held > 0 and waiting.lent:sub(-held)
                or ciphertext.unread(conn) }
  if waiting and waiting.size > 0 then
    out[2] = waiting[waiting.first]:sub(waiting.done + 1)
    for i = waiting.first + 1, waiting.last do out[#out + 1] = waiting[i] end
  end
  return table.concat(out)
end

--- Forget them, when the connection's struct goes.
function inbound.clear(st)
  st.inbound = false
end

return inbound
