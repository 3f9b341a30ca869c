--- ssl.over.find: the adapter that `over` names, and which loop runs.
--
-- docs/over.md is the contract of an adapter. A file of this room is loaded when a program
-- names it, since it requires the module of its loop.

local arg     = require "ssl.base.arg"
local later   = require "ssl.base.later"
local pace    = require "ssl.io.pace"
local timeout = require "ssl.io.timeout"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local find = {}

-- A loop's module, which has to be loaded already where the loop runs. The more certain answer
-- comes first: cqueues knows its threads, Copas and luv only whether they run.
local LOOPS = {
  { "cosocket", function() return rawget(_G, "ngx") end },
  { "cqueues",  function() return package.loaded.cqueues end },
  { "copas",    function() return package.loaded.copas end },
  { "luv",      function() return package.loaded.luv or rawget(_G, "vim") end },
}

local DEFAULT = "luasocket"

local MODULES = {
  luasocket = "ssl.over.luasocket", copas = "ssl.over.copas", cqueues = "ssl.over.cqueues",
  luv = "ssl.over.luv", cosocket = "ssl.over.cosocket",
}

local METHODS = { "connect", "sleep" }

--- Can it be called?
find.callable = arg.callable

local function adapter(name)
  return later.require(MODULES[name])
end

-- The loop that runs the caller.
local function running()
  for _, one in ipairs(LOOPS) do
    if one[2]() and adapter(one[1]).running() then return adapter(one[1]) end
  end
  return adapter(DEFAULT)
end

--- The mistake in a value of `over`, or nil.
-- @param value
-- @treturn string|nil  for an argument error
function find.problem(value)
  if not value or MODULES[value] or value == "auto" then return nil end
  if type(value) == "string" then return ("over: there is no adapter '%s'"):format(value) end
  if type(value) ~= "table" then
    return "over: string or table expected, got " .. type(value)
  end
  for _, name in ipairs(METHODS) do
    if not arg.callable(value[name]) then return ("over: an adapter without %s"):format(name) end
  end
end

--- The adapter.
-- @tparam string|table|nil value  without mistake; nil: LuaSocket's
-- @treturn table
-- @raise where the module of its loop cannot be loaded
function find.adapter(value)
  if type(value) == "table" then return value end
  if value == "auto" then return running() end
  return adapter(value or DEFAULT)
end

--- Before a step that computes, where many coroutines may begin one at the same time.
-- @tparam table over
-- @tparam[opt] number before  pace.steps() when the coroutine began to wait
-- @tparam[opt] number due  the moment when its time is over, and it waits no longer
function find.turn(over, before, due)
  if over.name ~= DEFAULT then pace.turn(over, before, due) end
end

--- Connect by an adapter, and begin the handshake in turn.
-- @tparam table over
-- @tparam string host
-- @tparam number port
-- @tparam[opt] number seconds
-- @return an object of the adapter
-- @treturn nil,string
function find.connect(over, host, port, seconds)
  local before, due = pace.steps(), timeout.after(seconds)
  local object, why = over.connect(host, port, seconds)
  if object then find.turn(over, before, due) end
  return object, why
end

--- The object of an adapter for a socket of its loop, which may be one already.
-- @tparam table over
-- @param sock
-- @return the object, or `sock`
function find.carry(over, sock)
  return over.carry and over.carry(sock) or sock
end

return find
