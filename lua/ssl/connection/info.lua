--- ssl.connection.info: the results of negotiation.

local ffi        = require "ffi"
local lib        = require "ssl.ffi.lib"
local lifecycle  = require "ssl.io.lifecycle"
local resumption = require "ssl.session.resumption"
local negotiated = require "ssl.connection.negotiated"
local sni        = require "ssl.handshake.sni"
local state      = require "ssl.io.state"
local later      = require "ssl.base.later"
local rawkey     = later.module "ssl.feature.rawkey"
local ech        = later.module "ssl.feature.ech"
local C          = lib.C

local info = {}

local line_t, bits_t = ffi.typeof "char[256]", ffi.typeof "int[1]"

--- OpenSSL's own line about the cipher, secret bits, algorithm bits, protocol.
-- @treturn string,number,number,string  nothing before a cipher is chosen
function info.cipher(st)
  local ssl = st.conn.ssl
  if not lifecycle.readable(st) then return end
  local cipher = C.SSL_get_current_cipher(ssl)
  if cipher == nil then return end
  local line, bits = line_t(), bits_t()
  local secret = C.SSL_CIPHER_get_bits(cipher, bits)
  return ffi.string(C.SSL_CIPHER_description(cipher, line, ffi.sizeof(line))),
         secret, bits[0], ffi.string(C.SSL_get_version(ssl))
end

--- The name of the compression in use, or nil.
function info.compression(st)
  local method = C.SSL_get_current_compression(st.conn.ssl)
  return method ~= nil and ffi.string(C.SSL_COMP_get_name(method)) or nil
end

-- The protocol that ALPN agreed on, or nil.
local function alpn(st)
  local selected, length = ffi.new "const unsigned char *[1]", ffi.new "unsigned int[1]"
  C.SSL_get0_alpn_selected(st.conn.ssl, selected, length)
  return length[0] > 0 and ffi.string(selected[0], length[0]) or nil
end

local WORDS = { Kx = "key", Au = "authentication", Enc = "encryption", Mac = "mac" }

-- The fields of LuaSec's info().
local function known(st)
  local description, secret, algorithm, protocol = info.cipher(st)
  local out = {
    compression = info.compression(st),
    bits = secret, algbits = algorithm, protocol = protocol, export = false,
  }
  if description then
    out.cipher = description:match("^%S+")
    out.export = description:find("export", 1, true) ~= nil
    for word, value in description:gmatch("(%a+)=(%S+)") do
      if WORDS[word] then out[WORDS[word]] = value end
    end
  end
  return out
end

-- Fields that are not in that description.
local FURTHER = {
  group      = function(st) return negotiated.group(st.conn.ssl) end,
  sigalg     = function(st) return negotiated.sigalg(st.conn.ssl) end,
  resumed    = resumption.resumed,
  servername = sni.name,
  alpn       = alpn,
  rawkey     = function(st) return lib.has.SSL_get0_peer_rpk and rawkey.of_peer(st) or nil end,
  ech        = function(st) return lib.has.SSL_ech_get1_status and ech.result(st) or nil end,
}

-- All fields.
local function fields(st)
  local out = known(st)
  for name, f in pairs(FURTHER) do out[name] = f(st) end
  return out
end

-- One field.
local function one(st, name)
  local f = FURTHER[name]
  if f then return (f(st)) end
  return known(st)[name]
end

--- Facts about the connection: one by name, or all in a table.
-- @tparam[opt] string field  see docs/connection.md
function info:info(field)
  local st = state.connected(self)
  if not st then return nil, "closed" end
  if field then return (one(st, field)) end
  return fields(st)
end

--- The protocol that ALPN agreed on, or nil.
function info:getalpn()
  local st = state.of(self)
  return st.status == "connected" and st.conn.ssl ~= nil and alpn(st) or nil
end

return info
