--- ssl.context.setters.trust: functions of ssl.context: whom a context trusts, and how it
-- verifies.

local lib         = require "ssl.ffi.lib"
local later       = require "ssl.base.later"
local anchors     = later.module "ssl.trust.anchors"
local arg         = require "ssl.base.arg"
local common      = require "ssl.context.setters.common"
local sslctx      = require "ssl.context.sslctx"
local verifyflags = require "ssl.trust.verifyflags"
local x509        = later.module "ssl.x509.certificate"
local C           = lib.C
local live        = sslctx.live
local answer, cut, names, sources = common.answer, common.cut, common.names, common.sources

local setters = {}

--- Load CA certificates, from a folder with hashed names too.
-- @param cafile  the name of a PEM file, PEM text, what ssl.der made, a certificate
--   object, an array of these, or nil
-- @tparam string|nil capath
function setters.locations(...)
  local ctx, cafile, capath = ...
  local c = live(ctx)
  -- A NULL of the FFI equals nil, too.
  cafile = cafile ~= nil and sources(cafile, x509, 2) or nil
  capath = arg.optstring(capath, nil, 3)
  local ok, reason = nil, cut(capath, "folder name")
  if not reason then ok, reason = anchors.load(c, cafile, capath) end
  return answer("error loading CA locations", ok, reason)
end

--- How many intermediate CAs a chain may have.
function setters.setdepth(...)
  local ctx, depth = ...
  local c = live(ctx)
  depth = arg.integer(depth, 2)
  C.SSL_CTX_set_verify_depth(c.handle.raw,
                             math.max(-0x7fffffff, math.min(depth, 0x7fffffff)))
  return true
end

--- Verify the peer: none, peer, client_once, fail_if_no_peer_cert.
function setters.setverify(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local c = live(ctx)
  local wanted = names(given, count)
  local ok, unknown = verifyflags.verify(c, wanted)
  return answer("invalid verify option", ok, unknown)
end

--- lsec_continue, lsec_ignore_purpose, and flags of OpenSSL's: crl_check, ...
local function setverifyext(ctx, ...)
  local count, given = select("#", ...), { ... }
  local c = live(ctx)
  local wanted = names(given, count)
  local ok, unknown = verifyflags.extend(c, wanted)
  return answer("invalid verify option", ok, unknown)
end

later.fill(sslctx.methods, common.changers { setverifyext = setverifyext })

return common.changers(setters)
