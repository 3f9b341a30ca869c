--- ssl.connection.binding: values that only the two ends of one connection share.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local C, K   = lib.C, lib.K

local binding = {
  --- What `export` makes at most. TLS 1.3 ends at 255 digests, TLS 1.2 nowhere.
  LONGEST = 1048576,
}

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
function binding.finished(st)
  return text(C.SSL_get_finished, st)
end

--- The last Finished message received.
-- @treturn string|nil
function binding.peer_finished(st)
  return text(C.SSL_get_peer_finished, st)
end

--- Keying material (RFC 5705, RFC 8446 section 7.5).
-- @tparam string label
-- @tparam number length  bytes, 0 to `binding.LONGEST`
-- @tparam string|nil context  up to TLS 1.2 nil and "" give different material
-- @treturn string|nil  nil when OpenSSL refuses
function binding.export(st, label, length, context)
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

return binding
