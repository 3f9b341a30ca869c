-- Works with many connections or contexts in one process, for subject.lua.

local ffi      = require "ffi"
local together = require "together"

-- As the kernel has it: packed on x86-64 alone.
ffi.cdef(([[
typedef struct { uint32_t events; uint64_t data; } %s bench_epoll_event;
int bench_epoll_create(int flags) __asm__("epoll_create1");
int bench_epoll_ctl(int poller, int op, int fd, bench_epoll_event *event)
  __asm__("epoll_ctl");
int bench_epoll_wait(int poller, bench_epoll_event *events, int most, int ms)
  __asm__("epoll_wait");
]]):format(ffi.arch == "x64" and "__attribute__((packed))" or ""))

local ADD, DELETE, IN, MOST = 1, 2, 1, 256
local ROUNDS = 3
local MESSAGE = ("c"):rep(63) .. "\n"

-- Connections of a process at the same time, and those before the clock starts.
local SIDES, WARM = 8, 50

return function(work, t)
  -- The word of a step that has to wait; any other ends the program.
  local function later(word)
    assert(word == "wantread" or word == "timeout", word)
    return false
  end

  local function watch(poller, conn, k)
    local event = ffi.new "bench_epoll_event"
    event.events, event.data = IN, k
    assert(ffi.C.bench_epoll_ctl(poller, ADD, conn:getfd(), event) == 0)
  end

  -- Each is asked for its line when epoll says that something is there, until all have
  -- theirs. Any error ends the program.
  local function wait_for_all(poller, held, count)
    local events = ffi.new("bench_epoll_event[?]", MOST)
    local got, left = {}, count
    while left > 0 do
      local n = ffi.C.bench_epoll_wait(poller, events, MOST, 20000)
      assert(n > 0, "an answer is missing")
      for i = 0, n - 1 do
        local k = tonumber(events[i].data)
        local line, word, part = held[k]:receive("*l", got[k] or nil)
        if line then
          assert(#line == #MESSAGE - 1)
          got[k], left = false, left - 1
        else
          later(word)
          got[k] = part
        end
      end
    end
  end

  local function round(poller, held)
    for first = 1, #held, MOST do
      local last = math.min(first + MOST - 1, #held)
      for k = first, last do assert(held[k]:send(MESSAGE)) end
      wait_for_all(poller, held, last - first + 1)
    end
  end

  --- A message to each of many connections and back; with a parameter of 1, the memory
  -- that each takes afterwards, from the 100th on.
  function work.crowd(amount, memory)
    local ctx, held, before = assert(t.ssl.newcontext(t.server)), {}, 0
    local poller = ffi.C.bench_epoll_create(0)
    for k = 1, amount + 100 do
      local conn = t.shake(ctx, t.tell "hold")
      conn:settimeout(0)
      held[k] = conn
      watch(poller, conn, k)
      if k == 100 then
        round(poller, held)
        before = t.resident()
      end
    end
    if memory ~= 1 then
      t.warm_up(round, poller, held)
      t.measure(ROUNDS * #held, function()
        for _ = 1, ROUNDS do round(poller, held) end
      end)
      return
    end
    for _ = 1, ROUNDS do round(poller, held) end
    t.report(amount, t.resident() - before, 1)
  end

  -- The answers until there are so many; each but the last is followed by a message.
  local function answers(poller, held, sent, late, count)
    local events = ffi.new("bench_epoll_event[?]", MOST)
    local got, part = 0, {}
    while got < count do
      for i = 0, ffi.C.bench_epoll_wait(poller, events, MOST, -1) - 1 do
        local k = tonumber(events[i].data)
        local line, word, rest = held[k]:receive("*l", part[k])
        part[k] = not line and rest or nil
        if line or later(word) then
          got = got + 1
          late[got] = t.wall() - sent[k]
          if got + #held <= count then
            sent[k] = t.wall()
            assert(held[k]:send(MESSAGE))
          end
        end
      end
    end
  end

  --- Each of so many connections waits for the answer to a message, at any time: how late is
  -- it at 99 %?
  function work.busy(amount, rounds)
    local ctx, held, sent, late = assert(t.ssl.newcontext(t.server)), {}, {}, {}
    local poller, count = ffi.C.bench_epoll_create(0), amount * rounds
    for k = 1, amount do
      held[k] = t.shake(ctx, t.tell "hold")
      t.bounce(held[k], 1)
      held[k]:settimeout(0)
      watch(poller, held[k], k)
    end
    collectgarbage()
    local passed = t.wall()
    for k = 1, amount do
      sent[k] = t.wall()
      assert(held[k]:send(MESSAGE))
    end
    answers(poller, held, sent, late, count)
    passed = t.wall() - passed
    table.sort(late)
    t.report(count, late[math.floor(count * 0.99) + 1] * count, passed)
  end

  -- Handshake, a message and back. True when it is over.
  local function go_on(visit)
    if not visit.shaken then
      local ok, word = visit.conn:dohandshake()
      if not ok then return later(word) end
      visit.shaken = true
      assert(visit.conn:send(MESSAGE))
    end
    local line, word, rest = visit.conn:receive("*l", visit.part)
    if not line then
      visit.part = rest
      return later(word)
    end
    return true
  end

  local function begin(all)
    local conn = assert(t.ssl.wrap(t.tell "echo", all.ctx))
    conn:settimeout(0)
    return { conn = conn }
  end

  local function finish(all, conn)
    assert(ffi.C.bench_epoll_ctl(all.poller, DELETE, conn:getfd(), nil) == 0)
    conn:close()
    all.ended = all.ended + 1
  end

  -- One after another in this place, until one has to wait. A visit can end at once, when the
  -- peer answers each step before the next.
  local function visit(all, k)
    while all.begun < all.amount do
      all.begun = all.begun + 1
      local one = begin(all)
      all.visiting[k] = one
      watch(all.poller, one.conn, k)
      if not go_on(one) then return end
      finish(all, one.conn)
    end
  end

  local function visits(amount, ctx, poller)
    local all = { ctx = ctx, poller = poller, amount = amount, begun = 0, ended = 0,
                  visiting = {} }
    local events = ffi.new("bench_epoll_event[?]", SIDES)
    for k = 1, SIDES do visit(all, k) end
    while all.ended < amount do
      for i = 0, ffi.C.bench_epoll_wait(poller, events, SIDES, -1) - 1 do
        local k = tonumber(events[i].data)
        if go_on(all.visiting[k]) then
          finish(all, all.visiting[k].conn)
          visit(all, k)
        end
      end
    end
  end

  --- Connections over one context, of one process or of more, which begin together.
  function work.connections(amount, processes)
    local ctx = assert(t.ssl.newcontext {
      mode = "client", protocol = "tlsv1_3", verify = "peer", cafile = t.certs .. "/root.pem",
    })
    local share = math.floor(amount / processes)
    local passed = together(processes, function()
      local poller = ffi.C.bench_epoll_create(0)
      t.warm_up(visits, WARM, ctx, poller)
      return function() visits(share, ctx, poller) end
    end, t.wall)
    t.report(share * processes, passed, passed)
  end

  --- So many contexts, all of them kept, after a first one.
  function work.contexts(amount)
    local held = {}
    local function contexts(n)
      for k = 1, n do held[k] = assert(t.ssl.newcontext(t.bundle)) end
    end
    t.warm_up(contexts, 1)
    t.measure(amount, contexts, amount)
    assert(#held == amount)
  end
end
