--- ssl.io.ciphertext: bytes of the BIO's buffers as Lua strings.
--
-- A finalizer may use or close the connection while Lua makes a string of the bytes at a
-- pointer. So the shim copies the bytes first, into memory of this module. A finalizer
-- that runs meanwhile finds that memory taken, and allocates its own.

local ffi   = require "ffi"
local shim  = require "ssl.ffi.shim"
local S, K  = shim.C, shim.K
local tostr = ffi.string

local ciphertext = {}

local buffer_t = ffi.typeof("unsigned char[" .. K.LSF_BUFFER .. "]")
local spare = false

local function take()
  local buffer = spare or buffer_t()
  spare = false
  return buffer
end

local function give(buffer, n)
  local bytes = tostr(buffer, n)
  spare = buffer
  return bytes
end

--- The first bytes of the queued output; they stay in the queue.
-- @tparam cdata conn
-- @tparam number most
-- @treturn string
function ciphertext.queued(conn, most)
  local buffer = take()
  return give(buffer, S.queued(conn, buffer, most))
end

--- All that is queued for the transport, which has it from now on.
-- @tparam cdata conn
-- @treturn string
function ciphertext.drain(conn)
  if conn.out_beg == conn.out_end then return "" end
  local buffer = take()
  return give(buffer, S.dequeue(conn, buffer))
end

--- The bytes of the input buffer that OpenSSL has not read; they stay there.
-- @tparam cdata conn
-- @treturn string
function ciphertext.unread(conn)
  local buffer = take()
  return give(buffer, S.unread(conn, buffer))
end

return ciphertext
