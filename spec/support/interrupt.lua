--- The work of a finalizer, at a chosen point of a call.
--
-- The collector runs finalizers wherever Lua allocates, which is elsewhere with each
-- LuaJIT and each state of its memory. So a hook takes their place: it can stop between
-- any two instructions of the interpreter, which are more points than the collector has.

local interrupt = {}

--- Call a function, and another one in the middle of it.
-- @tparam number n  after so many instructions of Lua
-- @tparam function deed
-- @tparam function f
-- @treturn boolean  was the call that long?
-- @return as of pcall
function interrupt.at(n, deed, f, ...)
  local came, over = false, false
  local function hook()
    debug.sethook()
    if over then return end
    came = true
    deed()
  end
  local function run(...)
    debug.sethook(hook, "", n)
    return f(...)
  end
  local function finish(...)
    over = true
    debug.sethook()
    return came, ...
  end
  return finish(pcall(run, ...))
end

return interrupt
