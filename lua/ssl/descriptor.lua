--- ssl.descriptor: the transport that is a socket's descriptor.
--
-- The BIO moves the bytes itself (shim/descriptor.c); what is left for Lua is to
-- wait. A transport is a table with `wait(conn, word, seconds)` -> boolean.

local shim = require "ssl.ffi.shim"
local wait = shim.C.wait

local descriptor = {}

local READ, WRITE = 1, 2

--- Wait until the descriptor is ready for what OpenSSL wants, and for writing
-- while output is queued.
-- @treturn boolean  false when the time is over
function descriptor.wait(conn, word, seconds)
  local events = word == "wantwrite" and WRITE or READ
  if events == READ and conn.out_beg ~= conn.out_end then events = READ + WRITE end
  return wait(conn.fd, events, seconds) ~= 0
end

return descriptor
