-- ssl.core.

local over = ...

over("plain", {
  "core.create()", "core.create(nil)", "core.create(5)", "core.create('x')", "core.create({})",
  "core.create(io.stdout)", "core.create(context.create 'any')",
  "select('#', core.create(context.create 'any'))",
  "core.create(ssl.newcontext(client()))", "core.create(ssl.newcontext(server()))",
  "core.create(ssl.newcontext(client())):want()",
  "core.create(ssl.newcontext(client())):dirty()",
  "core.create(ssl.newcontext(client())):send('x')",
  "core.create(ssl.newcontext(client())):receive()",
  "core.create(ssl.newcontext(client())):close()",
  "tostring(core.create(ssl.newcontext(client())))",
  "local ctx = ssl.newcontext(client()) return core.create(ctx):dohandshake()",
  "core.setfd()", "core.setfd(nil)",
  "core.setfd(5)", "core.setfd({}, 5)",
  "core.setfd(core.create(ssl.newcontext(client())))",
  "core.setfd(core.create(ssl.newcontext(client())), 'x')",
  "core.setfd(core.create(ssl.newcontext(client())), {})",
  "core.setfd(core.create(ssl.newcontext(client())), nil)",
  [[local a = tcp() local c = core.create(ssl.newcontext(client()))
    local n = select('#', core.setfd(c, a:getfd()))
    a:setfd(-1)
    return n, c:getfd() >= 0]],
  [[local ctx_s, ctx_c = ssl.newcontext(server()), ssl.newcontext(client())
    local a, b = tcp()
    local s, c = core.create(ctx_s), core.create(ctx_c)
    core.setfd(s, a:getfd()) core.setfd(c, b:getfd())
    a:setfd(-1) b:setfd(-1)
    s:settimeout(0) c:settimeout(0)
    return shake(s, c)]],
  "core.info()", "core.info(5)", "core.info({})", "core.compression()", "core.compression(5)",
  "core.compression({})",
  "core.setmethod('parity', function(self, x) return x end)",
  "core.setmethod('parity', function(self, x) return x end) local s, c = pair() return c:parity(7)",
  [[core.setmethod('parity', function(self) return self end)
    local s, c = pair()
    core.setmethod('parity', nil)
    return c.parity]],
  "type(core.copyright())", "select('#', core.copyright())",
})
