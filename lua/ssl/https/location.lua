--- ssl.https.location: resolves a Location header against the URL of its request:
-- RFC 3986, section 5. Pure Lua.
--
-- socket.url's `absolute` is not used: a long location of many slashes, or of none, takes
-- minutes there, in which no time limit counts, and it removes dots from queries and host
-- names too. Here every pattern is matched at one place alone.

local split = require("ssl.https.url").split

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local function without_dots(path)
  local kept, last = {}, nil
  for segment in path:gmatch "/([^/]*)" do
    last = segment
    if segment == ".." then
      kept[#kept] = nil
    elseif segment ~= "." then
      kept[#kept + 1] = segment
    end
  end
  -- The name of a folder.
  if last == "." or last == ".." then kept[#kept + 1] = "" end
  return "/" .. table.concat(kept, "/")
end

--- Resolve a location.
-- @tparam string base  an absolute URL
-- @tparam string to  the location, absolute or relative
-- @treturn string  an absolute URL, without a fragment
return function(base, to)
  local scheme, authority, path, query = split(to)
  if not scheme then
    local from = { split(base) }
    scheme = from[1]
    if not authority then
      authority = from[2]
      if path == "" then
        path = from[3]
        if query == "" then query = from[4] end
      elseif path:sub(1, 1) ~= "/" then
        path = (from[3]:match "^.*/" or "/") .. path
      end
    end
  end
  if path:sub(1, 1) == "/" then path = without_dots(path) end
  return scheme .. ":" .. (authority and "//" .. authority or "") .. path .. query
end
