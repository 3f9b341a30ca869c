-- ssl.connect: its arguments, its defaults, and what fails before TLS.

describe("ssl.connect", function()
  local house   = require "spec.support.init"
  local limits  = require "spec.support.limits"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local servers = require "spec.support.servers"
  local values  = require "spec.support.values"
  local socket  = require "socket"
  local ssl     = require "ssl"
  local pack, raised = values.pack, values.raised

  local LIMIT = 30

  teardown(process.stop_all)

  -- Two values, and nothing is left open.
  local function fails(...)
    local before = values.descriptors()
    local result = pack(ssl.connect(...))
    assert.is_nil(result[1])
    assert.equal(2, result.n)
    assert.equal(before, values.descriptors(true))
    return result[2]
  end

  describe("defaults", function()
    local child
    setup(function() child = servers.start() end)
    teardown(function() child:stop() end)

    it("are TLS 1.2 and no verification, and time limits are off", function()
      for _, flags in ipairs { {}, { verify = false, protocol = false }, { timeout = LIMIT },
                               { timeout = false, deadline = false, session = false },
                               { timeout = -1 } } do
        local conn = assert(ssl.connect("localhost", child.port, flags))
        assert.equal("TLSv1.2", (conn:info "protocol"))
        assert.same(pack(false, "unable to get local issuer certificate"),
                    pack(conn:getpeerverification()))
        conn:send "x\n"
        assert.equal("x", (conn:receive()))
        conn:close()
      end
      local conn = assert(ssl.connect("localhost", child.port))
      assert.equal("TLSv1.2", (conn:info "protocol"))
      conn:close()
    end)

    it("give way to the flags, which are only read", function()
      local inherited = { protocol = "any" }
      local flags = setmetatable({ mode = "server", cafile = pki.root.cert, verify = "peer",
                                   timeout = LIMIT },
                                 { __index = inherited, __newindex = error })
      for _ = 1, 2 do
        local conn = assert(ssl.connect("localhost", tostring(child.port), flags))
        assert.equal("TLSv1.3", (conn:info "protocol"))
        assert.same(pack(true), pack(conn:getpeerverification()))
        conn:close()
      end
      assert.same({ protocol = "any" }, inherited)
      local count = 0
      for _ in pairs(flags) do count = count + 1 end
      assert.equal(4, count)
      assert.equal("server", flags.mode)
    end)
  end)

  it("raises for arguments of a wrong type", function()
    local function call(...)
      local args = pack(...)
      return raised(function()
        local connect = ssl.connect
        local a, b = connect(unpack(args, 1, args.n))
        return a, b
      end)
    end
    assert.equal("bad argument #1 to 'connect' (string expected, got nil)", call(nil, 443))
    assert.equal("bad argument #1 to 'connect' (string expected, got table)", call({}, 443))
    assert.equal("bad argument #2 to 'connect' (number expected, got no value)", call("a.test"))
    assert.equal("bad argument #2 to 'connect' (number expected, got string)",
                 call("a.test", "https"))
    assert.equal("bad argument #3 to 'connect' (table expected, got string)",
                 call("a.test", 443, "x"))
    assert.equal("bad argument #3 to 'connect' (number expected, got string)",
                 call("a.test", 443, { timeout = "soon" }))
    assert.matches("string expected, got boolean", call("a.test", 443, { verify = true }))
    assert.matches("string expected, got table", call("a.test", 443, { cafile = {} }))
  end)

  for message, flags in pairs {
    ["context: invalid verify option (x)"] = { verify = "x" },
    ["context: invalid option (x)"] = { options = "x" },
    ["context: invalid protocol (x)"] = { protocol = "x" },
    ["context: error setting cipher list (no cipher match)"] = { ciphers = "x" },
    ["context: invalid DH parameter type"] = { dhparam = "x" },
  } do
    it("answers " .. message, function()
      -- No server listens there. The error must come before the connection is tried.
      assert.equal(message, fails("localhost", process.free_port(), flags))
    end)
  end

  it("refuses a value that is no host name before it connects to anything", function()
    local port = process.free_port()
    for name, reason in pairs {
      [""] = "the host name is empty", ["*.test"] = "the host name contains a wildcard",
      [".localhost"] = "the host name begins with a dot",
      ["localhost\0.test"] = "the host name contains a NUL byte",
      ["127.1"] = "the host name ends in a number but is not a valid IPv4 address",
    } do
      assert.equal(("host name %q: %s"):format(name, reason), fails(name, port))
    end
  end)

  it("reports a port that refuses, and an unknown name", function()
    local port = process.free_port()
    assert.equal(("connecting to 127.0.0.1 port %d: connection refused"):format(port),
                 fails("127.0.0.1", port))
    assert.matches("^connecting to no%.such%.host%.invalid port 443: .",
                   fails("no.such.host.invalid", 443, { timeout = LIMIT }))
  end)

  it("refuses a value that is no port, also one beyond 16 bits", function()
    for _, port in ipairs { 65536 + 443, -1, 65536, 0.5, 0 / 0, math.huge } do
      assert.equal(("connecting to localhost port %s: no such port"):format(port),
                   fails("localhost", port, { timeout = LIMIT }))
    end
  end)

  describe("of a name with several addresses", function()
    local dns = socket.dns
    local getaddrinfo = dns.getaddrinfo
    local crowd, child

    -- The first address accepts no connection, and its backlog is full.
    before_each(function()
      child = servers.start()
      crowd = { assert(socket.bind("127.0.0.2", child.port, 1)) }
      repeat
        local sock = socket.tcp()
        sock:settimeout(0.05)
        crowd[#crowd + 1] = sock
      until not sock:connect("127.0.0.2", child.port)
    end)

    after_each(function()
      dns.getaddrinfo = getaddrinfo
      for _, sock in ipairs(crowd) do sock:close() end
      child:stop()
    end)

    local function known_as(...)
      local found = {}
      for i, addr in ipairs { ... } do found[i] = { family = "inet", addr = addr } end
      dns.getaddrinfo = function(name)
        if name == "several.test" then return found end
        return getaddrinfo(name)
      end
    end

    it("leaves time for the next where one does not answer", function()
      known_as("127.0.0.2", "127.0.0.1")
      house.in_time(function(factor)
        local conn = assert(ssl.connect("several.test", child.port,
                                        { servername = "localhost", timeout = 2 * factor,
                                          cafile = pki.root.cert }))
        conn:close()
      end)
    end)

    it("returns timeout where none answers", function()
      known_as("127.0.0.2", "127.0.0.2", "127.0.0.2")
      local message = ("connecting to several.test port %d: timeout"):format(child.port)
      for _, limit in ipairs { "timeout", "deadline" } do
        assert.equal(message, fails("several.test", child.port, { [limit] = 0.1 }))
      end
    end)
  end)

  for _, version in ipairs(pair.versions) do
    it("returns timeout of a server that accepts and is silent, " .. version, function()
      local listener = assert(socket.bind("127.0.0.1", 0))
      local _, port = listener:getsockname()
      for _, timeout in ipairs { 0.1, "0.05", 0 } do
        local message = fails("127.0.0.1", port, { timeout = timeout, protocol = version })
        assert.matches(": timeout$", message)
      end
      listener:close()
    end)

    it("reports a server without TLS, " .. version, function()
      local script = process.write(process.folder() .. "/plain.lua", [[
        local listener = assert(require("socket").bind("127.0.0.1", 0))
        io.stdout:setvbuf "no"
        print("port: " .. select(2, listener:getsockname()))
        while true do
          local sock = assert(listener:accept())
          sock:send "220 mail.test ESMTP ready\r\n"
          sock:receive "*a"
          sock:close()
        end]])
      local child = process.start { "luajit", script }
      local port = assert(child:wait_output "port: (%d+)\n")
      local hint = limits.tells_no_tls and " (the peer does not speak TLS, or not before a "
                   .. "command such as STARTTLS)" or ""
      assert.equal(("handshake with 127.0.0.1 port %s: %s%s"):format(port, limits.no_tls, hint),
                   fails("127.0.0.1", port, { timeout = LIMIT, protocol = version }))
      child:stop()
    end)
  end
end)
