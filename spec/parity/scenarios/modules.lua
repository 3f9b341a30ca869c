-- What the modules export, and the facts in ssl.config.

local over = ...

over("plain", {
  { "ssl._VERSION", since = "1.3.2", is = '1: "1.3.2"' },
  "ssl._VERSION:match '^%d+%.%d+' ~= nil",
  { "ssl._COPYRIGHT", differs = "copyright" },
  "type(ssl._COPYRIGHT)",
  "ssl._COPYRIGHT == core.copyright()",
  "ssl.config == config",
  "ssl.loadcertificate == x509.load",
  "type(ssl), type(core), type(context), type(x509), type(config)",
  { "getmetatable(ssl) == nil, getmetatable(context) == nil, getmetatable(x509) == nil",
    differs = "tables-fill" },
  "getmetatable(core)",
  "core.SOCKET_INVALID",
  "package.loaded.ssl == ssl, package.loaded['ssl.core'] == core",
  "rawget(_G, 'ssl'), rawget(_G, 'context'), rawget(_G, 'x509')",
  { [[local names = {}
      for name, value in pairs(core) do names[name] = type(value) end
      return names]] },
  { [[local names = {}
      for name, value in pairs(context) do names[name] = type(value) end
      return names]], differs = "internals" },
  [[local missing = {}
    for _, name in ipairs { "create", "locations", "loadcert", "loadkey", "checkkey", "setalpn",
      "setalpncb", "setcipher", "setciphersuites", "setdepth", "setdhparam", "setverify",
      "setoptions", "setmode", "setcurve", "setcurveslist", "setdane" } do
      if type(context[name]) ~= "function" then missing[#missing + 1] = name end
    end
    return missing]],
  { "type(context.setpskhint), type(context.setserverpskcb), type(context.setclientpskcb)",
    since = "1.3.0", is = '3: "function", "function", "function"' },
  { [[local names = {}
      for name, value in pairs(x509) do names[name] = type(value) end
      return names]] },
  { [[local names = {}
      for name, value in pairs(ssl) do names[name] = type(value) end
      return names]], differs = "additions" },
  "type(x509.load), type(ssl.wrap), type(ssl.newcontext)",
  "config.protocols",
  { "config.options", differs = "config-options", from = "3.1" },
  "config.algorithms",
  { [[local known = {}
      for _, name in ipairs { "alpn", "curves_list", "dane", "ecdh_auto", "psk" } do
        known[name] = config.capabilities[name]
      end
      return known]], since = "1.3.0", is = '1: {["alpn"]=true, '
    .. '["curves_list"]=true, ["dane"]={["no_ee_namechecks"]=true}, '
    .. '["ecdh_auto"]=true, ["psk"]=true}' },
  "config.curves",
  { "type(config.openssl)", differs = "config-openssl" },
})
