-- The rows of measurements, in the order of the table:
--
--   name      as the table has it
--   command   for every subject; %d is the amount
--   amount    units of a run, and of a quick run
--   unit      of the cost, and `factor` to come to it from seconds (or KiB) a unit
--   rate      of the throughput
--   same      peer and subject share a core
--   rounds    fewer than for others, where one run is enough
--   full      not in a quick run
--   trace     two amounts: system calls a unit are the difference of two runs
--   goal      { at most, against }: "raw", "luasec", "also", the unit, or ours of the row
--             of that key
--   also      { words, command }: another way for raw C, below the table; a third field
--             starts something else
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

local LUA   = { "raw", "ours", "luasec", "cqueues" }
local FOUR  = { "raw", "ours", "luasec", "cqueues", "python" }
local EVERY = { "raw", "ours", "luasec", "cqueues", "python", "node" }
local PEERS = { "ours", "luasec" }
local OURS  = { "raw", "ours", "luasec" }
local ALONE = { "raw", "ours" }
local PYTHON = { "raw", "ours", "python" }

return {
  { name = "send 1 MiB strings", key = "send", command = "send %d", subjects = EVERY,
    amount = { 128, 32 }, unit = "ms/MiB", factor = 1e3, rate = "MiB/s",
    trace = { 8, 24 }, goal = { 1.00, "raw" } },
  { name = "receive(65536)", key = "receive", command = "receive %d 65536",
    subjects = EVERY, amount = { 256, 48 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", trace = { 8, 24 }, goal = { 1.07, "raw" } },
  { name = "receiveinto, 64 KiB", key = "receiveinto", command = "receiveinto %d",
    subjects = PYTHON, amount = { 256, 48 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", trace = { 8, 24 }, goal = { 0.95, "raw" } },
  { name = "sendfrom, 1 MiB", key = "sendfrom", command = "sendfrom %d",
    subjects = ALONE, amount = { 128, 32 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", goal = { 1.00, "raw" } },
  { name = "sendv, 64 strings of 100 bytes", key = "sendv", command = "sendv %d",
    subjects = OURS, amount = { 20000, 4000 }, unit = "us", factor = 1e6, rate = "/s" },
  { name = 'receive("*a"), 64 MiB', key = "all", command = "all %d", subjects = LUA,
    amount = { 64, 64 }, unit = "ms/MiB", factor = 1e3, rate = "MiB/s",
    trace = { 8, 24 }, goal = { 2.0, "raw" } },
  { name = "lines of 100 bytes, records of 16 KiB", key = "lines",
    command = "lines %d 16384", subjects = FOUR, amount = { 500000, 100000 },
    unit = "ns/line", factor = 1e9, rate = "lines/s", goal = { 3.3, "raw" } },
  { name = "lines of 100 bytes, a record each", key = "records",
    command = "lines %d 100", subjects = FOUR, amount = { 200000, 40000 },
    unit = "ns/line", factor = 1e9, rate = "lines/s", goal = { 0.57, "raw" } },
  { name = "a line, and work on it", key = "linework", command = "linework %d",
    subjects = PEERS, amount = { 400000, 100000 }, unit = "ns/line", factor = 1e9,
    rate = "lines/s", goal = { 0.55, "luasec" } },
  { name = "ping-pong of 64 bytes, one core", key = "pingpong",
    command = "pingpong %d", subjects = EVERY, same = true, amount = { 10000, 3000 },
    unit = "us/trip", factor = 1e6, rate = "trips/s", trace = { 500, 1500 },
    goal = { 0.96, "raw" } },
  { name = "send 1 MiB strings, over a stream", key = "streamsend",
    command = "streamsend %d", subjects = { "ours" }, amount = { 128, 32 },
    unit = "ms/MiB", factor = 1e3, rate = "MiB/s", goal = { 1.25, "send" } },
  { name = "receive(65536), over a stream", key = "streamreceive",
    command = "streamreceive %d", subjects = { "ours" }, amount = { 256, 48 },
    unit = "ms/MiB", factor = 1e3, rate = "MiB/s", goal = { 1.25, "receive" } },
  { name = "two engines in one process", key = "enginepair", command = "enginepair %d",
    subjects = ALONE, amount = { 96, 24 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", goal = { 4.0, "also" },
    also = { "AES-256-GCM alone (openssl speed)", "", "bench/cipher-speed" } },
  { name = "full handshake, shared context, verified", key = "handshake",
    command = "handshake %d", subjects = FOUR, amount = { 120, 30 }, unit = "us",
    factor = 1e6, rate = "/s", trace = { 20, 60 }, goal = { 1.16, "raw" },
    also = { "raw C, verified", "handshake %d 1" } },
  { name = "the same, and an end in order", key = "orderly", command = "handshake %d 2",
    subjects = ALONE, amount = { 120, 30 }, unit = "us", factor = 1e6, rate = "/s" },
  { name = "newcontext with the CA bundle, the first", key = "first",
    command = "first %d", subjects = PEERS, amount = { 1, 1 }, unit = "us",
    factor = 1e6, rate = "/s" },
  { name = "newcontext with the CA bundle, later ones", key = "later",
    command = "later %d", subjects = PEERS, amount = { 10, 5 }, unit = "us",
    factor = 1e6, rate = "/s", goal = { 0.02, "first" } },
  { name = "https.request, verified, CA bundle", key = "https", command = "https %d",
    subjects = PEERS, amount = { 10, 5 }, unit = "us", factor = 1e6, rate = "/s",
    goal = { 0.06, "luasec" } },
  { name = "https.request, pool, verified; LuaSec: none, not verified", key = "pooled",
    command = "pooled %d", subjects = PEERS, amount = { 400, 100 }, unit = "us",
    factor = 1e6, rate = "/s", goal = { 0.15, "luasec" } },
  { name = 'require "ssl"', key = "load", command = "load %d", subjects = PEERS,
    amount = { 1, 1 }, unit = "ms", factor = 1e3, goal = { 3.0, "luasec" } },
  { name = "the same, and a verified connection, a message and back", key = "loadmessage",
    command = "loadmessage %d", subjects = PEERS, amount = { 1, 1 }, unit = "ms",
    factor = 1e3, goal = { 3.0, "luasec" } },
  { name = 'require "ssl.https", after LuaSocket', key = "loadhttps",
    command = "loadhttps %d", subjects = PEERS, amount = { 1, 1 }, unit = "ms",
    factor = 1e3 },
  { name = 'memory: require "ssl"', key = "loadheap", command = "load %d memory",
    subjects = PEERS, amount = { 1, 1 }, unit = "KiB", factor = 1, goal = { 300, "KiB" } },
  { name = "memory: the same, and a connection, a message and back", key = "messageheap",
    command = "loadmessage %d memory", subjects = PEERS, amount = { 1, 1 }, unit = "KiB",
    factor = 1, goal = { 450, "KiB" } },
  { name = 'memory: require "ssl.https", after LuaSocket', key = "httpsheap",
    command = "loadhttps %d memory", subjects = PEERS, amount = { 1, 1 }, unit = "KiB",
    factor = 1 },
  { name = "memory of an idle connection, server, 1,000 of them", key = "idle",
    command = "idle %d 1", subjects = OURS, amount = { 1000, 150 }, rounds = 1,
    unit = "KiB", factor = 1, goal = { 15, "KiB" },
    also = { "raw C without RELEASE_BUFFERS", "idle %d 0" } },
  { name = "the same, 100 of them", key = "idle100", command = "idle %d 1",
    subjects = OURS, amount = { 100 }, rounds = 1, full = true, unit = "KiB", factor = 1 },
  { name = ("the same, %d of them"):format(MANY), key = "idle10000", command = "idle %d 1",
    subjects = ALONE, amount = { MANY }, rounds = 1, full = true, unit = "KiB",
    factor = 1, goal = { 15, "KiB" } },
  { name = ("the same, after traffic on all %d"):format(MANY), key = "crowdmemory",
    command = "crowd %d 1", subjects = { "ours" }, amount = { MANY }, rounds = 1,
    full = true, unit = "KiB", factor = 1 },
  { name = ("a message to each of %d and back, epoll"):format(MANY), key = "crowd",
    command = "crowd %d 0", subjects = { "ours" }, amount = { MANY }, rounds = 1,
    full = true, unit = "us/trip", factor = 1e6, rate = "trips/s" },
}
