--- ssl.turn: one coroutine at a time where a transport's method may yield.
--
-- A mark, a field of the connection's state, names the coroutine that is in there.
-- Who comes second waits until it is out, and how to wait is the host's affair. A
-- scheduler resumes who yields. nginx resumes a light thread that yields at once,
-- before it looks at any socket, and in a coroutine of the user's a yield would end
-- up with its parent: there it is lua-resty-core's semaphore that waits.

local turn = {}

-- What nginx calls a zombie: it ended, and nobody has waited for that.
local ENDED = { dead = true, zombie = true }

-- Seconds. A light thread may be killed, or end with its request, and say nothing.
local LOOK_AGAIN = 1

local nginx = rawget(_G, "ngx")
local semaphore = nginx and require "ngx.semaphore"

--- Is a coroutine in there?
function turn.taken(st, mark)
  local owner = st[mark]
  return owner and (owner == true or not ENDED[coroutine.status(owner)])
end

--- Go in.
function turn.enter(st, mark)
  st[mark] = coroutine.running() or true
end

--- Come out, and wake who waits. They go before who has just been in there.
function turn.leave(st, mark)
  st[mark] = false
  local waiting = st.semaphore and -st.semaphore:count() or 0
  if waiting > 0 then
    st.semaphore:post(waiting)
    st.passing = true
  end
end

local function give_way(st)
  if not semaphore then return coroutine.yield() end
  st.semaphore = st.semaphore or assert(semaphore.new())
  local ok, why = st.semaphore:wait(LOOK_AGAIN)
  if not ok and why ~= "timeout" then error(why, 0) end
end

--- Wait until nobody is in there.
-- @tparam table st
-- @tparam string mark
-- @treturn boolean  false where there is nothing to yield to
function turn.wait(st, mark)
  if st.passing then
    st.passing = false
    nginx.sleep(0)
  end
  while turn.taken(st, mark) do
    if not coroutine.running() then return false end
    give_way(st)
  end
  return true
end

return turn
