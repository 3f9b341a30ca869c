--- ssl.feature.dane: a peer's certificate checked against TLSA records (RFC 6698, 7671).
--
-- OpenSSL verifies a certificate that a usable record matches by the rules of the record's
-- usage. Without a usable record it verifies the chain and the name as without DANE. The
-- caller gets the records, and validates them with DNSSEC.

local ffi         = require "ffi"
local lib         = require "ssl.ffi.lib"
local arg         = require "ssl.base.arg"
local errors      = require "ssl.base.errors"
local policy      = require "ssl.session.policy"
local hostname    = require "ssl.x509.hostname"
local lifecycle   = require "ssl.io.lifecycle"
local peername    = require "ssl.feature.peername"
local state       = require "ssl.io.state"
local C, K        = lib.C, lib.K

local dane = {
  --- Can this OpenSSL do it?
  supported = lib.has.SSL_CTX_dane_enable,

  --- The flags of a context, by name.
  flags = { no_ee_namechecks = K.DANE_FLAG_NO_DANE_EE_NAMECHECKS },
}

--- Let the connections of a context use DANE.
-- @tparam table c  the context's state
-- @tparam {string,...} names  of `dane.flags`
-- @treturn true
-- @treturn nil,string
function dane.enable(c, names)
  local raw = c.handle.raw
  if not dane.supported then return nil, "this OpenSSL cannot do it" end
  errors.clear()
  if C.SSL_CTX_dane_enable(raw) <= 0 then return nil, errors.reason() end
  errors.clear()
  c.dane = c.dane or 0
  for _, name in ipairs(names) do
    C.SSL_CTX_dane_set_flags(raw, dane.flags[name])
    c.dane = bit.bor(c.dane, dane.flags[name])
  end
  return true
end

-- A setting during the handshake could come too late: after the certificate was judged.
local function begun(st)
  if lifecycle.closed(st) then return "closed" end
  if not dane.supported then return "this OpenSSL cannot do it" end
  return not lifecycle.fresh(st) and "the handshake has begun"
end

--- Name the peer for DANE: for the name check, and as server name where none was set.
-- Before the handshake, on a context with `dane`.
-- @tparam string name  the name that the TLSA records belong to
-- @treturn true
-- @treturn false,string
function dane:setdane(...)
  local name = ...
  local st = state.of(self)
  name = arg.string(name, 2)
  local why = begun(st)
  if why then return false, why end
  local kind, host = hostname.normalize(name)
  if not kind then return false, host end
  if kind == "ip" then
    return false, "the host name is an IP address: TLSA records belong to names"
  end
  local ssl = st.conn.ssl
  errors.clear()
  if C.SSL_dane_enable(ssl, host) <= 0 then
    return false, ("error enabling DANE (%s)"):format(errors.reason())
  end
  peername.compare(st, host)
  errors.clear()
  policy.demand(st, "dane", host)
  return true
end

local function byte(n)
  return n >= 0 and n <= 255
end

--- Add a TLSA record. After setdane and before the handshake.
-- @tparam number usage  0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE
-- @tparam number selector  0 the certificate, 1 its public key
-- @tparam number mtype  0 the bytes themselves, 1 SHA-256, 2 SHA-512
-- @tparam string data  bytes, not hexadecimal
-- @treturn true
-- @treturn false,string  DANE is off, or the record cannot be used
function dane:settlsa(...)
  local usage, selector, mtype, data = ...
  local st = state.of(self)
  usage, selector = arg.integer(usage, 2), arg.integer(selector, 3)
  mtype, data = arg.integer(mtype, 4), arg.string(data, 5)
  local why = begun(st)
  if why then return false, why end
  if not (byte(usage) and byte(selector) and byte(mtype)) then
    return false, "error adding TLSA record (field not in the range 0 to 255)"
  end
  errors.clear()
  if C.SSL_dane_tlsa_add(st.conn.ssl, usage, selector, mtype, data, #data) <= 0 then
    return false, ("error adding TLSA record (%s)"):format(errors.reason())
  end
  policy.demand(st, ("tlsa:%d:%d:%d"):format(usage, selector, mtype), data)
  errors.clear()
  return true
end

--- The TLSA record that the peer was accepted for, and where in the chain it matched.
-- @treturn number,number,number,string,number  as for `settlsa`, and the depth:
--   0 for the peer's own certificate
-- @treturn nil  none: the peer was not verified, or without DANE
-- @treturn nil,string  "closed"
function dane:gettlsa()
  local st = state.connected(self)
  if not st then return nil, "closed" end
  if not dane.supported then return nil end
  local fields = ffi.new "uint8_t[3]"
  local bytes, length = ffi.new "const unsigned char *[1]", ffi.new "size_t[1]"
  local depth = C.SSL_get0_dane_tlsa(st.conn.ssl, fields, fields + 1, fields + 2,
                                     bytes, length)
  if depth < 0 then return nil end
  return fields[0], fields[1], fields[2], ffi.string(bytes[0], length[0]), depth
end

return dane
