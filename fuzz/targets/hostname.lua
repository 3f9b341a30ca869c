--- Host names against certificates that are made for them, and against OpenSSL's own answer.

local ffi   = require "ffi"
local corpus = require "fuzz.corpus"
local draw  = require "fuzz.draw"
local lib   = require "ssl.ffi.lib"
local ssl   = require "ssl"
local watch = require "fuzz.watch"

ffi.cdef [[
int fuzz_check_host(void *x509, const char *name, size_t length, unsigned int flags, void *peer)
  __asm__("X509_check_host");
int fuzz_check_ip(void *x509, const char *name, unsigned int flags) __asm__("X509_check_ip_asc");
void *fuzz_d2i(void *x509, const unsigned char **at, long length) __asm__("d2i_X509");
void fuzz_free(void *x509) __asm__("X509_free");
]]
local X = lib.openssl.crypto

local target = { about = "host names against certificates, and OpenSSL's answer" }

local function wrap(tag, ...)
  local body = table.concat { ... }
  local n = #body
  local length = n < 128 and string.char(n) or string.char(130, math.floor(n / 256), n % 256)
  return string.char(tag) .. length .. body
end

local SIGNED = wrap(0x30, "\6\8\42\134\72\206\61\4\3\2")
local ALTERNATIVE = "\6\3\85\29\17"
local spki = assert(ssl.loadcertificate(ssl.der(corpus.read "fuzz/fixtures/cert.der"))):spki()

local function certificate(subject, names)
  local common = subject and wrap(0x31, wrap(0x30, "\6\3\85\4\3", wrap(12, subject))) or ""
  local name = wrap(0x30, common)
  local validity = wrap(0x30, wrap(23, "250101000000Z"), wrap(23, "490101000000Z"))
  local extensions = #names > 0 and wrap(0xa3, wrap(0x30, wrap(0x30, ALTERNATIVE,
                       wrap(4, wrap(0x30, unpack(names)))))) or ""
  return wrap(0x30, wrap(0x30, wrap(0xa0, "\2\1\2"), "\2\1\1", SIGNED, name, validity, name, spki,
                         extensions), SIGNED, "\3\2\0\0")
end

local LABELS = { "a", "b", "example", "org", "*", "xn--a", "a*", "*b", "A", "1", "0x1", "a_b", "-",
                 "", "127", "0", "\0", "é", "org\0" }
local ADDRESSES = { "\127\0\0\1", ("\0"):rep(15) .. "\1", "\1", "" }
local NAMES = { "127.0.0.1", "::1", "[::1]", "0.0.0.1", "::ffff:127.0.0.1", "127.1" }

local function host(d)
  if d:below(6) == 5 then return d:below(2) == 1 and d:text(20) or d:pick(NAMES) end
  local labels = {}
  for i = 1, d:below(4) + 1 do labels[i] = d:pick(LABELS) end
  return table.concat(labels, ".")
end

-- RFC 6125, section 6.4: equal, or a whole left-most label.
local function fits(pattern, name)
  pattern = pattern:lower()
  if pattern == name then return true end
  local rest = pattern:match "^%*(%..+)$"
  local label, behind = name:match "^([^.]+)(%..+)$"
  return rest ~= nil and label ~= nil and rest == behind
end

local function may_accept(kind, name, said)
  if kind == "ip" then return said.ip end
  for _, pattern in ipairs(said.dns) do
    if fits(pattern, name) then return true end
  end
  return false
end

-- OpenSSL's own answer, with its defaults: nothing that it refuses is accepted.
local function answer(bytes, kind, name)
  local at = ffi.new "const unsigned char *[1]"
  at[0] = ffi.cast("const unsigned char *", bytes)
  local x509 = X.fuzz_d2i(nil, at, #bytes)
  assert(x509 ~= nil, "the harness makes no certificate")
  local result
  if kind == "ip" then
    result = X.fuzz_check_ip(x509, name, 0)
  else
    result = X.fuzz_check_host(x509, name, #name, 0, nil)
  end
  X.fuzz_free(x509)
  lib.C.ERR_clear_error()
  return result == 1
end

function target.one(bytes)
  local d = draw.new(bytes)
  local said, names = { dns = {}, ip = false }, {}
  for _ = 1, d:below(4) do
    if d:below(5) == 4 then
      names[#names + 1], said.ip = wrap(0x87, d:pick(ADDRESSES)), true
    else
      local pattern = host(d)
      said.dns[#said.dns + 1], names[#names + 1] = pattern, wrap(0x82, pattern)
    end
  end
  local subject = d:yes() and host(d) or nil
  if #names == 0 and subject then said.dns[1] = subject end
  local text = certificate(subject, names)
  local cert = watch.call(ssl.loadcertificate, ssl.der(text))
  if not cert then return end
  for _ = 1, 3 do
    local name = host(d)
    local accepted, why = ssl.checkhostname(cert, name)
    local kind, normal = ssl.hostname(name)
    if not kind then
      assert(accepted == false and type(why) == "string", "accepts what is no host name")
    else
      local theirs = answer(text, kind, normal)
      if accepted and not theirs then error("accepts what OpenSSL refuses: " .. name, 0) end
      if accepted and not may_accept(kind, normal, said) then
        error("accepts another name: " .. name, 0)
      end
      for _, pattern in ipairs(said.dns) do
        if kind == "dns" and pattern:lower() == normal and not accepted then
          error("refuses the very name: " .. name, 0)
        end
      end
    end
  end
end

return target
