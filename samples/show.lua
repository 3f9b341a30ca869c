-- luajit show.lua HOST PORT CAFILE: prints the certificate chain of a TLS server.
local ssl = require "ssl"

local function say(what, ...)
  print(("  %-10s %s"):format(what, table.concat({ ... }, ", ")))
end

-- An X.509 name on one line.
local function name(entries)
  local parts = {}
  for _, entry in ipairs(entries) do parts[#parts + 1] = entry.name .. "=" .. entry.value end
  return table.concat(parts, ", ")
end

local host, port, cafile = unpack(arg)
local conn, message = ssl.connect(host, port, {
  protocol = "any", verify = "peer", cafile = cafile, timeout = 10,
})
if not conn then
  say("refused", message)
  os.exit(1)
end

local info = conn:info()
say("host", host)
say("protocol", info.protocol)
say("cipher", info.cipher, info.bits .. " bits")
for n, cert in ipairs(conn:getpeerchain() or {}) do
  local _, kind, bits = cert:pubkey()
  print("  certificate " .. n)
  say("  subject", name(cert:subject()))
  say("  issuer", name(cert:issuer()))
  say("  valid", cert:notbefore() .. " to " .. cert:notafter())
  say("  key", kind, bits .. " bits")
end
say("verified", "the chain", "the name")
conn:close()
