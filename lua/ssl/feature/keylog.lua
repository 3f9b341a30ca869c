--- ssl.feature.keylog: the secrets of connections, for programs such as Wireshark.
--
-- OpenSSL reports each secret in the middle of a handshake; the shim keeps the lines
-- (shim/keylog.c), and they go to the file or function when the call is done. A failure
-- there does not affect the connection. The format is NSS's.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local shim   = require "ssl.ffi.shim"
local errors = require "ssl.base.errors"
local C, S   = lib.C, shim.C

local keylog = {}

--- Let a context report its secrets.
-- @tparam table c  state of the context
-- @tparam string|function sink  a file name, or f(line)
-- @treturn true
-- @treturn false,string  the file cannot be opened for writing
function keylog.set(c, sink)
  if type(sink) == "string" then
    local errno = S.keys_save(nil, sink)
    if errno ~= 0 then
      return false, ("error opening keylog %s (%s)"):format(sink, errors.system(errno))
    end
  end
  c.keylog = sink
  C.SSL_CTX_set_keylog_callback(c.handle.raw, shim.callback "keylog")
  return true
end

--- Hand over the lines that wait. A file gets them from C, so that no copy of them
-- stays in Lua's memory; lines that cannot be written are lost.
-- @tparam table st
-- @raise the error of the program's function; the lines that it has not got are lost
function keylog.drain(st)
  local conn = st.conn
  local sink = st.c.keylog
  if type(sink) == "string" then
    S.keys_save(conn, sink)
    return
  end
  local lines = sink and ffi.string(conn.keylog.lines, conn.keylog.length) or ""
  S.keys_wipe(conn)
  for line in lines:gmatch "[^\n]+" do sink(line) end
end

return keylog
