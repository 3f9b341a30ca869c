-- Handshakes by the thousand that stand still and are never finished: dropped, closed,
-- failed, or left by a coroutine that is gone, in every kind of pause.
--
-- A full handshake each would take minutes. So the peer's bytes before the question are
-- recorded once and played back; only where they are encrypted a peer is needed.

local ffi = require "ffi"

ffi.cdef [[
int socketpair(int domain, int type, int protocol, int *fds);
ssize_t write(int fd, const void *data, size_t length);
int close(int fd);
]]

describe("handshakes that stand still", function()
  local house     = require "spec.support.init"
  local ssl       = require "ssl"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local questions = require "spec.support.questions"
  local resources = require "spec.support.resources"
  local values    = require "spec.support.values"

  -- If the jobs of one kind were left, memory would grow by more than the limit below.
  local TOTAL = house.share(5000, 500, 1)
  local AF_UNIX, SOCK_STREAM = 1, 1

  local function ask()
    if coroutine.yield "asked" == "die" then error("died", 0) end
  end

  local KEYS = { server = { key = pki.ec_server.key, certificate = pki.ec_server.cert },
                 client = { cafile = pki.ec_root.cert } }

  -- The keys of each kind, and the side that asks. `live`: the versions in which the question
  -- comes after bytes that cannot be played back.
  local KINDS = {
    onclienthello = { server = { onclienthello = ask }, asker = "server" },
    alpn = { server = { alpn = ask }, client = { alpn = "a" }, asker = "server" },
    ["sni's function"] = { asker = "server", prepare = function(server, client)
      if server then server:sni(ask) end
      if client then client:sni "some.test" end
    end },
    ["sni's table"] = { asker = "server", prepare = function(server, client)
      if server then server:sni(setmetatable({}, { __index = ask })) end
      if client then client:sni "some.test" end
    end },
    dhparam = { server = { dhparam = ask }, asker = "server" },
    ["a sessionstore's get"] = { asker = "server",
      server = { sessionkey = ("s"):rep(32), sessionstore = { get = ask, put = function() end } },
      prepare = function(_, client)
        if client then questions.offer(client) end
      end },
    ["a client's onverify"] = { client = { onverify = ask }, asker = "client",
                                live = { tlsv1_3 = true } },
    ["a server's onverify"] = { asker = "server", live = { tlsv1_3 = true },
      server = { onverify = ask, verify = { "peer", "fail_if_no_peer_cert" },
                 cafile = pki.ec_root.cert },
      client = { key = pki.ec_server.key, certificate = pki.ec_server.cert } },
    ["a server's psk"] = { asker = "server",
      server = { psk = ask, key = false, certificate = false },
      client = { psk = function() return "me", ("k"):rep(32) end } },
    ["a client's psk"] = { asker = "client",
      server = { psk = function() return ("k"):rep(32) end, key = false, certificate = false },
      client = { psk = ask } },
  }

  local function contexts(kind, version)
    local made = {}
    for _, name in ipairs { "server", "client" } do
      local config = { protocol = version }
      for key, value in pairs(KEYS[name]) do config[key] = value end
      for key, value in pairs(kind[name] or {}) do config[key] = value end
      made[name] = assert(ssl.newcontext(pair[name .. "_config"](config)))
    end
    return made
  end

  -- The contexts and connections of a kind by who asks: { asker, other }.
  local function sides(kind, of)
    if kind.asker == "server" then return of.server, of.client end
    return of.client, of.server
  end

  local function prepare(kind, asker, other)
    if not kind.prepare then return end
    if kind.asker == "server" then
      kind.prepare(asker, other)
    else
      kind.prepare(other, asker)
    end
  end

  -- The flights of the other side until the question comes.
  local function record(kind, made)
    local asker_context, other_context = sides(kind, made)
    local asker = assert(ssl.engine(asker_context))
    local other = assert(ssl.engine(other_context))
    prepare(kind, asker:connection(), other:connection())
    local thread = coroutine.create(function()
      while true do
        local _, word = asker:handshake()
        coroutine.yield(word)
      end
    end)
    local flights = {}
    for _ = 1, 4 do
      local _, word = coroutine.resume(thread)
      if word == "asked" then
        asker:connection():close()
        return flights
      end
      other:feed(asker:drain())
      other:handshake()
      local flight = other:drain()
      asker:feed(flight)
      flights[#flights + 1] = flight
    end
    error "it was not asked"
  end

  -- A descriptor as ssl.wrap takes it.
  local function holder(fd)
    local self = {}
    function self.getfd() return fd end
    function self.setfd(_, n) fd = n end
    return self
  end

  local fds = ffi.new "int[2]"

  local function play(asker, fd, flights)
    local thread = coroutine.create(function()
      asker:settimeout(0)
      while true do
        local ok, word = asker:dohandshake()
        coroutine.yield(ok or word)
      end
    end)
    local i, ok, word = 0, coroutine.resume(thread)
    while word == "wantread" do
      i = i + 1
      assert(ffi.C.write(fd, flights[i], #flights[i]) == #flights[i])
      ok, word = coroutine.resume(thread)
    end
    assert(ok and word == "asked", word)
    return { thread = thread, asker = asker, hang_up = function() ffi.C.close(fd) end }
  end

  local function drive(asker, other)
    local thread = coroutine.create(questions.drive)
    local ok, word = coroutine.resume(thread, asker, other)
    assert(ok and word == "asked", word)
    return { thread = thread, asker = asker, hang_up = function() other:close() end }
  end

  local function stand_still(kind, made, flights)
    assert(ffi.C.socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0)
    local one, two = fds[0], fds[1]
    local asker_context, other_context = sides(kind, made)
    local asker = assert(ssl.wrap(holder(one), asker_context))
    local other = not flights and assert(ssl.wrap(holder(two), other_context))
    prepare(kind, asker, other)
    if other then return drive(asker, other) end
    return play(asker, two, flights)
  end

  local ENDS = {
    ["dropped"] = function(one) one.hang_up() end,
    ["closed"] = function(one)
      one.asker:close()
      one.hang_up()
    end,
    ["closed by the peer, tried again, and left"] = function(one)
      one.hang_up()
      assert(select(2, one.asker:dohandshake()) == "busy")
    end,
    ["left by a coroutine that is gone, and closed later"] = function(one)
      one.thread = nil
      collectgarbage "step"
      assert(select(2, one.asker:dohandshake()) == "busy")
      one.asker:close()
      one.hang_up()
    end,
    ["left by a coroutine that died"] = function(one)
      local ok, why = coroutine.resume(one.thread, "die")
      assert(not ok and why == "died", why)
      assert(select(2, one.asker:dohandshake()) == "callback failed")
      one.hang_up()
    end,
  }

  local cases = {}
  -- Where everything is slow, every other end over each kind: what a tool looks for lies in
  -- the pause of a kind, or in an end, and each of them is there.
  for i, name in ipairs(values.some(KINDS, 1)) do
    for at, version in ipairs(pair.versions) do
      for j, how in ipairs(values.some(ENDS, 1)) do
        if house.crossed(i + at, j) and not (name == "dhparam" and version == "tlsv1_3") then
          cases[#cases + 1] = { name = name, kind = KINDS[name], version = version, how = how,
                                finish = ENDS[how] }
        end
      end
    end
  end

  local stood = 0

  -- A function of its own, so that no reference stays on the stack afterwards.
  local function stand_and_end(case, made, flights, n)
    local held, paused = {}, questions.paused()
    for i = 1, n do held[i] = stand_still(case.kind, made, flights) end
    stood = stood + n
    -- Either each handshake is in a job, or none is.
    local jobs = questions.paused() - paused
    assert(jobs == n or jobs == 0, jobs)
    for i = 1, n do case.finish(held[i]) end
  end

  local function batch(...)
    stand_and_end(...)
    collectgarbage()
    collectgarbage()
  end

  local EACH = math.ceil(TOTAL / #cases)
  local BATCH = math.ceil(EACH / (1 + resources.ROUNDS))
  local at_first

  for _, case in ipairs(cases) do
    it(("in %s, over %s, and are %s leave nothing behind"):format(case.name, case.version,
                                                                  case.how), function()
      local made = contexts(case.kind, case.version)
      local live = case.kind.live and case.kind.live[case.version]
      local flights = not live and record(case.kind, made)
      local descriptors = resources.descriptors()
      at_first = at_first or resources.rss()
      if resources.kept then -- then leaks are found by the tool, and many rounds find no more
        batch(case, made, flights, EACH)
      else
        -- A handshake in a job that was not ended would leave some 35 KB.
        assert.is_true(resources.growth(function() batch(case, made, flights, BATCH) end)
                       < BATCH * 16)
      end
      assert.equal(0, questions.paused())
      assert.equal(descriptors, resources.descriptors())
    end)
  end

  it("have all been there, and memory is as it was after the first", function()
    require("spec.support.needs").that(require("ssl.io.question").pauses, "a job that pauses")
    assert.is_true(stood >= TOTAL, stood)
    assert.is_true(resources.kept or resources.rss() - at_first < 12 * 1024)
  end)
end)
