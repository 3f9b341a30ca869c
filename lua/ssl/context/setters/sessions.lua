--- ssl.context.setters.sessions: functions of ssl.context: the sessions of a server. They may
-- be called while connections exist.

local arg      = require "ssl.base.arg"
local common   = require "ssl.context.setters.common"
local sessions = require "ssl.context.sessions"
local sslctx   = require "ssl.context.sslctx"
local usable   = sslctx.usable
local answer = common.answer

local setters = {}

--- Replace a server's ticket keys, also while connections exist. Sessions that were made
-- before stay valid.
-- @tparam ssl.Context ctx
-- @tparam {string,...} list  the newest first; see docs/sessions.md
-- @treturn true
-- @treturn false,string  "invalid ticketkeys (...)"; nothing was changed
function setters.setticketkeys(...)
  local ctx, list = ...
  local c = usable(ctx)
  list = arg.type(list, "table", 2)
  local why = sessions.set_ticketkeys(c, list)
  return answer("invalid ticketkeys", not why, why)
end

--- Replace the secrets that authenticate the entries of a context's store, also while
-- connections exist. They take the place of ticket keys from now on.
-- @tparam ssl.Context ctx
-- @tparam string|{string,...} secret  the newest first; see docs/sessions.md
-- @treturn true
-- @treturn false,string  "invalid sessionkey (...)"; nothing was changed
function setters.setsessionkey(...)
  local ctx, secret = ...
  local c = usable(ctx)
  local why = sessions.set_sessionkey(c, secret)
  return answer("invalid sessionkey", not why, why)
end

--- Count the sessions of a server's context: see docs/sessions.md.
-- @tparam ssl.Context ctx
-- @treturn table  numbers since the context was made: with a `sessionstore` found,
--   absent, expired, foreign, refused, kept; with `earlydata` cached, which is how many
--   there are now, and evicted
function setters.sessionstats(...)
  local ctx = ...
  local c = usable(ctx)
  return sessions.stats(c)
end

return setters
