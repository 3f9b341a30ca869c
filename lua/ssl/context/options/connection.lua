--- ssl.context.options.connection: the keys of a configuration that say how ends and failures are
-- reported, and how much a peer may make us keep.

local lib     = require "ssl.ffi.lib"
local context = require "ssl.context.setters"
local C       = lib.C

local manners = {}

local ENDS = { strict = true, lenient = true }

--- `eof`: what an end of the transport is, where the session has not ended.
function manners.eof(ctx, cfg)
  local choice = cfg.eof
  if not choice then return true end
  if not ENDS[choice] then return false, 'invalid eof ("strict" or "lenient" expected)' end
  local state = context.state(ctx)
  state.eof = choice
  -- Where OpenSSL has it the other direction stays usable; ssl.io.loop does for the rest.
  if choice == "lenient" then
    C.SSL_CTX_set_options(state.handle.ctx, lib.options.ignore_unexpected_eof or 0)
  end
  return true
end

--- `explain`: say in the message which certificate was refused, and why.
function manners.explain(ctx, cfg)
  if not cfg.explain then return true end
  if cfg.explain ~= true then return false, "invalid explain (boolean expected)" end
  context.state(ctx).explain = true
  return true
end

-- A whole number, which infinity is none of.
local LARGEST = 2^53

local function most(key)
  return function(ctx, cfg)
    local value = cfg[key]
    if not value then return true end
    if type(value) ~= "number" or value < 1 or value % 1 ~= 0 and value ~= math.huge then
      return false, ("invalid %s (a whole number from 1 on expected)"):format(key)
    end
    context.state(ctx)[key] = math.min(value, LARGEST)
    return true
  end
end

--- `maxline`: the most bytes that one line may have.
manners.maxline = most "maxline"

--- `maxall`: the most bytes that a receive gathers, of everything or of a number of them.
manners.maxall = most "maxall"

return manners
