--- ssl.context.setters.common: what the functions of ssl.context have in common.
--
-- They are LuaSec's, function by function: `true`, or `false` and a message; wrong types
-- raise. Their parameters are `...` so that an error can distinguish nil from none.

local arg      = require "ssl.base.arg"
local errors   = require "ssl.base.errors"
local material = require "ssl.source.material"
local sslctx   = require "ssl.context.sslctx"
local live     = sslctx.live

local common = {}

--- The results of a setter.
function common.answer(what, ok, reason)
  if ok then return true end
  return false, ("%s (%s)"):format(what, reason)
end
local answer = common.answer

--- The mistake in what becomes a C string, which would stop at a NUL; or nil.
function common.cut(text, what)
  return text and text:find("\0", 1, true) and ("NUL in the %s"):format(what)
end
local cut = common.cut

--- Every argument from the second on, as strings.
function common.names(given, count)
  for i = 1, count do
    given[i] = arg.string(given[i], i + 1, 2)
  end
  return given
end

--- An argument that may be what ssl.source.material has.
function common.sources(value, takes, position, level)
  level = (level or 1) + 1
  local list, wrong = material.sources(value, takes)
  if not list then arg.mismatch("string", wrong, position, level) end
  return list
end

--- A setter of one C string, which OpenSSL judges, with a reason.
function common.setter(what, noun, apply)
  return function(...)
    local ctx, text = ...
    local c = live(ctx)
    text = arg.string(text, 2)
    local nul = cut(text, noun)
    if nul then return answer(what, false, nul) end
    errors.clear()
    if apply(c.handle.raw, text) ~= 1 then
      return answer(what, false, errors.reason())
    end
    errors.clear()
    return true
  end
end

--- Functions that change the policy of a context: `live` takes its mark away at the beginning,
-- and this at the end. A finalizer, or the function for a password, may make a connection in
-- between, and that has the settings of then.
-- @tparam table setters  name -> f(ctx, ...), which calls `live`
-- @treturn table  the same, with functions whose errors look as if f had been called
function common.changers(setters)
  local function ended(ctx, ...)
    getmetatable(ctx).fingerprint = false
    return ...
  end
  for name, f in pairs(setters) do
    local function setter(...)
      local ctx = ...
      return ended(ctx, f(...))
    end
    arg.stands_for(setter)
    setters[name] = setter
  end
  return setters
end

return common
