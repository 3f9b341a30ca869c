--- ssl.trust.clientca: the authorities that a server names to its clients.
--
-- SSL_CTX_set_client_CA_list(3), RFC 8446 section 4.2.4: a hint for the choice of a
-- certificate, and no check. The context's trusted authorities decide what is accepted.

local ffi           = require "ffi"
local lib           = require "ssl.ffi.lib"
local handle        = require "ssl.ffi.handle"
local errors        = require "ssl.base.errors"
local distinguished = require "ssl.x509.name"
local x509          = require "ssl.x509.certificate"
local C             = lib.C

local clientca = {}

local own_name = handle.type("lsf_X509_NAME *ca_name", "X509_NAME_free")

-- The names stand in a list of at most 65,535 bytes, each with two bytes before it;
-- in TLS 1.3 among other extensions. OpenSSL would fail every handshake.
local MOST = 65000

local function encoded(name)
  local der, length = ffi.new "const unsigned char *[1]", ffi.new "size_t[1]"
  if C.X509_NAME_get0_der(name, der, length) ~= 1 then return nil end
  return ffi.string(der[0], length[0])
end

-- Each name once, as handles, and all of them as one text; or nil and the reason.
local function names(certs)
  local list, texts, seen, size = {}, {}, {}, 0
  errors.clear()
  for _, cert in ipairs(certs) do
    local name = C.X509_get_subject_name(x509.pointer(cert))
    local bytes = encoded(name)
    if not bytes then return nil, errors.reason() end
    if not seen[bytes] then
      seen[bytes], size = true, size + 2 + #bytes
      local copy = own_name(C.X509_NAME_dup(name))
      if not copy then return nil, errors.reason() end
      list[#list + 1], texts[#texts + 1] = copy, bytes
    end
  end
  if size > MOST then
    return nil, ("the names take %d bytes; %d fit"):format(size, MOST)
  end
  return list, table.concat(texts)
end

--- Ask for certificates of these authorities.
-- @tparam table c  state of the context
-- @tparam {userdata,...} certs  the authorities' own
-- @treturn true
-- @treturn nil,string  the reason
function clientca.ask(c, certs)
  local list, text = names(certs)
  if not list then return nil, text end
  local stack = C.OPENSSL_sk_new_null()
  if stack == nil then return nil, errors.reason() end
  for _, name in ipairs(list) do
    if C.OPENSSL_sk_push(stack, name.ca_name) <= 0 then
      C.OPENSSL_sk_free(stack)
      return nil, errors.reason()
    end
  end
  -- The stack owns them from here on.
  for _, name in ipairs(list) do name.ca_name = nil end
  C.SSL_CTX_set_client_CA_list(c.handle.raw, stack)
  c.clientca = text
  errors.clear()
  return true
end

--- The names that a server sends, or that a client has received.
-- @tparam table st
-- @treturn {string,...}  UTF-8, the last entry first (RFC 4514, RFC 2253); empty where
--   none were named
-- @treturn nil,string  OpenSSL has no text for one of them
function clientca.names(st)
  local stack, list = C.SSL_get_client_CA_list(st.conn.ssl), {}
  if stack == nil then return list end
  errors.clear()
  for i = 0, C.OPENSSL_sk_num(stack) - 1 do
    local name = ffi.cast("lsf_X509_NAME *", C.OPENSSL_sk_value(stack, i))
    local text = distinguished.text(name)
    if not text then return nil, ("error reading a name (%s)"):format(errors.reason()) end
    list[i + 1] = text
  end
  errors.clear()
  return list
end

return clientca
