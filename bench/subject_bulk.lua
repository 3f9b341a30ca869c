-- More works for subject.lua: what only this library has, and calls of every size.

local ffi = require "ffi"

local MIB, RECORD, PIECE = 2 ^ 20, 16384, 65536
local WARM = 32

ffi.cdef [[
long bench_recv(int fd, void *buffer, size_t length, int flags) __asm__("recv");
long bench_send(int fd, const void *data, size_t length, int flags) __asm__("send");
int bench_fcntl(int fd, int command, ...) __asm__("fcntl");
]]
local F_SETFL = 4
local memory_t = ffi.typeof "uint8_t[?]"

-- The cheapest stream there is: an object that calls recv and send.
local function carrier(sock)
  local fd, buffer, object = sock:getfd(), memory_t(PIECE), { origin = sock }
  ffi.C.bench_fcntl(fd, F_SETFL, ffi.cast("int", 0))
  function object.receiveany(_, n)
    local got = tonumber(ffi.C.bench_recv(fd, buffer, math.min(n, PIECE), 0))
    if got <= 0 then return nil, "closed" end
    return ffi.string(buffer, got)
  end
  object.receive = object.receiveany
  function object.send(_, data)
    local sent = tonumber(ffi.C.bench_send(fd, data, #data, 0))
    if sent < 0 then return nil, "closed" end
    return sent
  end
  return object
end

return function(work, t)
  local ssl, sink, measure = t.ssl, t.sink, t.measure

  local function client(transport)
    return t.shake(assert(ssl.newcontext(t.client)), transport)
  end

  -- f(n) does n units; some before the clock starts.
  local function measured(amount, f, warm)
    t.warm_up(f, warm or WARM)
    measure(amount, f, amount)
  end

  function work.receiveinto(amount)
    local conn, buffer = t.source((amount + WARM) * MIB, RECORD, 0), memory_t(PIECE)
    measured(amount, function(n)
      for _ = 1, n * MIB / PIECE do assert(conn:receiveinto(buffer, PIECE)) end
    end)
  end

  function work.sendfrom(amount)
    local conn, data = client(t.tell "sink"), memory_t(MIB, 0x78)
    measured(amount, function(n)
      for _ = 1, n do assert(conn:sendfrom(data, MIB)) end
    end)
  end

  -- 64 strings of 100 bytes at a time.
  function work.sendv(amount)
    local conn, list = client(t.tell "sink"), {}
    for i = 1, 64 do list[i] = ("%03d"):format(i) .. ("x"):rep(97) end
    local sendv = conn.sendv or function(self, strings)
      return self:send(table.concat(strings))
    end
    measured(amount, function(n)
      for _ = 1, n do assert(sendv(conn, list)) end
    end, 200)
  end

  function work.streamsend(amount)
    local conn, data = client(carrier(t.tell "sink")), ("x"):rep(MIB)
    measured(amount, function(n)
      for _ = 1, n do assert(conn:send(data)) end
    end)
  end

  function work.streamreceive(amount)
    local size = (amount + WARM) * MIB
    local conn = client(carrier(t.tell(("source %d %d 0"):format(size, RECORD))))
    assert(conn:receive "*l" == "ready")
    assert(conn:send "go\n")
    measured(amount, function(n)
      for _ = 1, n * MIB / PIECE do sink[1] = assert(conn:receive(PIECE)) end
    end)
  end

  local function engines()
    local a, b = assert(ssl.engine(t.client)), assert(ssl.engine(t.server))
    local done
    repeat
      done = a:handshake()
      b:feed(a:drain())
      done = b:handshake() and done
      a:feed(b:drain())
    until done
    return a, b
  end

  -- Both ends here: every byte is encrypted and decrypted.
  function work.enginepair(amount)
    local a, b = engines()
    local data = ("x"):rep(RECORD)
    measured(amount, function(n)
      for _ = 1, n * MIB / RECORD do
        assert(a:write(data) == RECORD)
        b:feed(a:drain())
        sink[1] = assert(b:read())
      end
    end)
  end

  local function warm_of(amount) return math.ceil(amount / 10) end

  -- Calls of one size.
  function work.receives(amount, size)
    local warm = warm_of(amount)
    local conn = t.source((amount + warm) * size, RECORD, 0)
    measured(amount, function(n)
      for _ = 1, n do sink[1] = assert(conn:receive(size)) end
    end, warm)
  end

  function work.sends(amount, size)
    local conn, data = client(t.tell "sink"), ("x"):rep(size)
    measured(amount, function(n)
      for _ = 1, n do assert(conn:send(data)) end
    end, warm_of(amount))
  end
end
