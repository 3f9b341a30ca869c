-- luajit bench/ticker.lua [COUNT [LOOP...]]: COUNT requests at once in each event loop, and a timer
-- of a millisecond beside them. Over TLS (ssl.https, verified, one pool), and as a yardstick over
-- the same loop in plain HTTP. What holds the loop is counted by the CPU of the loop's thread
-- between two turns of the timer, so that other processes count little; a turn takes a
-- millisecond of it at least where the loop has work. bench/ticker_client.lua is the program, the
-- same for all. eval "$(script/env)" first, in the root folder.

package.path = "./?.lua;" .. package.path

local loops   = require "spec.support.loops"
local peers   = require "spec.support.peers"
local pki     = require "spec.support.pki"
local process = require "spec.support.process"

local LOOPS = { "copas", "cqueues", "luv", "neovim", "cosocket" }

local count = tonumber(arg[1]) or 1000
local names = arg[2] and { unpack(arg, 2) } or LOOPS

-- All connections at once, and none is turned away.
local function servers()
  local plain, tls = process.free_port(), process.free_port()
  peers.nginx {
    connections = 4 * count,
    http = ([[
      keepalive_requests 1000000; ssl_session_cache shared:a:10m;
      server { listen 127.0.0.1:%d backlog=4096; location / { return 200 hello; } }
      server {
        listen 127.0.0.1:%d ssl backlog=4096;
        ssl_certificate "%s"; ssl_certificate_key "%s";
        location / { return 200 hello; }
      }
    ]]):format(plain, tls, pki.server.chain, pki.server.key),
  }
  return { plain = plain, tls = tls }
end

local ports = servers()

print("| loop | | answers | CPU, ms | turns | CPU between turns: median, 99 %, most "
      .. "| the longest step |")
print "|---|---|---|---|---|---|---|"
for _, name in ipairs(names) do
  for _, what in ipairs { "plain", "tls" } do
    io.write(loops.run(name, "bench/ticker_client.lua", {
      NAME = name, WHAT = what, COUNT = count, PORT = ports[what], CAFILE = pki.root.cert,
    }))
    io.flush()
  end
end
process.stop_all()
