--- ssl.connection.exporter: values that only the two ends of one connection have: the Finished
-- messages, and exported keying material.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local arg    = require "ssl.base.arg"
local errors = require "ssl.base.errors"
local state  = require "ssl.io.state"
local C, K   = lib.C, lib.K

local exporter, connected = {}, state.connected

-- The most bytes that can be exported. TLS 1.3 has a limit of 255 digests, TLS 1.2 has none.
local LONGEST = 1048576

-- RFC 5705 gives the context a length of two bytes; OpenSSL would cut off the rest.
local LONGEST_CONTEXT = 65535

local SIZE = K.EVP_MAX_MD_SIZE
local message_t = ffi.typeof("unsigned char[" .. SIZE .. "]")

local function text(get, st)
  local message = message_t()
  local length = math.min(tonumber(get(st.conn.ssl, message, SIZE)), SIZE)
  return length > 0 and ffi.string(message, length) or nil
end

--- The last Finished message sent.
-- @treturn string|nil
function exporter.finished(st)
  return text(C.SSL_get_finished, st)
end

--- The last Finished message received.
-- @treturn string|nil
function exporter.peer_finished(st)
  return text(C.SSL_get_peer_finished, st)
end

--- Keying material (RFC 5705, RFC 8446 section 7.5).
-- @tparam string label
-- @tparam number length  bytes, 0 to 1048576
-- @tparam string|nil context  up to TLS 1.2 nil and "" give different material
-- @treturn string|nil  nil when OpenSSL refuses
function exporter.export(st, label, length, context)
  if context and #context > LONGEST_CONTEXT then return nil end
  local out = ffi.new("unsigned char[?]", length)
  errors.clear()
  local rc = C.SSL_export_keying_material(st.conn.ssl, out, length, label, #label,
                                          context, context and #context or 0,
                                          context and 1 or 0)
  errors.clear()
  local material = rc == 1 and ffi.string(out, length) or nil
  ffi.fill(out, length)
  return material
end

--- The last Finished message that was sent.
function exporter:getfinished()
  local st = connected(self)
  if not st then return nil, "closed" end
  return exporter.finished(st)
end

--- The last Finished message that was received.
function exporter:getpeerfinished()
  local st = connected(self)
  if not st then return nil, "closed" end
  return exporter.peer_finished(st)
end

--- Keying material that only the two ends can make.
-- @tparam string label
-- @tparam number length  in bytes
-- @tparam[opt] string given  the context: up to TLS 1.2 nil and "" differ
function exporter:exportkeyingmaterial(...)
  local label, length, given = ...
  local st = connected(self)
  if not st then return nil, "closed" end
  label, length = arg.string(label, 2), arg.integer(length, 3)
  given = arg.optstring(given, nil, 4)
  if not (length >= 0 and length <= LONGEST) then
    arg.fail(3, ("length not in the range 0 to %d"):format(LONGEST))
  end
  local material = exporter.export(st, label, length, given)
  if not material then return nil, "error exporting keying material" end
  return material
end

return exporter
