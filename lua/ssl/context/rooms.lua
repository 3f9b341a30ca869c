--- ssl.context.rooms: the functions of the keys of ssl.newcontext.
--
-- They are in lua/ssl/context/options/. A file there is a room: a table with an entry for each
-- of its keys. It is loaded when one of its keys is first used.

local later = require "ssl.base.later"
local keys  = require "ssl.context.keyset"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local rooms = {}

-- Name of a room -> its table.
local loaded = {}

--- The functions of a key. Loads the room.
--
--   set(ctx, value, cfg, level)  uses a value, which is true in the sense of Lua; returns
--                                true, or false and the message of ssl.newcontext
--   begin(st, c)                 a connection is made; returns false and a message where that
--                                has failed
--   apply(st, old, new)          a connection takes over what its context has, when it is made
--                                (`old` is nil) and at a switch
--   switch(st, old, new)         the same at a switch alone, before any `apply`
--
-- The last three get the states of contexts. Where the key has fields and the contexts
-- have their defaults, they are not called.
-- @tparam string key
-- @treturn table  with `set`, and perhaps the others
function rooms.of(key)
  local room = keys.room[key]
  if not loaded[room] then
    local module = "ssl.context.options." .. room
    loaded[room] = later.require(module)
  end
  return loaded[room][key]
end

return rooms
