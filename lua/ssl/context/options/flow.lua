--- ssl.context.options.flow: OpenSSL's options, what a peer may ask for after the handshake,
-- and the length of records.

local lib     = require "ssl.ffi.lib"
local shim    = require "ssl.ffi.shim"
local context = require "ssl.context.table"
local errors  = require "ssl.base.errors"
local option  = require "ssl.context.option"
local C, K, H = lib.C, lib.K, shim.K

-- A cast of -1 would be 2^63: LuaJIT leaves that to the processor.
local EVERY_OPTION = 0xffffffffffffffffULL

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
  options = {
    set = option.strings_key("setoptions", context.setoptions),
    switch = function(st, _, new)
      C.SSL_clear_options(st.conn.ssl, EVERY_OPTION)
      C.SSL_set_options(st.conn.ssl, C.SSL_CTX_get_options(new.handle.raw))
    end,
  },
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
