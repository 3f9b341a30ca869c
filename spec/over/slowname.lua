-- Run over Copas by addresses_spec: the system's resolver takes longer than the connection may.

local copas  = require "copas"
local socket = require "socket"
local over   = require "ssl.over.copas"

function socket.dns.getaddrinfo()
  socket.sleep(0.02)
  return { { addr = "127.0.0.1", family = "inet" } }
end

local done = false
copas.addthread(function()
  print(select(2, over.connect("a.test", tonumber(os.getenv "CLOSED"), 0.01)))
  done = true
end)
repeat copas.step(1) until done
