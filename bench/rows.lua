-- The rows of measurements, in the order of the table:
--
--   name      as the table has it
--   command   for every subject; %d is the amount
--   amount    units of a run, and of a quick run
--   unit      of the cost, and `factor` to come to it from seconds (or KiB) a unit
--   rate      of the throughput
--   same      peer and subject share a core
--   workers   processes of the peer; `anywhere`: all on any core
--   rounds    fewer than for others, where one run is enough or takes long
--   full      not in a quick run
--   trace     two amounts: system calls a unit are the difference of two runs
--   goals     { { at most, against }, ... }: the key of a subject, "best" for the cheapest of
--             those in PEERS, "also", the unit, or ours of the row of that key; the third
--             field has words for the table where the key has none
--   also      { words, command }: another way for raw C, below the table; a third field
--             starts something else
--   nginx     { work, protocol, times }: for bench/resty.lua, in a table of its own
--   picture   its words in the picture
--   openssl   its words in the table of OpenSSLs
--
-- The subjects of a row are those that can do its work.

-- Both sides need a descriptor for each connection, and the peer a few more.
local function descriptors()
  local pipe = io.popen "ulimit -Hn"
  local limit = tonumber(pipe:read "*l") or math.huge
  pipe:close()
  return limit
end
local MANY = math.min(10000, descriptors() - 300)
local BUSY = math.min(1000, MANY)

local LUA   = { "raw", "ours", "luasec", "cqueues" }
local FOUR  = { "raw", "ours", "luasec", "cqueues", "python" }
local EVERY = { "raw", "ours", "luasec", "cqueues", "python", "node" }
local PEERS = { "ours", "luasec" }
local OURS  = { "raw", "ours", "luasec" }
local ALONE = { "raw", "ours" }
local PYTHON = { "raw", "ours", "python" }
local SERVERS = { "raw", "ours", "luasec", "python" }
local NGINX = { "nginx", "ours" }

-- What a handshake has to reach.
local SHAKEN = { { 1.00, "luasec" }, { 1.08, "raw" } }

-- The best of the others, and so much of raw C.
local function best(of_raw) return { { 1.00, "best" }, { of_raw, "raw" } } end

