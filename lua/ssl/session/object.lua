--- ssl.session.object: a session that a client can resume, as an object.
--
-- It is a secret: with its bytes anybody can read the data that was sent under it. So no
-- part of it is in messages or in its `tostring`, and only `export` returns its bytes. The
-- object also has the policy under which it was made (ssl.session.fingerprint).
--
-- The form of `export`: a mark, 32 bytes of policy, OpenSSL's DER, and the beginning
-- of a digest of all that, so that cut or damaged bytes are recognised.

local ffi         = require "ffi"
local lib         = require "ssl.ffi.lib"
local handle      = require "ssl.ffi.handle"
local arg         = require "ssl.base.arg"
local errors      = require "ssl.base.errors"
local fingerprint = require "ssl.session.fingerprint"
local object      = require "ssl.base.object"
local gcpressure  = require "ssl.base.gcpressure"
local process     = require "ssl.base.process"
local shim        = require "ssl.ffi.shim"
local C, K, S     = lib.C, lib.K, shim.C

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local session = {}

local own = handle.type("lsf_SSL_SESSION *session", "SSL_SESSION_free")

local MARK, POLICY, CHECK = "LSFS\1", 32, 16
local KILOBYTES = 4
local NOTED = shim.K.LSF_NOTED

local methods = {}
local class
class = object.class("SSL:Session", methods, {
  tostring = function(self)
    return ("SSL session: %p"):format(self)
  end,
  free = function(self)
    if object.is(self, class) then getmetatable(self).handle:drop() end
  end,
})

-- OpenSSL's session, as tostring writes it -> its object, as long as that lives, so that
-- each way to a session leads to the same object and its note "used before". An object
-- leaves this table before its session is freed and the address may be reused.
local known = setmetatable({}, { __mode = "v" })

--- An object for a session.
-- @tparam cdata pointer  whose reference is taken over
-- @tparam string policy  32 bytes
-- @tparam[opt] table from  of ssl.io.sessionorigin
-- @treturn userdata  the same for the same session
function session.own(pointer, policy, from)
  local address = tostring(pointer)
  local before = known[address]
  if before and not getmetatable(before).handle:lost() then
    C.SSL_SESSION_free(pointer)
    return before
  end
  local self, s = object.new(class)
  s.handle, s.policy, s.used, s.from = own(pointer), policy, false, from or false
  s.process = process()
  known[address] = self
  gcpressure.took(KILOBYTES)
  return self
end

--- Is it a session?
function session.is(value)
  return object.is(value, class)
end

--- The state of a session, or an argument error.
function session.state(self, position, level)
  local s = object.state(self, class, position or 1, (level or 1) + 1)
  return s
end

local function single_use(pointer)
  return C.SSL_SESSION_get_protocol_version(pointer) >= K.TLS1_3_VERSION
end

--- Until when it can be resumed.
-- @tparam cdata pointer
-- @treturn number  seconds since 1970
function session.ends(pointer)
  return tonumber(C.SSL_SESSION_get_time(pointer) + C.SSL_SESSION_get_timeout(pointer))
end

--- Let it end then at the latest: session.limit(pointer, time), in seconds since 1970.
session.limit = S.session_limit

--- Let a session end when the peer's certificate expires, or what its verification
-- depended on: session.limit_by_peer(pointer). A resumed handshake checks none of them.
-- The shim does the same for a server's tickets (shim/validity.c).
session.limit_by_peer = S.session_limit_by_peer

--- The errors of verification that were passed over when a session was made, as the shim
-- has noted them (shim/verify.c).
-- @tparam cdata pointer
-- @treturn string  four bytes each
function session.passed_over(pointer)
  if not lib.has.SSL_SESSION_get0_ticket_appdata then return "" end
  local data, length = ffi.new "void *[1]", ffi.new "size_t[1]"
  if C.SSL_SESSION_get0_ticket_appdata(pointer, data, length) ~= 1
     or length[0] < NOTED then
    return ""
  end
  return ffi.string(ffi.cast("char *", data[0]) + NOTED, length[0] - NOTED)
end

--- Has its time passed?
-- @tparam cdata pointer
function session.expired(pointer)
  return session.ends(pointer) <= os.time()
end

--- Why it cannot be resumed, or nil.
-- @tparam table s  its state
function session.unusable(s)
  local pointer = s.handle.session
  if s.handle:lost() then return "closed" end
  if s.used then return "this session was used before" end
  if single_use(pointer) and s.process ~= process() then
    return "this session belongs to another process"
  end
  if s.from and s.from.failed or C.SSL_SESSION_is_resumable(pointer) == 0 then
    return "this session cannot be resumed"
  end
  if session.expired(pointer) then return "this session has expired" end
