--- ssl.io.guard: keeps a connection's memory while a call uses it.
--
-- A finalizer of the program may run wherever Lua allocates, and each read of a pointer
-- (`conn.ssl`) allocates. So the finalizer may close the connection after the read and
-- before the call of OpenSSL that gets the pointer. `conn.inside` counts the calls that
-- are using a connection. While the count is not 0, a close only closes the descriptor, and
-- keeps the memory and `st.conn` (shim/conn.c); the last of those calls frees them here.
-- A call may never return, because of an error or of a dropped coroutine. Then the collector
-- frees them.
--
-- Every method of a connection is guarded, except those that ssl.connection.methods names:
-- these pass the struct itself to the shim, and no pointer out of it.

local shim       = require "ssl.ffi.shim"
local arg        = require "ssl.base.arg"
local gcpressure = require "ssl.base.gcpressure"
local lifecycle  = require "ssl.io.lifecycle"

local guard = {}

-- The last call is over, and the connection ended meanwhile. It stays closed, also where the
-- call has changed the state since then.
local function leave(st, conn)
  lifecycle.leave(st)
  if conn.doomed ~= 0 and shim.free(conn) then gcpressure.returned(gcpressure.CONNECTION) end
end

local function leave_with(st, conn, count, ...)
  local results = { ... }
  leave(st, conn)
  return unpack(results, 1, count)
end

local function left(st, conn, ...)
  conn.inside = conn.inside - 1
  if st.status ~= "closed" or conn.inside > 0 then return ... end
  return leave_with(st, conn, select("#", ...), ...)
end

--- Call a function that uses the connection's pointers, from a method that is not
-- guarded itself.
-- @tparam table st
-- @tparam function f  f(st, ...)
-- @return its results
function guard.within(st, f, ...)
  local conn = st.conn
  conn.inside = conn.inside + 1
  return left(st, conn, f(st, ...))
end

--- A function whose first argument is an object of a class, guarded.
-- @tparam table class  `guarded` of an object's state is the state of the connection
--   that it uses
-- @tparam function f
-- @treturn function  errors that f raises look as if f had been called
function guard.call(class, f)
  local function guarded(...)
    local self = ...
    local own = type(self) == "userdata" and getmetatable(self)
    local st = own and own.class == class and own.guarded
    if not st then
      local a, b, c, d = f(...) -- which raises
      return a, b, c, d
    end
    local conn = st.conn
    conn.inside = conn.inside + 1
    return left(st, conn, f(...))
  end
  arg.stands_for(guarded)
  return guarded
end

--- Guard the methods of a class. Called behind the last definition.
-- @tparam table class
function guard.class(class)
  for name, f in pairs(class.methods) do class.methods[name] = guard.call(class, f) end
end

return guard
