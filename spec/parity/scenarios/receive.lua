-- receive on a connection: patterns, prefixes, what is there and what is not.

local over = ...

local TLS = { "tls12", "tls13" }

local function after(data, call)
  return ("s:send(%s) arrive(c) return %s"):format(data, call)
end

over(TLS, {
  "c:receive()", "c:receive(nil)", "c:receive('*l')", "c:receive('*a')", "c:receive(5)",
  "c:receive(0)", "c:receive('*a', 'PRE')", "c:receive('*l', 'PRE')", "c:receive(5, 'PRE')",
  "c:receive(3, 'PRE')", "c:receive(2, 'PRE')", "c:receive(0, 'PRE')",
  "c:receive() return c:want()",
  "select('#', c:receive())", "select('#', c:receive('*a'))",
  "c:receive('l')", "c:receive('*n')", "c:receive('*L')", "c:receive('')", "c:receive(-1)",
  "c:receive(-0.5)", "c:receive(0/0)", "c:receive({})", "c:receive('*l', {})",
  "c:receive('-1')", "c:receive(true)",
  after("'abc\\r\\n'", "c:receive()"),
  after("'abc\\n'", "c:receive('*l')"),
  after("'\\r\\r\\n'", "c:receive('*l')"),
  after("'de\\rf\\r\\n'", "c:receive('*lxyz')"),
  after("'nul\\0in\\0line\\n'", "c:receive()"),
  after("'\\n'", "c:receive()"),
  after("'a\\n'", "select('#', c:receive())"),
  after("'one\\ntwo\\n'", "c:receive(), c:receive()"),
  after("'one\\ntwo\\n'", "c:receive(), c:dirty(), c:receive(), c:dirty()"),
  after("'one\\ntwo'", "c:receive(), c:receive()"),
  after("'partial'", "c:receive()"),
  after("'half\\r'", "c:receive()"),
  after("'ha\\rlf\\r'", "c:receive('*l', 'p\\r')"),
  after("'half\\r'", "c:receive(9)"),
  after("'partial'", "c:receive('*l', 'a ')"),
  after("' more\\n'", "c:receive('*l', 'partial')"),
  after("'line\\n'", "c:receive('*l', 12)"),
  after("'line\\n'", "c:receive(nil, 'x')"),
  after("'0123456789'", "c:receive('4')"),
  after("'0123456789'", "c:receive(2.9)"),
  after("'0123456789'", "c:receive(0)"),
  after("'0123456789'", "c:receive(0.5)"),
  after("'0123456789'", "c:receive(0, 'pp')"),
  after("'0123456789'", "c:receive(3, 'abcd')"),
  after("'0123456789'", "c:receive(6, 'abcd')"),
  after("'0123456789'", "c:receive('0x2')"),
  after("'0123456789'", "c:receive(' 3 ')"),
  after("'0123456789'", "c:receive('1e1')"),
  after("'0123456789'", "c:receive(10)"),
  after("'0123456789'", "c:receive(11)"),
  after("'0123456789'", "c:receive(12, 'ab')"),
  after("'0123456789'", "c:receive(13, 'ab')"),
  after("'0123456789'", "c:receive('*a')"),
  after("'0123456789'", "c:receive('*a', 'ab')"),
  after("'0123456789'", "c:receive('*anything')"),
  after("'0123456789'", "c:receive(4), c:receive(4), c:receive(4)"),
  after("'0123456789'", "c:receive(4), (c:getstats())"),
  after("'abc\\r\\n'", "c:receive(), (c:getstats())"),
  after("'some'", "c:dirty()"),
  after("'some'", "c:receive(1), c:dirty()"),
  after("'some'", "c:receive(4), c:dirty()"),
  "s:send('all of it') s:close() arrive(c) return c:receive('*a')",
  "s:send('all of it') s:close() arrive(c) c:receive('*a') return c:receive('*a')",
  "s:send('all of it') s:close() arrive(c) c:receive('*a') return c:receive('*a', 'zz')",
  "s:send('all of it') s:close() arrive(c) c:receive('*a') return c:receive()",
  "s:send('all of it') s:close() arrive(c) c:receive('*a') return c:receive(0)",
  "s:send('all of it') s:close() arrive(c) c:receive('*a') return c:receive(2, 'pp')",
  "s:send('123') s:close() arrive(c) return c:receive(10)",
  "s:send('123') s:close() arrive(c) c:receive(10) return c:receive(10, '123')",
  "s:send('123') s:close() arrive(c) return c:receive(3), c:receive(1)",
  "s:send('tail') s:close() arrive(c) return c:receive()",
  "s:send('tail') s:close() arrive(c) return c:receive('*l', 'x')",
  "s:send('line\\ntail') s:close() arrive(c) return c:receive(), c:receive()",
  "s:send('line\\n') s:close() arrive(c) return c:receive(), c:receive()",
  "s:close() arrive(c) return c:receive()",
  "s:close() arrive(c) return c:receive('*a')",
  "s:close() arrive(c) return c:receive('*a', 'x')",
  "s:close() arrive(c) return c:receive(0)",
  "s:close() arrive(c) return c:receive(), c:receive(), c:receive()",
  "s:close() arrive(c) c:receive() return c:want(), c:dirty()",
  "s:close() arrive(c) c:receive() return c:info('protocol'), type(c:getpeercertificate())",
  "s:close() arrive(c) c:receive() return c:dohandshake()",
})

