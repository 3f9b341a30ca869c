-- luajit bench/resty.lua [COUNT [ROUNDS]]: ssl.resty beside nginx's own cosockets. Requests in a
-- CPU second of the worker that makes them, over kept connections, with full handshakes and
-- with resumed ones, and how late a timer of a millisecond was at 99 %. The server is another
-- nginx. Medians of rounds, in which the two take turns. eval "$(script/env)" first, in the root
-- folder.

package.path = "./?.lua;" .. package.path

local openresty = require "spec.support.openresty"
local process   = require "spec.support.process"

local count, ROUNDS = tonumber(arg[1]) or 800, tonumber(arg[2]) or 5

local WORKS = {
  { "kept connections",            "kept",    "tlsv1_3", 10 },
  { "full handshakes, TLS 1.3",    "full",    "tlsv1_3", 1 },
  { "full handshakes, TLS 1.2",    "full",    "tlsv1_2", 1 },
  { "resumed handshakes, TLS 1.3", "resumed", "tlsv1_3", 1 },
  { "resumed handshakes, TLS 1.2", "resumed", "tlsv1_2", 1 },
}
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

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

local ports, clients = {}, {}
for key, name in pairs(NAMES) do ports[key], clients[key] = server(name), client(name) end

local function measure(work, tcp)
  local path = ("/subject?tcp=%s&work=%s&protocol=%s&port=%d&count=%d"):format(
    tcp, work[2], work[3], ports[work[3]], count * work[4])
  local spent, late, resumed = assert(clients[work[3]]:get(path)):match "(%S+) (%S+) (%S+)"
  return tonumber(spent), tonumber(late), tonumber(resumed)
end

print "| requests in a CPU second | nginx's own | ssl.resty | ratio | timer, ms late at 99 % |"
print "|---|---|---|---|---|"
for _, work in ipairs(WORKS) do
  local found = { nginx = { {}, {} }, ours = { {}, {} } }
  local resumed = {}
  for round = 1, ROUNDS do
    for _, tcp in ipairs { "nginx", "ours" } do
      found[tcp][1][round], found[tcp][2][round], resumed[tcp] = measure(work, tcp)
    end
  end
  local theirs, ours = median(found.nginx[1]), median(found.ours[1])
  local none = work[2] == "resumed" and resumed.nginx < 0.5
  print(("| %s | %s | %.0f | %s | %.1f; %.1f |"):format(
    work[1], none and "does not resume" or ("%.0f"):format(1e6 / theirs), 1e6 / ours,
    none and "" or ("%.2f"):format(theirs / ours),
    median(found.nginx[2]), median(found.ours[2])))
end
process.stop_all()
