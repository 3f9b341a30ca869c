--- ssl.session.seal: authenticated entries of a session store.
--
-- A session contains the identity of the client, and a server trusts it. An attacker who can
-- write to the store could pass for any client. So every entry has a MAC (HMAC-SHA256,
-- RFC 2104) over its id, the session id context to which it belongs, its expiry, and
-- OpenSSL's bytes.
--
-- The key is derived (HKDF, RFC 5869) from a secret of the program: `sessionkey`, or the
-- keys of tickets. It is in C memory, once, and wiped there; strings of Lua cannot be
-- wiped. Without a secret the MAC has a public key, and finds accidental changes only.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local C      = lib.C

local seal = {}

--- Can this OpenSSL do it?
seal.supported = lib.has.HMAC and lib.has.CRYPTO_memcmp and true or false

--- The most secrets at a time.
seal.MOST = 16
--- The shortest secret, in bytes.
seal.SHORTEST = 32

local MARK, CONTEXT, EXPIRY, SIZE = "LSFS\2", 32, 16, 32
local LABEL = "luasec-ffi sessionstore entry 2"
-- HKDF's second step, for one block.
local INFO = LABEL .. "\1"
local NO_SALT = ("\0"):rep(SIZE)

local out_t = ffi.typeof("unsigned char[" .. SIZE .. "]")
local keys_t = ffi.metatype(
  ffi.typeof("struct { int lsf_sealing; unsigned char key[" .. seal.MOST .. "][" .. SIZE .. "]; }"),
  { __gc = function(self) C.OPENSSL_cleanse(self, ffi.sizeof(self)) end })

local sha256 = C.EVP_get_digestbyname "SHA256"

local function hmac(key, length, data, out)
  if C.HMAC(sha256, key, length, data, #data, out, nil) == nil then
    errors.clear()
    errors.raise "OpenSSL has no HMAC with SHA-256"
  end
end

local function derive(secret, out)
  local intermediate = out_t()
  hmac(NO_SALT, SIZE, secret, intermediate)
  hmac(intermediate, SIZE, INFO, out)
  C.OPENSSL_cleanse(intermediate, SIZE)
end

--- Keys from these secrets: the first for new entries, every one of them for old ones.
-- @tparam {string,...} secrets  1 to `seal.MOST`
-- @treturn cdata  for the other functions; wiped when it is collected
function seal.keys(secrets)
  local keys = keys_t()
  seal.replace(keys, secrets)
  return keys
end

--- Replace all secrets.
function seal.replace(keys, secrets)
  C.OPENSSL_cleanse(keys, ffi.sizeof(keys))
  for i, secret in ipairs(secrets) do derive(secret, keys.key[i - 1]) end
  keys.lsf_sealing = #secrets
end

-- The text that the MAC covers. Every part has a fixed or stated length, or is the last.
local function covered(id, body)
  return LABEL .. ("%08x"):format(#id) .. id .. body
end

--- An entry.
-- @tparam cdata keys
-- @tparam string id  its id in the store
-- @tparam string context  the session id context, 32 bytes
-- @tparam number expires  seconds since 1970
-- @tparam string der  of OpenSSL's session
-- @treturn string
function seal.close(keys, id, context, expires, der)
  local body = MARK .. context .. ("%016x"):format(expires) .. der
  local mac = out_t()
  hmac(keys.key[0], SIZE, covered(id, body), mac)
  return body .. ffi.string(mac, SIZE)
end

local function authentic(keys, id, body, given)
  local mac, data, found = out_t(), covered(id, body), false
  for i = 0, keys.lsf_sealing - 1 do
    hmac(keys.key[i], SIZE, data, mac)
    if C.CRYPTO_memcmp(mac, given, SIZE) == 0 then found = true end
  end
  return found
end

--- Open an entry.
-- @tparam cdata keys
-- @tparam string id  under which it was found
-- @tparam string entry
-- @treturn string,number,string  context, expiry and DER
-- @treturn nil  it was not made under any of these keys, for this id, as it is
function seal.open(keys, id, entry)
  local head = #MARK + CONTEXT + EXPIRY
  if #entry <= head + SIZE or entry:sub(1, #MARK) ~= MARK then return nil end
  local body = entry:sub(1, -SIZE - 1)
  if not authentic(keys, id, body, entry:sub(-SIZE)) then return nil end
  local expires = tonumber(body:sub(#MARK + CONTEXT + 1, head), 16)
  return body:sub(#MARK + 1, #MARK + CONTEXT), expires, body:sub(head + 1)
end

local function secret(value)
  return type(value) == "string" and #value >= seal.SHORTEST
end

--- The secrets of a store, as an array.
-- @param value  a text of `seal.SHORTEST` bytes or more, or an array of up to `seal.MOST`
-- @treturn {string,...}|nil  nil where it is no such value
function seal.secrets(value)
  if secret(value) then return { value } end
  if type(value) ~= "table" or #value < 1 or #value > seal.MOST then return nil end
  for i = 1, #value do
    if not secret(value[i]) then return nil end
  end
  return value
end

--- What is expected where `seal.secrets` returns nil.
seal.NO_SECRET = ("a secret of %d bytes or more, or an array of 1 to %d of them, expected")
                  :format(seal.SHORTEST, seal.MOST)

return seal
