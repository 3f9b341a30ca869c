-- ssl.wrap, and what becomes of the socket.

local over = ...

over("plain", {
  "ssl.wrap(tcp(), client())", "select('#', ssl.wrap(tcp(), client()))",
  "ssl.wrap(tcp(), ssl.newcontext(client()))",
  "ssl.wrap(tcp(), { mode = 'client', protocol = 'x' })",
  "select('#', ssl.wrap(tcp(), { mode = 'client', protocol = 'x' }))",
  { "ssl.wrap(tcp(), { mode = 'x', protocol = 'any' })", differs = "setmode-unknown" },
  "ssl.wrap(tcp(), context.create 'any')",
  "ssl.wrap(tcp(), {})", "ssl.wrap(tcp())", "ssl.wrap(tcp(), nil)", "ssl.wrap(tcp(), 5)",
  "ssl.wrap(tcp(), 'x')", "ssl.wrap(tcp(), true)", "ssl.wrap(tcp(), io.stdout)",
  "ssl.wrap(tcp(), print)",
  { "ssl.wrap(nil, client())", differs = "wrap-checks-first" },
  { "ssl.wrap({}, client())", differs = "wrap-checks-first" },
  { "ssl.wrap(5, client())", differs = "wrap-checks-first" },
  { "ssl.wrap('x', client())", differs = "wrap-checks-first" },
  { "ssl.wrap()", differs = "wrap-checks-first" },
  "local a = tcp() ssl.wrap(a, client()) return a:getfd()",
  "local a = tcp() ssl.wrap(a, client()) return a:send('x')",
  "local a = tcp() ssl.wrap(a, client()) return a:getpeername()",
  "local a = tcp() ssl.wrap(a, client()) return a:close()",
  "local a = tcp() local fd = a:getfd() return ssl.wrap(a, client()):getfd() == fd",
  "local a = tcp() ssl.wrap(a, { mode = 'client', protocol = 'x' }) return a:getfd() >= 0",
  "local a = tcp() ssl.wrap(a, context.create 'any') return a:getfd() >= 0",
  "local a = tcp() raised(ssl.wrap, a, 5) return a:getfd() >= 0",
  { "local s, c = pair() return raised(ssl.wrap, c, client())", differs = "wrap-checks-first" },
  { "local s, c = pair() raised(ssl.wrap, c, client()) return c:getfd() >= 0" },
  "ssl.wrap(socket.tcp(), client())",
  "local a = tcp() a:close() local c = ssl.wrap(a, client()) return c:getfd(), c:dohandshake()",
  "local c = ssl.wrap(socket.tcp(), client()) return c:dohandshake()",
  "ssl.wrap({ getfd = function() return -1 end, setfd = function() end }, client()):getfd()",
  [[local seen
    local a = tcp()
    ssl.wrap({ getfd = function() return a:getfd() end,
               setfd = function(_, fd) seen = fd end }, client())
    a:setfd(-1)
    return seen]],
  [[local a = tcp() a:settimeout(3)
    local c = ssl.wrap(a, client()) c:settimeout(0)
    return c:dohandshake()]],
})
