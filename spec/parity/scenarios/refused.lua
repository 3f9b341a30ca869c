-- Handshakes with something that is no TLS, or goes away.

local over = ...

local function ends(who, before, after)
  return ([[local a, b = tcp()
    local c = ssl.wrap(b, %s())
    c:settimeout(1)
    %s
    local r = all(c:dohandshake())
    %s
    return unpack(r, 1, r.n)]]):format(who, before, after or "")
end

over("plain", {
  ends("client", "c:settimeout(0)"), ends("server", "c:settimeout(0)"),
  ends("client", "c:settimeout(0.02)"), ends("server", "c:settimeout(0.02, 't')"),
  ends("client", "c:settimeout(0.02) c:settimeout(5, 't')"),
  ends("client", "a:close()"), ends("server", "a:close()"),
  ends("client", "a:send('hello there, this is no TLS')"),
  ends("server", "a:send('GET / HTTP/1.0\\r\\n\\r\\n')"),
  ends("server", "a:send('CONNECT x:1 HTTP/1.0\\r\\n\\r\\n')"),
  ends("server", "a:send('hello there, this is no TLS')"),
  ends("client", "a:setoption('linger', { on = true, timeout = 0 }) a:close()"),
  ends("server", "a:setoption('linger', { on = true, timeout = 0 }) a:close()"),
  { ends("client", "a:close() c:dohandshake()"), differs = "failure-kept" },
  { ends("client", "a:send('hello there, this is no TLS') c:dohandshake()"),
    differs = "failure-kept" },
  { ends("server", "a:send('GET / HTTP/1.0\\r\\n\\r\\n') c:dohandshake()"),
    differs = "failure-kept" },
  { ends("client", "a:send('hello there, this is no TLS')", "r = all(c:send('x'))"),
    differs = "failure-kept" },
  { ends("client", "a:send('hello there, this is no TLS')", "r = all(c:receive())"),
    differs = "failure-kept" },
  ends("client", "a:send('hello there, this is no TLS')", "r = all(c:getpeerverification())"),
  ends("client", "a:send('hello there, this is no TLS')", "r = all(c:info())"),
  ends("client", "a:send('hello there, this is no TLS')", "r = all(c:want(), c:dirty())"),
  ends("client", "a:send('hello there, this is no TLS')", "r = all(c:close(), tostring(c))"),
  ends("client", "c:settimeout(0)", "r = all(c:want())"),
  ends("client", "c:settimeout(0)", "r = all(c:dohandshake())"),
  ends("client", "c:settimeout(0)", "r = all(c:send('x'))"),
  ends("client", "c:settimeout(0)", "r = all(c:receive())"),
  ends("client", "a:send(('\\22\\3\\3\\0\\4abcd'))"),
  ends("server", "a:send(('\\22\\3\\1\\0\\4abcd'))"),
  ends("client", "a:send('\\21\\3\\3\\0\\2\\2\\40')"),
  ends("client", "a:send('\\21\\3\\3\\0\\2\\2\\70')"),
  ends("client", "a:send('\\21\\3\\3\\0\\2\\2\\112')"),
  ends("client", "a:send('\\21\\3\\3\\0\\2\\2\\48')"),
})
