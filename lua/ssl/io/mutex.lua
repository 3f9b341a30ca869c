--- ssl.io.mutex: one coroutine at a time where a transport's method may yield.
--
-- A mark in `st.locks` is set while a coroutine holds the lock, and `owners` has that
-- coroutine. It is a weak table: a coroutine that its scheduler has forgotten never unlocks,
-- and only the collector finds out.
-- The second coroutine waits until the first has unlocked. How it waits depends on the
-- host: a scheduler resumes a coroutine that yields. nginx resumes a light thread that
-- yields at once, before it looks at any socket; and in a coroutine of the program a yield
-- would return to its parent. So in nginx lua-resty-core's semaphore waits. Over an adapter
-- of ssl.over a coroutine sleeps in its loop, and looks again.

local mutex = {}

local WEAK = { __mode = "v" }

-- `st.locks` is made at the first lock: most connections have none.
local function made()
  return { owners = setmetatable({}, WEAK), semaphore = false, passing = false }
end

-- "zombie" is nginx's status of a thread that has ended and was not waited for.
local ENDED = { dead = true, zombie = true }

-- Seconds. A light thread may be killed, or end with its request, without unlocking.
local LOOK_AGAIN = 1
-- Not 0: nginx without OpenResty's patches warns of that each time.
local SHORT = 0.001

-- Programs that test themselves outside of nginx make up a global of that name.
local real, semaphore = pcall(require, "ngx.semaphore")
local nginx = real and rawget(_G, "ngx")

-- The running coroutine, or nil. With Lua 5.2 compatibility, which OpenResty's LuaJIT has,
-- `running` returns the main thread too, and true beside it.
local function current()
  local thread, main = coroutine.running()
  return not main and thread or nil
end

--- Are we in nginx?
mutex.nginx = nginx and true or false

--- Does a coroutine hold the lock?
function mutex.held(st, mark)
  local locks = st.locks
  if not locks or not locks[mark] then return false end
  local owner = locks.owners[mark]
  return owner ~= nil and (owner == true or not ENDED[coroutine.status(owner)])
end

--- Lock.
function mutex.lock(st, mark)
  local locks = st.locks or made()
  st.locks = locks
  locks.owners[mark], locks[mark] = current() or true, true
end

--- Unlock, and wake the waiting coroutines. They come before the one that unlocks.
function mutex.unlock(st, mark)
  local locks = st.locks
  locks[mark] = false
  local waiting = locks.semaphore and -locks.semaphore:count() or 0
  if waiting > 0 then
    locks.semaphore:post(waiting)
    locks.passing = true
  end
end

--- Unlock, after a pcall under the lock.
-- @return the results of the pcall
-- @raise its error
function mutex.finish(st, mark, ok, ...)
  local problem = ...
  mutex.unlock(st, mark)
  if not ok then error(problem, 0) end
  return ...
end

local function give_way(st, locks)
  local over = st.stream and st.stream.over
  if over then return over.sleep(SHORT) end
  if not nginx then return coroutine.yield() end
  locks.semaphore = locks.semaphore or assert(semaphore.new())
  local ok, why = locks.semaphore:wait(LOOK_AGAIN)
  if not ok and why ~= "timeout" then error(why, 0) end
end

-- A coroutine that holds the lock itself cannot wait for it: a method of the transport that
-- uses the connection.
local function can_wait(locks, mark)
  local thread = current()
  return thread ~= nil and locks.owners[mark] ~= thread
end

--- Wait until the lock is free.
-- @tparam table st
-- @tparam string mark
-- @treturn boolean  false where there is nothing to yield to, or nothing to wait for
function mutex.wait(st, mark)
  local locks = st.locks
  if not locks then return true end
  if locks.passing then
    locks.passing = false
    if nginx and current() then nginx.sleep(SHORT) end
  end
  while mutex.held(st, mark) do
    if not can_wait(locks, mark) then return false end
    give_way(st, locks)
  end
  return true
end

return mutex
