-- One light thread at a connection that another reads, shakes hands on, or closes.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local function wrapped(path)
  local sock = assert(upgrade.connect(ngx.var.server_port, path))
  return assert(ssl.wrap(sock, contexts.client))
end

local function say(what, ...)
  local values = { ... }
  for i = 1, select("#", ...) do values[i] = tostring(values[i]) end
  ngx.say(what, ": ", table.concat(values, " "))
end

local conn = wrapped "/mirror"
local first = ngx.thread.spawn(conn.dohandshake, conn)
say("second handshake", conn:dohandshake())
say("first handshake", ngx.thread.wait(first))

local reading = ngx.thread.spawn(conn.receive, conn)
say("second reader", conn:receive())
conn:close()
say("reader, after close", ngx.thread.wait(reading))
say("later", conn:receive())

conn = wrapped "/late?seconds=0.1"
first = ngx.thread.spawn(conn.dohandshake, conn)
conn:close()
say("handshake, after close", ngx.thread.wait(first))
