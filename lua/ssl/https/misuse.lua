--- ssl.https.misuse: mistakes of the program in the table of a request. Pure Lua.
--
-- These are wrong types, and fields that exclude each other: a request raises for them. A
-- wrong text may come from elsewhere, so for that a request returns a message.

local fields   = require "ssl.https.fields"
local find     = require "ssl.over.find"
local timeouts = require "ssl.https.timeouts"
local pool     = require "ssl.https.pool"
local ssl      = require "ssl"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local TEXTS = { "method", "scheme", "host", "port", "path", "params", "query", "user", "uri",
                "body" }
local LIMITS = { "maxredirects", "maxsize" }
local FUNCTIONS = { "source", "sink", "step", "create", "progress" }

local function expected(what, name, value)
  return ("%s expected in field '%s', got %s"):format(what, name, type(value))
end

-- Nobody else looks at these keys before the proxy is verified.
local function of_proxytls(value)
  if type(value) ~= "table" then return expected("table", "proxytls", value) end
  local problem = ssl.cfg.problem(value, "proxytls")
  return problem and "proxytls: " .. problem
end

local function of_types(reqt)
  if type(reqt.url) ~= "string" then return expected("string", "url", reqt.url) end
  for _, name in ipairs(TEXTS) do
    if reqt[name] ~= nil and not fields.is_text(reqt[name]) then
      return expected("string", name, reqt[name])
    end
  end
  for _, name in ipairs(FUNCTIONS) do
    if reqt[name] and not find.callable(reqt[name]) then
      return expected("function", name, reqt[name])
    end
  end
  if reqt.pool and not pool.is(reqt.pool) then
    return expected("a pool of https.pool", "pool", reqt.pool)
  end
  local wrong = reqt.proxytls and of_proxytls(reqt.proxytls)
  if wrong then return wrong end
  for _, name in ipairs(LIMITS) do
    local most = reqt[name]
    if most and not (type(most) == "number" and most >= 0) then -- nor NaN
      return expected("a number from 0 on", name, most)
    end
  end
  -- A word such as "no" would be true.
  if reqt.redirect ~= nil and type(reqt.redirect) ~= "boolean" then
    return expected("boolean", "redirect", reqt.redirect)
  end
end

local function of_body(reqt)
  if reqt.body and reqt.source then
    return "'body' and 'source' are two bodies: one of them expected"
  end
  -- Other libraries have this field. Ignored, it would make a request without its body.
  if reqt.json ~= nil then
    return "there is no field 'json': encode the value, and give the text as 'body'"
  end
end

local misuse = {}

--- The mistake in a `create`, or nil.
-- @treturn string|nil  for an argument error
function misuse.create(value)
  if value and not find.callable(value) then return expected("function", "create", value) end
end

--- The mistake in a request, or nil.
-- @tparam table reqt
-- @treturn string|nil  for an argument error
function misuse.request(reqt)
  return of_types(reqt) or of_body(reqt) or reqt.headers and fields.misuse(reqt.headers)
         or timeouts.problem(reqt.timeout) or find.problem(reqt.over)
end

return misuse
