--- ssl.https_hop: where a request goes, what it says there, and where a redirect
-- leads. LuaSocket's rules, apart from what docs/differences.md lists. Pure Lua.

local http      = require "socket.http"
local url       = require "socket.url"
local mime      = require "mime"
local resolve   = require "ssl.https_location"

local hop = {}

local DEFAULTS = { scheme = "https", path = "/" }

-- What a table may say instead of its url, or beside it.
local COMPONENTS = { "scheme", "host", "port", "path", "params", "query", "user",
                     "password", "uri", "authority", "userinfo", "fragment" }

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true,
                    [308] = true }
local MAX_REDIRECTS = 5

-- Headers that are meant for one origin and nobody else. Proxy-Authorization is not
-- among them: no origin gets it, and the proxy is the same for all.
local PRIVATE = { authorization = true, cookie = true, host = true }

-- socket.url takes everything up to a slash for the authority, "host?query" too.
local function parse(text)
  return url.parse((text:gsub("^([%w+.-]*:?//[^/?#]*)([?#])", "%1/%2")), DEFAULTS)
end

-- The url's parts, and the table's on top. A password alone belongs to the key.
local function components(reqt)
  local parts = parse(reqt.url) or { scheme = DEFAULTS.scheme }
  for _, name in ipairs(COMPONENTS) do
    if reqt[name] ~= nil and (name ~= "password" or reqt.user) then
      parts[name] = reqt[name]
    end
  end
  return parts
end

local function bracketed(host)
  return host:find(":", 1, true) and "[" .. host .. "]" or host
end

local function basic(user, password)
  return "Basic " .. mime.b64(url.unescape(user) .. ":" .. url.unescape(password))
end
hop.basic = basic

-- A line end in there would end the header, and what follows be read as another.
local function clean(headers)
  for name, value in pairs(headers) do
    if tostring(name):find "[%c:%s]" or tostring(value):find "[\r\n%z]" then
      return nil, ("header %q cannot be sent as it is"):format(tostring(name))
    end
  end
  return true
end

local function headers_of(self, reqt)
  local headers = {
    ["user-agent"] = http.USERAGENT,
    host           = bracketed(self.host),
    connection     = reqt.pool and "keep-alive, TE" or "close, TE",
    te             = "trailers",
  }
  if self.port ~= 443 then headers.host = headers.host .. ":" .. self.port end
  if self.user and self.password then
    headers.authorization = basic(self.user, self.password)
  end
  for name, value in pairs(reqt.headers or {}) do
    headers[tostring(name):lower()] = value
  end
  if self.source and not headers["content-length"]
     and not headers["transfer-encoding"] then
    headers["transfer-encoding"] = "chunked"
  end
  return headers
end

--- The port of a URL's parts.
-- @treturn number
-- @treturn nil,string
function hop.port_of(parts, default)
  local port = parts.port
  if port == nil or port == "" then port = default end
  local number = tonumber(port)
  if number and number >= 1 and number <= 65535 and number % 1 == 0 then return number end
  return nil, ("invalid port '%s'"):format(tostring(port))
end

--- One request of perhaps several.
-- @tparam table reqt  as for socket.http.request; not modified
-- @tparam number default_port
-- @treturn table  host, port, uri, method, headers, proxy_authorization, source,
--   sink, step, user, password, url, reqt
-- @treturn nil,string
function hop.new(reqt, default_port)
  local parts = components(reqt)
  local scheme = tostring(parts.scheme):lower()
  if scheme ~= "https" then
    return nil, ("scheme '%s' not supported: ssl.https speaks https alone%s"):format(
      scheme, scheme == "http" and ", socket.http does http" or "")
  end
  if not parts.host or parts.host == "" then
    return nil, ("invalid host '%s'"):format(tostring(parts.host))
  end
  local port, why = hop.port_of(parts, default_port)
  if not port then return nil, why end
  local self = {
    reqt = reqt, host = parts.host, port = port, user = parts.user,
    password = parts.password, source = reqt.source, sink = reqt.sink,
    step = reqt.step,
    method = (reqt.method and reqt.method ~= "") and reqt.method or "GET",
    uri = parts.uri or url.build { path = parts.path, params = parts.params,
                                   query = parts.query },
  }
  -- What relative locations are relative to.
  self.url = url.build { scheme = "https", host = self.host, port = port,
                         path = parts.path, params = parts.params, query = parts.query }
  if (self.method .. self.uri .. self.host):find "%c" then
    return nil, "the URL or the method contains a control character"
  end
  self.headers = headers_of(self, reqt)
  local ok
  ok, why = clean(self.headers)
  if not ok then return nil, why end
  self.proxy_authorization = self.headers["proxy-authorization"]
  self.headers["proxy-authorization"] = nil
  return self
end

--- The authority of a hop, as CONNECT names it.
function hop.authority(self)
  return ("%s:%d"):format(bracketed(self.host), self.port)
end

local function location(headers)
  local text = headers.location or ""
  local first = text:find "%S"
  return first and text:match("^.*%S", first)
end

local function may_redirect(self, code, redirected)
  local reqt, most = self.reqt, self.reqt.maxredirects
  return reqt.redirect ~= false and REDIRECTS[code] and not self.source
     and (self.method == "GET" or self.method == "HEAD")
     and (most == false or redirected < (most or MAX_REDIRECTS))
end

-- The caller's table again, for another place.
local function moved(self, target, same_origin)
  local reqt = {}
  for key, value in pairs(self.reqt) do reqt[key] = value end
  for _, name in ipairs(COMPONENTS) do reqt[name] = nil end
  reqt.url, reqt.headers = target, {}
  if not same_origin then reqt.servername = nil end
  for name, value in pairs(self.reqt.headers or {}) do
    if same_origin or not PRIVATE[tostring(name):lower()] then
      reqt.headers[name] = value
    end
  end
  return reqt
end

--- The hop that an answer redirects to.
-- Never one to another scheme, and what is meant for one origin stays there.
-- @tparam table self
-- @tparam number code  of the answer
-- @tparam table headers  of the answer
-- @tparam number redirected  how often this was done for the request before
-- @tparam number default_port
-- @treturn table,string  the new hop, and the location as the server named it
-- @treturn nil  the answer is the last one
function hop.redirect(self, code, headers, redirected, default_port)
  local to = location(headers)
  if not to or not may_redirect(self, code, redirected) then return nil end
  local target = resolve(self.url, to)
  local parts = parse(target) or {}
  local port = hop.port_of(parts, default_port)
  local same = (parts.host or ""):lower() == self.host:lower() and port == self.port
  local reqt = moved(self, target, same)
  if same and not parts.user then
    reqt.user, reqt.password = self.user, self.user and self.password
  end
  local new = hop.new(reqt, default_port)
  return new, new and to
end

return hop
