--- ssl.https_proxy: a way through an HTTP proxy, by CONNECT (RFC 9110 section 9.3.6).
--
-- The proxy learns the authority of the origin and the credentials that are meant
-- for the proxy, and nothing else; the name is checked against the origin.

local http = require "socket.http"
local url  = require "socket.url"
local hop  = require "ssl.https_hop"

local noproxy = require "ssl.https_noproxy"

local proxy = {}

local PORT, LONGEST_HEAD = 3128, 100

-- The value of `proxy` that asks for the variables.
local ENVIRONMENT = "environment"

-- An empty variable says nothing.
local function variable(...)
  for _, name in ipairs { ... } do
    local value = os.getenv(name)
    if value and value ~= "" then return value, name end
  end
end

-- What the environment says for this host. There the scheme may be left out.
local function environment(host)
  local text = variable("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
  if not text or noproxy(host, variable("no_proxy", "NO_PROXY") or "") then return nil end
  return text:find "^%a[%w+.-]*://" and text or "http://" .. text
end

-- Without what may be a password.
local function shown(text)
  local place = text:match "^.*@(.*)$"
  return place and (text:match "^%a[%w+.-]*://" or "") .. place or text
end

--- The proxy of a request.
-- @tparam table reqt  its `proxy`, else `default`, else socket.http.PROXY; false is none
-- @tparam string host  the origin
-- @tparam[opt] string default
-- @treturn table  host, port, authorization
-- @treturn nil,nil  there is none
-- @treturn nil,string
function proxy.of(reqt, host, default)
  local text = reqt.proxy
  if text == nil then text = default end
  if text == nil then text = http.PROXY end
  if text == ENVIRONMENT then text = environment(host) end
  if not text then return nil end
  local parts = url.parse(tostring(text), { scheme = "http" }) or {}
  if (parts.scheme or ""):lower() ~= "http" or not parts.host then
    return nil, ("invalid proxy '%s': http://host:port expected"):format(shown(tostring(text)))
  end
  return {
    host = parts.host, port = tonumber(parts.port) or PORT,
    authorization = parts.user and hop.basic(parts.user, parts.password or ""),
  }
end

local function answer(sock)
  local status, why = sock:receive "*l"
  if not status then return nil, why end
  for _ = 1, LONGEST_HEAD do
    local line
    line, why = sock:receive "*l"
    if not line then return nil, why end
    if line == "" then return status end
  end
  return nil, "its answer does not end"
end

--- Ask the proxy for a tunnel.
-- @param sock  connected to the proxy
-- @tparam string authority  of the origin, "host:port"
-- @tparam[opt] string authorization  the value of Proxy-Authorization
-- @treturn true
-- @treturn nil,string
function proxy.tunnel(sock, authority, authorization)
  local head = ("CONNECT %s HTTP/1.1\r\nHost: %s\r\n"):format(authority, authority)
  if authorization then
    head = head .. "Proxy-Authorization: " .. authorization .. "\r\n"
  end
  local sent, why = sock:send(head .. "\r\n")
  if not sent then return nil, "proxy: " .. why end
  local status
  status, why = answer(sock)
  if not status then return nil, "proxy: " .. why end
  if not status:find "^HTTP/1%.%d 2%d%d" then
    return nil, "proxy: " .. (status:match "^HTTP/%S+ (.*)" or "not an HTTP answer")
  end
  return true
end

return proxy
