-- Bytes that were reported as sent arrive, also when close follows at once: D31, D30.

describe("close", function()
  local fresh    = require "spec.support.fresh"
  local house    = require "spec.support.init"
  local narrow   = require "spec.support.narrow"
  local linger = require "ssl.io.linger"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local socket   = require "socket"
  local ssl      = require "ssl"
  local resources = require "spec.support.resources"

  local SIZE, TIMES = 200000, house.scale(5, 2)

  -- A server that answers the client's Finished late, with tickets in TLS 1.3, reads
  -- slowly, and says how much it got of each connection.
  local SERVER = [[
    local socket, ssl = require "socket", require "ssl"
    local port, version, cert, key, times = unpack(arg)
    local listener = assert(socket.bind("127.0.0.1", tonumber(port)))
    local ctx = assert(ssl.newcontext { mode = "server", protocol = version,
                                        certificate = cert, key = key })
    for _ = 1, tonumber(times) do
      local conn = assert(ssl.wrap(listener:accept(), ctx))
      conn:settimeout(0)
      repeat
        local ok, word = conn:dohandshake()
        if word == "wantread" then socket.select({ conn }, nil, 5) socket.sleep(0.1) end
      until ok or word ~= "wantread"
      conn:settimeout(20)
      local total, last = 0, nil
      while true do
        local data, word, partial = conn:receive(16384)
        total = total + #(data or partial)
        if not data then last = word break end
        socket.sleep(0.01)
      end
      print(total, last)
      io.stdout:flush()
      conn:close()
    end
  ]]

  local function serve(version)
    local script = process.write(process.folder() .. "/server.lua", SERVER)
    local port = process.free_port()
    local child = process.start { "luajit", script, port, version, pki.server.cert,
                                  pki.server.key, TIMES + 1, port = port }
    child:wait_port() -- which is one connection
    return child, port
  end

  local function connect(port, version)
    local sock = assert(socket.connect("127.0.0.1", port))
    local conn = assert(ssl.wrap(sock, { mode = "client", protocol = version }))
    assert(conn:dohandshake())
    return conn
  end

  local text = ("0123456789"):rep(SIZE / 10)
  local UPLOAD = ("u"):rep(1000)

  local function send_all_at_limit_0(conn)
    conn:settimeout(0)
    local sent = 0
    while sent < SIZE do
      local last, word, partly = conn:send(text, sent + 1)
      sent = last or partly
      if not last then
        assert.equal("wantwrite", word)
        socket.select(nil, { conn }, 5)
      end
    end
  end

  local function sweep_until_empty()
    local late = house.patience()
    while linger.count() > 0 do
      assert(not late(), "descriptors stay")
      socket.sleep(0.02)
      linger.poll()
    end
  end

  for _, version in ipairs(pair.versions) do
    for _, way in ipairs { "blocking", "at time limit 0" } do
      it(("D31: loses nothing, %s, over %s"):format(way, version), function()
        local open = resources.open_files()
        local child, port = serve(version)
        for _ = 1, TIMES do
          local conn = connect(port, version)
          if way == "blocking" then
            assert.equal(SIZE, (conn:send(text)))
          else
            send_all_at_limit_0(conn)
          end
          conn:close()
          linger.poll()
        end
        sweep_until_empty()
        child:wait()
        local whole = 0
        for total, word in child:output():gmatch "(%d+)%s+(%a+)" do
          if tonumber(total) == SIZE and word == "closed" then whole = whole + 1 end
        end
        assert.equal(TIMES, whole, child:output())
        child:stop()
        assert.same({}, resources.more_than(open))
      end)
    end

    it("is seen as closed by the peer, from either side, any number of times, " .. version,
       function()
      for _, first in ipairs { 1, 2 } do
        local ends = { pair.connected { protocol = version } }
        local one, other = ends[first], ends[3 - first]
        one:close()
        one:close()
        other:settimeout(5)
        assert.same({ nil, "closed", "" }, { other:receive() })
        other:close()
      end
    end)

    it("D30: sends nothing after a fatal error, " .. version, function()
      local server, client = pair.wrapped({ protocol = version },
                                          { cafile = pki.other.cert })
      local at_server, at_client = pair.handshake(server, client)
      assert.equal("certificate verify failed", at_client[2])
      assert.is_true(at_server[1] or at_server[2] == "tlsv1 alert unknown ca")
      server:close()
      assert.equal(0, require("ssl.ffi.lib").C.ERR_peek_error())
    end)
  end

  it("looks after descriptors that linger whenever a receive has to wait", function()
    sweep_until_empty()
    local open = resources.open_files()
    local server, client = pair.connected()
    local other, friend = pair.connected()
    server:settimeout(0)
    local sent = 0
    local last, _, partly
    repeat
      last, _, partly = server:send(text)
      sent = sent + (last or partly)
    until not last
    server:close()
    assert.equal(1, linger.count())
    client:settimeout(0)
    other:settimeout(0)
    local late, got = house.patience(), 0
    local data, word
    repeat
      data, word, partly = client:receive(#text)
      got = got + #(data or partly)
      assert.same({ nil, "wantread", "" }, { other:receive() })
      if word == "wantread" then socket.sleep(0.001) end
      assert(not late(), "the end does not come")
    until word == "closed" and linger.count() == 0
    assert.is_true(got >= sent)
    for _, conn in ipairs { client, other, friend } do conn:close() end
    sweep_until_empty()
    assert.same({}, resources.more_than(open))
  end)

  it("belongs to the process that called it, not to its child", function()
    local output, ok = fresh.luajit [[
      local ffi = require "ffi"
      local linger = require "ssl.io.linger"
      ffi.cdef "int fork(void); int waitpid(int pid, int *status, int options);"
      local server, client = require "spec.support.narrow"()
      server:settimeout(0.05)
      local text, sent = ("0123456789"):rep(100000), 0
      repeat
        local last, _, partly = server:send(text)
        sent = sent + (last or partly)
      until not last
      server:close()
      assert(linger.count() == 1)
      local child, status = ffi.C.fork(), ffi.new "int[1]"
      if child == 0 then
        -- The peer does not read, so the close is not finished. There is a pause between two
        -- polls.
        require("socket").sleep(0.02)
        linger.poll()
        os.exit(linger.count(), true)
      end
      ffi.C.waitpid(child, status, 0)
      client:settimeout(0.01)
      local got, data, word, partly = 0, nil, nil, nil
      for _ = 1, 2000 do
        data, word, partly = client:receive(#text)
        got = got + #(data or partly)
        if word == "closed" then break end
      end
      print(status[0], got >= sent, word)
    ]]
    assert.is_true(ok, output)
    assert.equal("0\ttrue\tclosed\n", output)
  end)

  it("keeps descriptors that linger up to half of those that the process may have, "
     .. "and gives the oldest up", function()
    local output, ok = fresh.luajit [[
      local ffi = require "ffi"
      local linger, narrow = require "ssl.io.linger", require "spec.support.narrow"
      local resources = require "spec.support.resources"
      ffi.cdef "int setrlimit(int what, const unsigned long *limits);"
      local FILES, MOST, MORE = 7, 20, 10
      local servers, clients, text = {}, {}, ("x"):rep(200000)
      for i = 1, MOST + MORE do
        servers[i], clients[i] = narrow()
        servers[i]:settimeout(0)
        repeat until not servers[i]:send(text)
      end
      local open = resources.open()
      assert(ffi.C.setrlimit(FILES, ffi.new("unsigned long[2]", 2 * MOST, 1024)) == 0)
      for i, server in ipairs(servers) do
        server:close()
        assert(linger.count() == math.min(i, MOST), linger.count())
        assert(open - resources.open() == math.max(0, i - MOST))
      end
      -- Only the oldest connections have lost bytes, those that the kernel had not taken. The
      -- far ends are in this process, so nothing here may wait.
      local late = require("spec.support.init").patience()
      local function ending(client)
        client:settimeout(0)
        local word
        repeat
          word = select(2, client:receive(#text))
          linger.poll()
        until word and word ~= "wantread" or late()
        return word
      end
      local words = { closed = 0 }
      for i, client in ipairs(clients) do
        local word = ending(client)
        if i > MORE then words[word] = (words[word] or 0) + 1 end
        client:close()
      end
      print(words.closed)
    ]]
    assert.is_true(ok, output)
    assert.equal("20\n", output)
  end)

  it("loses nothing for any number of peers that read slowly and go on sending", function()
    sweep_until_empty()
    local open = resources.open_files()
    local many, pairs_of = house.scale(150, 20), {}
    for i = 1, many do
      local server, client = narrow()
      server:settimeout(0)
      client:settimeout(0)
      local sent = 0
      repeat
        local last, _, partly = server:send(text)
        sent = sent + (last or partly)
      until not last
      pairs_of[i] = { server = server, client = client, sent = sent, got = 0 }
    end
    -- All close at once and are read at once: a connection that makes no progress for seconds
    -- is abandoned.
    for _, one in ipairs(pairs_of) do one.server:close() end
    assert.equal(many, linger.count())
    local left, whole, late = many, 0, house.patience()
    while left > 0 do
      assert(not late(), "the ends do not come")
      for _, one in ipairs(pairs_of) do
        if not one.word then
          one.client:send(UPLOAD)
          local data, word, partly = one.client:receive(8000)
          one.got = one.got + #(data or partly)
          if word and word ~= "wantread" then
            one.word, left = word, left - 1
            if one.got >= one.sent and word == "closed" then whole = whole + 1 end
            one.client:close()
          end
        end
      end
    end
    assert.equal(many, whole)
    sweep_until_empty()
    assert.same({}, resources.more_than(open))
  end)
end)
