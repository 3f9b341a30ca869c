-- LuaSocket's select over our connections.

local over = ...

over({ "tls12", "tls13" }, {
  "select('#', socket.select({ c }, nil, 0))",
  "local r, w, e = socket.select({ c }, nil, 0) return #r, #w, e",
  "local r, w, e = socket.select({ c, s }, { c, s }, 0) return #r, #w, e",
  "local r, w, e = socket.select(nil, { c }, 0) return #r, #w, e, w[1] == c, w[c]",
  "s:send('x') local r, w, e = socket.select({ c }, nil, 2) return #r, #w, e, r[1] == c, r[c]",
  [[s:send('one\ntwo\n') arrive(c) c:receive()
    local r, w, e = socket.select({ c }, nil, 2) return #r, #w, e, r[1] == c]],
  [[s:send('one\ntwo\n') arrive(c) c:receive() c:receive()
    local r, w, e = socket.select({ c }, nil, 0) return #r, #w, e]],
  [[s:send('one\ntwo\n') arrive(c) c:receive()
    local r, w = socket.select({ c, s }, { s }, 2) return #r, #w, r[c], r[s], w[s] ]],
  "s:close() local r, w, e = socket.select({ c }, nil, 2) return #r, #w, e",
  "c:close() local r, w, e = socket.select({ c }, nil, 0) return #r, #w, e",
  "c:close() local r, w, e = socket.select({ c, s }, { c }, 0) return #r, #w, e",
  "c:close() local r, w, e = socket.select({ c }, { s }, 0) return #r, #w, e, w[1] == s",
})
over({ "new", "shaking" }, {
  "local r, w, e = socket.select({ c }, nil, 0) return #r, #w, e",
  "local r, w, e = socket.select(nil, { c }, 0) return #r, #w, e",
  "c:dohandshake() local r, w, e = socket.select({ s }, nil, 2) return #r, #w, e",
})
