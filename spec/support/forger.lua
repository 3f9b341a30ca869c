--- Records that no TLS library would send: made with a server's key log.
--
-- AES-128-GCM with SHA-256, TLS 1.2 (RFC 5246, RFC 5288) and TLS 1.3 (RFC 8446).
--
--   local forger = require "spec.support.forger"
--   forger.CIPHER, forger.CIPHERSUITE        what the server has to agree on
--   local f = forger.new(version, lines, down)
--   f:record(forger.ALERT, "\2\40")          a record, the next one of the server's
--   f:alert(level, description)              an alert
--
-- `lines` is what the server's `keylog` was told, `down` all bytes that the server has
-- sent. From the first record on the forger speaks for the server: what the server
-- itself would say has a number that is taken.

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"
local bit = require "bit"

for _, text in ipairs {
  "void *HMAC(const void *, const void *, int, const char *, size_t, void *, void *)",
  "const void *EVP_sha256(void)", "const void *EVP_aes_128_gcm(void)",
  "void *EVP_CIPHER_CTX_new(void)", "void EVP_CIPHER_CTX_free(void *)",
  "int EVP_CipherInit_ex(void *, const void *, void *, const char *, const char *, int)",
  "int EVP_CipherUpdate(void *, unsigned char *, int *, const char *, int)",
  "int EVP_CipherFinal_ex(void *, unsigned char *, int *)",
  "int EVP_CIPHER_CTX_ctrl(void *, int, int, void *)",
} do
  local name = text:match "([%w_]+)%("
  ffi.cdef(text:gsub("%f[%w_]" .. name .. "%f[^%w_]", "forger_" .. name)
           .. (' __asm__("%s");'):format(name))
end
local X = lib.openssl.crypto

local forger = { ALERT = 21, HANDSHAKE = 22, DATA = 23,
                 CIPHER = "ECDHE-ECDSA-AES128-GCM-SHA256",
                 CIPHERSUITE = "TLS_AES_128_GCM_SHA256" }

local HEAD, TAG, EXPLICIT = 5, 16, 8
local GET_TAG, SET_TAG = 0x10, 0x11

local function hmac(key, data)
  local out = ffi.new "unsigned char[32]"
  X.forger_HMAC(X.forger_EVP_sha256(), ffi.cast("const char *", key), #key, data, #data,
                out, nil)
  return ffi.string(out, 32)
end

local function u16(n)
  return string.char(bit.rshift(n, 8), bit.band(n, 255))
end

local function u64(n)
  return ("\0"):rep(6) .. u16(n)
end

