-- What programs can see of the objects themselves.

local over = ...

local LIVE = { "new", "shaking", "failed", "tls13", "closed", "unused" }

over(LIVE, {
  "type(c), type(s)",
  "tostring(c)",
  "tostring(c):sub(1, 3)",
  "tostring(c) == tostring(c)",
  "c == c, c == s, c ~= s",
  "c.nothing, c[1], c[true]",
  "type(c.send), type(c.receive), type(c.close), type(c.dirty), type(c.want)",
  { "c.getpeername, c.getsockname, c.setoption, c.getoption, c.shutdown",
    differs = "additions" },
  "c.setfd",
  "c.gettimeout, c.connect, c.accept, c.bind, c.listen",
  "c.send == s.send",
  "getmetatable(c).__metatable, getmetatable(c).__name, getmetatable(c).__newindex",
  "type(getmetatable(c).__index), type(getmetatable(c).__gc), type(getmetatable(c).__close)",
  "type(getmetatable(c).__tostring)",
  "getmetatable(c).__index.send == c.send",
  "getmetatable(c).__index == getmetatable(s).__index",
  { "getmetatable(c) == getmetatable(s)", differs = "metatable-of-its-own" },
  "c.x",
  "c.x == nil and rawequal(c, c)",
  "({ [c] = 1 })[c], ({ [c] = 1 })[s]",
  "#tostring(c) > 20",
  "c.field = 1",
  "c['send'] = print",
  "#c", "c + 1", "c()", "c .. 'x'", "c < s", "-c",
})

over("new", {
  { [[local names = {}
      for name, f in pairs(getmetatable(c).__index) do names[name] = type(f) end
      return names]], differs = "additions" },
  { [[local missing = {}
      for _, name in ipairs { "close", "dirty", "dohandshake", "exportkeyingmaterial", "getalpn",
        "getfd", "getfinished", "getpeercertificate", "getpeerchain", "getpeerfinished",
        "getpeerverification", "getsniname", "getstats", "info", "receive", "send",
        "setdane", "setstats", "settimeout", "settlsa", "sni", "want" } do
        if type(c[name]) ~= "function" then missing[#missing + 1] = name end
      end
      return missing]] },
  { "type(c.getlocalchain), type(c.getlocalcertificate)", since = "1.3.0",
    is = '2: "function", "function"' },
})

over("ctx", {
  "type(ctx)",
  "tostring(ctx)",
  "tostring(ctx) == tostring(ctx)",
  "ctx == ctx, ctx == context.create 'any'",
  "ctx.nothing, ctx.setmode, ctx.setverify",
  "type(ctx.setverifyext)",
  "type(getmetatable(ctx).__index), type(getmetatable(ctx).__gc), type(getmetatable(ctx).__close)",
  "getmetatable(ctx).__metatable, getmetatable(ctx).__name",
  [[local names = {}
    for name in pairs(getmetatable(ctx).__index) do names[name] = true end
    return names]],
  "getmetatable(ctx).__gc(ctx) tostring(ctx) return tostring(ctx)",
  "getmetatable(ctx).__gc(ctx) getmetatable(ctx).__gc(ctx)",
  "getmetatable(ctx).__gc(ctx) core.create(ctx)",
  "getmetatable(ctx).__gc(ctx) ssl.wrap(tcp(), ctx)",
  "({ [ctx] = 1 })[ctx]",
  "#ctx", "ctx()", "ctx .. ''",
  "ctx.field = 1",
})

over("crt", {
  "type(crt)",
  "tostring(crt)",
  "tostring(crt) == tostring(crt)",
  "crt == crt, crt == cert 'server_leaf'",
  "crt.nothing",
  { [[local names = {}
      for name in pairs(getmetatable(crt).__index) do names[name] = true end
      return names]], differs = "additions" },
  [[local missing = {}
    for _, name in ipairs { "digest", "extensions", "getsignaturename", "issued", "issuer",
      "notafter", "notbefore", "pem", "pubkey", "serial", "setencode", "subject",
      "validat" } do
      if type(crt[name]) ~= "function" then missing[#missing + 1] = name end
    end
    return missing]],
  "type(getmetatable(crt).__index), type(getmetatable(crt).__gc), type(getmetatable(crt).__close)",
  "getmetatable(crt).__gc(crt) return tostring(crt)",
  "getmetatable(crt).__gc(crt) getmetatable(crt).__gc(crt)",
  { "getmetatable(crt).__gc(crt) crt:subject()", crash = "certificate-finalized" },
  { "getmetatable(crt).__gc(crt) crt:serial()", crash = "certificate-finalized" },
  { "getmetatable(crt).__gc(crt) crt:extensions()", crash = "certificate-finalized" },
  { "getmetatable(crt).__gc(crt) crt:notbefore()", crash = "certificate-finalized" },
  "crt.field = 1",
})
