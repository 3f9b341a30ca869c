--- ssl.https.late: mistakes of the program that are found while a request is under way.
--
-- A value of a wrong type raises, as a field of the request does, at the line of the program. But
-- newcontext reads the TLS keys when there is a plan for a hop, and functions of ours lie between.

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local late = {}

local class = {}

--- Call a function that checks its arguments.
-- @return what it returns
-- @raise an object for `late.text` for an argument error; what a function of the program raises
--   as it is
function late.call(f, argument)
  local ok, a, b = pcall(f, argument)
  if ok then return a, b end
  -- Below pcall it has no position.
  if type(a) == "string" and a:find "^bad argument #" then a = setmetatable({ text = a }, class) end
  error(a, 0)
end

--- The message of such an object, nil for another value.
function late.text(raised)
  return getmetatable(raised) == class and raised.text or nil
end

return late
