-- ssl.connect resumes by itself. nginx reports whether a connection was resumed: "r" or ".".

describe("ssl.connect resumes", function()
  local limits  = require "spec.support.limits"
  local needs   = require "spec.support.needs"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local ssl     = require "ssl"

  if not peers.nginx_root() then
    pending "nginx is not there: script/bootstrap --with-tests"
    return
  end

  local child, folder
  -- Gives each test a policy of its own, so that no test uses earlier sessions.
  local depth = 20

  setup(function()
    folder = process.folder()
    child = peers.nginx {
      key = pki.server.key, chain = pki.server.chain,
      server = ([[
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_client_certificate "%s";
        ssl_verify_client optional;
        location = / { return 200 "$ssl_session_reused $ssl_client_verify"; }
      ]]):format(pki.root.cert),
    }
  end)

  teardown(process.stop_all)
  before_each(function() depth = depth + 1 end)

  local function flags(more)
    local out = { protocol = limits.resuming, verify = "peer", cafile = pki.root.cert,
                  depth = depth, timeout = 60 }
    for key, value in pairs(more or {}) do out[key] = value end
    return out
  end

  -- Connects and asks: nginx's answer, "r NONE". In TLS 1.3 sessions come with it.
  local function ask(more, name)
    local conn, why = ssl.connect(name or "localhost", child.port, flags(more))
    if not conn then return nil, why end
    conn:settimeout(60)
    assert(conn:send "GET / HTTP/1.0\r\n\r\n")
    local answer = assert(conn:receive "*a"):match "\r\n\r\n(.*)"
    assert.equal(conn:resumed(), answer:sub(1, 1) == "r")
    conn:close()
    return answer
  end

  for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
    it("by itself, over " .. protocol, function()
      needs.resumption(protocol)
      local made = {}
      for i = 1, 4 do made[i] = ask { protocol = protocol } end
      assert.same({ ". NONE", "r NONE", "r NONE", "r NONE" }, made)
    end)
  end

  it("and checks the name and the verdict as before", function()
    ask()
    local conn = assert(ssl.connect("localhost", child.port, flags()))
    assert.is_true(conn:resumed())
    assert.is_true((conn:getpeerverification()))
    assert.is_truthy(conn:getpeercertificate())
    conn:close()
  end)

  it("never under another policy or at another place", function()
    local adapter = setmetatable({ connect = function(...)
      return require "ssl.over.luasocket".connect(...)
    end }, { __index = require "ssl.over.luasocket" })
    for i, one in ipairs {
      {}, { verify = "none" },
      { cafile = false, capath = pki.root.capath },
      { key = pki.client.key, certificate = pki.client.chain },
      { depth = 7 }, { ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" }, { alpn = "http/1.1" },
      { alpn = { "http/1.0", "http/1.1" } }, { name = "127.0.0.1" },
      { name = "127.0.0.1", servername = "localhost" }, { over = adapter },
    } do
      local name = one.name
      one.name = nil
      local state = one.key and " SUCCESS" or " NONE"
      assert.same({ i, "." .. state }, { i, (ask(one, name)) })
      assert.same({ i, "r" .. state }, { i, (ask(one, name)) })
    end
  end)

  it("where errors are passed over, which the session carries", function()
    needs.has("SSL_SESSION_set1_ticket_appdata", "errors in a session")
    local passing = { cafile = pki.other.cert, verifyext = "lsec_continue" }
    assert.same({ ". NONE", ". NONE", "r NONE" }, { (ask()), (ask(passing)), (ask(passing)) })
  end)

  it("later, where a session could not be set for want of memory", function()
    local C, kept = require("ssl.ffi.lib").C, require "ssl.session.kept"
    ask()
    local real, offer = C.SSL_set_session, kept.offer
    kept.offer = function(...)
      C.SSL_set_session = function() return 0 end
      local ok, item = pcall(offer, ...)
      C.SSL_set_session = real
      assert(ok and item == nil, item)
      return offer(...)
    end
    local ok, answer = pcall(ask)
    kept.offer = offer
    assert.is_true(ok, answer)
    assert.equal("r NONE", answer)
  end)

  it("never with another protocol", function()
    needs.resumption "tlsv1_3"
    for _, protocol in ipairs { "any", "tlsv1_2" } do
      assert.equal(". NONE", (ask { protocol = protocol }))
      assert.equal("r NONE", (ask { protocol = protocol }))
    end
  end)

  it("where another file has the same authorities", function()
    local ca = process.write(folder .. "/ca.pem", process.read(pki.root.cert))
    assert.same({ ". NONE", "r NONE" }, { (ask()), (ask { cafile = ca }) })
  end)

  it("at the same port only", function()
    local other = peers.nginx { key = pki.server.key, chain = pki.server.chain,
                                server = "location = / { return 200 x; }" }
    ask()
    local conn = assert(ssl.connect("localhost", other.port, flags()))
    -- Not even offered: the session is still there.
    conn:close()
    other:stop()
    assert.equal("r NONE", (ask()))
  end)

  it("nothing that was made without verification", function()
    local unverified = { verify = "none", cafile = pki.other.cert }
    assert.equal(". NONE", (ask(unverified)))
    assert.equal("r NONE", (ask(unverified)))
    assert.matches("certificate verify failed", select(2, ask { cafile = pki.other.cert }))
  end)

  it("no session whose file of authorities has changed", function()
    local file = process.write(folder .. "/changing.pem", process.read(pki.root.cert))
    assert.equal(". NONE", (ask { cafile = file }))
    assert.equal("r NONE", (ask { cafile = file }))
    process.write(file, process.read(pki.other.cert))
    assert.matches("certificate verify failed", select(2, ask { cafile = file }))
  end)

  it("not with resume = false", function()
    for _ = 1, 2 do assert.equal(". NONE", (ask { resume = false })) end
    assert.equal(". NONE", (ask()))
    assert.equal("r NONE", (ask()))
    assert.equal(". NONE", (ask { resume = false }))
  end)

  it("not past a function that verifies", function()
    needs.key "onverify"
    local asked = 0
    local function onverify(_, preverified)
      asked = asked + 1
      return preverified
    end
    for _ = 1, 2 do
      asked = 0
      assert.equal(". NONE", (ask { onverify = onverify }))
      assert.is_true(asked > 0)
    end
  end)

  it("not where the program keeps sessions by itself", function()
    local got = {}
    local function onsession(_, session) got[#got + 1] = session end
    for _ = 1, 2 do assert.equal(". NONE", (ask { onsession = onsession })) end
    assert.equal("r NONE", (ask { onsession = onsession, session = got[1] }))
  end)

  it("the session that it was given, and keeps none then", function()
    local conn = assert(ssl.connect("localhost", child.port, flags {
      protocol = "tlsv1_2", resume = false }))
    local session = assert(conn:getsession())
    conn:close()
    for _ = 1, 2 do
      assert.equal("r NONE", (ask { protocol = "tlsv1_2", session = session }))
    end
    assert.equal(". NONE", (ask { protocol = "tlsv1_2" }))
  end)

  it("no more than it keeps, whatever a server sends", function()
    local seen = setmetatable({}, { __mode = "k" })
    for name = 1, 40 do
      local conn = assert(ssl.connect("localhost", child.port, flags {
        depth = 1000 * depth + name, protocol = "tlsv1_2" }))
      seen[conn:getsession()] = true
      conn:close()
    end
    collectgarbage()
    collectgarbage()
    local count = 0
    for _ in pairs(seen) do count = count + 1 end
    assert.equal(32, count)
  end)

  it("with a full handshake where the server does not know the session", function()
    local port = process.free_port()
    for _ = 1, 2 do
      local server = process.start {
        "openssl", "s_server", "-quiet", "-accept", "127.0.0.1:" .. port, "-cert",
        pki.server.cert, "-key", pki.server.key, "-tls1_2", port = port }
      server:wait_port()
      for _, resumed in ipairs { false, true } do
        local conn = assert(ssl.connect("localhost", port, flags()))
        assert.equal(resumed, conn:resumed())
        conn:close()
      end
      server:stop()
    end
  end)
end)
