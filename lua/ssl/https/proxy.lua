--- ssl.https.proxy: a way through an HTTP proxy, by CONNECT (RFC 9110 section 9.3.6).
--
-- The proxy learns the authority of the origin and the credentials that are meant
-- for the proxy, and nothing else; the name is checked against the origin.

local luasocket = require "ssl.https.luasocket"
local timeouts  = require "ssl.https.timeouts"
local noproxy   = require "ssl.https.noproxy"
local printable = require "ssl.https.printable"
local url       = require "ssl.https.url"
local now       = require("ssl").monotonic

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local proxy = {}

local EXPECTED = "http://host:port or https://host:port expected"

-- By scheme, where the URL names none: curl's.
local PORTS = { http = 3128, https = 443 }

-- The longest head of a proxy's answer: lines, and bytes.
local LONGEST_HEAD, LARGEST_HEAD = 100, 16384
local ENDLESS = "its answer does not end"

-- The value of `proxy` that asks for the variables.
local ENVIRONMENT = "environment"

-- An empty variable counts as absent.
local function variable(...)
  for _, name in ipairs { ... } do
    local value = os.getenv(name)
    if value and value ~= "" then return value, name end
  end
end

-- The proxy of the environment for this host. There the scheme may be missing.
local function environment(host)
  local text = variable("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
  if not text or noproxy(host, variable("no_proxy", "NO_PROXY") or "") then return nil end
  return text:find "^%a[%w+.-]*://" and text or "http://" .. text
end

-- Without what may be a password.
local function shown(text)
  local place = text:match "^.*@(.*)$"
  return printable(place and (text:match "^%a[%w+.-]*://" or "") .. place or text)
end

local function refuse(text, why)
  return nil, ("invalid proxy '%s': %s"):format(shown(text), why or EXPECTED)
end

--- The proxy of a request.
-- @tparam table reqt  its `proxy`, else `default`, else socket.http.PROXY; false is none
-- @tparam string host  the origin
-- @tparam table over  the adapter
-- @tparam[opt] string default
-- @treturn table  host, port, authorization; `tls`: it is spoken to over TLS
-- @treturn nil,nil  there is none
-- @treturn nil,string
function proxy.of(reqt, host, over, default)
  local text = reqt.proxy
  if text == nil then text = default end
  if text == nil then text = luasocket.proxy(over) end
  if text == ENVIRONMENT then text = environment(host) end
  if not text then return nil end
  text = tostring(text)
  local parts = url.parse(text, "http") or {}
  local scheme = (parts.scheme or ""):lower()
  local port = PORTS[scheme] and url.port(parts.port, PORTS[scheme])
  if not parts.host or not port then return refuse(text) end
  local place, why = url.host(parts.host)
  if not place then return refuse(text, why) end
  local authorization
  if parts.user then
    authorization, why = url.basic(parts.user, parts.password or "")
    if not authorization then return refuse(text, why) end
  end
  return { host = place, port = port, authorization = authorization, tls = scheme == "https" }
end

-- Byte by byte: a line of LuaSocket's is as long as the peer makes it.
local function line(sock, room, limit, since)
  local bytes = {}
  repeat
    local why = timeouts.arm(limit, sock, "connect", since)
    if why then return nil, why end
    local byte
    byte, why = sock:receive(1)
    if not byte then return nil, why end
    bytes[#bytes + 1] = byte
    if #bytes > room then return nil, ENDLESS end
  until byte == "\n"
  return (table.concat(bytes):gsub("[\r\n]", "")), room - #bytes
end

-- The status line of the first answer that is not an interim one.
local function answer(sock, limit, since)
  local status, room = nil, LARGEST_HEAD
  for _ = 0, LONGEST_HEAD do
    local text
    text, room = line(sock, room, limit, since)
    if not text then return nil, room end
    if not status then
      status = text
    elseif text == "" then
      if not status:find "^HTTP/1%.%d 1%d%d" then return status end
      status = nil
    end
  end
  return nil, ENDLESS
end

-- Once more the time that connecting may take, for all of it together.
local function ask(sock, head, limit)
  local since = now()
  local why = timeouts.arm(limit, sock, "connect", since)
  if why then return nil, why end
  local sent
  sent, why = sock:send(head)
  if not sent then return nil, why end
  return answer(sock, limit, since)
end

--- Ask the proxy for a tunnel.
-- @param sock  connected to the proxy
-- @tparam string authority  of the origin, "host:port"
-- @tparam[opt] string authorization  the value of Proxy-Authorization
-- @tparam table limit  of ssl.https.timeouts
-- @treturn true
-- @treturn nil,string
function proxy.tunnel(sock, authority, authorization, limit)
  local head = ("CONNECT %s HTTP/1.1\r\nHost: %s\r\n"):format(authority, authority)
  if authorization then
    head = head .. "Proxy-Authorization: " .. authorization .. "\r\n"
  end
  local status, why = ask(sock, head .. "\r\n", limit)
  if not status then return nil, "proxy: " .. (why or "no reason was given") end
  if not status:find "^HTTP/1%.%d 2%d%d" then
    return nil, "proxy: " .. printable(status:match "^HTTP/%S+ (.*)" or "not an HTTP answer")
  end
  return true
end

return proxy
