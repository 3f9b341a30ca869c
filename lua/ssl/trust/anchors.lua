--- ssl.trust.anchors: certificate authorities, and CRLs (RFC 5280 section 5), from wherever
-- they are, into the store of a context.

local lib          = require "ssl.ffi.lib"
local later        = require "ssl.base.later"
local certificates = later.module "ssl.credential.certificates"
local errors       = require "ssl.base.errors"
local material     = require "ssl.source.material"
local handle       = require "ssl.ffi.handle"
local password     = require "ssl.source.password"
local gcpressure   = require "ssl.base.gcpressure"
local store        = require "ssl.trust.store"
local x509         = later.module "ssl.x509.certificate"
local C            = lib.C

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local anchors = {}

local own_list = handle.type("lsf_X509_CRL *crl", "X509_CRL_free")

-- What one takes in OpenSSL's memory beside the object that brought it.
local ENTRY_KB = 2

local function read_list(bio)
  return C.PEM_read_bio_X509_CRL(bio, nil, nil, password.NONE)
end

-- The lists of one source, in its order: a file name or PEM text has any number, perhaps
-- none; the result of ssl.der has one. Handles with the field `crl`, or nil and the reason.
local function read_lists(source)
  local bytes = material.bytes(source)
  if not bytes then return material.decode_all(source, read_list, own_list) end
  local one, reason = material.decode(bytes, C.d2i_X509_CRL, own_list)
  if not one then return nil, reason end
  return { one }
end

-- Put lists of `read_lists` into an X509_STORE. true, or nil and the reason.
local function add_lists(to, lists)
  errors.clear()
  for _, one in ipairs(lists) do
    if C.X509_STORE_add_crl(to, one.crl) ~= 1 then return nil, errors.reason() end
  end
  errors.clear()
  return true
end

-- As OpenSSL reads such a file: certificates and lists, at least one.
local function add(c, source)
  local certs, reason = certificates.read(source)
  if not certs then return nil, reason end
  local lists = {}
  if material.pem(source) then
    lists, reason = read_lists(source)
    if not lists then return nil, reason end
  end
  if not certs[1] and not lists[1] then return nil, "no certificate or crl found" end
  local own = store.of(c)
  errors.clear()
  for _, cert in ipairs(certs) do
    if C.X509_STORE_add_cert(own, x509.pointer(cert)) ~= 1 then
      return nil, errors.reason()
    end
  end
  gcpressure.took(ENTRY_KB * (#certs + #lists))
  return add_lists(own, lists)
end

--- Trust these.
-- @tparam table c  state of the context
-- @tparam table|nil sources  of ssl.source.material
-- @tparam string|nil path  a folder with hashed names
-- @treturn true
-- @treturn nil,string  the reason
function anchors.load(c, sources, path)
  sources = sources or {}
  local file
  for i, source in ipairs(sources) do
    local ok, reason
    if not material.file(source) then
      ok, reason = add(c, source)
    elseif source:find("\0", 1, true) then
      reason = "NUL in the file name"
    elseif i == #sources then
      file, ok = source, true
    else
      ok, reason = store.locations(c, source, nil)
    end
    if not ok then return nil, reason end
  end
  if not file and not path and #sources > 0 then return true end
  return store.locations(c, file, path)
end

--- Check certificates against these lists too.
-- @tparam table c  state of the context
-- @tparam table sources  of ssl.source.material
-- @treturn true
-- @treturn nil,string  the reason
function anchors.revoke(c, sources)
  local all = {}
  for _, source in ipairs(sources) do
    local lists, reason = read_lists(source)
    if not lists then return nil, reason end
    if not lists[1] then return nil, "no crl found" end
    for _, one in ipairs(lists) do all[#all + 1] = one end
  end
  gcpressure.took(ENTRY_KB * #all)
  return add_lists(store.of(c), all)
end

return anchors
