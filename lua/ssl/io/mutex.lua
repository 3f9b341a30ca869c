--- ssl.io.mutex: one coroutine at a time where a transport's method may yield.
--
-- A mark, a field of the connection's state, says that a coroutine is in there, and
-- `owners`, a weak table, which one: a coroutine that its scheduler forgot never comes
-- out, and the collector is the only one to know.
-- Who comes second waits until it is out, and how to wait is the host's affair. A
-- scheduler resumes who yields. nginx resumes a light thread that yields at once,
-- before it looks at any socket, and in a coroutine of the user's a yield would end
-- up with its parent: there it is lua-resty-core's semaphore that waits.

local mutex = {}

local WEAK = { __mode = "v" }

-- What nginx calls a zombie: it ended, and nobody has waited for that.
local ENDED = { dead = true, zombie = true }

-- Seconds. A light thread may be killed, or end with its request, and say nothing.
local LOOK_AGAIN = 1
-- Not 0: nginx without OpenResty's patches warns of that each time.
local SHORT = 0.001

-- Programs that test themselves outside of nginx make up a global of that name.
local real, semaphore = pcall(require, "ngx.semaphore")
local nginx = real and rawget(_G, "ngx")

-- The coroutine that runs, or nil. Lua 5.2's way, for which LuaJIT can be built and
-- OpenResty's is, calls the main thread a coroutine too, and says that it is the main one.
local function current()
  local thread, main = coroutine.running()
  return not main and thread or nil
end

--- Are we in nginx?
mutex.nginx = nginx and true or false

--- Is a coroutine in there?
function mutex.held(st, mark)
  if not st[mark] then return false end
  local owner = st.owners[mark]
  return owner ~= nil and (owner == true or not ENDED[coroutine.status(owner)])
end

--- Go in.
function mutex.lock(st, mark)
  st.owners = st.owners or setmetatable({}, WEAK)
  st.owners[mark] = current() or true
  st[mark] = true
end

--- Come out, and wake who waits. They go before who has just been in there.
function mutex.unlock(st, mark)
  st[mark] = false
  local waiting = st.semaphore and -st.semaphore:count() or 0
  if waiting > 0 then
    st.semaphore:post(waiting)
    st.passing = true
  end
end

--- Come out with what a pcall in there gave.
-- @return its results
-- @raise what it raised
function mutex.finish(st, mark, ok, ...)
  local problem = ...
  mutex.unlock(st, mark)
  if not ok then error(problem, 0) end
  return ...
end

local function give_way(st)
  if not nginx then return coroutine.yield() end
  st.semaphore = st.semaphore or assert(semaphore.new())
  local ok, why = st.semaphore:wait(LOOK_AGAIN)
  if not ok and why ~= "timeout" then error(why, 0) end
end

-- Nobody else can let out who is in there itself: a method of the transport's that uses
-- the connection.
local function can_wait(st, mark)
  local thread = current()
  return thread ~= nil and st.owners[mark] ~= thread
end

--- Wait until nobody is in there.
-- @tparam table st
-- @tparam string mark
-- @treturn boolean  false where there is nothing to yield to, or nothing to wait for
function mutex.wait(st, mark)
  if st.passing then
    st.passing = false
    if nginx and current() then nginx.sleep(SHORT) end
  end
  while mutex.held(st, mark) do
    if not can_wait(st, mark) then return false end
    give_way(st)
  end
  return true
end

return mutex
