-- Wrong and missing arguments, and how the function was called.

local over = ...

local METHODS = {
  "close", "dirty", "dohandshake", "exportkeyingmaterial", "getalpn", "getfd", "getfinished",
  "getpeercertificate", "getpeerchain", "getpeerfinished", "getpeerverification", "getsniname",
  "getstats", "info", "receive", "send", "setdane", "setstats", "settimeout", "settlsa",
  "sni", "want",
}

local list = {}
for _, name in ipairs(METHODS) do
  local inner = name == "info" and "inner-names" or nil
  for _, self in ipairs { "", "5", "'x'", "{}", "io.stdout", "context.create 'any'" } do
    list[#list + 1] = { ("c.%s(%s)"):format(name, self), differs = inner }
  end
  list[#list + 1] = { ("c.%s(nil)"):format(name), differs = inner or "self-nil" }
  list[#list + 1] = { ("({ %s = c.%s }):%s()"):format(name, name, name), differs = inner }
end
over("new", list)

over("new", {
  "local f = c.send f()", "local f = c.send f(c, {})", "return c:send({})",
  "return (c:send({}))", "pcall(c.send, c, {})", "raised(c.send, c, {})", "raised(c.send)",
  "c['send'](c, {})", "local t = { go = c.send } t.go(c, {})",
  "local name = 'send' c[name](c, {})",
  "c.send(c)", "c.send(c, {})", "c:send()", "c:send({})", "c:send(true)",
  { "c:send(nil)", differs = "send-nil" },
  "c:send(print)", "c:send(c)", "c:send('abc', {})", "c:send('abc', 1, {})",
  "c:send('abc', 'x')", "c:send('abc', true)", "c:send('abc', 1, false)",
  "c:send('abc', nil, 'x')",
  "c:receive({})", "c:receive(true)", "c:receive(print)", "c:receive(c)",
  "c:receive('l')", "c:receive('*n')", "c:receive('*L')", "c:receive('')", "c:receive('*')",
  "c:receive(-1)", "c:receive(-0.5)", "c:receive(0/0)", "c:receive('-1')",
  "c:receive('*l', {})", "c:receive('*l', true)", "c:receive(4, {})", "c:receive({}, {})",
  "c:receive('x', {})", "c.receive(c, {})",
  "c:sni()", "c:sni({})", "c:sni(true)", "c:sni(print)", "c.sni(c, {})",
  "s:sni()", "s:sni('x')", "s:sni(5)", "s:sni(true)", "s.sni(s, 5)",
  { "s:sni({ [1] = 2 })", differs = "sni-map-errors" },
  { "s:sni({ a = 2 })", differs = "sni-map-errors" },
  { "s:sni({ a = {} })", differs = "sni-map-errors" },
  { "s:sni({ a = s })", differs = "sni-map-errors" },
  { "s:sni({ [true] = context.create 'any' })", differs = "sni-map-errors" },
  "s:sni({ a = nil })",
  { "s:sni({ [1] = context.create 'any' })", differs = "sni-map-errors" },
  "c:sni(nil)", "s:sni(nil)",
  "c:sni(5)", "c:sni('localhost', 'more')", "s:sni({}, 5)", "s:sni({}, nil)",
  "s:sni({}, {})",
  "c:setdane()", "c:setdane({})", "c:setdane(nil)", "c:setdane(true)",
  "c:settlsa()", "c:settlsa(1)", "c:settlsa(1, 1)", "c:settlsa(1, 1, 1)",
  "c:settlsa(nil, 1, 1, 'x')", "c:settlsa('x', 1, 1, 'x')", "c:settlsa(1, {}, 1, 'x')",
  "c:settlsa(1, 1, true, 'x')", "c:settlsa(1, 1, 1, {})", "c:settlsa(1, 1, 1, nil)",
  "c:settimeout({})", "c.settimeout(c, {})", "c:settimeout(1, {})", "c:settimeout(1, true)",
  "c.settimeout(c, 1, 'x')",
})

over({ "tls12", "tls13" }, {
  "c:getpeercertificate('x')", "c:getpeercertificate({})", "c:getpeercertificate(true)",
  "c:getpeercertificate(0)", "c:getpeercertificate(-1)", "c:getpeercertificate('0')",
  "type(c:getpeercertificate('1'))", "type(c:getpeercertificate(1.9))",
  "c:getpeercertificate(0.9)",
  "type(c:getpeercertificate(nil))",
  "c:getpeercertificate(99)",
  "c:exportkeyingmaterial()", "c:exportkeyingmaterial('l')", "c:exportkeyingmaterial({}, 1)",
  "c:exportkeyingmaterial('l', 'x')", "c:exportkeyingmaterial('l', {})",
  "c:exportkeyingmaterial('l', 16, {})", "c:exportkeyingmaterial('l', 16, true)",
  "c:exportkeyingmaterial(nil, 16)", "c:exportkeyingmaterial('l', nil)",
  { "c:exportkeyingmaterial('l', -1)", differs = "exporter-length" },
  "c.exportkeyingmaterial(c)",
})
