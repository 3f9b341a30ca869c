--- ssl.feature.certcompression: compressed certificates (RFC 8879).
--
-- OpenSSL offers by itself what it was built with, and undoes it. It compresses a server's
-- certificates only where that was asked for, once for all connections of the context.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local errors = require "ssl.base.errors"
local C, K   = lib.C, lib.K

local compression = {
  --- Can this OpenSSL choose at all?
  supported = lib.has.SSL_CTX_set1_cert_comp_preference
          and lib.has.SSL_set1_cert_comp_preference and lib.has.SSL_CTX_compress_certs or false,
}

-- In OpenSSL's own order. Versions before 3.2 have no numbers for them.
local NAMES = { "brotli", "zlib", "zstd" }
local NUMBERS = { brotli = K.TLSEXT_comp_cert_brotli, zlib = K.TLSEXT_comp_cert_zlib,
                  zstd = K.TLSEXT_comp_cert_zstd }

local KNOWN = { brotli = true, zlib = true, zstd = true }

local list_t = ffi.typeof "int[?]"

local function set(f, object, names)
  local list = list_t(#names + 1)
  for i, name in ipairs(names) do list[i - 1] = NUMBERS[name] end
  return f(object, list, #names) == 1
end

local known

--- The algorithms that this OpenSSL has.
-- @treturn {string,...}  in OpenSSL's order
function compression.list()
  if known then return known end
  local found = {}
  local raw = compression.supported and C.SSL_CTX_new(C.TLS_method()) or nil
  for _, name in ipairs(raw ~= nil and NAMES or {}) do
    if set(C.SSL_CTX_set1_cert_comp_preference, raw, { name }) then found[#found + 1] = name end
  end
  if raw ~= nil then C.SSL_CTX_free(raw) end
  errors.clear()
  known = found
  return found
end

--- The same as a set, for ssl.config; nil where there is none.
function compression.set()
  local out = {}
  for _, name in ipairs(compression.list()) do out[name] = true end
  return next(out) and out or nil
end

--- Offer these algorithms, the best first, and compress the own certificates by them.
-- @tparam table c  state of the context, which has its certificates
-- @tparam {string,...} names
-- @treturn true
-- @treturn nil,string  the mistake
function compression.prefer(c, names)
  local there = compression.set() or {}
  if #names == 0 then return nil, "empty list" end
  for i, name in ipairs(names) do
    if not there[name] then
      local fault = KNOWN[name] and "this OpenSSL cannot do '%s'" or "unknown algorithm '%s'"
      return nil, fault:format(name)
    end
    for j = 1, i - 1 do
      if names[j] == name then return nil, ("'%s' twice"):format(name) end
    end
  end
  local raw = c.handle.raw
  errors.clear()
  if not set(C.SSL_CTX_set1_cert_comp_preference, raw, names) then return nil, errors.reason() end
  -- What does not get shorter stays as it is.
  C.SSL_CTX_compress_certs(raw, 0)
  errors.clear()
  c.certcompression = table.concat(names, ":")
  return true
end

--- A connection gets another context.
-- @tparam table st
-- @tparam table c  the state of that
function compression.switch(st, c)
  local names = {}
  for name in (c.certcompression or table.concat(compression.list(), ":")):gmatch "[^:]+" do
    names[#names + 1] = name
  end
  set(C.SSL_set1_cert_comp_preference, st.conn.ssl, names)
end

return compression
