-- Write to the log which calls work in this phase.

local ssl      = require "ssl"
local contexts = require "contexts"

local function handshake()
  local server, client = ssl.engine(contexts.server), ssl.engine(contexts.client)
  assert(client:connection():setverifyname "localhost")
  local done
  for _ = 1, 10 do
    done = client:handshake()
    server:feed(client:drain())
    done = server:handshake() and done
    client:feed(server:drain())
    if done then return "engines" end
  end
end

local sock, why = pcall(ngx.socket.tcp)
ngx.log(ngx.NOTICE, ngx.get_phase(), ": ", handshake(), ", ",
        sock and "cosockets" or tostring(why):match "API disabled")
