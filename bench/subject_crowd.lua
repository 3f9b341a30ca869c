-- Works with many connections or contexts in one process, for subject.lua.

local ffi = require "ffi"

-- As the kernel has it: packed on x86-64 alone.
ffi.cdef(([[
typedef struct { uint32_t events; uint64_t data; } %s bench_epoll_event;
int bench_epoll_create(int flags) __asm__("epoll_create1");
int bench_epoll_ctl(int poller, int op, int fd, bench_epoll_event *event)
  __asm__("epoll_ctl");
int bench_epoll_wait(int poller, bench_epoll_event *events, int most, int ms)
  __asm__("epoll_wait");
]]):format(ffi.arch == "x64" and "__attribute__((packed))" or ""))

local ADD, IN, MOST = 1, 1, 256
local ROUNDS = 3
local MESSAGE = ("c"):rep(63) .. "\n"

return function(work, t)
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
          assert(word == "wantread" or word == "timeout", word)
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
    local event = ffi.new "bench_epoll_event"
    for k = 1, amount + 100 do
      local conn = t.shake(ctx, t.tell "hold")
      conn:settimeout(0)
      held[k] = conn
      event.events, event.data = IN, k
      assert(ffi.C.bench_epoll_ctl(poller, ADD, conn:getfd(), event) == 0)
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
