--- ssl.context.options.protocol: which side a connection is, and which versions it speaks.

local lib      = require "ssl.ffi.lib"
local context  = require "ssl.context.table"
local errors   = require "ssl.base.errors"
local option   = require "ssl.context.option"
local versions = require "ssl.context.versions"
local C, K     = lib.C, lib.K

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
  minversion = { set = narrow },
  maxversion = { set = function(ctx, value, cfg)
    if cfg.minversion then return true end
    return narrow(ctx, value, cfg)
  end },
}