end

--- It is about to be offered to a server. A session of TLS 1.3 may be offered only once
-- (RFC 8446, appendix C.4), or an observer could recognise the client.
function session.use(s)
  s.used = single_use(s.handle.session)
end

--- The bytes of OpenSSL's session.
-- @tparam cdata pointer
-- @treturn string|nil
function session.encode(pointer)
  local length = C.i2d_SSL_SESSION(pointer, nil)
  if length <= 0 then
    errors.clear()
    return nil
  end
  local bytes, at = ffi.new("unsigned char[?]", length), ffi.new "unsigned char *[1]"
  at[0] = bytes
  local text = C.i2d_SSL_SESSION(pointer, at) == length and ffi.string(bytes, length) or nil
  ffi.fill(bytes, length)
  if not text then errors.clear() end
  return text
end

--- A session from such bytes.
-- @tparam string bytes
-- @treturn cdata|nil  the caller's reference
function session.decode(bytes)
  local text = ffi.cast("const unsigned char *", bytes)
  local at = ffi.new("const unsigned char *[1]", text)
  local pointer = C.d2i_SSL_SESSION(nil, at, #bytes)
  errors.clear()
  if pointer == nil then return nil end
  if at[0] - text ~= #bytes then
    C.SSL_SESSION_free(pointer)
    return nil
  end
  return pointer
end

--- Bytes with a check against damage.
-- @tparam string policy  32 bytes
-- @tparam string der
function session.seal(policy, der)
  local bytes = MARK .. policy .. der
  return bytes .. fingerprint.digest(bytes):sub(1, CHECK)
end

--- The other way round.
-- @treturn string,string  policy and DER
-- @treturn nil  malformed
function session.open(bytes)
  if #bytes <= #MARK + POLICY + CHECK or bytes:sub(1, #MARK) ~= MARK then return nil end
  local sealed = bytes:sub(1, -CHECK - 1)
  if fingerprint.digest(sealed):sub(1, CHECK) ~= bytes:sub(-CHECK) then return nil end
  return sealed:sub(#MARK + 1, #MARK + POLICY), sealed:sub(#MARK + POLICY + 1)
end

--- The session as bytes, for `ssl.importsession`. They are a secret.
-- @treturn string
-- @treturn nil,string  it cannot be resumed: used, expired, or invalidated
function methods:export()
  local s = session.state(self)
  local why = session.unusable(s)
  if why then return nil, why end
  local der = session.encode(s.handle.session)
  if not der then return nil, "this session cannot be exported" end
  return session.seal(s.policy, der)
end

local VERSIONS = {
  [K.SSL3_VERSION] = "SSLv3", [K.TLS1_VERSION] = "TLSv1", [K.TLS1_1_VERSION] = "TLSv1.1",
  [K.TLS1_2_VERSION] = "TLSv1.2", [K.TLS1_3_VERSION] = "TLSv1.3",
}

local length_t = ffi.typeof "unsigned int[1]"

--- The id of OpenSSL's session.
-- @tparam cdata pointer
-- @treturn string
function session.id(pointer)
  local length = length_t()
  local id = C.SSL_SESSION_get_id(pointer, length)
  return ffi.string(id, length[0])
end

--- The session id context that it belongs to.
-- @tparam cdata pointer
-- @treturn string
function session.context(pointer)
  local length = length_t()
  local id = C.SSL_SESSION_get0_id_context(pointer, length)
  return ffi.string(id, length[0])
end

--- Its properties: one field by name, or all in a table.
-- @tparam[opt] string field  see docs/sessions.md
function methods:info(field)
  local s = session.state(self)
  local pointer = s.handle.session
  if s.handle:lost() then return nil, "closed" end
  local fields = {
    protocol  = VERSIONS[C.SSL_SESSION_get_protocol_version(pointer)],
    id        = session.id(pointer),
    time      = tonumber(C.SSL_SESSION_get_time(pointer)),
    timeout   = tonumber(C.SSL_SESSION_get_timeout(pointer)),
    ticket    = C.SSL_SESSION_has_ticket(pointer) == 1,
    singleuse = single_use(pointer),
    resumable = session.unusable(s) == nil,
  }
  if field then return fields[field] end
  return fields
end

--- A session from the bytes of `export`, of this process or of another.
-- @tparam string bytes
-- @treturn ssl.Session
-- @treturn nil,string  "malformed session"
function session.import(...)
  local bytes = ...
  bytes = arg.string(bytes, 1)
  local policy, der = session.open(bytes)
  local pointer = policy and session.decode(der)
  if pointer then return session.own(pointer, policy) end
  errors.newest = { message = "malformed session" }
  return nil, errors.newest.message
end

return session
