--- ssl.https.trailers: which fields behind a body may stand among the headers.
-- RFC 9110 section 6.5, pure Lua.
--
-- When a trailer comes, the program or a proxy has acted on the head already. So a trailer
-- may add a field and may change nothing: no header that is there, and nothing about
-- framing, routing, authentication or the meaning of the answer.

-- Those that section 6.5.1 excludes, by what they decide.
local EXCLUDED = {}
for name in ([[
  transfer-encoding content-length trailer te connection keep-alive proxy-connection
  upgrade
  host location content-location refresh alt-svc via forwarded max-forwards
  authorization proxy-authorization www-authenticate proxy-authenticate
  authentication-info proxy-authentication-info set-cookie set-cookie2 cookie
  strict-transport-security
  age cache-control expires date vary retry-after warning pragma
  content-encoding content-type content-range
]]):gmatch "%S+" do EXCLUDED[name] = true end

--- Add the trailers that may be added.
-- @tparam table headers  of the answer
-- @tparam table trailers  names in lower case
return function(headers, trailers)
  for name, value in pairs(trailers) do
    -- A program that passes on "Content-Length " may drop the blank.
    if headers[name] == nil and not EXCLUDED[name:match "^%s*(.-)%s*$"] then
      headers[name] = value
    end
  end
end
