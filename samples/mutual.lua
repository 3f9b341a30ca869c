-- luajit mutual.lua PORT CERTIFICATE KEY CAFILE: serves only clients that show a
-- certificate, and greets them by its name. A client sets its own in ssl.connect: certificate
-- and key.
local socket, ssl = require "socket", require "ssl"

local port, certificate, key, cafile = unpack(arg)
local context = assert(ssl.newcontext {
  mode = "server", protocol = "any", certificate = certificate, key = key,
  verify = { "peer", "fail_if_no_peer_cert" }, cafile = cafile,
})

local function common_name(cert)
  for _, entry in ipairs(cert:subject()) do
    if entry.name == "commonName" then return entry.value end
  end
  return "nobody"
end

local listener = assert(socket.bind("127.0.0.1", port))
while true do
  local conn = assert(ssl.wrap(listener:accept(), context))
  conn:settimeout(10)
  local ok, message = conn:dohandshake()
  if ok then
    conn:send(("Hello, %s.\n"):format(common_name(conn:getpeercertificate())))
  else
    print("refused: " .. message)
    io.flush()
  end
  conn:close()
end
