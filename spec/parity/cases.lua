--- The cases of the parity check, read from scenarios/ without running them.
--
-- A scenario file gets one function and calls it with what cases start from (a
-- state, or several; see states.lua) and with the cases:
--
--   local over = ...
--   over({ "new", "closed" }, {
--     "c:getfd() >= 0",
--     { "c:dohandshake()", crash = { closed = "closed-methods" } },
--   })
--
-- A case is a piece of Lua, an expression list or statements with a `return`, and
-- is run as it stands under both libraries. Beside its text it may have
--
--   differs  id of the row of docs/differences.md that says why ours is otherwise
--   crash    the same, where LuaSec's process ends in this case, or never comes back
--   from     the first OpenSSL with which LuaSec's result differs so; before it is the same
--   checked  the first OpenSSL that refuses the argument by which LuaSec's process ends
--   since    first release of LuaSec that has it; before that there is nothing to
--   is       compare with, and ours has to be `is`, from the description of 1.3.2; or,
--            where `differs` says so, from ours
--
-- `differs` and `crash` may each be a table by state.

-- Not compiled, and the scenarios neither: the mode hammered once made 15 cases more in one
-- process than in the two that run them, so that each result was compared with another case's.
jit.off(true, true)

local cases = {}

local AREAS = {
  "modules", "objects", "context", "newcontext", "certificates", "wrap", "core",
  "arguments", "states", "send", "receive", "closing", "select", "handshake", "refused",
  "sni", "alpn", "psk", "dane", "chains", "verification", "binding", "x509", "extensions", "https",
}

local function mark(value, state)
  if type(value) == "table" then return value[state] end
  return value
end

local function add(list, area, state, item)
  if type(item) == "string" then item = { item } end
  local text = item[1]
  list[#list + 1] = {
    name = ("%s, %s: %s"):format(area, state, text:gsub("%s+", " ")),
    text = text, state = state,
    differs = mark(item.differs, state), crash = mark(item.crash, state),
    since = item.since, is = item.is, from = item.from, checked = item.checked,
  }
end

--- All cases, in order.
-- @tparam string folder  where this file lies
-- @treturn {table,...}  name, state, text and the marks
function cases.load(folder)
  local list = {}
  for _, area in ipairs(AREAS) do
    local function over(states, items)
      if type(states) == "string" then states = { states } end
      for _, state in ipairs(states) do
        for _, item in ipairs(items) do add(list, area, state, item) end
      end
    end
    local scenario = assert(loadfile(("%s/scenarios/%s.lua"):format(folder, area)))
    jit.off(scenario, true)
    scenario(over)
  end
  return list
end

return cases
