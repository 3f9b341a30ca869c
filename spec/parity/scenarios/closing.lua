-- close, and what is left of a connection.

local over = ...

over({ "tls12", "tls13" }, {
  "c:close()", "select('#', c:close())", "c:close(1, 2)", "c:close() return c:close()",
  "c:close() return tostring(c)", "c:close() return c:getfd()",
  "c:close() return c:want(), c:dirty(), c:settimeout(1)",
  "c:close() return c:info()", "c:close() return c:getpeercertificate()",
  "c:close() return c:getpeerverification()",
  "c:send('abc') c:close() local r, w = c:getstats() return r, w",
  "getmetatable(c).__gc(c) return tostring(c), c:getfd()",
  "getmetatable(c).__close(c) return tostring(c), c:getfd()",
  "getmetatable(c).__gc(c) return c:send('x')",
  { "c:send('abc') getmetatable(c).__gc(c) arrive(s) return s:receive('*a')",
    differs = "collected-end" },
  "c:send('abc') c:close() arrive(s) return s:receive('*a')",
  "c:send('abc') c:close() arrive(s) s:receive('*a') return s:receive('*a')",
  "c:send('one\\ntwo') c:close() arrive(s) return s:receive(), s:receive()",
  "c:close() arrive(s) return s:receive()",
  "local fd = c:getfd() c:close() local t = socket.tcp4() return fd >= 0",
})

-- A blocking connection whose client sends many bytes and closes.
local MUCH = [[local a, b = tcp()
  local s = assert(ssl.wrap(a, server { protocol = VERSION }))
  local c = assert(ssl.wrap(b, client()))
  s:settimeout(0) c:settimeout(0) shake(s, c)
  c:settimeout(nil)
  local sent = c:send(("x"):rep(SIZE))
  c:close()
  s:settimeout(5)
  local text, word = s:receive(SIZE)
  return sent, text and #text, word]]

local function much(version, size)
  return (MUCH:gsub("VERSION", ("%q"):format(version)):gsub("SIZE", size))
end

over("plain", {
  much("tlsv1_2", 20000), much("tlsv1_2", 100000), much("tlsv1_3", 3000),
  { much("tlsv1_3", 200000), differs = "close-keeps-data" },
})
