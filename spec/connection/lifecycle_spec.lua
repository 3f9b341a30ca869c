-- Every method in every phase of a connection. Each phase is reached as programs reach
-- it, and what the methods return there is the table "Phases" of docs/connection.md.

describe("the phases of a connection", function()
  local ffi        = require "ffi"
  local ssl        = require "ssl"
  local methods    = require "ssl.connection.methods"
  local pair       = require "spec.support.pair"
  local pki        = require "spec.support.pki"
  local phases     = require "spec.support.phases"
  local transports = require "spec.support.transports"
  local values     = require "spec.support.values"
  local pack = values.pack

  ffi.cdef "long lifecycle_write(int fd, const char *data, size_t n) __asm__(\"write\");"

  -- Longer than any of the loops below has to run.
  local MANY = 100

  -- A record that no key fits: its receiver sends a fatal alert.
  local GARBAGE = "\23\3\3\0\40" .. ("x"):rep(40)

  local EXTRA = {
    plain     = {},
    asking    = { onclienthello = function() coroutine.yield() end },
    judging   = { onverify = function() coroutine.yield() end },
    strangers = { cafile = pki.other.cert },
  }
  local cached = {}

  local function context(side, kind)
    local name = side .. kind
    if not cached[name] then
      local config = pair[side .. "_config"]()
      config.protocol, config.earlydata, config.cafile = "tlsv1_3", 1000, pki.root.cert
      if side == "client" then
        config.posthandshakeauth, config.key = true, pki.client.key
        config.certificate = pki.client.cert
      end
      for key, value in pairs(EXTRA[kind]) do config[key] = value end
      cached[name] = assert(ssl.newcontext(config))
    end
    return cached[name]
  end

  local function wrapped(server, client)
    local s, c = pair.wrapped(context("server", server or "plain"),
                              context("client", client or "plain"))
    s:settimeout(0)
    c:settimeout(0)
    return { server = s, client = c }
  end

  local function phase(conn)
    return getmetatable(conn).phase
  end

  -- Both ends in turn, until one is in a phase.
  local function shake(ends, side, wanted, call)
    for _ = 1, MANY do
      if phase(ends[side]) == wanted then return ends end
      ends.client:dohandshake()
      if phase(ends[side]) == wanted then return ends end
      call(ends.server)
    end
    error("not reached: " .. wanted)
  end

  local function dohandshake(conn)
    return conn:dohandshake()
  end

  local function shaken(ends)
    shake(ends, "client", "open", dohandshake)
    return shake(ends, "server", "open", dohandshake)
  end

  local function other(side)
    return side == "server" and "client" or "server"
  end

  -- A function of the program's that yields leaves the handshake suspended.
  local function suspended(side)
    local ends = wrapped(side == "server" and "asking", side == "client" and "judging")
    local co = coroutine.create(dohandshake)
    for _ = 1, MANY do
      if phase(ends[side]) == "suspended" then return ends end
      ends[other(side)]:dohandshake()
      if coroutine.status(co) == "dead" then co = coroutine.create(dohandshake) end
      coroutine.resume(co, ends[side])
    end
    error "not suspended"
  end

  -- Over a stream whose send yields `close` has begun, and waits.
  local function closing(side)
    local a, b = transports.pipe()
    local ends = { server = assert(ssl.wrap(a, context("server", "plain"))),
                   client = assert(ssl.wrap(b, context("client", "plain"))) }
    shaken(ends)
    local object = side == "server" and a or b
    function object.send() coroutine.yield() end
    function object.getfd() return 1000 end
    coroutine.wrap(function() ends[side]:close() end)()
    return ends
  end

  local function by_alert(side)
    local ends = shaken(wrapped())
    local conn, peer = ends[side], ends[other(side)]
    assert.equal(#GARBAGE, tonumber(ffi.C.lifecycle_write(conn:getfd(), GARBAGE, #GARBAGE)))
    for _ = 1, MANY do
      if phase(conn) == "failed" then return ends end
      peer:receive()
      conn:receive()
    end
    error "no alert"
  end

  local REACH = {
    ["new"] = function() return wrapped() end,
    ["shaking"] = function(side)
      local ends = wrapped()
      ends[side]:dohandshake()
      return ends
    end,
    ["suspended"] = suspended,
    ["open"] = function() return shaken(wrapped()) end,
    ["requesting"] = function()
      local ends = shaken(wrapped())
      ends.server:requestcertificate()
      return ends
    end,
    ["half closed"] = function(side)
      local ends = shaken(wrapped())
      ends[side]:tlsshutdown()
      return ends
    end,
    ["failed"] = by_alert,
    ["closing"] = closing,
    ["closed"] = function(side)
      local ends = shaken(wrapped())
      ends[side]:close()
      return ends
    end,
  }

  local function failed_handshake(side)
    return shake(wrapped(nil, "strangers"), side, "failed", function(server)
      server:dohandshake()
      server:receive()
    end)
  end

  local function session()
    local ends = shaken(wrapped())
    ends.client:receive()
    return assert(ends.client:getsession())
  end

  local file = assert(io.open("LICENSE", "rb"))
  local ARGUMENTS = {
    send = { "x" }, sendfrom = { ffi.new("char[1]"), 1 }, sendv = { { "x" } },
    receiveinto = { ffi.new("char[1]"), 1 }, sendfile = { file, 0, 1 },
    settimeout = { 0 }, shutdown = { "send" },
    getoption = { "tcp-nodelay" }, setoption = { "tcp-nodelay", true },
    sni = { {} }, setverifyname = { "a.test" }, setdane = { "a.test" },
    settlsa = { 3, 1, 1, ("x"):rep(32) }, exportkeyingmaterial = { "label", 16 },
    channelbinding = { "tls-exporter" }, sendearlydata = { "x" },
  }

  local function call(name, reach, wanted)
    local side = phases.CLIENTS[name] and "client" or "server"
    if wanted == "requesting" and side == "client" then return "-" end
    local ends = reach(side)
    local conn = ends[side]
    local st = getmetatable(conn)
    assert.equal(wanted, st.phase)
    local before = st.failed
    local arguments = name == "setsession" and { session() } or ARGUMENTS[name] or {}
    local results = pack(conn[name](conn, unpack(arguments)))
    if before then
      assert.equal(before, st.failed, name .. " changed the verdict")
      assert.is_false(st.open)
    end
    local cell = phases.told(results, st)
    ends.server:close()
    ends.client:close()
    return cell
  end

  local names, cells = phases.documented()

  it("are those of the documentation", function()
    local known = {}
    for name in pairs(REACH) do known[#known + 1] = name end
    table.sort(known)
    local there = { unpack(names) }
    table.sort(there)
    assert.same(known, there)
  end)

  it("are documented for every method, and for nothing else", function()
    local listed, there = {}, {}
    for _, entry in ipairs(methods.list()) do listed[entry[1]] = true end
    for name in pairs(cells) do there[name] = true end
    assert.same(listed, there)
  end)

  for _, wanted in ipairs(names) do
    it(("decide what each method returns: %s"):format(wanted), function()
      local expected, found = {}, {}
      for name, row in pairs(cells) do
        expected[name] = row[wanted]
        found[name] = call(name, REACH[wanted], wanted)
      end
      assert.same(expected, found)
    end)
  end

  it("leave a failed handshake with its failure, and unconnected", function()
    for _, entry in ipairs(methods.list()) do
      local name = entry[1]
      local found = call(name, failed_handshake, "failed")
      local row = cells[name]
      local expected = row.failed
      if row.new == "closed" and (expected == "yes" or phases.UNFINISHED[name]) then
        expected = "closed"
      end
      assert.equal(expected, found, name)
    end
  end)

  it("lead to failed for good: closed, it still returns the failure", function()
    local conn = by_alert("server").server
    local word = getmetatable(conn).failed
    conn:close()
    assert.equal("closed", phase(conn))
    assert.same(pack(nil, word, 0), pack(conn:send "x"))
    assert.same(pack(nil, word, ""), pack(conn:receive()))
    assert.same(pack(false, "closed"), pack(conn:dohandshake()))
  end)
end)
