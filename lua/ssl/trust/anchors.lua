--- ssl.trust.anchors: certificate authorities and CRLs, from wherever they are, into the
-- store of a context.

local lib          = require "ssl.ffi.lib"
local certificates = require "ssl.credential.certificates"
local crl          = require "ssl.trust.crl"
local errors       = require "ssl.base.errors"
local material     = require "ssl.source.material"
local gcpressure   = require "ssl.base.gcpressure"
local store        = require "ssl.trust.store"
local verifyflags  = require "ssl.trust.verifyflags"
local x509         = require "ssl.x509.certificate"
local C            = lib.C

local anchors = {}

-- What one takes in OpenSSL's memory beside the object that brought it.
local ENTRY_KB = 2

-- As OpenSSL reads such a file: certificates and lists, at least one.
local function add(state, source)
  local certs, reason = certificates.read(source)
  if not certs then return nil, reason end
  local lists = {}
  if material.pem(source) then
    lists, reason = crl.read(source)
    if not lists then return nil, reason end
  end
  if not certs[1] and not lists[1] then return nil, "no certificate or crl found" end
  local own = store.of(state)
  errors.clear()
  for _, cert in ipairs(certs) do
    if C.X509_STORE_add_cert(own, x509.pointer(cert)) ~= 1 then
      return nil, errors.reason()
    end
  end
  gcpressure.took(ENTRY_KB * (#certs + #lists))
  return crl.add(own, lists)
end

--- Trust these.
-- @tparam table state  of the context
-- @tparam table|nil sources  of ssl.source.material
-- @tparam string|nil path  a folder with hashed names
-- @treturn true
-- @treturn nil,string  the reason
function anchors.load(state, sources, path)
  sources = sources or {}
  local file
  for i, source in ipairs(sources) do
    local ok, reason
    if not material.file(source) then
      ok, reason = add(state, source)
    elseif source:find("\0", 1, true) then
      reason = "NUL in the file name"
    elseif i == #sources then
      file, ok = source, true
    else
      ok, reason = verifyflags.locations(state, source, nil)
    end
    if not ok then return nil, reason end
  end
  if not file and not path and #sources > 0 then return true end
  return verifyflags.locations(state, file, path)
end

--- Check certificates against these lists too.
-- @tparam table state  of the context
-- @tparam table sources  of ssl.source.material
-- @treturn true
-- @treturn nil,string  the reason
function anchors.revoke(state, sources)
  local all = {}
  for _, source in ipairs(sources) do
    local lists, reason = crl.read(source)
    if not lists then return nil, reason end
    if not lists[1] then return nil, "no crl found" end
    for _, one in ipairs(lists) do all[#all + 1] = one end
  end
  gcpressure.took(ENTRY_KB * #all)
  return crl.add(store.of(state), all)
end

return anchors
