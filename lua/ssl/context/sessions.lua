--- ssl.context.sessions: what ssl.newcontext and the functions of ssl.context do with the
-- sessions of a server's context. The functions of ssl.context may be called while
-- connections exist.

local lib          = require "ssl.ffi.lib"
local seal         = require "ssl.session.seal"
local sessionstore = require "ssl.session.store"
local tickets      = require "ssl.session.tickets"
local C, K         = lib.C, lib.K

local sessions = {}

--- The message where a context is for the other side; else nil.
-- @tparam table c  state of the context
-- @tparam string side  "client", "server" or "both"
-- @treturn string|nil
function sessions.wrong_side(c, side)
  if side ~= "both" and side ~= c.mode then return ("for %ss only"):format(side) end
end

--- Use these keys of tickets from now on.
-- @tparam table c  state of the context
-- @tparam {string,...} list  the newest first
-- @treturn string|nil  the mistake; nothing was changed
function sessions.set_ticketkeys(c, list)
  local why = sessions.wrong_side(c, "server")
  if why then return why end
  local ok, reason = tickets.set_keys(c, list)
  if not ok then return reason end
  sessionstore.rekey(c, list)
end

--- The mistake in the secrets for a store, or nil.
-- @param key  as of `seal.secrets`
-- @param store  the store, or nothing that is true
-- @treturn string|nil
function sessions.key_fault(key, store)
  if not seal.secrets(key) then return seal.NO_SECRET end
  if not store then return "there is no sessionstore" end
end

--- Use these secrets for the entries of the store from now on.
-- @tparam table c  state of the context
-- @param key  as of `seal.secrets`
-- @treturn string|nil  the mistake; nothing was changed
function sessions.set_sessionkey(c, key)
  local why = sessions.key_fault(key, c.sessionstore)
  if why then return why end
  sessionstore.setkey(c, seal.secrets(key))
end

--- Count the sessions.
-- @tparam table c  state of the context
-- @treturn table  numbers by name, as of `ssl.context.sessionstats`
function sessions.stats(c)
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

return sessions
