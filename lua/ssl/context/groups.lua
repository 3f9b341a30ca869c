--- ssl.context.groups: the groups for the key exchange; LuaSec calls them curves.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local errors   = require "ssl.base.errors"
local namelist = require "ssl.context.namelist"
local C, K     = lib.C, lib.K

local groups = {}

local builtin_t = ffi.typeof "struct { int nid; const char *comment; }[?]"

-- NIST's names, which OpenSSL does not list though it understands them.
local aliases = { ["P-256"] = "prime256v1", ["P-384"] = "secp384r1",
                  ["P-521"] = "secp521r1" }

local LIST = K.SSL_CTRL_SET_GROUPS_LIST

-- From 3.5 on OpenSSL accepts an empty list, and has no groups then.
local function set_groups(raw, list)
  return not list:find("\0", 1, true) and namelist.knows(raw, LIST, list)
end

--- Does this build of OpenSSL have elliptic curves?
groups.curves_supported = lib.has.EC_get_builtin_curves

local function builtin(out)
  local count = tonumber(C.EC_get_builtin_curves(nil, 0))
  local list = builtin_t(count)
  C.EC_get_builtin_curves(ffi.cast("void *", list), count)
  for i = 0, count - 1 do
    local name = C.OBJ_nid2sn(list[i].nid)
    if name ~= nil then out[ffi.string(name)] = true end
  end
end

-- For libcrypto these are no curves but key types of their own; a context knows whether TLS
-- may use them.
local function montgomery(out)
  local raw = C.SSL_CTX_new(C.TLS_method())
  if raw == nil then return end
  for _, name in ipairs { "X25519", "X448" } do
    if set_groups(raw, name) then out[name] = true end
  end
  C.SSL_CTX_free(raw)
end

--- Every name that `curve` accepts.
-- @treturn table  name -> true; a new one at each call
function groups.curves()
  local out = {}
  if not groups.curves_supported then return out end
  errors.clear()
  builtin(out)
  for alias, name in pairs(aliases) do
    out[alias] = out[name]
  end
  montgomery(out)
  errors.clear()
  return out
end

local known

--- Use one curve only.
-- @tparam table c  state of the context
-- @tparam string name
-- @treturn true
-- @treturn nil,string  the whole message
function groups.set_curve(c, name)
  known = known or groups.curves()
  if not known[name] then
    return nil, ("elliptic curve '%s' not supported"):format(name)
  end
  errors.clear()
  if not set_groups(c.handle.raw, name) then
    return nil, ("error setting elliptic curve (%s)")
                :format(errors.reason "not usable in TLS")
  end
  errors.clear()
  c.groups = name
  return true
end

--- Use the groups of a list, best first.
-- @tparam table c  state of the context
-- @tparam string list  names with colons between
-- @treturn true
-- @treturn nil,string  the whole message
function groups.set_list(c, list)
  errors.clear()
  local ok = set_groups(c.handle.raw, list)
  errors.clear()
  if ok then
    c.groups = list
    return true
  end
  return nil, ('unknown elliptic curve in "%s"'):format(list)
end

-- OpenSSL's defaults. Since 3.5 they have a name; before, they are given by the names of the
-- groups, as far as this build has them.
local DEFAULTS = { "DEFAULT", "X25519:P-256:X448:P-521:P-384", "P-256:P-521:P-384" }

--- Give a connection the groups of another context, before any was chosen.
-- @param ssl
-- @tparam table old  the state of the context it comes from
-- @tparam table new
function groups.switch(ssl, old, new)
  if old.groups == new.groups then return end
  for _, list in ipairs(new.groups and { new.groups } or DEFAULTS) do
    local rc = C.SSL_ctrl(ssl, LIST, 0, ffi.cast("char *", list))
    errors.clear()
    if rc == 1 then return end
  end
end

-- The names that are tried, since OpenSSL has no list before 3.5. They are those of the IANA's
-- registry, but for NIST's three, which every version knows by the names in front.
local NAMES = {
  "P-256", "P-384", "P-521", "X25519", "X448",
  "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192",
  "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1",
  "brainpoolP256r1tls13", "brainpoolP384r1tls13", "brainpoolP512r1tls13", "curveSM2",
  "X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "curveSM2MLKEM768",
  "MLKEM512", "MLKEM768", "MLKEM1024",
}

--- Those that `groups` accepts.
-- @treturn table  name -> true; a new one at each call
function groups.list()
  local out = {}
  local raw = C.SSL_CTX_new(C.TLS_method())
  if raw == nil then return out end
  for _, name in ipairs(NAMES) do
    out[name] = namelist.knows(raw, LIST, name) or nil
  end
  C.SSL_CTX_free(raw)
  errors.clear()
  return out
end

return groups
