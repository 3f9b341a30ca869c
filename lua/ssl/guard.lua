--- ssl.guard: what a call uses outlives the call.
--
-- A finalizer of the program's may run wherever Lua allocates, and each read of a
-- pointer (`conn.ssl`) allocates. So between the reading and the call of OpenSSL that it
-- was for, the connection may be closed. `conn.inside` counts the calls that are in the
-- middle of using a connection; while there are any, its end closes the descriptor and
-- leaves the memory (shim/conn.c), also in `st.conn`, and the last of those calls frees
-- it here. A call that never comes back, because of an error or of a coroutine that was
-- forgotten, leaves that to the collector.
--
-- Every method of a class is a guarded one, by the call of `guard.class` behind its
-- last definition, but for those that the call names. They hand the struct itself to
-- the shim, and no pointer out of it.

local shim  = require "ssl.ffi.shim"
local arg   = require "ssl.arg"
local state = require "ssl.state"

local guard = {}

-- The last call is over, and the connection ended meanwhile. Whatever the call has made
-- of the state since then, it stays closed.
local function leave(st, conn)
  st.status, st.open, st.conn = "closed", false, state.closed
  if conn.doomed ~= 0 then shim.free(conn) end
end

local function leave_with(st, conn, count, ...)
  local results = { ... }
  leave(st, conn)
  return unpack(results, 1, count)
end

local function left(st, conn, ...)
  conn.inside = conn.inside - 1
  if not st.gone or conn.inside > 0 then return ... end
  return leave_with(st, conn, select("#", ...), ...)
end

--- Call a function that uses the connection's pointers, from a method that is not
-- guarded itself.
-- @tparam table st
-- @tparam function f  f(st, ...)
-- @return what it returns
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

--- Guard the methods of a class.
-- @tparam table class
-- @tparam {[string]=true} bare  names of methods that are not
function guard.class(class, bare)
  for name, f in pairs(class.methods) do
    if not bare[name] then class.methods[name] = guard.call(class, f) end
  end
end

return guard
