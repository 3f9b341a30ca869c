-- ssl.https, as far as it goes without a server.

local over = ...

over("plain", {
  { [[local names = {}
      for name, value in pairs(https) do names[name] = type(value) end
      return names]], differs = "additions" },
  { "https._VERSION", since = "1.3.2", is = '1: "1.3.2"' },
  "https.PORT, https.TIMEOUT",
  "type(https._COPYRIGHT), type(https.request), type(https.tcp)",
  "type(https.tcp()), type(https.tcp {})",
  "type(https.tcp()()), type(https.tcp()().connect), type(https.tcp()().settimeout)",
  "https.tcp()():settimeout(5)",
  "type(https.tcp()().sock)",
  "https.tcp()().send",
  "https.request('https://127.0.0.1:1/')",
  "select('#', https.request('https://127.0.0.1:1/'))",
  "https.request { url = 'https://127.0.0.1:1/' }",
  "https.request { url = 'https://127.0.0.1:1/', redirect = false }",
  { "https.request { url = 'https://127.0.0.1:1/', redirect = true }",
    differs = "https-redirects" },
  { "https.request { url = 'https://127.0.0.1:1/', proxy = 'http://127.0.0.1:1/' }",
    differs = "https-proxy" },
  { "https.request { url = 'https://127.0.0.1:1/', create = socket.tcp }",
    differs = "https-tables" },
  { "local t = { url = 'https://127.0.0.1:1/' } https.request(t) return https.request(t)",
    differs = "https-tables" },
  { [[local t = { url = 'https://127.0.0.1:1/' } https.request(t)
      local names = {}
      for name in pairs(t) do names[#names + 1] = name end
      return #names]], differs = "https-tables" },
  { "https.request('http://127.0.0.1:1/')", differs = "https-schemes" },
})
