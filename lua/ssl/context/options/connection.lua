--- ssl.context.options.connection: how ends and failures are reported, and how much a peer
-- may make us keep.

local lib     = require "ssl.ffi.lib"
local context = require "ssl.context.table"
local option  = require "ssl.context.option"
local C       = lib.C

local ENDS = { strict = true, lenient = true }

-- The meaning of an end of the transport without close_notify.
local function set_eof(ctx, choice)
  if not ENDS[choice] then return false, 'invalid eof ("strict" or "lenient" expected)' end
  local c = context.state(ctx)
  c.eof = choice
  -- Where OpenSSL has it the other direction stays usable; ssl.io.loop does for the rest.
  if choice == "lenient" then
    C.SSL_CTX_set_options(c.handle.raw, lib.options.ignore_unexpected_eof or 0)
  end
  return true
end

-- Which certificate was refused, and why.
local function set_explain(ctx, value)
  if value ~= true then return false, "invalid explain (boolean expected)" end
  context.state(ctx).explain = true
  return true
end

-- The largest number that a double counts exactly.
local LARGEST = 2^53

local function most(key)
  return {
    set = function(ctx, value)
      if value ~= math.huge and not option.whole(value, 1, math.huge) then
        return false, ("invalid %s (a whole number from 1 on expected)"):format(key)
      end
      context.state(ctx)[key] = math.min(value, LARGEST)
      return true
    end,
    apply = function(st, _, new) st[key] = new[key] end,
  }
end

return {
  eof     = { set = set_eof, apply = function(st, _, new) st.eof = new.eof end },
  explain = { set = set_explain, apply = function(st, _, new) st.explain = new.explain end },
  -- The most bytes that one line may have.
  maxline = most "maxline",
  -- The most bytes that a receive gathers, of everything or of a number of them.
  maxall  = most "maxall",
}
