-- luajit roles.lua PORT CERTIFICATE KEY CAFILE [CRLFILE]: serves only clients that show a
-- certificate, and lets each do what its role allows. CRLFILE has the list of those revoked.
local socket, ssl = require "socket", require "ssl"

local port, certificate, key, cafile, crl = unpack(arg)

-- The common name in the certificate decides. Only the authority of CAFILE can give it.
local ROLES = { client = "editor", ["ec client"] = "reader", ["revoked client"] = "editor" }
local ALLOWED = {
  reader = { read = true },
  editor = { read = true, write = true },
}

local context = assert(ssl.newcontext {
  mode = "server", protocol = "any", certificate = certificate, key = key,
  verify = { "peer", "fail_if_no_peer_cert" }, cafile = cafile,
  crl = crl, explain = true,
})

local function common_name(cert)
  for _, entry in ipairs(cert:subject()) do
    if entry.name == "commonName" then return entry.value end
  end
  return "nobody"
end

local text = "nothing yet"

local function answer(name, line)
  local verb, rest = line:match "^(%l+) ?(.*)$"
  local role = ROLES[name]
  if not role then return name .. " has no role" end
  if not ALLOWED[role][verb] then return role .. "s may not " .. (verb or "do that") end
  if verb == "write" then text = rest end
  return text
end

local listener = assert(socket.bind("127.0.0.1", port))
while true do
  local conn = assert(ssl.wrap(listener:accept(), context))
  conn:settimeout(10)
  local ok, message = conn:dohandshake()
  if ok then
    local name = common_name(conn:getpeercertificate())
    local line = conn:receive()
    if line then conn:send(answer(name, line) .. "\n") end
  else
    print("refused: " .. message)
    io.flush()
  end
  conn:close()
end
