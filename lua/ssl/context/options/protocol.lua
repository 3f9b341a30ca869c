--- ssl.context.options.protocol: which side a connection is, which versions it speaks, and
-- OpenSSL's options.

local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local context  = require "ssl.context.table"
local errors   = require "ssl.base.errors"
local option   = require "ssl.context.option"
local versions = require "ssl.context.versions"
local C, K, H  = lib.C, lib.K, shim.K

-- A cast of -1 would be 2^63: LuaJIT leaves that to the processor.
local EVERY_OPTION = 0xffffffffffffffffULL

local function set_limit(ssl, command, version)
  errors.must(C.SSL_ctrl(ssl, command, version, nil), "error setting the protocol versions")
end

local function copy_limit(ssl, raw, get, set)
  set_limit(ssl, set, C.SSL_CTX_ctrl(raw, get, 0, nil))
end

-- SSL_CTX_set_min_proto_version(3).
local function narrow(ctx, _, cfg)
  local c = context.state(ctx)
  return versions.narrow(c.handle.raw, c.protocol, cfg.minversion or nil,
                         cfg.maxversion or nil)
end

-- Is it on? True, or "once": the shim counts in each connection.
local function allowed(c, key, wanted, mark)
  if wanted == "once" then
    c.once = bit.bor(c.once, mark)
  elseif wanted ~= true then
    return option.invalid(key, 'boolean or "once"', wanted)
  end
  return true
end

-- Every context begins without renegotiation.
local function renegotiation(ctx, wanted)
  local c = context.state(ctx)
  local ok, why = allowed(c, "renegotiation", wanted, H.LSF_ONCE_HANDSHAKE)
  if not ok then return false, why end
  C.SSL_CTX_clear_options(c.handle.raw, lib.options.no_renegotiation)
  return true
end

local function posthandshakeauth(ctx, wanted)
  local lack = option.lacking13 "posthandshakeauth"
            or option.lacking("posthandshakeauth", lib.has.SSL_CTX_set_cert_cb)
  if lack then return false, lack end
  local c = context.state(ctx)
  local ok, why = allowed(c, "posthandshakeauth", wanted, H.LSF_ONCE_CERTIFICATE)
  if not ok then return false, why end
  if wanted == "once" then
    C.SSL_CTX_set_cert_cb(c.handle.raw, shim.callback "certificate_asked", nil)
  end
  C.SSL_CTX_set_post_handshake_auth(c.handle.raw, 1)
  return true
end

local LONGEST = K.SSL3_RT_MAX_PLAIN_LENGTH

-- SSL_CTX_set_block_padding(3). OpenSSL pads no record of earlier versions.
local function padding(ctx, block)
  local lack = option.lacking13 "padding"
            or option.lacking("padding", lib.has.SSL_CTX_set_block_padding)
  if lack then return false, lack end
  if not option.whole(block, 1, LONGEST) then
    return option.invalid("padding", ("1 to %d"):format(LONGEST), block)
  end
  local c = context.state(ctx)
  errors.must(C.SSL_CTX_set_block_padding(c.handle.raw, block), "error setting the padding")
  c.padding = block
  return true
end

return {
  protocol = {
    -- ssl.context.new has made the context with it.
    set = function() return true end,
    switch = function(st, _, new)
      local ssl, raw = st.conn.ssl, new.handle.raw
      -- LibreSSL takes no lower limit above the upper one.
      set_limit(ssl, K.SSL_CTRL_SET_MAX_PROTO_VERSION, 0)
      copy_limit(ssl, raw, K.SSL_CTRL_GET_MIN_PROTO_VERSION, K.SSL_CTRL_SET_MIN_PROTO_VERSION)
      copy_limit(ssl, raw, K.SSL_CTRL_GET_MAX_PROTO_VERSION, K.SSL_CTRL_SET_MAX_PROTO_VERSION)
    end,
  },
  mode = { set = option.string_key "setmode" },
  options = {
    set = option.strings_key("setoptions", context.setoptions),
    switch = function(st, _, new)
      C.SSL_clear_options(st.conn.ssl, EVERY_OPTION)
      C.SSL_set_options(st.conn.ssl, C.SSL_CTX_get_options(new.handle.raw))
    end,
  },
  minversion = { set = narrow },
  maxversion = { set = function(ctx, value, cfg)
    if cfg.minversion then return true end
    return narrow(ctx, value, cfg)
  end },
  renegotiation = {
    set = renegotiation,
    apply = function(st, _, new)
      st.conn.posthandshake.once = new.once
    end,
  },
  posthandshakeauth = { set = posthandshakeauth },
  padding = {
    set = padding,
    switch = function(st, _, new)
      if lib.has.SSL_set_block_padding then
        errors.must(C.SSL_set_block_padding(st.conn.ssl, new.padding or 0),
                    "error setting the padding")
      end
    end,
  },
}
