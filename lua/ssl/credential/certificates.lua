--- ssl.credential.certificates: certificates from files, texts and objects, and their use by a
-- context.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local errors   = require "ssl.base.errors"
local material = require "ssl.source.material"
local password = require "ssl.source.password"
local x509     = require "ssl.x509.certificate"
local C, K     = lib.C, lib.K

local certificates = {}

local function read_pem(bio)
  return C.PEM_read_bio_X509_AUX(bio, nil, nil, password.NONE)
end

--- The certificates of one source, in its order.
-- @param source  a file name or PEM text (any number of certificates, perhaps none),
--   what ssl.der made (one), or a certificate object
-- @treturn {userdata,...}
-- @treturn nil,string  the reason
function certificates.read(source)
  if x509.is(source) then return { source } end
  local bytes = material.bytes(source)
  if bytes then
    local one, reason = material.decode(bytes, C.d2i_X509, x509.own)
    if not one then return nil, reason end
    return { one }
  end
  return material.decode_all(source, read_pem, x509.own)
end

--- The same for several sources.
-- @tparam table sources  of ssl.source.material
-- @treturn {userdata,...}  at least one
-- @treturn nil,string  the reason
function certificates.collect(sources)
  local all = {}
  for _, source in ipairs(sources) do
    local some, reason = certificates.read(source)
    if not some then return nil, reason end
    -- OpenSSL's text for a file without one.
    if not some[1] then return nil, "no start line" end
    for _, cert in ipairs(some) do all[#all + 1] = cert end
  end
  return all
end

-- Where OpenSSL cannot list its certificates: how often some were loaded, for the policy
-- (ssl.session.fingerprint).
local function note(c)
  if not K.SSL_CTRL_SET_CURRENT_CERT then c.loads = (c.loads or 0) + 1 end
end

--- Show these to the peer.
-- @tparam table c  state of the context
-- @tparam {userdata,...} chain  the leaf first
-- @treturn true
-- @treturn nil,string  the reason
function certificates.use(c, chain)
  local raw = c.handle.raw
  errors.clear()
  local ok = C.SSL_CTX_use_certificate(raw, x509.pointer(chain[1])) == 1
         and C.SSL_CTX_ctrl(raw, K.SSL_CTRL_CHAIN, 0, nil) == 1
  for i = 2, #chain do
    -- 1: with a reference of its own.
    ok = ok and C.SSL_CTX_ctrl(raw, K.SSL_CTRL_CHAIN_CERT, 1,
                               ffi.cast("void *", x509.pointer(chain[i]))) == 1
  end
  if not ok then return nil, errors.reason() end
  errors.clear()
  note(c)
  return true
end

--- The same, from wherever it is.
-- @tparam table c  state of the context
-- @tparam table sources  of ssl.source.material
-- @treturn true
-- @treturn nil,string  the reason
function certificates.load(c, sources)
  local file = sources[1]
  if #sources == 1 and material.file(file) then
    if file:find("\0", 1, true) then return nil, "NUL in the file name" end
    local nul = material.nul(file)
    if nul then return nil, nul end
    errors.clear()
    local ok = C.SSL_CTX_use_certificate_chain_file(c.handle.raw, file) == 1
    if not ok then return nil, errors.of_file(file) end
    errors.clear()
    note(c)
    return true
  end
  local chain, reason = certificates.collect(sources)
  if not chain then return nil, reason end
  return certificates.use(c, chain)
end

local function issued(issuer, cert)
  local ok = C.X509_check_issued(x509.pointer(issuer), x509.pointer(cert)) == 0
  errors.clear()
  return ok
end

--- Put a chain in order, as TLS wants it: each issued by the next.
-- @tparam userdata leaf
-- @tparam {userdata,...} others  in any order
-- @treturn {userdata,...}  the leaf, and those of the others that lead on from it
function certificates.chain(leaf, others)
  local chain, left = { leaf }, {}
  for i, cert in ipairs(others) do left[i] = cert end
  local found
  repeat
    found = nil
    local last = chain[#chain]
    for i, cert in ipairs(left) do
      if not issued(last, last) and issued(cert, last) then found = i break end
    end
    if found then chain[#chain + 1] = table.remove(left, found) end
  until not found
  return chain
end

return certificates