-- The stream ends without close_notify: the descriptor of the server is closed behind
-- its back.
local CUT = [[local a, b = tcp()
  local k = assert(ssl.wrap(a, server { protocol = VERSION }))
  local c = assert(ssl.wrap(b, client { options = OPTIONS }))
  k:settimeout(0) c:settimeout(0) shake(k, c) c:receive(0)
  k:send(DATA)
  a:setfd(k:getfd()) a:shutdown("send") a:setfd(-1)
  arrive(c) ]]

local function cut(version, data, options, rest)
  return (CUT:gsub("VERSION", ("%q"):format(version)):gsub("DATA", ("%q"):format(data))
             :gsub("OPTIONS", options)) .. rest .. " return unpack(r, 1, r.n)"
end

for _, version in ipairs { "tlsv1_2", "tlsv1_3" } do
  over("plain", {
    cut(version, "123", "{}", "local r = all(c:receive('*a'))"),
    { cut(version, "123", "{}", "c:receive('*a') local r = all(c:receive('*a'))"),
      crash = "truncation-again" },
    cut(version, "123", "{}", "local r = all(c:receive())"),
    cut(version, "123", "{}", "local r = all(c:receive(10))"),
    cut(version, "12\n3", "{}", "local r = all(c:receive(), c:receive())"),
    cut(version, "123", "{ 'ignore_unexpected_eof' }", "local r = all(c:receive('*a'))"),
    cut(version, "123", "{ 'ignore_unexpected_eof' }",
        "c:receive('*a') local r = all(c:receive('*a'))"),
  })
end

-- Somebody in between, without a key, gives the server a record that is none. The
-- server's fatal alert ends what it had not finished saying.
local ALERT = [[local a, b = tcp()
  local k = assert(ssl.wrap(a, server { protocol = VERSION }))
  local c = assert(ssl.wrap(b, client { protocol = VERSION }))
  a:setfd(k:getfd()) a:setoption("tcp-nodelay", true) a:setfd(-1)
  k:settimeout(0) c:settimeout(0) shake(k, c) c:receive(0)
  k:send("half")
  b:setfd(c:getfd()) b:send("\23\3\3\0\40" .. ("x"):rep(40)) b:setfd(-1)
  arrive(k) k:receive() arrive(c) return ]]

for _, version in ipairs { "tlsv1_2", "tlsv1_3" } do
  local alerted = ALERT:gsub("VERSION", ("%q"):format(version))
  over("plain", {
    alerted .. "c:receive('*a')",
    alerted .. "c:receive()",
    alerted .. "c:receive(100)",
    alerted .. "c:receive('*a', 'PRE')",
    alerted .. "c:receive(4)",
    { alerted .. "c:receive('*a'), c:receive('*a')", differs = "failure-kept" },
    { alerted .. "c:receive('*a'), c:dohandshake()", differs = "failure-kept" },
  })
end
