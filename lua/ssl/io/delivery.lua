--- ssl.io.delivery: plaintext out of a connection's buffer, as a Lua string.
--
-- The bytes are claimed until the string is made (shim/plaintext.c): a finalizer that runs
-- meanwhile may use the connection. Lua may have no memory for a long string. The peer
-- decides the length of a string, so this must not raise an error: the bytes go back to the
-- buffer.

local ffi              = require "ffi"
local shim             = require "ssl.ffi.shim"
local S                = shim.C
local claim, delivered = S.claim, S.delivered
local tostr            = ffi.string

local delivery = {
  --- The message where memory is refused; Lua's own error has the same text.
  NO_MEMORY = "not enough memory",
}

-- Lua's error for a string that is longer than a string can be.
local OVERFLOW = "string length overflow"

-- From here on a string may be too long for Lua.
local LARGE = 2^20

local function make(p, n, prefix, strip)
  local s = tostr(p, n)
  if strip then s = s:gsub("\r", "") end
  if prefix then s = prefix .. s end
  return s
end

-- Interpreted: LuaJIT 2.1's beta crashes where compiled code meets that error.
local function make_large(p, n, prefix, strip)
  local ok, s = pcall(tostr, p, n)
  if ok and strip then ok, s = pcall(string.gsub, s, "\r", "") end
  if ok and prefix then ok, s = pcall(table.concat, { prefix, s }) end
  if ok then return s end
  if s == delivery.NO_MEMORY or tostring(s):find(OVERFLOW, 1, true) then return false end
  error(s, 0) -- a finalizer's
end
jit.off(make_large)

--- Take n bytes off the front, `skip` more behind them unseen.
-- @tparam table st
-- @tparam cdata conn
-- @tparam number serial  of the front that they were seen at
-- @tparam number n
-- @tparam number skip
-- @tparam[opt] string prefix  to be put before them
-- @tparam[opt=false] boolean strip  leave out each CR
-- @treturn string
-- @treturn nil  the front is another one: a finalizer has received on this connection
-- @treturn false  Lua has no memory for the string
function delivery.take(st, conn, serial, n, skip, prefix, strip)
  local p = claim(conn, serial, n, skip)
  if p == nil then return nil end
  local s
  if n < LARGE and (not prefix or #prefix < LARGE) then
    s = make(p, n, prefix, strip)
  else
    s = make_large(p, n, prefix, strip)
    if not s then
      S.unclaim(conn, p, n + skip)
      return false
    end
  end
  st.received = st.received + n + skip
  delivered(conn)
  return s
end

return delivery
