--- ssl.https: HTTPS requests, verified.
--
--   local https = require "ssl.https"
--   local body, code, headers, status = https.request "https://www.example.org/"
--
-- LuaSec's ssl.https, in front of LuaSocket's conventions. What differs is in
-- docs/https.md: above all, the certificate and the name of the server are checked
-- unless the request says `verify = "none"`.

local ltn12    = require "ltn12"
local socket   = require "socket"
local exchange = require "ssl.https_exchange"
local hop      = require "ssl.https_hop"
local proxy    = require "ssl.https_proxy"
local stream   = require "ssl.https_stream"
local ssl      = require "ssl"

local https = {
  _VERSION   = ssl._VERSION,
  _COPYRIGHT = ssl._COPYRIGHT,
  PORT       = 443,     -- where the URL names none
  TIMEOUT    = 60,      -- seconds, for connecting, the handshake, and each read
  VERIFY     = "peer",  -- "none": neither chain nor name, where the request is silent
}

-- Where to connect instead of the origin: nothing, or the proxy.
local function route(request)
  local found, why = proxy.of(request.reqt)
  if not found then return nil, why end
  local authorization = request.proxy_authorization or found.authorization
  return {
    host = found.host, port = found.port,
    tunnel = function(sock)
      return proxy.tunnel(sock, hop.authority(request), authorization)
    end,
  }
end

-- A stream to the origin. It stands in `open` as soon as there is something to
-- close.
local function dial(request, open)
  local via, why = route(request)
  if why then return nil, why end
  local s
  s, why = stream.new(request.reqt, https, request.reqt.create)
  if not s then return nil, why end
  open.stream = s
  local ok
  ok, why = stream.open(s, request.host, request.port, via)
  if not ok then return nil, why end
  return s
end

local function answer(request, open)
  local s, why = dial(request, open)
  if not s then return nil, why end
  local ok
  ok, why = exchange.send(s, request)
  if not ok then return nil, why end
  return exchange.head(s)
end

-- The whole of a request, redirects included. It may raise: sinks and sources are
-- the caller's.
local function perform(reqt, open)
  local request, why = hop.new(reqt, https.PORT)
  if not request then return nil, why end
  local redirected, last = 0, nil
  while true do
    local code, headers, status = answer(request, open)
    if not code then return nil, headers end
    local target, location = hop.redirect(request, code, headers, redirected, https.PORT)
    if not target then
      local ok
      ok, why = exchange.body(open.stream, request, code, headers)
      if not ok then return nil, why end
      headers.location = headers.location or last
      return 1, code, headers, status
    end
    open.stream:close()
    request, last, redirected = target, location, redirected + 1
  end
end

-- Raised in LuaSocket's protected form: nil and the message. Anything else: raised
-- again.
local unwrap = socket.protect(function(raised) error(raised, 0) end)

-- With Lua's pcall, through which callers can yield, and not with LuaSocket's.
local function protected(reqt)
  local open = {}
  local results = { pcall(perform, reqt, open) }
  if open.stream then open.stream:close() end
  if not results[1] then return unwrap(results[2]) end
  return unpack(results, 2, 5)
end

local function string_form(url, body)
  local chunks = {}
  local reqt = { url = url, sink = ltn12.sink.table(chunks) }
  if body then
    reqt.method  = "POST"
    reqt.source  = ltn12.source.string(body)
    reqt.headers = {
      ["content-length"] = #tostring(body),
      ["content-type"]   = "application/x-www-form-urlencoded",
    }
  end
  local ok, code, headers, status = protected(reqt)
  return ok and table.concat(chunks), code, headers, status
end

--- Make a request.
-- @tparam string|table url  a URL; or a table as for socket.http.request, with the
--   keys of ssl.newcontext beside `url`. It is not modified.
-- @tparam[opt] string body  with a URL: POST it as a form
-- @treturn string|number,number,table,string  the body, or 1 for a table; the code,
--   the headers, the status line
-- @treturn nil,string  the reason
-- @raise when there is no URL, what newcontext raises, and what sinks raise
function https.request(url, body)
  if type(url) == "string" then
    local result, code, headers, status = string_form(url, body)
    return result, code, headers, status
  end
  if type(url) ~= "table" then
    error(("bad argument #1 to 'request' (string or table expected, got %s)")
          :format(type(url)), 2)
  end
  if type(url.url) ~= "string" then
    error(("bad argument #1 to 'request' (string expected in field 'url', got %s)")
          :format(type(url.url)), 2)
  end
  local result, code, headers, status = protected(url)
  return result, code, headers, status
end

--- A function for `create` of socket.http, which makes objects that speak TLS.
-- @tparam[opt] table params  for ssl.newcontext, and `timeout`, and `create` for the
--   TCP part; not modified
-- @treturn function
function https.tcp(params)
  if params == nil then params = {} end
  if type(params) ~= "table" then
    error(("bad argument #1 to 'tcp' (table expected, got %s)"):format(type(params)), 2)
  end
  -- Taken now: the caller may well store our function in the same table.
  local create = params.create
  return function()
    return socket.try(stream.new(params, https, create))
  end
end

return https
