--- ssl.context.options.sessions: the keys about sessions.

local lib          = require "ssl.ffi.lib"
local context      = require "ssl.context.table"
local keys         = require "ssl.context.keyset"
local option       = require "ssl.context.option"
local resumption   = require "ssl.session.resumption"
local seal         = require "ssl.session.seal"
local sessions     = require "ssl.context.sessions"
local sessionstore = require "ssl.session.store"
local tickets      = require "ssl.session.tickets"
local C, K         = lib.C, lib.K

-- RFC 8446, 4.6.1: seven days.
local LONGEST = 604800
local MOST_TICKETS = 64
-- Of sessions in OpenSSL's own cache, each of 1 KB or more.
local MOST_CACHED = 1048576

-- By key: the mistake in a value, or nil when it is in force.
local use = {}

-- A client's function.
function use.onsession(c, f)
  if type(f) ~= "function" then return "function expected" end
  c.onsession = f
  resumption.enable(c)
end

-- Seconds that a session can be resumed, on either side.
function use.sessiontimeout(c, seconds)
  if not option.whole(seconds, 1, LONGEST) then
    return ("a number of seconds from 1 to %d expected"):format(LONGEST)
  end
  C.SSL_CTX_set_timeout(c.handle.raw, seconds)
end

-- The name of the policy, for processes that share sessions.
function use.sessionid(c, id)
  if type(id) ~= "string" or id == "" then return "string expected" end
  c.sessionid = id
  if c.mode == "server" then c.seed = "sessionid:" .. id end
end

-- How many a handshake gives.
function use.tickets(c, n)
  if not option.whole(n, 0, MOST_TICKETS) then
    return ("a number from 0 to %d expected"):format(MOST_TICKETS)
  end
  tickets.set_count(c, n)
end

use.ticketkeys = sessions.set_ticketkeys

-- The secrets that authenticate the entries of a `sessionstore`, which uses them.
function use.sessionkey(_, value, cfg)
  return sessions.key_fault(value, cfg.sessionstore)
end

-- How many sessions of a context with early data are kept at a time.
function use.sessioncache(c, n, cfg)
  if not option.whole(n, 1, MOST_CACHED) then
    return ("a number from 1 to %d expected"):format(MOST_CACHED)
  end
  if not cfg.earlydata then return "there is no earlydata: nothing is cached" end
  C.SSL_CTX_ctrl(c.handle.raw, K.SSL_CTRL_SET_SESS_CACHE_SIZE, n, nil)
end

local NO_KEY = "anybody with write access could be any client: give sessionkey or ticketkeys, "
            .. "or sessionkey = false for a store that is trusted"

-- A table of functions.
function use.sessionstore(c, store, cfg)
  if type(store) ~= "table" or type(store.get) ~= "function"
     or type(store.put) ~= "function"
     or store.remove ~= nil and type(store.remove) ~= "function" then
    return "a table with the functions get, put and perhaps remove expected"
  end
  if not sessionstore.supported then return "this OpenSSL cannot do it" end
  local from = seal.secrets(cfg.sessionkey)
  local by_tickets = cfg.sessionkey == nil and cfg.ticketkeys
  if not from and not by_tickets and cfg.sessionkey ~= false then return NO_KEY end
  sessionstore.enable(c, store, from or by_tickets or nil, by_tickets and true)
end

-- The setter of a key.
local function setter(key)
  local side = keys.side[key] or "both"
  return function(ctx, value, cfg)
    local c = context.state(ctx)
    local why = sessions.wrong_side(c, side) or use[key](c, value, cfg)
    if why then return false, ("invalid %s (%s)"):format(key, why) end
    return true
  end
end

local room = {}

for key in pairs(use) do room[key] = { set = setter(key) } end

room.tickets.switch      = function(st, _, new) tickets.adopt(st, new) end
room.ticketkeys.begin    = tickets.begin
room.sessionstore.begin  = sessionstore.begin
room.sessionstore.switch = function(st, _, new) sessionstore.adopt(st, new) end

return room
