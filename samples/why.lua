-- luajit why.lua HOST PORT CAFILE: says why a handshake fails, as far as this end can know. Where
-- SSLKEYLOGFILE is set its secrets go there, for Wireshark.
local ssl = require "ssl"

local host, port, cafile = unpack(arg)

local function say(what, ...)
  local words = {}
  for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
  print(("%-9s %s"):format(what, table.concat(words, " ")))
end

local conn, message = ssl.connect(host, port, {
  protocol = "any", verify = "peer", cafile = cafile, timeout = 10,
  keylog = os.getenv "SSLKEYLOGFILE",
})
if conn then
  local info = conn:info()
  say("open", info.protocol, info.cipher)
  conn:close()
  os.exit(0)
end

say("message", message)
local problem = ssl.lasterror() or {}
local verify, alert = problem.verify, problem.alert
if verify then
  say("verify", verify.text)
  say("depth", verify.depth, verify.subject or "")
  if verify.untrusted then say("trust", "the chain ends in no certificate of " .. cafile) end
  if verify.misnamed then say("name", "the certificate is not for " .. host) end
end
if alert then say("alert", alert.direction, alert.text) end
if problem.reason then say("openssl", problem.library .. ":", problem.reason) end
if problem.errno then say("errno", problem.errno) end
if problem.hint then say("hint", problem.hint) end
os.exit(1)
