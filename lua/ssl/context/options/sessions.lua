--- ssl.context.options.sessions: the keys of a configuration about sessions, and the function of
-- ssl.context that changes ticket keys at run time.

local lib          = require "ssl.ffi.lib"
local arg          = require "ssl.base.arg"
local context      = require "ssl.context.setters"
local resumption   = require "ssl.session.resumption"
local seal         = require "ssl.session.seal"
local sessionstore = require "ssl.session.store"
local tickets      = require "ssl.session.tickets"
local C, K         = lib.C, lib.K

-- RFC 8446, 4.6.1: seven days.
local LONGEST = 604800
local MOST_TICKETS = 64
-- Of sessions in OpenSSL's own cache, each of 1 KB or more.
local MOST_CACHED = 1048576

local keys = {}

local function whole(value, from, to)
  return type(value) == "number" and value >= from and value <= to and value % 1 == 0
end

--- `onsession`: a client's function.
function keys.onsession(c, f)
  if type(f) ~= "function" then return "function expected" end
  c.onsession = f
  resumption.enable(c)
end

--- `sessiontimeout`: seconds that a session can be resumed, on either side.
function keys.sessiontimeout(c, seconds)
  if not whole(seconds, 1, LONGEST) then
    return ("a number of seconds from 1 to %d expected"):format(LONGEST)
  end
  C.SSL_CTX_set_timeout(c.handle.ctx, seconds)
end

--- `sessionid`: the name of the policy, for processes that share sessions.
function keys.sessionid(c, id)
  if type(id) ~= "string" or id == "" then return "string expected" end
  c.sessionid = id
  if c.mode == "server" then c.seed = "sessionid:" .. id end
end

--- `tickets`: how many a handshake gives.
function keys.tickets(c, n)
  if not whole(n, 0, MOST_TICKETS) then
    return ("a number from 0 to %d expected"):format(MOST_TICKETS)
  end
  tickets.set_count(c, n)
end

--- `ticketkeys`.
function keys.ticketkeys(c, list)
  local _, why = tickets.set_keys(c, list)
  if not why then sessionstore.rekey(c, list) end
  return why
end

local function secret(value)
  return type(value) == "string" and #value >= seal.SHORTEST
end

-- As an array.
local function secrets(value)
  if secret(value) then return { value } end
  if type(value) ~= "table" or #value < 1 or #value > seal.MOST then return nil end
  for i = 1, #value do
    if not secret(value[i]) then return nil end
  end
  return value
end

local NO_SECRET = ("a secret of %d bytes or more, or an array of 1 to %d of them, expected")
                  :format(seal.SHORTEST, seal.MOST)
local NO_STORE = "there is no sessionstore"

--- `sessionkey`: what the entries of a `sessionstore` are authenticated by.
function keys.sessionkey(_, value, cfg)
  if not secrets(value) then return NO_SECRET end
  if not cfg.sessionstore then return NO_STORE end
end

--- `sessioncache`: how many sessions of a context with early data are kept at a time.
function keys.sessioncache(c, n, cfg)
  if not whole(n, 1, MOST_CACHED) then
    return ("a number from 1 to %d expected"):format(MOST_CACHED)
  end
  if not cfg.earlydata then return "there is no earlydata: nothing is cached" end
  C.SSL_CTX_ctrl(c.handle.ctx, K.SSL_CTRL_SET_SESS_CACHE_SIZE, n, nil)
end

local NO_KEY = "who can write to it could be any client: give sessionkey or ticketkeys, "
            .. "or sessionkey = false for a store that is trusted"

--- `sessionstore`: a table of functions.
function keys.sessionstore(c, store, cfg)
  if type(store) ~= "table" or type(store.get) ~= "function"
     or type(store.put) ~= "function"
     or store.remove ~= nil and type(store.remove) ~= "function" then
    return "a table with the functions get, put and perhaps remove expected"
  end
  if not sessionstore.supported then return "this OpenSSL cannot do it" end
  local from = secrets(cfg.sessionkey)
  local by_tickets = cfg.sessionkey == nil and cfg.ticketkeys
  if not from and not by_tickets and cfg.sessionkey ~= false then return NO_KEY end
  sessionstore.enable(c, store, from or by_tickets or nil, by_tickets and true)
end

-- In the order in which they are applied: where there are ticket keys, a store leaves
-- tickets on.
local ORDER = { "onsession", "sessiontimeout", "sessionid", "tickets", "ticketkeys",
                "sessionkey", "sessionstore", "sessioncache" }
local SIDE = { onsession = "client", tickets = "server", ticketkeys = "server",
               sessionkey = "server", sessionstore = "server",
               sessioncache = "server" }

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
  local why = c.mode ~= "server" and "for servers only" or keys.ticketkeys(c, list)
  if why then return false, ("invalid ticketkeys (%s)"):format(why) end
  return true
end

--- Replace what the entries of a context's store are authenticated by, also while
-- connections are there. In the place of ticket keys they do it from now on.
-- @tparam userdata ctx
-- @tparam string|{string,...} key  the newest first; see docs/sessions.md
-- @treturn true
-- @treturn false,string  "invalid sessionkey (...)"; nothing was changed
function context.setsessionkey(...)
  local ctx, key = ...
  local c = context.state(ctx, 1)
  if c.handle:lost() then arg.fail(1, "invalid context") end
  local list = secrets(key)
  local why = not list and NO_SECRET or not c.sessionstore and NO_STORE
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
    out.cached = tonumber(C.SSL_CTX_ctrl(c.handle.ctx, K.SSL_CTRL_SESS_NUMBER, 0, nil))
    out.evicted = tonumber(C.SSL_CTX_ctrl(c.handle.ctx, K.SSL_CTRL_SESS_CACHE_FULL, 0, nil))
  end
  return out
end

--- The setter of all of them.
return function(ctx, cfg)
  local c = context.state(ctx)
  for _, key in ipairs(ORDER) do
    local value = cfg[key]
    -- No tickets are something else than tickets as ever.
    if value ~= nil and value ~= false then
      local side = SIDE[key]
      local why = side and side ~= c.mode and ("for %ss only"):format(side)
               or keys[key](c, value, cfg)
      if why then return false, ("invalid %s (%s)"):format(key, why) end
    end
  end
  return true
end
