-- The server name.

local over = ...

-- `map` and `strict` for the server, `name` for the client; `rest` sees s, c and how.
local function named(version, map, strict, name, rest)
  return ([[local other = ssl.newcontext(server { protocol = '%s', key = pki 'server.key',
      certificate = pki 'server.pem' })
    local s, c = pair({ protocol = '%s' }, { verify = 'none' })
    local map = %s
    s:sni(map, %s)
    %s
    local how = { shake(s, c) }
    %s]]):format(version, version, map, strict, name, rest)
end

local SUBJECT = [[local crt = c:getpeercertificate()
  return how, c:getsniname(), s:getsniname(), crt and crt:issuer()[2].value]]

for _, version in ipairs { "tlsv1_2", "tlsv1_3" } do
  over("plain", {
    named(version, "{ ['a.test'] = other }", "false", "c:sni('a.test')", SUBJECT),
    named(version, "{ ['a.test'] = other }", "true", "c:sni('a.test')", SUBJECT),
    named(version, "{ ['a.test'] = other }", "nil", "c:sni('b.test')", SUBJECT),
    named(version, "{ ['a.test'] = other }", "false", "", SUBJECT),
    named(version, "{ ['a.test'] = other }", "true", "", SUBJECT),
    named(version, "{ ['a.test'] = other }", "true", "c:sni('b.test')", "return how"),
    named(version, "{}", "true", "c:sni('a.test')", "return how"),
    named(version, "{}", "false", "c:sni('a.test')", SUBJECT),
    { named(version, "{ ['a.test'] = other }", "true", "c:sni('A.TEST')", SUBJECT),
      differs = "sni-case" },
    named(version, "{}", "true", "map['a.test'] = other c:sni('a.test')", SUBJECT),
    named(version, "{ ['a.test'] = other }", "true", "map['a.test'] = nil c:sni('a.test')",
          "return how"),
    named(version, "{ ['a.test'] = other }", "true", "c:sni('')", SUBJECT),
    named(version, "{ ['a.test'] = other }", "true", "c:sni(('x'):rep(256))", SUBJECT),
    named(version, "{ ['a.test'] = other }", "false", "c:sni(('x'):rep(255))", SUBJECT),
    named(version, "{ ['a.test'] = other }", "true", "c:sni('a.test\\0b')", SUBJECT),
    named(version, "{ ['127.0.0.1'] = other }", "true", "c:sni('127.0.0.1')", SUBJECT),
    named(version, "{ ['5'] = other }", "true", "c:sni(5)", SUBJECT),
    named(version, "{ ['a.test'] = other, [''] = other }", "true", "c:sni('b') c:sni('a.test')",
          SUBJECT),
    named(version, "{ ['a.test'] = other }", "true", "s:sni({}) c:sni('a.test')", "return how"),
  })
end

over("new", {
  "c:sni('localhost')", "select('#', c:sni('localhost'))", "select('#', s:sni({}))",
  "c:sni('localhost') return c:getsniname()", "c:sni('') return c:getsniname()",
  "c:sni(('x'):rep(255)) return #c:getsniname()", "c:sni(('x'):rep(256)) return c:getsniname()",
  "c:sni('a\\0b') return c:getsniname()", "c:sni('127.0.0.1') return c:getsniname()",
  "c:sni(5) return c:getsniname()", "c:sni('a') c:sni('b') return c:getsniname()",
  "c:sni('a') c:sni('') return c:getsniname()",
  "s:getsniname()", "s:sni({}) return s:getsniname()",
})
over({ "tls12", "tls13" }, {
  "c:getsniname(), s:getsniname()", "select('#', c:getsniname())",
  { "c:sni('late') return c:getsniname()", differs = "sni-late" },
})

-- A map's effect is over with its connection.
over("plain", {
  { [[local ctx = ssl.newcontext(server())
      local s, c = pair(ctx, { verify = 'none' })
      s:sni({ ['a.test'] = ctx }, true) c:sni('a.test') shake(s, c)
      local s2, c2 = pair(ctx, { verify = 'none' })
      c2:sni('b.test')
      return shake(s2, c2)]], differs = "sni-stays" },
  { [[local ctx = ssl.newcontext(server())
      local map = { ['a.test'] = ssl.newcontext(server()) }
      local s, c = pair(ctx, { verify = 'none' })
      s:sni(map, true) c:sni('a.test')
      local how = all(shake(s, c))
      map['a.test'] = nil
      collectgarbage() collectgarbage()
      return how, s:dohandshake()]] },
})
