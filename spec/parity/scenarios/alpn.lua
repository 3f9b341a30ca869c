-- ALPN.

local over = ...

local function agreed(server, client)
  return ([[local s, c, how = connect({ alpn = %s }, { alpn = %s })
    return how, s:getalpn(), c:getalpn()]]):format(server, client)
end

over("plain", {
  agreed("{ 'h2', 'http/1.1' }", "{ 'http/1.1', 'h2' }"),
  agreed("{ 'http/1.1' }", "{ 'h2', 'http/1.1' }"), agreed("{ 'h2' }", "'h2'"),
  agreed("nil", "'h2'"), agreed("{ 'h2' }", "nil"), agreed("nil", "nil"),
  { agreed("{ 'h2' }", "'http/1.1'"), differs = "alpn-no-overlap" },
  agreed("function(names) return names[2] end", "{ 'a', 'b' }"),
  agreed("function(names) return { 'x', names[1] } end", "{ 'a', 'b' }"),
  agreed("function(names) return nil end", "{ 'a', 'b' }"),
  { agreed("function(names) return 'x' end", "{ 'a', 'b' }"), differs = "alpn-no-overlap" },
  agreed("function(names) return 5 end", "{ 'a', 'b' }"),
  agreed("function(names) return {} end", "{ 'a', 'b' }"),
  agreed("function(names) return '' end", "{ 'a', 'b' }"),
  agreed("function(names) return true end", "{ 'a', 'b' }"),
  agreed("{ 'h2' }", "{ ('x'):rep(255), 'h2' }"),
  [[local seen
    connect({ alpn = function(...) seen = all(...) end }, { alpn = { 'a', 'b' } })
    return seen]],
  [[local list = { 'a' }
    local ctx = ssl.newcontext(server { alpn = list })
    list[1] = 'b'
    local s, c = pair(ctx, { alpn = { 'a', 'b' } })
    shake(s, c)
    return c:getalpn()]],
  [[local list = { 'a' }
    local ctx = ssl.newcontext(server { alpn = list })
    list[1] = nil
    local s, c = pair(ctx, { alpn = { 'a', 'b' } })
    shake(s, c)
    return c:getalpn()]],
  [[local ctx = ssl.newcontext(server())
    local seen
    context.setalpncb(ctx, function(...) seen = all(...) return '\1b' end)
    local s, c = pair(ctx, { alpn = { 'a', 'b' } })
    shake(s, c)
    return seen, s:getalpn()]],
  [[local ctx = ssl.newcontext(server())
    context.setalpncb(ctx, function() return nil end)
    local s, c = pair(ctx, { alpn = { 'a', 'b' } })
    return all(shake(s, c)), s:getalpn()]],
  { [[local calls = 0 -- the client has to say hello again
      local s, c = pair({ protocol = 'tlsv1_3', curveslist = 'P-384',
                          alpn = function(names) calls = calls + 1 return names end },
                        { protocol = 'tlsv1_3', curveslist = 'P-256:P-384', alpn = 'a' })
      local how = shake(s, c)
      return calls, c:getalpn()]], differs = "alpn-once" },
  [[local ctx = ssl.newcontext(server())
    context.setalpncb(ctx, function() return '\5a' end)
    local s, c = pair(ctx, { alpn = { 'a', 'b' } })
    return all(shake(s, c)), s:getalpn()]],
  { [[local ctx = ssl.newcontext(server())
      context.setalpncb(ctx, function() return '\1b\5a' end)
      local s, c = pair(ctx, { alpn = { 'a', 'b' } })
      return all(shake(s, c)), s:getalpn()]], differs = "alpn-malformed" },
  { [[local ctx = ssl.newcontext(server())
      context.setalpncb(ctx, function() return '\0\1b' end)
      local s, c = pair(ctx, { alpn = { 'a', 'b' } })
      return all(shake(s, c)), s:getalpn()]], differs = "alpn-malformed" },
  [[local s, c = pair({ alpn = function() error('mine', 0) end }, { alpn = 'a' })
    c:dohandshake() arrive(s)
    return pcall(s.dohandshake, s)]],
  { [[local s, c = pair({ alpn = function(names) coroutine.yield(7) return names[1] end },
        { alpn = 'a' })
      c:dohandshake() arrive(s)
      local co = coroutine.create(function() return s:dohandshake() end)
      return coroutine.resume(co)]], differs = "functions-yield" },
  [[local ctx = ssl.newcontext(client())
    context.setalpn(ctx, '\1a')
    local s, c = pair({ alpn = { 'a' } }, ctx)
    shake(s, c)
    return c:getalpn()]],
  [[local ctx = ssl.newcontext(client { alpn = 'a' })
    context.setalpn(ctx, '')
    local s, c = pair({ alpn = { 'a' } }, ctx)
    shake(s, c)
    return c:getalpn()]],
})
over({ "tls12", "tls13" }, { "c:getalpn()", "s:getalpn()", "select('#', c:getalpn())" })
