-- subjectAltName.

local over = ...

over("plain", {
  "cert('server'):extensions()", "cert('ec_server'):extensions()", "cert('nul'):extensions()",
  "cert('cn_only'):extensions()", "cert('root'):extensions()",
  "#cert('huge'):extensions()['2.5.29.17'].dNSName",
  "select('#', cert('server'):extensions())",
  "local c = cert 'nul' c:setencode 'utf8' return c:extensions()",
  { "cert('odd'):extensions()", crash = "othername-types" },
})
