-- After a fork parent and child have copies of every connection and session. Only one of the
-- two may use each.

describe("after a fork", function()
  local fresh = require "spec.support.fresh"
  local house = require "spec.support.init"
  local needs = require "spec.support.needs"
  local pair  = require "spec.support.pair"

  -- Run a program; returns its output.
  local function run(text)
    local output, ok = fresh.luajit([[
      local fork, pair = require "spec.support.fork", require "spec.support.pair"
      local socket, ssl = require "socket", require "ssl"
      local function talks(one, other)
        one:settimeout(20)
        other:settimeout(20)
        assert(one:send "there\n")
        assert(other:receive() == "there")
        assert(other:send "and back\n")
        assert(one:receive() == "and back")
      end
    ]] .. text)
    assert.is_true(ok, output)
    return output
  end

  for _, version in ipairs(pair.versions) do
    for title, ending in pairs {
      ["closes"]  = "client:close() server:close()",
      ["collects"] = "client, server = nil, nil collectgarbage() collectgarbage()",
      ["ends with"] = "",
    } do
      it(("a child that %s its parent's connections lets them go unharmed, %s")
         :format(title, version), function()
        assert.equal("done\n", run(([[
          local server, client = pair.connected { protocol = %q }
          talks(server, client)
          client:send "unread\n"
          assert(fork(function() %s end)())
          assert(server:receive() == "unread")
          talks(client, server)
          client:close()
          assert(select(2, server:receive()) == "closed")
          print "done"
        ]]):format(version, ending)))
      end)
    end

    it("a child serves its parent's connection and closes it in order, " .. version, function()
      assert.equal("done\n", run(([[
        local server, client = pair.connected { protocol = %q }
        local wait = fork(function()
          client = nil
          server:settimeout(20)
          assert(server:receive() == "hello")
          assert(server:send "welcome\n")
          server:close()
        end)
        -- The connection does not end in the parent, though the child still has its descriptor.
        server = nil
        collectgarbage()
        collectgarbage()
        client:settimeout(20)
        assert(client:send "hello\n")
        assert(client:receive() == "welcome")
        assert(select(2, client:receive()) == "closed")
        assert(wait())
        print "done"
      ]]):format(version)))
    end)
  end

  it("a child does not send what its parent has queued", function()
    assert.equal("done\n", run [[
      local server, client = require "spec.support.narrow"()
      server:settimeout(0)
      local text, at = ("0123456789"):rep(100000), 0
      local function push()
        local last, _, stopped = server:send(text, at + 1)
        at = (last or stopped) % #text
        return last
      end
      repeat until not push()
      assert(fork(function() server:close() end)())
      local offset = 0
      client:settimeout(0)
      while offset < 5000000 do
        local data, _, partly = client:receive(#text)
        data = data or partly
        assert(data == ("0123456789"):rep(#data / 10 + 2):sub(offset % 10 + 1,
                                                            offset % 10 + #data))
        offset = offset + #data
        push()
      end
      print "done"
    ]])
  end)

  it("a child closes no stream's TLS, only the stream", function()
    assert.equal("done\n", run [[
      local a, b = pair.tcp()
      local function carrier(sock)
        return { closed = 0, send = function(_, ...) return sock:send(...) end,
                 receiveany = function()
                   local data, why, partial = sock:receive(65536)
                   return data or (partial ~= "" and partial or nil), why
                 end,
                 close = function(self) self.closed = self.closed + 1 sock:close() end }
      end
      a:settimeout(0.01)
      b:settimeout(0.01)
      local over_a, over_b = carrier(a), carrier(b)
      local server = assert(ssl.wrap(over_a, pair.server_config()))
      local client = assert(ssl.wrap(over_b, pair.client_config()))
      local function step(conn)
        local ok, why = conn:dohandshake()
        assert(ok or why == "timeout", why)
        return ok
      end
      repeat
        local both = { step(client), step(server) }
      until both[1] and both[2]
      local function exchange(text)
        assert(client:send(text .. "\n"))
        local line, why
        repeat line, why = server:receive() until line or why ~= "timeout"
        assert(line == text, why)
      end
      exchange "before"
      assert(fork(function()
        client:close()
        assert(over_b.closed == 1)
      end)())
      exchange "after"
      print "done"
    ]])
  end)

  -- A server of several connections: it sends their number, and whether it was resumed.
  local SERVER = [[
    local listener = assert(socket.bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    local serving = fork(function()
      local ctx = assert(ssl.newcontext(pair.server_config { protocol = VERSION }))
      local conns, made = {}, 0
      local function answer(conn)
        conn:settimeout(20)
        local line, path = conn:receive(), nil
        while line and line ~= "" do
          path = path or line:match " (/%S*)"
          line = conn:receive()
        end
        if not line then return conn:close() end
        local body = ("%s %d"):format(conn:resumed() and "resumed" or "full", conns[conn])
        conn:send(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body))
        return path ~= "/end"
      end
      local going = true
      while going do
        local open = { listener }
        for conn in pairs(conns) do open[#open + 1] = conn end
        for _, one in ipairs((socket.select(open, nil, 20))) do
          if one == listener then
            local conn = assert(ssl.wrap(listener:accept(), ctx))
            conn:settimeout(20)
            assert(conn:dohandshake())
            made = made + 1
            conns[conn] = made
          else
            local more = answer(one)
            if more == nil then conns[one] = nil end
            -- Another of them may have its turn in the same round.
            going = going and more ~= false
          end
        end
      end
    end)
  ]]

  for _, version in ipairs(pair.versions) do
    it("a child has neither the kept connections of its parent's ssl.https nor its sessions, "
       .. version, function()
      assert.equal("full 1\nchild full 2 1\nfull 1\n", run(SERVER:gsub("VERSION",
                                                                 ("%q"):format(version)) .. [[
        local https, ltn12 = require "ssl.https", require "ltn12"
        local pool = https.pool()
        local function get(path)
          local out = {}
          assert(https.request { url = ("https://localhost:%d%s"):format(port, path),
                                 sink = ltn12.sink.table(out), pool = pool,
                                 cafile = require "spec.support.pki".root.cert })
          return table.concat(out)
        end
        print(get "/")
        assert(fork(function()
          io.write("child ", get "/", " ", pool:count(), "\n")
          io.stdout:flush()
        end)())
        print(get "/end")
        assert(serving())
      ]]))
    end)
  end

  -- As QEMU's programs do, up to 7.2.
  -- In the mode asan each program preloads its runtime alone.
  local preloads = house.mode ~= "asan" and it or function() end
  preloads("a child is none of its parent's where the kernel only seems to clear pages", function()
    local output, ok = fresh.luajit([[
      local fork, shim = require "spec.support.fork", require "ssl.ffi.shim"
      local ffi = require "ffi"
      ffi.cdef "int getpid(void); int madvise(void *page, size_t length, int advice);"
      local lsf = shim.C
      local pool = lsf.pool_new()
      local parent = ffi.C.getpid()
      assert(lsf.process(pool) == parent)
      assert(fork(function()
        assert(lsf.process(pool) == ffi.C.getpid() and ffi.C.getpid() ~= parent)
      end)())
      lsf.pool_free(pool)
      io.write("preloaded ", ffi.C.madvise(nil, 0, -1), "\n")
    ]], { LD_PRELOAD = fresh.library("madvise", [[
      #include <stddef.h>
      int madvise(void *page, size_t length, int advice)
      {
        (void)page, (void)length, (void)advice;
        return 0;
      }
    ]]) })
    assert.is_true(ok, output)
    assert.equal("preloaded 0\n", output)
  end)

  it("a child has random numbers of its own", function()
    assert.equal("1\n", run [[
      local random = require("ssl.base.functionid").unique
      random()
      local name = os.tmpname()
      assert(fork(function()
        local file = assert(io.open(name, "wb"))
        file:write(random())
        file:close()
      end)())
      local file = assert(io.open(name, "rb"))
      local theirs = file:read "*a"
      file:close()
      os.remove(name)
      assert(#theirs == 16)
      print(theirs ~= random() and 1 or 0)
    ]])
  end)

  it("a child may not offer a session that its parent may", function()
    needs.resumption "tlsv1_3"
    assert.equal("tlsv1_2\tnil\ntlsv1_3\tthis session belongs to another process\n", run [[
      for _, version in ipairs { "tlsv1_2", "tlsv1_3" } do
        local session
        local ctx = assert(ssl.newcontext(pair.client_config {
          protocol = version, onsession = function(_, new) session = new end }))
        local at = assert(ssl.newcontext(pair.server_config()))
        local server, client = pair.connected(at, ctx)
        client:settimeout(0)
        client:receive()
        assert(fork(function()
          local _, other = pair.wrapped(at, ctx)
          local _, why = other:setsession(session)
          io.write(version, "\t", tostring(why), "\n")
          assert(version == "tlsv1_2" or not session:export())
          io.stdout:flush()
        end)())
        local mine, other = pair.wrapped(at, ctx)
        assert(other:setsession(session))
        assert(pair.handshake(mine, other)[1] and other:resumed())
      end
    ]])
  end)

  it("early data is accepted where its session was given, and not in both", function()
    assert.equal("child\trejected\nparent\taccepted\n", run [[
      local at = assert(ssl.newcontext(pair.server_config { protocol = "tlsv1_3",
                                                            earlydata = 1000 }))
      local sessions = {}
      local ctx = assert(ssl.newcontext(pair.client_config {
        protocol = "tlsv1_3", earlydata = 1000,
        onsession = function(_, new) sessions[#sessions + 1] = new:export() end }))
      local first, client = pair.connected(at, ctx)
      client:settimeout(0)
      client:receive()
      local function try(who)
        local server, again = pair.wrapped(at, ctx)
        assert(again:setsession(assert(ssl.importsession(sessions[1]))))
        server:settimeout(0)
        again:settimeout(0)
        assert(again:sendearlydata "twice?")
        server:receiveearlydata()
        assert(pair.handshake(server, again)[1])
        io.write(who, "\t", again:earlydata(), "\n")
        io.stdout:flush()
      end
      assert(fork(function() try "child" end)())
      try "parent"
    ]])
  end)
end)
