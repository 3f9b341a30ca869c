--- ssl.https: HTTPS requests, verified.
--
--   local https = require "ssl.https"
--   local body, code, headers, status = https.request "https://www.example.org/"
--
-- LuaSec's ssl.https, with LuaSocket's conventions. docs/https.md has the differences: above
-- all, the certificate and the name of the server are checked unless the request has
-- `verify = "none"`.

require("ssl.foreign").refuse "ssl.https"

local later = require "ssl.base.later"
local ssl   = require "ssl"

local https = {
  _VERSION   = ssl._VERSION,
  _COPYRIGHT = ssl._COPYRIGHT,
  PORT       = 443,     -- where the URL names none
  TIMEOUT    = 60,      -- seconds, for connecting, the handshake, and each read
  VERIFY     = "peer",  -- "none": neither chain nor name, where the request is silent
  MAXBODY    = 2^29,    -- bytes of a body that comes back as a string
  PROXY      = nil,     -- "environment", or as `proxy` in a request
}

-- Made by a file of the room, which is loaded at the first call.
local made
local function function_of(name)
  return later.call(function()
    made = made or later.require "ssl.https.request" (https)
    return made[name]
  end)
end

--- Make a request.
-- @tparam string|table url  a URL; or a table as for socket.http.request, with the
--   keys of ssl.newcontext beside `url`, and `pool`, `progress`, `timeout` and `proxy`
--   as docs/https.md has them. It is not modified.
-- @tparam[opt] string body  with a URL: POST it as a form
-- @treturn string|number,number,table,string  the body, or 1 for a table; the code,
--   the headers, the status line
-- @treturn nil,string  the reason
-- @raise when there is no URL, what newcontext raises, and what sinks raise
https.request = function_of "request"

--- A pool: connections that are kept for requests to come.
-- @tparam[opt] table options  `size`, `perhost`, `idle`: see docs/https.md
-- @treturn table  for `pool` of a request; with the methods `request`, `count`, `close`
https.pool = function_of "pool"

--- A function for `create` of socket.http, which makes objects that speak TLS.
-- @tparam[opt] table params  for ssl.newcontext, and `timeout`, and `create` for the
--   TCP part; not modified
-- @treturn function
https.tcp = function_of "tcp"

return https