local function join(...)
  local all = {}
  for _, list in ipairs { ... } do
    for _, row in ipairs(list) do all[#all + 1] = row end
  end
  return all
end

local bulk = {
  { name = "send 1 MiB strings", key = "send", command = "send %d", subjects = EVERY,
    amount = { 128, 32 }, unit = "ms/MiB", factor = 1e3, rate = "MiB/s",
    trace = { 8, 24 }, goals = best(1.15), picture = "send 1 MiB" },
  { name = "receive(65536)", key = "receive", command = "receive %d 65536",
    subjects = EVERY, amount = { 192, 48 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", trace = { 8, 24 }, goals = best(1.3), picture = "receive(65536)" },
  { name = "receiveinto, 64 KiB", key = "receiveinto", command = "receiveinto %d",
    subjects = PYTHON, amount = { 192, 48 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", trace = { 8, 24 }, goals = { { 0.95, "raw" } } },
  { name = "sendfrom, 1 MiB", key = "sendfrom", command = "sendfrom %d",
    subjects = ALONE, amount = { 128, 32 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", goals = { { 1.00, "raw" } } },
  { name = "sendv, 64 strings of 100 bytes", key = "sendv", command = "sendv %d",
    subjects = OURS, amount = { 20000, 4000 }, unit = "us", factor = 1e6, rate = "/s" },
  { name = 'receive("*a"), 64 MiB', key = "all", command = "all %d", subjects = LUA,
    amount = { 64, 64 }, unit = "ms/MiB", factor = 1e3, rate = "MiB/s",
    trace = { 8, 24 }, goals = best(2.5), picture = 'receive("*a"), 64 MiB' },
  { name = "lines of 100 bytes, records of 16 KiB", key = "lines",
    command = "lines %d 16384", subjects = FOUR, amount = { 500000, 100000 },
    unit = "ns/line", factor = 1e9, rate = "lines/s", goals = best(3.0),
    picture = "lines of 100 bytes" },
  { name = "lines of 100 bytes, a record each", key = "records",
    command = "lines %d 100", subjects = FOUR, amount = { 200000, 40000 },
    unit = "ns/line", factor = 1e9, rate = "lines/s", goals = best(0.6),
    picture = "lines, a record each" },
}

local meanwhile = {
  { name = "receive(65536), encrypted meanwhile", key = "receive_flow",
    command = "receive %d 65536 flow", subjects = EVERY, rounds = 5, amount = { 128, 32 },
    unit = "ms/MiB", factor = 1e3, rate = "MiB/s", goals = best(1.3) },
  { name = "receiveinto, 64 KiB, encrypted meanwhile", key = "receiveinto_flow",
    command = "receiveinto %d flow", subjects = PYTHON, rounds = 5, amount = { 128 }, full = true,
    unit = "ms/MiB", factor = 1e3, rate = "MiB/s", goals = best(1.3) },
  { name = 'receive("*a"), 64 MiB, encrypted meanwhile', key = "all_flow",
    command = "all %d flow", subjects = LUA, rounds = 5, amount = { 64 }, full = true,
    unit = "ms/MiB", factor = 1e3, rate = "MiB/s", goals = best(2.5) },
  { name = "lines, records of 16 KiB, encrypted meanwhile", key = "lines_flow",
    command = "lines %d 16384 flow", subjects = FOUR, rounds = 5, amount = { 500000, 100000 },
    unit = "ns/line", factor = 1e9, rate = "lines/s", goals = best(3.0) },
}

local ways = {
  { name = "a line, and work on it", key = "linework", command = "linework %d",
    subjects = PEERS, amount = { 400000, 100000 }, unit = "ns/line", factor = 1e9,
    rate = "lines/s", goals = { { 0.55, "luasec" } } },
  { name = "ping-pong of 64 bytes, one core", key = "pingpong",
    command = "pingpong %d", subjects = EVERY, same = true, amount = { 10000, 3000 },
    unit = "us/trip", factor = 1e6, rate = "trips/s", trace = { 500, 1500 },
    goals = best(1.0), picture = "ping-pong of 64 bytes" },
  { name = "send 1 MiB strings, over a stream", key = "streamsend",
    command = "streamsend %d", subjects = { "ours" }, amount = { 128, 32 },
    unit = "ms/MiB", factor = 1e3, rate = "MiB/s", goals = { { 1.2, "send", "a descriptor" } } },
  { name = "receive(65536), over a stream", key = "streamreceive",
    command = "streamreceive %d", subjects = { "ours" }, amount = { 192, 48 },
    unit = "ms/MiB", factor = 1e3, rate = "MiB/s",
    goals = { { 1.2, "receive", "a descriptor" } } },
  { name = "two engines in one process", key = "enginepair", command = "enginepair %d",
    subjects = ALONE, amount = { 96, 24 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", goals = { { 4.0, "also", "the cipher alone" } },
    also = { "AES-256-GCM alone (openssl speed)", "", "bench/cipher-speed" } },
}

-- A row of handshakes; a quick run has a few of them.
local function shaken(row)
  row.amount = row.amount or { 120 }
  row.full = row.amount[2] == nil
  row.unit, row.factor, row.rate = "us", 1e6, "/s"
  row.goals = row.goals or SHAKEN
  return row
end

local handshakes = {
  shaken { name = "full handshake, client, verified", key = "handshake",
           command = "handshake %d", subjects = FOUR, amount = { 120, 30 },
           trace = { 20, 60 }, picture = "full handshake, client", openssl = "client",
           also = { "raw C without an end in order", "handshake %d abrupt" } },
  shaken { name = "the same, a chain of three", key = "handshake3",
           command = "handshake %d three", subjects = FOUR, openssl = "client, chain of three" },
  shaken { name = "the same, mutual", key = "handshakemutual", command = "handshake %d mutual",
           subjects = SERVERS, openssl = "client, mutual" },
  shaken { name = "resumed handshake, client", key = "resumed", command = "handshake %d resumed",
           subjects = PYTHON, goals = { { 1.1, "raw" } }, amount = { 120, 30 },
           openssl = "client, resumed" },
  shaken { name = "full handshake, server", key = "accept", command = "accept %d",
           subjects = SERVERS, amount = { 120, 30 }, picture = "full handshake, server",
           openssl = "server",
           also = { "raw C without an end in order", "accept %d abrupt" } },
  shaken { name = "the same, server, a chain of three", key = "accept3",
           command = "accept %d three", subjects = SERVERS },
  shaken { name = "the same, server, mutual and verified", key = "acceptmutual",
           command = "accept %d mutual", subjects = SERVERS, openssl = "server, mutual" },
  shaken { name = "resumed handshake, server", key = "acceptresumed",
           command = "accept %d resumed", subjects = OURS, goals = { { 1.1, "raw" } },
           openssl = "server, resumed" },
}

local requests = {
  { name = "newcontext with the CA bundle, the first", key = "first",
    command = "first %d", subjects = PEERS, amount = { 1, 1 }, unit = "us",
    factor = 1e6, rate = "/s" },
  { name = "newcontext with the CA bundle, later ones", key = "later",
    command = "later %d", subjects = PEERS, amount = { 10, 5 }, unit = "us",
    factor = 1e6, rate = "/s", goals = { { 0.02, "first", "the first" } } },
  { name = "https.request, verified, CA bundle", key = "https", command = "https %d",
    subjects = PEERS, amount = { 10, 5 }, unit = "us", factor = 1e6, rate = "/s",
    goals = { { 0.06, "luasec" } } },
  { name = "https.request, pool, verified; LuaSec: none, not verified", key = "pooled",
    command = "pooled %d", subjects = PEERS, amount = { 400, 100 }, unit = "us",
    factor = 1e6, rate = "/s", goals = { { 0.15, "luasec" } } },
  { name = 'require "ssl"', key = "load", command = "load %d", subjects = PEERS,
    amount = { 1, 1 }, unit = "ms", factor = 1e3, goals = { { 3.0, "luasec" } } },
  { name = "the same, and a verified connection, a message and back", key = "loadmessage",
    command = "loadmessage %d", subjects = PEERS, amount = { 1, 1 }, unit = "ms",
    factor = 1e3, goals = { { 3.0, "luasec" } } },
  { name = 'require "ssl.https", after LuaSocket', key = "loadhttps",
    command = "loadhttps %d", subjects = PEERS, amount = { 1, 1 }, unit = "ms",
    factor = 1e3 },
  { name = 'memory: require "ssl"', key = "loadheap", command = "load %d memory",
    subjects = PEERS, amount = { 1, 1 }, rounds = 1, unit = "KiB", factor = 1,
    goals = { { 300, "KiB" } } },
  { name = "memory: the same, and a connection, a message and back", key = "messageheap",
    command = "loadmessage %d memory", subjects = PEERS, amount = { 1, 1 }, rounds = 1,
    unit = "KiB", factor = 1, goals = { { 450, "KiB" } } },
  { name = 'memory: require "ssl.https", after LuaSocket', key = "httpsheap",
    command = "loadhttps %d memory", subjects = PEERS, amount = { 1, 1 }, rounds = 1,
    unit = "KiB", factor = 1 },
}

local many = {
  { name = "a connection, a message and back, one process", key = "connections",
    command = "connections %d 1", subjects = OURS, workers = 4, amount = { 300, 100 },
    unit = "us", factor = 1e6, rate = "/s", goals = { { 1.2, "raw" } } },
  { name = "the same, two processes", key = "connections2", command = "connections %d 2",
    subjects = OURS, workers = 4, anywhere = true, rounds = 5, amount = { 400 }, full = true,
    unit = "us", factor = 1e6, rate = "/s", goals = { { 1.2, "raw" } } },
  { name = ("99 %% of messages, %d busy connections"):format(BUSY), key = "busy",
    command = "busy %d 20", subjects = OURS, rounds = 5, amount = { BUSY }, full = true,
    unit = "ms", factor = 1e3, rate = "messages/s", goals = { { 1.2, "raw" } } },
  { name = "memory of an idle connection, server, 1,000 of them", key = "idle",
    command = "idle %d 1", subjects = OURS, amount = { 1000, 150 }, rounds = 1,
    unit = "KiB", factor = 1, goals = { { 14, "KiB" } },
    also = { "raw C without RELEASE_BUFFERS", "idle %d 0" } },
  { name = "the same, 100 of them", key = "idle100", command = "idle %d 1",
    subjects = OURS, amount = { 100 }, rounds = 1, full = true, unit = "KiB", factor = 1 },
  { name = ("the same, %d of them"):format(MANY), key = "idle10000", command = "idle %d 1",
    subjects = ALONE, amount = { MANY }, rounds = 1, full = true, unit = "KiB",
    factor = 1, goals = { { 14, "KiB" } } },
  { name = ("the same, after traffic on all %d"):format(MANY), key = "crowdmemory",
    command = "crowd %d 1", subjects = { "ours" }, amount = { MANY }, rounds = 1,
    full = true, unit = "KiB", factor = 1 },
  { name = ("a message to each of %d and back, epoll"):format(MANY), key = "crowd",
    command = "crowd %d 0", subjects = { "ours" }, amount = { MANY }, rounds = 1,
    full = true, unit = "us/trip", factor = 1e6, rate = "trips/s" },
}

local function in_nginx(name, key, goal, ...)
  return { name = name, key = key, nginx = { ... }, subjects = NGINX, rounds = 3,
           amount = { 400, 80 }, unit = "us", factor = 1e6, rate = "requests/s", goals = goal }
end

local nginx = {
  in_nginx("kept connections", "nginx_kept", { { 1.00, "nginx" } }, "kept", "tlsv1_3", 10),
  in_nginx("full handshakes, TLS 1.3", "nginx_full13", { { 1.05, "nginx" } },
           "full", "tlsv1_3", 1),
  in_nginx("full handshakes, TLS 1.2", "nginx_full12", { { 1.05, "nginx" } },
           "full", "tlsv1_2", 1),
  in_nginx("resumed handshakes, TLS 1.2", "nginx_resumed12", { { 1.05, "nginx" } },
           "resumed", "tlsv1_2", 1),
  -- nginx's own resumes none: it returns the session before the server sends one.
  in_nginx("resumed handshakes, TLS 1.3; nginx's own: full", "nginx_resumed13",
           { { 1.05, "nginx" } }, "resumed", "tlsv1_3", 1),
}

return join(bulk, meanwhile, ways, handshakes, requests, many, nginx)
