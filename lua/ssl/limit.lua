--- ssl.limit: how long an operation may wait.
--
-- LuaSocket's two limits. Either alone bounds the whole call, from its first
-- wait on; with both, one wait lasts at most `block` seconds and all of them
-- together `total`. A limit of 0 means: only look. `nowait` says that beforehand,
-- so that such a call never enters a function with a loop.

local arg  = require "ssl.arg"
local shim = require "ssl.ffi.shim"
local now  = shim.C.now

local limit = {}

local MODES = { b = "block", t = "total", r = "total" }

--- `conn:settimeout(seconds, mode)` on a connection's state.
function limit.set(st, seconds, mode, level)
  level = level + 1
  local n = arg.optnumber(seconds, -1, 2, level)
  local field = MODES[arg.optstring(mode, "b", 3, level):sub(1, 1)]
  if not field then arg.fail(3, "invalid timeout mode", level) end
  st[field] = n >= 0 and n or false
  st.nowait = st.block == 0 or st.total == 0
end

--- When an operation began to wait; nil where nothing bounds it.
function limit.start(st)
  return (st.block or st.total) and now() or nil
end

--- Seconds that the next wait may last: 0 when the time is over, -1 for ever.
function limit.left(st, start)
  local block, total = st.block, st.total
  if not block and not total then return -1 end
  local left
  if block and total then
    left = math.min(block, total - (now() - start))
  else
    left = (block or total) - (now() - start)
  end
  return left > 0 and left or 0
end

return limit
