-- What is measured, in the order of the table:
--
--   name      as the table has it
--   command   for every subject; %d is the amount
--   amount    units of a run, and of a quick run
--   unit      of the cost, and `factor` to come to it from seconds (or KiB) a unit
--   rate      of the throughput
--   same      peer and subject share a core
--   rounds    less than the others get, where one run says it all
--   full      not in a quick run
--   trace     two amounts: system calls a unit are the difference of two runs
--   goal      { at most, against }: "raw", "luasec", or the row of that key
--   also      { words, command }: another way for raw C, below the table
--
-- The subjects of a row are those that can do its work.

local LUA   = { "raw", "ours", "luasec", "cqueues" }
local FOUR  = { "raw", "ours", "luasec", "cqueues", "python" }
local EVERY = { "raw", "ours", "luasec", "cqueues", "python", "node" }
local PEERS = { "ours", "luasec" }
local OURS  = { "raw", "ours", "luasec" }

return {
  { name = "send 1 MiB strings", key = "send", command = "send %d", subjects = EVERY,
    amount = { 128, 32 }, unit = "ms/MiB", factor = 1e3, rate = "MiB/s",
    trace = { 8, 24 }, goal = { 1.00, "raw" } },
  { name = "receive(65536)", key = "receive", command = "receive %d 65536",
    subjects = EVERY, amount = { 96, 24 }, unit = "ms/MiB", factor = 1e3,
    rate = "MiB/s", trace = { 8, 24 }, goal = { 1.07, "raw" } },
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
    unit = "us/trip", factor = 1e6, rate = "trips/s",
    goal = { 0.96, "raw" } },
  { name = "full handshake, shared context, verified", key = "handshake",
    command = "handshake %d", subjects = FOUR, amount = { 120, 30 }, unit = "us",
    factor = 1e6, rate = "/s", trace = { 20, 60 }, goal = { 1.16, "raw" },
    also = { "raw C, verified", "handshake %d 1" } },
  { name = "newcontext with the CA bundle, the first", key = "first",
    command = "first %d", subjects = PEERS, amount = { 1, 1 }, unit = "us",
    factor = 1e6, rate = "/s" },
  { name = "newcontext with the CA bundle, later ones", key = "later",
    command = "later %d", subjects = PEERS, amount = { 10, 5 }, unit = "us",
    factor = 1e6, rate = "/s", goal = { 0.02, "first" } },
  { name = "https.request, verified, CA bundle", key = "https", command = "https %d",
    subjects = PEERS, amount = { 10, 5 }, unit = "us", factor = 1e6, rate = "/s",
    goal = { 0.06, "luasec" } },
  { name = "memory of an idle connection, server, 1,000 of them", key = "idle",
    command = "idle %d 1", subjects = OURS, amount = { 1000, 150 }, rounds = 1,
    unit = "KiB", factor = 1, goal = { 15, "KiB" },
    also = { "raw C without RELEASE_BUFFERS", "idle %d 0" } },
  { name = "the same, 100 of them", key = "idle100", command = "idle %d 1",
    subjects = OURS, amount = { 100 }, rounds = 1, full = true, unit = "KiB", factor = 1 },
  { name = "the same, 9,000 of them", key = "idle10000", command = "idle %d 1",
    subjects = { "raw", "ours" }, amount = { 9000 }, rounds = 1, full = true, unit = "KiB",
    factor = 1 },
}
