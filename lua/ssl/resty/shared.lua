--- ssl.resty.shared: a client's sessions in a lua_shared_dict, for all workers of nginx.
--
-- A list for each place and policy, the newest first. A worker takes a session out, so that
-- none that may be used once is used twice; another one goes back at once. The bytes are
-- secrets, as the memory of every worker is. What comes out is checked as any imported session
-- is: it is refused under another policy.

local host = require "ssl.resty.host"
local own  = require "ssl.session.kept"
local ssl  = require "ssl"

local shared = {}

local PREFIX, EACH = "ssl.resty:", 8

local methods = {}

local stores = {}   -- name -> store

--- The store in the dictionary of this name.
-- @tparam string name
-- @treturn table
-- @raise where nginx has no such lua_shared_dict
function shared.of(name)
  if stores[name] then return stores[name] end
  local dict = host.ngx().shared[name]
  if not dict then error(("ssl.resty: there is no lua_shared_dict '%s'"):format(name), 0) end
  local places = setmetatable({}, { __mode = "k" }) -- connection -> key
  local self = { dict = dict, places = places }
  for method, f in pairs(methods) do
    self[method] = function(...) return f(self, ...) end
  end
  stores[name] = self
  return self
end

local function keep(self, key, session, bytes)
  if not bytes then return end
  key = PREFIX .. key
  local length = self.dict:lpush(key, bytes)
  if length and length > EACH then self.dict:rpop(key) end
  self.dict:expire(key, session:info "timeout")
end

function methods:place(conn, key)
  self.places[conn] = key
end

function methods:remember(conn, session)
  local key = self.places[conn]
  if key then keep(self, key, session, session:export()) end
end

function methods:offer(conn, key)
  self.places[conn] = key
  while true do
    local bytes = self.dict:lpop(PREFIX .. key)
    if not bytes then return nil end
    local session = ssl.importsession(bytes)
    local fine, why
    if session then fine, why = conn:setsession(session) end
    if fine then
      if not session:info "singleuse" then keep(self, key, session, bytes) end
      return bytes
    end
    if session and not own.spoiled(session, why) then
      keep(self, key, session, bytes)
      return nil
    end
  end
end

--- One that the server did not take goes out of the list, which is turned once. Other workers
-- may find less meanwhile.
function methods:shaken(conn, key, bytes)
  if conn:resumed() then return end
  key = PREFIX .. key
  for _ = 1, self.dict:llen(key) or 0 do
    local one = self.dict:lpop(key)
    if one and one ~= bytes then self.dict:rpush(key, one) end
  end
end

return shared
