-- luajit bench/resty.lua COUNT: ssl.resty beside nginx's own cosockets, once each. The server is
-- another nginx. A line for each work of bench/rows.lua and each of the two:
--
--     KEY SUBJECT REQUESTS CPU PASSED LATE RESUMED
--
-- with the CPU time of the worker that makes the requests and the time of day, in seconds, how
-- late a timer of a millisecond was at 99 %, in milliseconds, and the share of handshakes that
-- were resumed. Started by bench/run.lua, in the root folder.

package.path = "./?.lua;bench/?.lua;" .. package.path

local openresty = require "spec.support.openresty"
local process   = require "spec.support.process"
local rows      = require "rows"

local count = tonumber(arg[1])
local NAMES = { tlsv1_2 = "TLSv1.2", tlsv1_3 = "TLSv1.3" }

local function server(protocol)
  local port = process.free_port()
  openresty.start { folder = "spec/resty", level = "warn", http = openresty.who(port, ([[
    ssl_protocols %s; ssl_session_cache shared:a:1m; keepalive_requests 1000000;
  ]]):format(protocol)) }
  return port
end

local function client(protocol)
  return openresty.start {
    folder = "spec/resty", level = "warn", http = ("lua_ssl_protocols %s;"):format(protocol),
    server = [[
      location = /subject { content_by_lua_file "%(folder)s/../../bench/resty_subject.lua"; }
    ]],
  }
end

local ports, clients = {}, {}
for key, name in pairs(NAMES) do ports[key], clients[key] = server(name), client(name) end

for _, row in ipairs(rows) do
  local work, protocol, times = unpack(row.nginx or {})
  for _, subject in ipairs(work and row.subjects or {}) do
    local path = ("/subject?tcp=%s&work=%s&protocol=%s&port=%d&count=%d"):format(
      subject, work, protocol, ports[protocol], count * times)
    print(row.key, subject, (assert(clients[protocol]:get(path)):gsub("%s+$", "")))
  end
end
process.stop_all()
