--- ssl.https.request: requests, with redirects, over connections that are new or kept.
--
-- The functions of ssl.https. They have a file of their own so that a program which has
-- required ssl.https, and makes no request yet, has loaded nothing else of this room.

local exchange  = require "ssl.https.exchange"
local find      = require "ssl.over.find"
local hop       = require "ssl.https.hop"
local late      = require "ssl.https.late"
local luasocket = require "ssl.https.luasocket"
local timeouts  = require "ssl.https.timeouts"
local dial      = require "ssl.https.dial"
local misuse    = require "ssl.https.misuse"
local pool      = require "ssl.https.pool"
local tls       = require "ssl.https.tls"
local reader    = require "ssl.https.reader"
local ssl       = require "ssl"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local functions = {}

-- The public module. A program may change its fields PORT, TIMEOUT and so on at any time.
local https

-- Send the request and read the head of the answer.
local function ask(w, request)
  local ok, why = exchange.send(w, request)
  if not ok and not w.refused then return nil, why end
  local code, headers, status = exchange.head(w, request)
  if ok then return code, headers, status end
  -- A server that stops reading our body may have answered (413, say). Trust that answer
  -- unless it is a success.
  if code and code >= 300 then return code, headers, status end
  return nil, not code and (w.early or w:alerted()) and headers or why
end

-- On one connection, or on two: the first may have been kept for too long.
local function answer(request, plan, limit, open)
  local w, why = dial.open(request, plan, limit, open)
  if not w then return nil, why end
  local code, headers, status = ask(w, request)
  if not code and reader.may_repeat(w, request.method, headers) then
    dial.close(open)
    w, why = dial.open(request, plan, limit, open, true)
    if not w then return nil, why end
    code, headers, status = ask(w, request)
  end
  if not code then return nil, headers end
  return w, code, headers, status
end

-- The whole request, redirects included. It may raise errors of the caller's sinks and
-- sources.
local function perform(reqt, open)
  local limit = timeouts.new(reqt.timeout, https.TIMEOUT)
  find.turn(find.adapter(reqt.over), nil, limit.deadline)
  local request, why = hop.new(reqt, https.PORT)
  if not request then return nil, why end
  local redirected, last = 0, nil
  while true do
    local plan
    plan, why = dial.plan(request, https)
    if not plan then return nil, why end
    local w, code, headers, status = answer(request, plan, limit, open)
    if not w then return nil, code end
    local target, location = hop.redirect(request, code, headers, redirected, https.PORT)
    if not target then
      local ok
      ok, why = exchange.body(w, request, code, headers)
      if not ok then return nil, why end
      dial.done(request, plan, w, open)
      headers.location = headers.location or last
      return 1, code, headers, status
    end
    if plan.key then exchange.skip(w, request, code, headers) end
    dial.done(request, plan, w, open)
    request, last, redirected = target, location, redirected + 1
  end
end

-- With Lua's pcall, through which callers can yield, and not with LuaSocket's. `level` is that of
-- the function that the program has called.
local function protected(reqt, level)
  local open = {}
  local results = { pcall(perform, reqt, open) }
  dial.close(open)
  local mistake = not results[1] and late.text(results[2])
  if mistake then error(mistake, level + 2) end
  if not results[1] then return luasocket.unwrap(results[2]) end
  return unpack(results, 2, 5)
end

-- The sink of a body that becomes a string.
local function gather(chunks)
  return function(chunk)
    chunks[#chunks + 1] = chunk
    return 1
  end
end

local function string_form(url, body, kept)
  local chunks = {}
  local ok, code, headers, status = protected({
    url = url, sink = gather(chunks), maxsize = https.MAXBODY, pool = kept, body = body,
    headers = body and { ["content-type"] = "application/x-www-form-urlencoded" },
  }, 2)
  if not ok then return ok, code, headers, status end
  local joined, text = pcall(table.concat, chunks)
  if not joined then return nil, text end -- no memory
  return text, code, headers, status
end

local function refuse(level, text)
  error(("bad argument #1 to 'request' (%s)"):format(text), level + 1)
end

-- A table, or the two arguments of a URL and a body.
local function check(url, body)
  if type(url) == "string" then
    if body and type(body) ~= "string" and type(body) ~= "number" then
      error(("bad argument #2 to 'request' (string expected, got %s)"):format(type(body)), 3)
    end
  elseif type(url) == "table" then
    local problem = misuse.request(url) or ssl.cfg.problem(url, "https")
    if problem then refuse(3, problem) end
  else
    refuse(3, "string or table expected, got " .. type(url))
  end
end

function functions.request(url, body)
  check(url, body)
  if type(url) == "string" then
    local result, code, headers, status = string_form(url, body)
    return result, code, headers, status
  end
  local result, code, headers, status = protected(url, 1)
  return result, code, headers, status
end

-- The method `request` of a pool: as https.request, with this pool.
local function request_of_pool(self, url, body)
  if not pool.is(self) then refuse(2, "a pool of https.pool expected, got " .. type(self)) end
  check(url, body)
  if type(url) == "string" then
    local result, code, headers, status = string_form(url, body, self)
    return result, code, headers, status
  end
  local reqt = {}
  for key, value in pairs(url) do reqt[key] = value end
  reqt.pool = self
  if getmetatable(url) ~= nil then setmetatable(reqt, { __index = url }) end
  local result, code, headers, status = protected(reqt, 1)
  return result, code, headers, status
end

function functions.pool(options)
  local made = pool.new(options, request_of_pool)
  return made
end

function functions.tcp(params)
  if params == nil then params = {} end
  if type(params) ~= "table" then
    error(("bad argument #1 to 'tcp' (table expected, got %s)"):format(type(params)), 2)
  end
  local problem = misuse.create(params.create) or find.problem(params.over)
               or ssl.cfg.problem(params, "https")
  if problem then error(("bad argument #1 to 'tcp' (%s)"):format(problem), 2) end
  -- Taken now: the caller may well store our function in the same table.
  local create = params.create
  return function()
    return luasocket.try(tls.new(params, https, create))
  end
end

--- The functions of ssl.https.
-- @tparam table module  the public module
-- @treturn table  request, pool, tcp: ssl.https documents them
return function(module)
  https = module
  return functions
end
