--- ssl.trust.crl: lists of revoked certificates (RFC 5280 section 5).

local lib      = require "ssl.ffi.lib"
local ffi      = require "ffi"
local handle   = require "ssl.ffi.handle"
local errors   = require "ssl.base.errors"
local material = require "ssl.source.material"
local C        = lib.C

local crl = {}

local own = handle.type("lsf_X509_CRL *crl", "X509_CRL_free")

-- As in ssl.credential.certificates.
local NO_PASSWORD = ffi.new "char[1]"

local function read_pem(bio)
  return C.PEM_read_bio_X509_CRL(bio, nil, nil, NO_PASSWORD)
end

--- The lists of one source, in its order.
-- @param source  a file name or PEM text (any number, perhaps none), or what ssl.der
--   made (one)
-- @treturn {cdata,...}  handles with the field `crl`
-- @treturn nil,string  the reason
function crl.read(source)
  local bytes = material.bytes(source)
  if not bytes then return material.decode_all(source, read_pem, own) end
  local one, reason = material.decode(bytes, C.d2i_X509_CRL, own)
  if not one then return nil, reason end
  return { one }
end

--- Put lists into a store.
-- @tparam cdata store  X509_STORE
-- @tparam {cdata,...} lists  of `read`
-- @treturn true
-- @treturn nil,string  the reason
function crl.add(store, lists)
  errors.clear()
  for _, one in ipairs(lists) do
    if C.X509_STORE_add_crl(store, one.crl) ~= 1 then return nil, errors.reason() end
  end
  errors.clear()
  return true
end

return crl
