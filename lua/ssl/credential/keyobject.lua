--- ssl.credential.keyobject: private keys as objects.
--
-- An object owns one reference to an EVP_PKEY. Its methods return nothing secret.

local ffi        = require "ffi"
local lib        = require "ssl.ffi.lib"
local handle     = require "ssl.ffi.handle"
local arg        = require "ssl.base.arg"
local encode     = require "ssl.base.encode"
local errors     = require "ssl.base.errors"
local functionid = require "ssl.base.functionid"
local object     = require "ssl.base.object"
local theirs     = require "ssl.source.theirs"
local C, K       = lib.C, lib.K

local keyobject = {
  --- A handle with the field `pkey` that owns one reference, or nil for NULL.
  own = handle.type("lsf_EVP_PKEY *pkey", "EVP_PKEY_free"),
}

local methods = {}

local NAMES = {
  [K.EVP_PKEY_RSA] = "RSA", [K.EVP_PKEY_DSA] = "DSA", [K.EVP_PKEY_DH] = "DH",
  [K.EVP_PKEY_EC]  = "EC",
}

-- What only a provider knows has no number.
local function name_of(key)
  local id = C.EVP_PKEY_get_base_id(key)
  if NAMES[id] then return NAMES[id] end
  local name = lib.has.EVP_PKEY_get0_type_name and C.EVP_PKEY_get0_type_name(key)
            or C.OBJ_nid2sn(id)
  errors.clear()
  return name ~= nil and ffi.string(name) or "Unknown"
end

local class

-- The state of an object that still has its key, or an argument error.
local function live(self, position, level)
  level = (level or 1) + 1
  local state = object.state(self, class, position, level)
  if state.held:lost() then
    arg.fail(position or 1, "SSL:Key expected, got finalized object", level)
  end
  return state
end

--- What kind of key it is: "RSA", "EC", "ED25519", ...
function methods:type()
  local state = live(self)
  local name = name_of(state.held.pkey)
  return name
end

--- Its size in bits.
function methods:bits()
  local state = live(self)
  return C.EVP_PKEY_get_bits(state.held.pkey)
end

class = object.class("SSL:Key", methods, {
  tostring = function(self)
    local held = object.state(self, class).held
    if held:lost() then return "private key: freed" end
    local key = held.pkey
    return ("private key: %s, %d bits"):format(name_of(key), C.EVP_PKEY_get_bits(key))
  end,
  free = function(self)
    local held = object.is(self, class) and getmetatable(self).held
    if held then held:drop() end
  end,
})

--- An object that takes over a handle of `pkey.own`.
function keyobject.object(held)
  local self, state = object.new(class)
  state.held = held
  return self
end

--- Is it a key object?
function keyobject.is(value)
  return (object.is(value, class))
end

--- A key of lua-resty-openssl, as one of ours that shares it.
-- @param value  anything
-- @treturn userdata|nil  nil for any other value
-- @raise where it belongs to another copy of OpenSSL
function keyobject.adopt(value)
  local pointer = theirs.pointer(value, "key")
  if not pointer then return nil end
  local pkey = ffi.cast("lsf_EVP_PKEY *", pointer)
  return C.EVP_PKEY_up_ref(pkey) == 1 and keyobject.object(keyobject.own(pkey)) or nil
end

--- The public part of a key in DER (SubjectPublicKeyInfo), or an identity of its own where
-- it has none.
-- @tparam cdata pkey
-- @treturn string
function keyobject.public(pkey)
  local der = encode(C.i2d_PUBKEY, pkey)
  errors.clear()
  return der or functionid.unique()
end

--- A handle with a reference of its own to the key of an object.
-- @raise for a finalized object
function keyobject.share(self)
  local key = live(self).held.pkey
  if C.EVP_PKEY_up_ref(key) ~= 1 then return nil, errors.reason() end
  return keyobject.own(key)
end

return keyobject
