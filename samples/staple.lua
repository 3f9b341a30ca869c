-- luajit staple.lua PORT CHAIN KEY RESPONDER: a server that fetches an OCSP response for its
-- certificate from the URL RESPONDER, staples it to its handshakes, and renews it in time. CHAIN
-- has the certificate and that of its issuer.
local socket, ssl, http, ltn12 = require "socket", require "ssl", require "socket.http",
                                 require "ltn12"

local port, chain, key, url = unpack(arg)
http.TIMEOUT = 5 -- nobody is served meanwhile

local file = assert(io.open(chain))
local next_pem = file:read "*a":gmatch "%-%-%-%-%-BEGIN CERTIFICATE.-%-%-%-%-%-END CERTIFICATE%-+"
local own    = assert(ssl.loadcertificate(next_pem()))
local issuer = assert(ssl.loadcertificate(assert(next_pem(), "the issuer is missing")))
file:close()

-- A response that a client will take, and its end; or nil and a message.
local function fetch()
  local request, pieces = assert(ssl.ocsp.request(own, issuer)), {}
  local ok, code = http.request {
    url = url, method = "POST", source = ltn12.source.string(request),
    headers = { ["content-type"] = "application/ocsp-request", ["content-length"] = #request },
    sink = ltn12.sink.table(pieces),
  }
  if not ok or code ~= 200 then return nil, "the responder: " .. code end
  local der = table.concat(pieces)
  local status, details = ssl.ocsp.check(der, own, issuer)
  if status == "good" then return der, details.validtill end
  return nil, status and "the certificate is " .. status or details
end

local response, ends, renew = nil, 0, 0

local function refresh()
  local now = os.time()
  if now < renew then return end
  local der, result = fetch()
  if der then
    response, ends = der, result
    renew = now + (ends - now) / 2 -- half of its time is left for responders that are down
  else
    print("no response: " .. result)
    io.flush()
    renew = now + 60
  end
  if ends <= now then response = nil end
end

local context = assert(ssl.newcontext {
  mode = "server", protocol = "any", certificate = chain, key = key,
  ocspresponse = function() return response end,
})

local listener = assert(socket.bind("127.0.0.1", port))
listener:settimeout(60)
while true do
  refresh()
  local sock = listener:accept()
  local conn = sock and assert(ssl.wrap(sock, context))
  if conn then
    conn:settimeout(10)
    if conn:dohandshake() then conn:send "Hello.\n" end
    conn:close()
  end
end
