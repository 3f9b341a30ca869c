--- A connected pair over sockets with small buffers, so that a peer that does not
-- read is noticed after some hundred kilobytes instead of ten megabytes.
--
--   local server, client = narrow { protocol = "tlsv1_3" }

local ssl  = require "ssl"
local pair = require "spec.support.pair"

local BUFFER = 32768

return function(extra)
  local a, b = pair.tcp()
  for _, sock in ipairs { a, b } do
    assert(sock:setoption("send-buffer-size", BUFFER))
    assert(sock:setoption("recv-buffer-size", BUFFER))
  end
  local server = assert(ssl.wrap(a, pair.server_config(extra)))
  local client = assert(ssl.wrap(b, pair.client_config()))
  local at_server, at_client = pair.handshake(server, client)
  assert(at_server[1], at_server[2])
  assert(at_client[1], at_client[2])
  return server, client
end
