--- ssl.io.wrapped: the object that a descriptor came from, for `unwrap`.
--
-- A LuaSocket object takes 8 KiB, for its read-ahead, and most connections never return
-- theirs. So where it has no unread bytes, only a weak reference is kept. As long as the
-- program has the object, `unwrap` returns it; else a new object with the same time limits is
-- made. Any other wrapped object is kept.

local wrapped = {}

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

-- Descriptor -> its LuaSocket object. The descriptor belongs to the connection alone.
local alive = setmetatable({}, { __mode = "v" })

-- The time limits of a socket that was not kept. Sockets with the same limits share a table.
local RECIPE  = {}
local recipes = setmetatable({}, { __mode = "v" })

local CLIENT = "tcp{client}"

-- LuaSocket's own test of its objects: the class table in the registry. And the function
-- that makes one, which is found by the name of its module.
local class, make

local function luasocket(sock)
  if type(sock) ~= "userdata" or not debug then return false end
  if not class then
    make  = package.loaded["socket.core"]
    class = make and make.tcp4 and make.tcp6 and debug.getregistry()[CLIENT]
  end
  return class and debug.getmetatable(sock) == class
     and class.__index.gettimeout ~= nil and class.__index.dirty ~= nil
end

-- Most sockets of a program have the limits of the one before.
local latest = setmetatable({}, { __mode = "v" })

local function recipe(sock)
  local block, total = sock:gettimeout()
  local same = latest.recipe
  if same and same.block == block and same.total == total then return same end
  local name = ("%.17g %.17g"):format(block, total)
  local found = recipes[name]
  if not found then
    found = setmetatable({ block = block, total = total }, RECIPE)
    recipes[name] = found
  end
  latest.recipe = found
  return found
end

--- The value that a connection's state keeps.
-- @param sock  what was wrapped, with its descriptor
-- @tparam number fd
function wrapped.keep(sock, fd)
  if fd < 0 or not luasocket(sock) or sock:dirty() then return sock end
  alive[fd] = sock
  local held = recipe(sock)
  return held
end

-- socket.tcp makes a socket that has yet to connect, and connecting changes its class;
-- here the descriptor is connected already.
local function remade(held, fd)
  local function socket(tcp)
    local sock = tcp()
    sock:close()
    debug.setmetatable(sock, class)
    sock:setfd(fd)
    return sock
  end
  local sock = socket(make.tcp4)
  if (sock:getsockname() or ""):find(":", 1, true) then
    sock:setfd(-1)
    sock = socket(make.tcp6)
  end
  sock:settimeout(held.block, "b")
  sock:settimeout(held.total, "t")
  return sock
end

--- The object again, with its descriptor.
-- @param held  from `keep`
-- @tparam number fd
function wrapped.restore(held, fd)
  if getmetatable(held) ~= RECIPE then
    held:setfd(fd)
    return held
  end
  local sock = alive[fd]
  if not sock then return (remade(held, fd)) end
  alive[fd] = nil
  sock:setfd(fd)
  return sock
end

return wrapped
