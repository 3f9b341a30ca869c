--- ssl.https.hop: the target of a request, its head, and the target of a redirect.
-- LuaSocket's rules, except the differences in docs/differences.md.

local find      = require "ssl.over.find"
local fields    = require "ssl.https.fields"
local luasocket = require "ssl.https.luasocket"
local printable = require "ssl.https.printable"
local resolve   = require "ssl.https.location"
local ssl       = require "ssl"
local url       = require "ssl.https.url"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local hop = {}

local SCHEME = "https"

-- Fields that a table may have instead of `url`, or beside it.
local COMPONENTS = { "scheme", "host", "port", "path", "params", "query", "user", "uri",
                     "authority", "userinfo", "fragment" }

-- What a redirect says anew, or what is for one origin.
local HERE = { url = true, headers = true }
for _, name in ipairs(COMPONENTS) do HERE[name] = true end

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true,
                    [308] = true }
local MAX_REDIRECTS = 5

-- Headers that are for one origin only. Proxy-Authorization is not among them: no origin
-- gets it, and the proxy is the same for all.
local PRIVATE = { authorization = true, cookie = true, host = true }

-- Methods whose requests usually have a body: without one, Content-Length: 0 is sent, since
-- some servers demand a length (RFC 9110 section 8.6).
local WITH_BODY = { POST = true, PUT = true, PATCH = true }

-- The url's parts, and the table's on top. The table's password is the key's, and only
-- beside a user that of the user, too.
local function components(reqt)
  local parts, why = url.parse(reqt.url, SCHEME)
  if not parts then return nil, why end
  for _, name in ipairs(COMPONENTS) do
    local value = reqt[name]
    if value ~= nil then parts[name] = tostring(value) end
  end
  local password = reqt.password
  if reqt.user and password ~= nil and type(password) ~= "function" then
    parts.password = tostring(password)
  end
  return parts
end

