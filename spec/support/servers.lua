--- A TLS server of ours in a process of its own, for clients that block here.
--
--   local child = servers.start { drip = { 30, 0.05 } }
--   ... connect to child.port ...
--   assert(child:wait_output "shaken: true")
--
-- One connection after another: it makes the handshake, reports, serves, closes. Its reports
-- are lines "shaken: true, name: localhost" or "shaken: REASON, name: nil".

local process = require "spec.support.process"
local pair    = require "spec.support.pair"

local servers = {}

local SCRIPT = [[
local config = %s
io.stdout:setvbuf "no"
local socket = require "socket"
local ssl = require "ssl"
local listener = assert(socket.bind(config.host, 0))
local ctx = assert(ssl.newcontext(config.tls))
print("port: " .. select(2, listener:getsockname()))

local function serve(conn)
  if config.drip then
    for _ = 1, config.drip[1] do
      socket.sleep(config.drip[2])
      if not conn:send "x" then break end
    end
    return
  end
  repeat
    local line = conn:receive()
  until not line or not conn:send(line .. "\n")
end

while true do
  local conn = assert(ssl.wrap(assert(listener:accept()), ctx))
  conn:settimeout(60)
  local ok, why = conn:dohandshake()
  print(("shaken: %%s, name: %%s"):format(tostring(ok or why), tostring(conn:getsniname())))
  if ok then serve(conn) end
  conn:close()
end
]]

local function literal(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local fields = {}
  for key, field in pairs(value) do
    fields[#fields + 1] = ("[%s] = %s"):format(literal(key), literal(field))
  end
  return "{ " .. table.concat(fields, ", ") .. " }"
end

--- Start one.
-- @tparam[opt] table options  `tls`: keys over pair.server_config; `host`:
--   127.0.0.1; `drip`: instead of echoing lines, so many bytes, so many seconds
--   before each
-- @treturn table  a child of spec.support.process, with its `port`
function servers.start(options)
  options = options or {}
  local script = process.write(process.folder() .. "/server.lua", SCRIPT:format(literal {
    host = options.host or "127.0.0.1", drip = options.drip,
    tls = pair.server_config(options.tls),
  }))
  local child = process.start { "luajit", script }
  local port = child:wait_output "port: (%d+)\n"
  assert(port, "no port\n" .. child:output())
  child.port = tonumber(port)
  return child
end

return servers
