--- ssl.context.sessions: the functions of ssl.context about sessions, which a program may
-- call while connections are there.

local lib          = require "ssl.ffi.lib"
local arg          = require "ssl.base.arg"
local context      = require "ssl.context.setters"
local room         = require "ssl.context.options.sessions"
local seal         = require "ssl.session.seal"
local sessionstore = require "ssl.session.store"
local C, K         = lib.C, lib.K

--- Replace a server's ticket keys, also while connections are there.
-- @tparam userdata ctx
-- @tparam {string,...} list  the newest first; see docs/sessions.md
-- @treturn true
-- @treturn false,string  "invalid ticketkeys (...)"; nothing was changed
function context.setticketkeys(...)
  local ctx, list = ...
  -- Not sslctx.live: sessions made before go on counting.
  local c = context.state(ctx, 1)
  if c.handle:lost() then arg.fail(1, "invalid context") end
  list = arg.type(list, "table", 2)
  local ok, why = room.ticketkeys.set(ctx, list)
  return ok, why
end

--- Replace the secrets that authenticate the entries of a context's store, also while
-- connections exist. They take the place of ticket keys from now on.
-- @tparam userdata ctx
-- @tparam string|{string,...} key  the newest first; see docs/sessions.md
-- @treturn true
-- @treturn false,string  "invalid sessionkey (...)"; nothing was changed
function context.setsessionkey(...)
  local ctx, key = ...
  local c = context.state(ctx, 1)
  if c.handle:lost() then arg.fail(1, "invalid context") end
  local list = seal.secrets(key)
  local why = not list and seal.NO_SECRET or not c.sessionstore and "there is no sessionstore"
  if why then return false, ("invalid sessionkey (%s)"):format(why) end
  sessionstore.setkey(c, list)
  return true
end

--- What became of the sessions of a server's context: see docs/sessions.md.
-- @tparam userdata ctx
-- @treturn table  numbers since the context was made: with a `sessionstore` found,
--   absent, expired, foreign, refused, kept; with `earlydata` cached, which is how many
--   there are now, and evicted
function context.sessionstats(...)
  local ctx = ...
  local c = context.state(ctx, 1)
  if c.handle:lost() then arg.fail(1, "invalid context") end
  local out = {}
  for name, count in pairs(c.sessionstore and c.sessionstore.counts or {}) do
    out[name] = count
  end
  if c.earlydata then
    out.cached = tonumber(C.SSL_CTX_ctrl(c.handle.raw, K.SSL_CTRL_SESS_NUMBER, 0, nil))
    out.evicted = tonumber(C.SSL_CTX_ctrl(c.handle.raw, K.SSL_CTRL_SESS_CACHE_FULL, 0, nil))
  end
  return out
end

return context