-- The body has to be framed as the head announces.
local function framed(self, headers)
  local coding, length = headers["transfer-encoding"], headers["content-length"]
  if self.body and length and tonumber(length) ~= #self.body then
    return nil, ('header "Content-Length" cannot be sent: the body has %d bytes'):format(
      #self.body)
  end
  if coding and length then
    return nil, 'header "Content-Length" cannot be sent: "Transfer-Encoding" is there, too'
  end
  if coding and not coding:lower():find "%f[^%z%s,]chunked$" then
    return nil, 'header "Transfer-Encoding" cannot be sent: its last coding is not chunked'
  end
  if coding or length then return headers end
  if self.body then
    headers["content-length"] = ("%d"):format(#self.body)
  elseif self.source then
    headers["transfer-encoding"] = "chunked"
  elseif WITH_BODY[self.method] then
    headers["content-length"] = "0"
  end
  return headers
end

local function headers_of(self, reqt)
  local port, authorization = self.port ~= 443 and ":" .. self.port or "", nil
  if self.user and self.password then
    local why
    authorization, why = url.basic(self.user, self.password)
    if not authorization then return nil, why end
  end
  local headers, refused = fields.of {
    {
      ["user-agent"] = luasocket.useragent(self.over),
      host           = url.bracketed(self.host) .. port,
      connection     = reqt.pool and "keep-alive, TE" or "close, TE",
      te             = "trailers",
      authorization  = authorization,
    },
    reqt.headers or {},
  }
  if not headers then return nil, refused end
  headers, refused = framed(self, headers)
  return headers, refused
end

-- Where the parts of a URL lead.
local function read_place(self, parts, default_port)
  local scheme = tostring(parts.scheme):lower()
  if scheme ~= SCHEME then
    return nil, ("scheme '%s' not supported: ssl.https speaks https alone%s"):format(
      printable(scheme), scheme == "http" and ", socket.http does http" or "")
  end
  if not parts.host or parts.host == "" then
    return nil, ("invalid host '%s'"):format(tostring(parts.host))
  end
  local why
  self.host, why = url.host(parts.host)
  if not self.host then return nil, why end
  self.port, why = url.port(parts.port, default_port)
  if not self.port then return nil, why end
  self.uri, why = url.target(parts)
  return self.uri and true, why
end

--- One request of perhaps several.
-- @tparam table reqt  as for socket.http.request; not modified
-- @tparam number default_port
-- @tparam[opt] table from  the hop that was redirected here: its user and password are
--   good here, where the URL names no user
-- @treturn table  host, port, uri, method, headers, proxy_authorization, body, source,
--   sink, step, user, password, url, reqt, and `over`, the adapter
-- @treturn nil,string
function hop.new(reqt, default_port, from)
  local parts, why = components(reqt)
  if not parts then return nil, why end
  if from and not parts.user then parts.user, parts.password = from.user, from.password end
  local body = reqt.body and tostring(reqt.body)
  local self = {
    reqt = reqt, user = parts.user, password = parts.password, body = body,
    source = reqt.source, sink = reqt.sink, step = reqt.step,
    over = find.adapter(reqt.over),
  }
  local ok
  ok, why = read_place(self, parts, default_port)
  if not ok then return nil, why end
  self.method = tostring(reqt.method or "")
  if self.method == "" then self.method = body and "POST" or "GET" end
  if not fields.is_token(self.method) then
    return nil, ("invalid method '%s'"):format(printable(self.method))
  end
  -- What relative locations are relative to.
  self.url = SCHEME .. "://" .. hop.authority(self)
             .. (self.uri:find "^/" and self.uri or "/")
  self.headers, why = headers_of(self, reqt)
  if not self.headers then return nil, why end
  self.proxy_authorization = self.headers["proxy-authorization"]
  self.headers["proxy-authorization"] = nil
  return self
end

--- The authority of a hop, as CONNECT names it.
function hop.authority(self)
  return ("%s:%d"):format(url.bracketed(self.host), self.port)
end

local function location(headers)
  local text = headers.location or ""
  local first = text:find "%S"
  return first and text:match("^.*%S", first)
end

-- A text can be sent again, where the code keeps the request unchanged.
local function may_be_sent_again(self, code)
  return not self.source and (not self.body or code == 307 or code == 308)
end

local function may_redirect(self, code, redirected)
  local reqt, most = self.reqt, self.reqt.maxredirects
  return reqt.redirect ~= false and REDIRECTS[code] and may_be_sent_again(self, code)
     and (self.method == "GET" or self.method == "HEAD")
     and (most == false or redirected < (most or MAX_REDIRECTS))
end

-- Is a key of the caller's table not for the next place? What says who the client is is for one
-- origin only, as the Fetch standard has it. Else any server could make requests of the client's
-- that another one trusts.
local function left_behind(key, reqt, same_origin)
  if HERE[key] then return true end
  if same_origin then return false end
  return ssl.cfg.identity(key) or key == "servername"
      or key == "ech" and reqt.ech ~= "grease" -- of the other server
end

-- The caller's table again, for another place, with the values behind it. At the same origin its
-- `password` stays, which opens the key: `user`, without which it goes into no request, does not.
local function moved(self, target, same_origin)
  local from, reqt = self.reqt, {}
  for key, value in pairs(from) do
    if not left_behind(key, from, same_origin) then reqt[key] = value end
  end
  reqt.url, reqt.headers = target, {}
  for name, value in pairs(from.headers or {}) do
    if same_origin or not PRIVATE[tostring(name):lower()] then
      reqt.headers[name] = value
    end
  end
  if getmetatable(from) == nil then return reqt end
  return setmetatable(reqt, { __index = function(_, key)
    if not left_behind(key, from, same_origin) then return from[key] end
  end })
end

--- The hop that an answer redirects to.
-- Never one to another scheme or to an invalid URL. Headers and keys for one origin are not
-- sent to another.
-- @tparam table self
-- @tparam number code  of the answer
-- @tparam table headers  of the answer
-- @tparam number redirected  the number of redirects before
-- @tparam number default_port
-- @treturn table,string  the new hop, and the location as the server named it
-- @treturn nil  the answer is the last one
function hop.redirect(self, code, headers, redirected, default_port)
  local to = location(headers)
  if not to or not may_redirect(self, code, redirected) then return nil end
  local target = resolve(self.url, to)
  local parts = url.parse(target, SCHEME)
  if not parts then return nil end
  local same = (parts.host and url.host(parts.host) or ""):lower() == self.host:lower()
           and url.port(parts.port, default_port) == self.port
  local reqt = moved(self, target, same)
  local new = hop.new(reqt, default_port, same and self or nil)
  return new, new and to
end

return hop
