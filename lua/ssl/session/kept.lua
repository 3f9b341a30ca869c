--- ssl.session.kept: a client's sessions, for the next connection to the same place.
--
-- ssl.connect and ssl.https keep theirs here. A resumed handshake costs a fraction of a full
-- one and verifies nothing: the verdict of the handshake that made the session holds. So a
-- place is a key that contains everything on which the verdict depends. The connection
-- compares the policies again when it gets a session.

local arg        = require "ssl.base.arg"
local later      = require "ssl.base.later"
local lru        = require "ssl.base.lru"
local process    = require "ssl.base.process"
local resumption = later.module "ssl.session.resumption"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local kept = {}

-- Places, and sessions of each. So many connections to one place can begin at once and
-- resume.
local PLACES, EACH = 32, 8

local cache, owner = lru.new(PLACES), nil       -- key -> list of sessions; whose
local places = setmetatable({}, { __mode = "k" }) -- connection -> key

-- A session of TLS 1.3 may be used once, by the parent of this process or by this one. So
-- a child begins without any.
local function list_of(key)
  if owner ~= process() then cache, owner = lru.new(PLACES), process() end
  return cache:get(key)
end

local function keep(key, item)
  local list = list_of(key)
  if not list then
    list = {}
    cache:put(key, list)
  end
  table.insert(list, item)
  if #list > EACH then table.remove(list, 1) end
end

local function drop(list, item)
  for i, one in ipairs(list) do
    if one == item then return table.remove(list, i) end
  end
end

-- The youngest. One that may be used again stays, for connections that begin meanwhile.
local function take(key)
  local list = list_of(key)
  local item = list and list[#list]
  if item and item.session:info "singleuse" then list[#list] = nil end
  return item, list
end

--- For `onsession` of a context: the one function for all, so that contexts are the
-- same. Sessions of connections that `offer` does not know are dropped.
function kept.remember(conn, session)
  local key = places[conn]
  if key then keep(key, { session = session, cert = (conn:getpeercertificate()) }) end
end

--- A connection has refused a session: see ssl.session.resumption.
function kept.spoiled(session, why)
  return resumption.spoiled(session, why)
end

-- The handshake will not check the certificate again, so it must not have expired.
-- true; false: it will not fit any more; nil: not now
local function fits(item, conn)
  if item.cert and not item.cert:validat(os.time()) then return false end
  local fine, why = conn:setsession(item.session)
  if fine then return true end
  if kept.spoiled(item.session, why) then return false end
  return nil
end

--- Keep the new sessions of a connection.
-- @tparam ssl.Connection conn
-- @tparam string key  the place
function kept.place(conn, key)
  places[conn] = key
end

--- Offer a session to a connection before its handshake, after its names are set, and keep
-- its new sessions.
-- @tparam ssl.Connection conn
-- @tparam string key  the place
-- @treturn table  the offered session, for `shaken`; nil where none fits
-- @raise where `key` is no string; and as `conn:setsession` does
function kept.offer(conn, key)
  key = arg.string(key, 2)
  kept.place(conn, key)
  while true do
    local item, list = take(key)
    if not item then return end
    local whole, fine = pcall(fits, item, conn)
    if whole and fine then return item end
    drop(list, item)
    if not whole or fine == nil then keep(key, item) end
    if not whole then error(fine, 0) end
    if fine == nil then return end
  end
end

--- The handshake is over, or has failed. A session that the server did not take is not
-- offered again: some servers cut or stall whoever offers one.
-- @tparam ssl.Connection conn
-- @tparam string key
-- @tparam table item  what `offer` returned
function kept.shaken(conn, key, item)
  local list = list_of(key)
  if list and not conn:resumed() then drop(list, item) end
end

return kept