-- RFC 8446 section 7.1, HKDF-Expand-Label without a context.
local function expand(secret, label, length)
  label = "tls13 " .. label
  return hmac(secret, u16(length) .. string.char(#label) .. label .. "\0\1"):sub(1, length)
end

-- RFC 5246 section 5, P_SHA256.
local function prf(secret, seed, length)
  local a, out = seed, ""
  while #out < length do
    a = hmac(secret, a)
    out = out .. hmac(secret, a .. seed)
  end
  return out:sub(1, length)
end

local function unhex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function xor(a, b)
  local out = {}
  for i = 1, #a do out[i] = string.char(bit.bxor(a:byte(i), b:byte(i))) end
  return table.concat(out)
end

-- AES-GCM in one direction. Text and tag; or the text, nil where the tag is wrong.
local function gcm(key, nonce, extra, text, tag)
  local ctx = X.forger_EVP_CIPHER_CTX_new()
  local out, n = ffi.new("unsigned char[?]", #text + 32), ffi.new "int[1]"
  X.forger_EVP_CipherInit_ex(ctx, X.forger_EVP_aes_128_gcm(), nil, key, nonce, tag and 0 or 1)
  X.forger_EVP_CipherUpdate(ctx, nil, n, extra, #extra)
  X.forger_EVP_CipherUpdate(ctx, out, n, text, #text)
  local room = ffi.new("unsigned char[?]", TAG)
  if tag then
    ffi.copy(room, tag, TAG)
    X.forger_EVP_CIPHER_CTX_ctrl(ctx, SET_TAG, TAG, room)
  end
  local fine = X.forger_EVP_CipherFinal_ex(ctx, out + #text, n) == 1
  if not tag then X.forger_EVP_CIPHER_CTX_ctrl(ctx, GET_TAG, TAG, room) end
  X.forger_EVP_CIPHER_CTX_free(ctx)
  lib.C.ERR_clear_error()
  if not fine then return nil end
  return ffi.string(out, #text), not tag and ffi.string(room, TAG) or nil
end

local ciphers = {}

-- Of each version: its keys; a record sealed, and opened.
ciphers.tlsv1_3 = {
  keys = function(lines)
    local secret = unhex(lines:match "SERVER_TRAFFIC_SECRET_0 %x+ (%x+)")
    return expand(secret, "key", 16), expand(secret, "iv", 12)
  end,
  seal = function(f, kind, content)
    local inner = content .. string.char(kind)
    local head = "\23\3\3" .. u16(#inner + TAG)
    local text, tag = gcm(f.key, xor(f.iv, ("\0"):rep(4) .. u64(f.number)), head, inner)
    return head .. text .. tag
  end,
  opens = function(f, record)
    local body = record:sub(HEAD + 1)
    return gcm(f.key, xor(f.iv, ("\0"):rep(4) .. u64(f.number)), record:sub(1, HEAD),
               body:sub(1, -TAG - 1), body:sub(-TAG)) ~= nil
  end,
}

ciphers.tlsv1_2 = {
  keys = function(lines, down)
    local client_random, master = lines:match "CLIENT_RANDOM (%x+) (%x+)"
    local server_random = down:sub(12, 43)
    local block = prf(unhex(master), "key expansion" .. server_random .. unhex(client_random), 40)
    return block:sub(17, 32), block:sub(37, 40)
  end,
  seal = function(f, kind, content)
    local extra = u64(f.number) .. string.char(kind) .. "\3\3" .. u16(#content)
    local text, tag = gcm(f.key, f.iv .. u64(f.number), extra, content)
    return string.char(kind) .. "\3\3" .. u16(EXPLICIT + #content + TAG) .. u64(f.number)
           .. text .. tag
  end,
  opens = function(f, record)
    local body = record:sub(HEAD + 1)
    if #body < EXPLICIT + TAG then return false end
    local text = body:sub(EXPLICIT + 1, -TAG - 1)
    return gcm(f.key, f.iv .. body:sub(1, EXPLICIT),
               u64(f.number) .. record:sub(1, 3) .. u16(#text), text, body:sub(-TAG)) ~= nil
  end,
}

local methods = {}
methods.__index = methods

--- The next record of the server's.
-- @tparam number kind  forger.ALERT, ...
-- @tparam string content
-- @treturn string
function methods:record(kind, content)
  local record = self.cipher.seal(self, kind, content)
  self.number = self.number + 1
  return record
end

--- The same, of an alert.
function methods:alert(level, description)
  return self:record(forger.ALERT, string.char(level, description))
end

-- One direction of TLS 1.3 at a record.
local function place(secret, number)
  secret = unhex(secret)
  return { key = expand(secret, "key", 16), iv = expand(secret, "iv", 12), number = number }
end

-- More records than a handshake and some data take.
local MOST = 12

--- What an encrypted record of TLS 1.3 has inside.
-- @tparam string secret  of its direction, in hexadecimal, as the key log has it
-- @tparam string record
-- @treturn string,number,number  content, kind, and its number; nil: not under this secret
function forger.open(secret, record)
  local f, body = place(secret, 0), record:sub(HEAD + 1)
  if #body <= TAG then return nil end
  for number = 0, MOST do
    local text = gcm(f.key, xor(f.iv, ("\0"):rep(4) .. u64(number)), record:sub(1, HEAD),
                     body:sub(1, -TAG - 1), body:sub(-TAG))
    if text then
      local content, kind = text:match "^(.-)(.)%z*$"
      return content, content and kind:byte(), number
    end
  end
end

--- The other way round.
-- @tparam string secret
-- @tparam number number
-- @tparam number kind
-- @tparam string content
-- @treturn string  a record
function forger.seal(secret, number, kind, content)
  return ciphers.tlsv1_3.seal(place(secret, number), kind, content)
end

--- @tparam string version  "tlsv1_2" or "tlsv1_3"
-- @tparam string lines
-- @tparam string down
-- @treturn table
function forger.new(version, lines, down)
  local f = setmetatable({ cipher = ciphers[version], number = 0 }, methods)
  f.key, f.iv = f.cipher.keys(lines, down)
  local at = 1
  while at < #down do
    local high, low = down:byte(at + 3, at + 4)
    local record = down:sub(at, at + HEAD - 1 + high * 256 + low)
    if f.cipher.opens(f, record) then f.number = f.number + 1 end
    at = at + #record
  end
  assert(f.number > 0, "none of the server's records is of these keys")
  return f
end

return forger
