-- The method sendfile: parts of files, over everything that carries connections.

describe("sendfile", function()
  local house      = require "spec.support.init"
  local narrow     = require "spec.support.narrow"
  local pair       = require "spec.support.pair"
  local shim       = require "ssl.ffi.shim"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local pack, raised = values.pack, values.raised

  local RECORD = 16384
  local SIZE   = 5 * RECORD + 100

  -- Every 8 bytes contain their position.
  local function content(size)
    local parts = {}
    for i = 1, math.ceil(size / 8) do parts[i] = ("%08d"):format(i * 8 - 8) end
    return table.concat(parts):sub(1, size)
  end

  local names, handles, text

  local function file_of(data)
    local name = os.tmpname()
    names[#names + 1] = name
    local out = assert(io.open(name, "wb"))
    out:write(data)
    out:close()
    local handle = assert(io.open(name, "rb"))
    handles[#handles + 1] = handle
    return handle, name
  end

  before_each(function()
    names, handles = {}, {}
    text = text or content(SIZE)
  end)

  after_each(function()
    for _, handle in ipairs(handles) do handle:close() end
    for _, name in ipairs(names) do os.remove(name) end
  end)

  local function waits(word)
    return word == "wantread" or word == "wantwrite" or word == "timeout"
  end

  -- Send a part, resume after each wantwrite, and let the peer read meanwhile. Returns the
  -- number of sent bytes and the received bytes.
  local function across(from, to, file, offset, count)
    from:settimeout(0)
    to:settimeout(0)
    local sent, calls, came = 0, 0, {}
    local function receive()
      local data, word = to:receiveany()
      if data then came[#came + 1] = data end
      assert(data or waits(word), word)
      return data
    end
    repeat
      local done, word, left = from:sendfile(file, (offset or 0) + sent,
                                             count and count - sent)
      sent, calls = sent + (done or left), calls + 1
      assert(done or waits(word), word)
      while receive() do end
    until done
    local got = table.concat(came)
    for _ = 1, 200 do
      if #got >= sent then break end
      local data = receive()
      got = got .. (data or "")
      if not data then require("socket").sleep(0.005) end
    end
    return sent, got, calls
  end

  for kind, make in pairs(transports.kinds) do
    it("sends a whole file, and parts of it, over " .. kind, function()
      local server, client = make()
      for _, conn in ipairs { server, client } do conn:settimeout(0) end
      local at_server, at_client = pair.handshake(server, client)
      assert.same({ true, true }, { at_server[1], at_client[1] })
      local size = kind:find "one byte" and house.scale(RECORD + 100, 1000) or SIZE
      local file = file_of(text:sub(1, size))
      local sent, got = across(server, client, file)
      assert.equal(size, sent)
      assert.is_true(got == text:sub(1, size))
      for _, part in ipairs { { 0, 1 }, { 7, 0 }, { 100, RECORD }, { size - 3, 10 },
                              { size, 1 }, { size + 1000, 5 } } do
        local expected = text:sub(part[1] + 1, math.min(part[1] + part[2], size))
        sent, got = across(client, server, file, part[1], part[2])
        assert.equal(#expected, sent)
        assert.is_true(got == expected)
      end
    end)
  end

  it("answers with the number of bytes, and counts them", function()
    local server, client = pair.connected()
    local file = file_of(text)
    client:settimeout(10)
    server:settimeout(10)
    assert.same(pack(1000, nil, nil), pack(server:sendfile(file, 0, 1000)))
    assert.same(pack(SIZE - 1000, nil, nil), pack(server:sendfile(file, 1000)))
    assert.equal(SIZE, (select(2, server:getstats())))
    assert.is_true(client:receive(SIZE) == text)
    assert.same(pack(0, nil, nil), pack(server:sendfile(file, SIZE)))
    assert.same(pack(0, nil, nil), pack(server:sendfile(file, 0, 0)))
    server:send "behind\n"
    assert.equal("behind", client:receive())
  end)

  it("leaves the file's position alone, and takes a descriptor", function()
    local server, client = pair.connected()
    client:settimeout(10)
    local file = file_of(text)
    assert.equal(text:sub(1, 10), file:read(10))
    server:sendfile(file, 100, 8)
    assert.equal(text:sub(11, 20), file:read(10))
    local fd = shim.C.file_descriptor(file)
    assert.same(pack(8, nil, nil), pack(server:sendfile(fd, 108, 8)))
    assert.equal(text:sub(101, 116), client:receive(16))
  end)

  it("goes on where it was stopped, in any pieces", function()
    local size = house.scale(60, 20) * RECORD + 17
    local big = content(size)
    local server, client = narrow()
    local sent, got, calls = across(server, client, (file_of(big)))
    assert.equal(size, sent)
    assert.is_true(got == big)
    assert.is_true(calls > 1)
    server, client = narrow()
    server:settimeout(0)
    client:settimeout(10)
    local file = file_of(big)
    local done, word, left = server:sendfile(file, 3)
    assert.is_nil(done)
    assert.equal("wantwrite", word)
    assert.is_true(left % RECORD == 0 and left < size)
    -- The rest is sent as strings. Bytes that OpenSSL already has are not sent twice.
    local at, came = 3 + left, {}
    client:settimeout(0)
    repeat
      local last, why, part = server:send(big, at + 1, math.min(at + 5000, size))
      at = last or part
      assert(last or waits(why), why)
      local data = client:receiveany()
      while data do
        came[#came + 1] = data
        data = client:receiveany()
      end
    until at == size
    client:settimeout(10)
    local have = table.concat(came)
    if #have < size - 3 then have = have .. assert(client:receive(size - 3 - #have)) end
    assert.is_true(have == big:sub(4))
  end)

  it("lets others have their turn at time limit 0, though the peer reads all the time",
     function()
    local a, b = transports.pipe()
    local ssl = require "ssl"
    local server = assert(ssl.wrap(a, pair.server_config()))
    local client = assert(ssl.wrap(b, pair.client_config()))
    pair.handshake(server, client)
    getmetatable(server).nowait = true -- a stream has no limit of its own
    local size = 2 ^ 20 + 5 * RECORD
    local file = file_of(content(size))
    assert.same(pack(nil, "wantwrite", 2 ^ 20), pack(server:sendfile(file)))
    assert.same(pack(5 * RECORD, nil, nil), pack(server:sendfile(file, 2 ^ 20)))
  end)

  it("keeps another coroutine's bytes out of the middle", function()
    local ssl = require "ssl"
    local a, b = transports.pipe()
    local plain, together = a.send, false
    function a.send(self, data)
      if together then coroutine.yield() end
      return plain(self, data)
    end
    local server = assert(ssl.wrap(a, pair.server_config()))
    local client = assert(ssl.wrap(b, pair.client_config()))
    pair.handshake(server, client)
    local file = file_of(text)
    together = true
    local results = {}
    local threads = {
      coroutine.create(function() results[1] = pack(server:sendfile(file)) end),
      coroutine.create(function() results[2] = pack(server:send "behind") end),
      coroutine.create(function() results[3] = pack(server:sendfile(file, 0, 8)) end),
    }
    for _ = 1, 1000 do
      for _, thread in ipairs(threads) do
        if coroutine.status(thread) == "suspended" then
          assert(coroutine.resume(thread))
        end
      end
    end
    together = false
    assert.same({ pack(SIZE, nil, nil), pack(6, nil, nil), pack(8, nil, nil) }, results)
    client:settimeout(0)
    local got = {}
    repeat
      local data = client:receiveany()
      got[#got + 1] = data
    until not data
    got = table.concat(got)
    assert.is_true(got == text .. "behind" .. text:sub(1, 8)
                   or got == text .. text:sub(1, 8) .. "behind")
  end)

  it("reports the mistake in a file, and the connection goes on", function()
    local server, client = pair.connected()
    client:settimeout(10)
    assert.same(pack(nil, "Bad file descriptor", 0), pack(server:sendfile(-1)))
    local folder = assert(io.open "/")
    assert.same(pack(nil, "Is a directory", 0), pack(server:sendfile(folder)))
    folder:close()
    local pipe = io.popen "true"
    assert.same(pack(nil, "Illegal seek", 0), pack(server:sendfile(pipe)))
    pipe:close()
    server:send "fine\n"
    assert.equal("fine", client:receive())
  end)

  it("sends nothing on a connection that is not open", function()
    local server, client = pair.wrapped()
    local file = file_of(text)
    assert.same(pack(nil, "closed", 0), pack(server:sendfile(file)))
    server:close()
    assert.same(pack(nil, "closed", 0), pack(server:sendfile(file)))
    client:close()
  end)

  it("raises for a value that is no file, offset or count", function()
    local server = pair.connected()
    local file = file_of(text)
    local closed = assert(io.open(names[1]))
    closed:close()
    for message, arguments in pairs {
      ["bad argument #1 to 'sendfile' (file or descriptor expected, got string)"] = { "name" },
      ["bad argument #1 to 'sendfile' (attempt to use a closed file)"] = { closed },
      ["bad argument #2 to 'sendfile' (not a whole number from 0 on)"] = { file, -1 },
      ["bad argument #3 to 'sendfile' (not a whole number from 0 on)"] = { file, 0, 1.5 },
      ["bad argument #2 to 'sendfile' (number expected, got table)"] = { file, {} },
    } do
      assert.equal(message, (raised(function()
        server:sendfile(unpack(arguments))
      end):gsub("^[^:]+:%d+: ", "")))
    end
  end)
end)
