-- send on a connection: ranges, counts, limits.

local over = ...

over({ "tls12", "tls13" }, {
  "c:send('abcdef', 2, 4)", "c:send('abcdef', -2)", "c:send('abcdef', -3, -2)",
  "c:send('abcdef', 5, 3)", "c:send('abcdef', 10)", "c:send('abcdef', 0)",
  "c:send('ab', 1, 100)", "c:send(12)", "c:send(12.5)", "c:send('abc', '2')",
  "c:send('abc', -100)", "c:send('abc', 1, -100)", "c:send('abc', 2, 0)",
  "c:send('abc', 3, -5)", "c:send('abc', 1.7, 2.9)", "c:send('abc', nil, nil)",
  "c:send('abc', nil, 2)", "c:send('')", "c:send('', 1, 1)", "c:send('abc', '1', '2')",
  "c:send('abc', 1e9)", "c:send('abc', -1e9, -1)", "c:send('abc', 4)", "c:send('abc', 3)",
  "c:send('abc', -0.5)", "c:send('abc', ' 2 ')", "c:send('abc', '0x2')",
  "select('#', c:send('abc'))", "select('#', c:send(''))", "select('#', s:send('abc'))",
  "c:send()", "c:send({})", "c:send('abc', 'x')", "c:send('abc', 1, 'x')", "c:send(true)",
  "c:send(('x'):rep(8192))", "c:send(('x'):rep(8193))", "c:send(('x'):rep(20000))",
  "c:send(('x'):rep(16384), 2)", "c:send(('x'):rep(20000), 10000)",
  "c:send('abc') local r, w = c:getstats() return w",
  "c:send('abcdef', 2, 4) local r, w = c:getstats() return w",
  "c:send(('x'):rep(20000)) local r, w = c:getstats() return w",
  "c:send('abc') return arrive(s):receive(3)",
  "c:send('a\\0b\\n') return arrive(s):receive()",
  "c:send('abcdef', 2, 4) return arrive(s):receive(3)",
  "c:send(12) return arrive(s):receive(2)",
  "s:send('one\\n') s:send('two\\n') arrive(c) return c:receive(), c:receive()",
  "c:send('abc') return c:want()",
  "local n, word, last = c:send(('x'):rep(2^25)) return n, word, last > 0, last < 2^25",
  "c:send(('x'):rep(2^25)) return c:want()",
  "local _, _, last = c:send(('x'):rep(2^25)) return last % 8192",
  { [[local data = ("0123456789abcdef"):rep(2^18)
      local last, got = 0, {}
      repeat
        local n, word, part = c:send(data, last + 1)
        last = n or part
        arrive(s)
        local text, _, rest = s:receive(2^20)
        got[#got + 1] = text or rest
      until n
      local text, _, rest = nil, nil, nil
      local size = 0
      for _, part in ipairs(got) do size = size + #part end
      while size < #data do
        arrive(s)
        text, _, rest = s:receive(2^20)
        got[#got + 1], size = text or rest, size + #(text or rest)
      end
      return last, table.concat(got) == data]] },
  { "c:send(('x'):rep(2^25)) return c:send('short')",
    differs = "send-other-data" },
  "s:close() return pcall(c.send, c, '')",
  "c:close() return c:send('x')",
})

-- Nothing more can leave: the sending half of the connection is shut down behind its
-- back.
over("plain", {
  { [[local a, b = tcp()
      local k, c = assert(ssl.wrap(a, server())), assert(ssl.wrap(b, client()))
      k:settimeout(0) c:settimeout(0) shake(k, c)
      a:setfd(k:getfd()) a:shutdown("send") a:setfd(-1)
      return k:send("x")]], differs = "broken-pipe" },
})
