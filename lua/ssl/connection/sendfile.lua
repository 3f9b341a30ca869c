--- ssl.connection.sendfile: the method that sends a part of a file.
--
-- The bytes go from the file into one buffer and from there into records: no string is
-- made of them. The file's own position is neither used nor moved, so several
-- connections may send from one file.

local ffi       = require "ffi"
local shim      = require "ssl.ffi.shim"
local arg       = require "ssl.base.arg"
local errors    = require "ssl.base.errors"
local timeout   = require "ssl.io.timeout"
local object    = require "ssl.base.object"
local send      = require "ssl.connection.send"
local lifecycle = require "ssl.io.lifecycle"
local state     = require "ssl.io.state"
local S         = shim.C

local PIECE    = shim.K.LSF_QUEUE_LIMIT
-- What one call sends at most that may not wait: others want their turn.
local AT_ONCE  = 16 * PIECE
local DEEPEST  = 2 ^ 53
local buffer_t = ffi.typeof("unsigned char[?]")

-- A stream's send may yield, and another coroutine may be in here then: each has the
-- buffer for itself.
local spare = false

local function take()
  local buffer = spare or buffer_t(PIECE)
  spare = false
  return buffer
end

local function pieces(st, source, done, last)
  local start, stop = timeout.start(st), st.nowait and done + AT_ONCE or last
  while done < last do
    if done >= stop then return nil, "wantwrite", done end
    local n = S.file_read(source.fd, source.buffer, math.min(PIECE, last - done),
                          source.offset + done)
    if n == 0 then break end
    if n < 0 then return nil, errors.system(-n), done end
    local sent, word, part = send.piece(st, source.buffer, n, start)
    if not sent then return nil, word, done + part end
    done = done + n
  end
  return done, nil, nil
end

local function descriptor(file)
  if io.type(file) == "file" then return S.file_descriptor(file) end
  if io.type(file) then arg.fail(2, "attempt to use a closed file", 2) end
  if type(file) ~= "number" then arg.mismatch("file or descriptor", file, 2, 2) end
  local fd = arg.integer(file, 2, 2)
  return fd
end

local function whole_number(value, default, position)
  if value == nil then return default end
  local n = arg.number(value, position, 2)
  if not (n >= 0 and n <= DEEPEST and n % 1 == 0) then
    arg.fail(position, "not a whole number from 0 on", 2)
  end
  return n
end

--- The method `sendfile`: bytes of a file.
-- @tparam userdata self
-- @tparam file|number file  a file of io.open, or a descriptor that can be read at any
--   place; the caller keeps it open during the call, and closes it
-- @tparam[opt=0] number offset  in bytes, of the first one to send
-- @tparam[opt] number count  bytes at most; without it, up to the end of the file
-- @treturn number,nil,nil  the number of bytes sent: `count`, or less where the file ends
-- @treturn nil,string,number  the message, or the system's about the file, and the number
--   of bytes sent; resume with sendfile(file, offset + sent, count - sent)
local function sendfile(self, ...)
  local file, offset, count = ...
  local st = object.state(self, state.class, 1, 1)
  local fd = descriptor(file)
  offset = whole_number(offset, 0, 3)
  count = whole_number(count, DEEPEST, 4)
  local refusal = lifecycle.refusal(st)
  if refusal then return nil, refusal, 0 end
  local source = { fd = fd, offset = offset, buffer = take() }
  local sent, word, left = send.whole(st, pieces, source, 0, count)
  spare = source.buffer
  return sent, word, left
end

return { sendfile = sendfile }
