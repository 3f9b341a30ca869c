--- ssl.https.url: URLs and their parts: RFC 3986, for https and for proxies.
--
-- Not socket.url's `parse`: it ends the user at the first "@" and begins the password
-- behind the last ":", takes "host?query" for a host, and refuses nothing. Two programs
-- that read the same URL must not find two hosts in it. So an ambiguous URL is refused
-- here, before anything is looked up or connected to.

local base64    = require "ssl.https.base64"
local printable = require "ssl.https.printable"
local ssl       = require "ssl"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local url = {}

-- An address, a zone and what is between them.
local LONGEST_ZONED = 128

--- The parts of a URL or of a relative reference, unchanged.
-- @tparam string text
-- @treturn string|nil  the scheme
-- @treturn string|nil  the authority
-- @treturn string  the path
-- @treturn string  the query with its question mark, or "". The fragment behind "#" is
--   never sent
function url.split(text)
  local whole = text:match "^[^#]*"
  local scheme, rest = whole:match "^(%a[%w+.-]*):(.*)$"
  rest = rest or whole
  local authority, behind = rest:match "^//([^/?]*)(.*)$"
  local path, query = (behind or rest):match "^([^?]*)(.*)$"
  return scheme, authority, path, query
end

-- A user may hold an "@", and a password any number of ":" (RFC 7617 section 2).
local function read_authority(authority, parts)
  local user, place = authority:match "^(.*)@(.*)$"
  if user then
    parts.user, parts.password = user:match "^([^:]*):(.*)$"
    parts.user = parts.user or user
  end
  place = place or authority
  local host, port = place:match "^(.*):([^:%]]*)$"
  parts.host, parts.port = host or place, port
  if parts.host == "" then parts.host = nil end
end

--- Take a URL apart.
-- @tparam string text
-- @tparam string scheme  where the text has none
-- @treturn table  `scheme`, `host`, `port`, `user`, `password`, `path`, `params` and
--   `query`, as they stand there; all but scheme and path may be nil
-- @treturn nil,string
function url.parse(text, scheme)
  local parts = {}
  local own, authority, path, query = url.split(text)
  if text:find "%c" then return nil, "the URL contains a control character" end
  if authority and authority:find("\\", 1, true) then
    -- A slash for browsers, a part of the user for others.
    return nil, "the URL has a backslash in front of its path"
  end
  parts.scheme = own or scheme
  if authority then read_authority(authority, parts) end
  -- Here the authority has probably ended too early, at a "/" in the password: the port
  -- would be a part of the password, which must not be shown.
  if parts.port and parts.port:find "%D" and text:find("@", 1, true) then
    return nil, 'invalid port; "/", "?" and "#" in a user or password are percent-encoded'
  end
  parts.path, parts.params = path:match "^([^;]*);(.*)$"
  parts.path = parts.path or path
  if query ~= "" then parts.query = query:sub(2) end
  return parts
end

--- A host that may be looked up or connected to: a name as ssl.hostname has it, or an
-- address, also one with a zone.
-- @tparam string host  with or without the brackets of an IPv6 address
-- @treturn string  without brackets
-- @treturn nil,string
function url.host(host)
  local bare = host:match "^%[(.*)%]$" or host
  -- On a long text of colons this pattern would take minutes.
  local address, zone
  if #bare <= LONGEST_ZONED then address, zone = bare:match "^(.*:.*)%%(.*)$" end
  local kind, why = ssl.hostname(zone and zone:find "^[%w._~-]+$" and address or host)
  if not kind then
    return nil, ('host name "%s": %s'):format(printable(host), why)
  end
  return kind == "ip" and bare:gsub("%.$", "") or host
end

--- The port of a URL's parts.
-- @tparam string|number|nil port
-- @tparam number default
-- @treturn number
-- @treturn nil,string
function url.port(port, default)
  if port == nil or port == "" then port = default end
  local number = tostring(port):find "^%d+$" and tonumber(port)
  if number and number >= 1 and number <= 65535 then return number end
  return nil, ("invalid port '%s'"):format(printable(tostring(port)))
end

--- As it stands in front of a port.
function url.bracketed(host)
  return host:find(":", 1, true) and "[" .. host .. "]" or host
end

-- Encodes the bytes that a request target must not have (RFC 9112 section 3). A "#" is
-- part of a path or a query here, since a URL's fragment is cut off.
local function encoded(text)
  return (text:gsub("[ #\128-\255]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

--- The request target, in the form of the request line.
-- @tparam table parts  `path`, `params`, `query`; or `uri` instead of these
-- @treturn string
-- @treturn nil,string
function url.target(parts)
  local text = parts.uri and tostring(parts.uri)
  if not text then
    local path = tostring(parts.path or "")
    text = (path:find "^/" and "" or "/") .. path
           .. (parts.params and ";" .. parts.params or "")
           .. (parts.query and "?" .. parts.query or "")
  elseif text ~= "*" and not text:find "^/" and not text:find "^%a[%w+.-]*://" then
    return nil, ("invalid request target '%s'"):format(printable(text))
  end
  if text:find "%c" then return nil, "the URL contains a control character" end
  return encoded(text)
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- The value of an Authorization field for a user (RFC 7617).
-- @tparam string user  as in a URL
-- @tparam string password
-- @treturn string
-- @treturn nil,string
function url.basic(user, password)
  user, password = unescape(user), unescape(password)
  if user:find ":" then return nil, "the user's name contains a colon" end
  if (user .. password):find "%c" then
    return nil, "the user's name or password contains a control character"
  end
  return "Basic " .. base64(user .. ":" .. password)
end

return url
