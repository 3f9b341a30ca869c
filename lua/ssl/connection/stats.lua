--- ssl.connection.stats: the methods for the number of bytes and the age of a connection.

local shim  = require "ssl.ffi.shim"
local arg   = require "ssl.base.arg"
local state = require "ssl.io.state"
local S     = shim.C

local stats = {}

--- Bytes received, bytes sent, age in seconds.
function stats:getstats()
  local st = state.of(self)
  return st.received, st.sent, S.now() - st.born
end

--- Set what getstats reports; nil keeps a value.
-- @treturn number  1
function stats:setstats(received, sent, age)
  local st = state.of(self)
  received = received == nil and st.received or arg.integer(received, 2)
  sent = sent == nil and st.sent or arg.integer(sent, 3)
  st.received, st.sent = received, sent
  if tonumber(age) then st.born = S.now() - tonumber(age) end
  return 1
end

return stats
