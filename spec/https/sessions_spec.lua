-- nginx reports whether a connection was resumed: "r" or ".".

describe("ssl.https resumes sessions", function()
  local http     = require "socket.http"
  local https    = require "ssl.https"
  local ltn12    = require "ltn12"
  local limits   = require "spec.support.limits"
  local peers    = require "spec.support.peers"
  local needs      = require "spec.support.needs"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local sessions = require("ssl").sessions
  local socket   = require "socket"
  local web      = require "spec.support.web"

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
        location = / { return 200 "$ssl_session_reused"; }
        location = /who { return 200 "$ssl_session_reused $ssl_client_verify"; }
        location = /to { return 302 /; }
      ]]):format(pki.root.cert),
    }
  end)

  teardown(process.stop_all)
  before_each(function() depth = depth + 1 end)
  after_each(function() https.VERIFY = "peer" end)

  local function url(path, host)
    return ("https://%s:%d%s"):format(host or "localhost", child.port, path or "/")
  end

  local function get(more, path)
    local chunks = {}
    local reqt = { url = url(path), cafile = pki.root.cert, depth = depth,
                   protocol = limits.resuming, sink = ltn12.sink.table(chunks) }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code = https.request(reqt)
    return ok and table.concat(chunks), code
  end

  for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
    it("by itself, over " .. protocol, function()
      needs.resumption(protocol)
      assert.equal(".", (get { protocol = protocol }))
      for _ = 1, 5 do assert.equal("r", (get { protocol = protocol })) end
    end)
  end

  it("on the way of a redirect too", function()
    assert.equal("r", (get({}, "/to")))
  end)

  it("where a kept connection has ended", function()
    local pool = https.pool()
    assert.equal(".", (get { pool = pool }))
    assert.equal(".", (get { pool = pool }))
    pool:close()
    assert.equal("r", (get { pool = pool }))
  end)

  it("for socket.http too", function()
    local function through()
      local chunks = {}
      assert(http.request {
        url = url(), create = https.tcp {
          cafile = pki.root.cert, depth = depth, protocol = limits.resuming },
        sink = ltn12.sink.table(chunks) })
      return table.concat(chunks)
    end
    assert.equal(".", through())
    assert.equal("r", through())
  end)

  it("through a proxy as through no other way", function()
    local proxy = web.start { entry = "plain", routes = [[
      CONNECT = function(conn, request)
        conn:send "HTTP/1.0 200 OK\r\n\r\n"
        tunnel(conn, tonumber(request.path:match "%d+$"))
      end,
    ]] }
    local via = "http://127.0.0.1:" .. proxy.port
    assert.equal(".", (get()))
    assert.equal(".", (get { proxy = via }))
    assert.equal("r", (get { proxy = via }))
    assert.equal("r", (get()))
  end)

  describe("never of another policy:", function()
    it("each one has its own", function()
      local ca = process.write(folder .. "/ca.pem", process.read(pki.root.cert))
      for i, more in ipairs {
        {}, { verify = "none" }, { cafile = ca }, { cafile = false, capath = pki.root.capath },
        { key = pki.client.key, certificate = pki.client.chain },
        { ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" }, { depth = 7 },
        { options = { "all", "no_compression" } }, { verifyext = "lsec_continue" },
        { url = url("/", "127.0.0.1") }, { create = function() return socket.tcp() end },
      } do
        assert.same({ i, "." }, { i, (get(more)) })
        assert.same({ i, "r" }, { i, (get(more)) })
      end
    end)

    it("each protocol has its own", function()
      needs.resumption "tlsv1_3"
      for _, protocol in ipairs { "any", "tlsv1_2" } do
        assert.equal(".", (get { protocol = protocol }))
        assert.equal("r", (get { protocol = protocol }))
      end
    end)

    it("an unverified one opens nothing", function()
      assert.equal(".", (get { verify = "none" }))
      assert.equal("r", (get { verify = "none" }))
      local ok, why = get { cafile = pki.other.cert }
      assert.is_nil(ok)
      assert.matches("^certificate verify failed", why)
      https.VERIFY = "none"
      assert.equal(".", (get { cafile = pki.other.cert }))
      https.VERIFY = "peer"
      assert.is_nil((get { cafile = pki.other.cert }))
    end)

    it("a file that changed takes its sessions along", function()
      local file = process.write(folder .. "/changing.pem", process.read(pki.root.cert))
      assert.equal(".", (get { cafile = file }))
      assert.equal("r", (get { cafile = file }))
      process.write(file, process.read(pki.other.cert))
      assert.is_nil((get { cafile = file }))
      process.write(file, process.read(pki.root.cert))
      assert.equal(".", (get { cafile = file }))
    end)

    it("a client's certificate is as before", function()
      local with = { key = pki.client.key, certificate = pki.client.chain }
      assert.equal(". NONE", (get({}, "/who")))
      assert.equal(". SUCCESS", (get(with, "/who")))
      assert.equal("r NONE", (get({}, "/who")))
      assert.equal("r SUCCESS", (get(with, "/who")))
    end)
  end)

  describe("unless the certificate's time is over,", function()
    local methods = getmetatable(require("ssl").loadcertificate(
      process.read(pki.server.cert))).__index
    local validat = methods.validat
    after_each(function() methods.validat = validat end)

    for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
      it("over " .. protocol, function()
        needs.resumption(protocol)
        assert.equal(".", (get { protocol = protocol }))
        methods.validat = function() return false end
        assert.equal(".", (get { protocol = protocol }))
        methods.validat = validat
        assert.equal("r", (get { protocol = protocol }))
      end)
    end
  end)

  it("with a full handshake where the server does not know them", function()
    local port = process.free_port()
    local function serve()
      local server = process.start {
        "openssl", "s_server", "-quiet", "-WWW", "-accept", "127.0.0.1:" .. port,
        "-cert", pki.server.chain, "-cert_chain", pki.server.chain, "-key", pki.server.key,
        port = port }
      process.write(server.dir .. "/page", "a page")
      return server:wait_port()
    end
    for _ = 1, 2 do
      local server = serve()
      for _ = 1, 2 do
        assert.equal("a page", (get { url = ("https://localhost:%d/page"):format(port) }))
      end
      server:stop()
    end
  end)

  it("not when it is switched off", function()
    assert.equal(".", (get { resume = false }))
    assert.equal(".", (get { resume = false }))
    assert.equal(".", (get()))
    assert.equal("r", (get()))
    assert.equal(".", (get { resume = false }))
  end)

  it("not past a function that verifies", function()
    needs.that(require("ssl.io.question").pauses, "onverify")
    local asked = 0
    local function onverify(_, preverified)
      asked = asked + 1
      return preverified
    end
    assert.equal(".", (get { onverify = onverify }))
    assert.is_true(asked > 0)
    asked = 0
    assert.equal(".", (get { onverify = onverify }))
    assert.is_true(asked > 0)
  end)

  it("not where the request's own function gets them", function()
    local got = {}
    local function onsession(_, s) got[#got + 1] = s end
    assert.equal(".", (get { onsession = onsession }))
    assert.equal(".", (get { onsession = onsession }))
    assert.is_true(#got >= 2)
    assert.equal("userdata", type(got[1]))
  end)

  describe("of which it keeps", function()
    -- A stand-in for connections and sessions: the cache does not read their contents.
    local function connection(resumed)
      local conn = { offered = {} }
      function conn:setsession(s)
        self.offered[#self.offered + 1] = s.name
        if s.fits == false then return nil, "session of another verification policy" end
        return true
      end
      function conn.resumed() return resumed end
      function conn.getpeercertificate() return nil, "closed" end
      return conn
    end

    local function session(name, singleuse, fits)
      return { name = name, fits = fits, info = function() return singleuse end }
    end

    local key, used = nil, 0

    local function another()
      used = used + 1
      key = "place " .. used
    end

    before_each(another)

    local function remember(...)
      local conn = connection()
      sessions.offer(conn, key)
      for _, s in ipairs { ... } do sessions.remember(conn, s) end
    end

    local function offered()
      local item = sessions.offer(connection(), key)
      return item and item.session.name
    end

    it("the youngest, and each for one use", function()
      remember(session("a", true), session("b", true))
      assert.same({ "b", "a" }, { offered(), offered() })
      assert.is_nil(offered())
    end)

    it("eight of a place", function()
      local all, names = {}, {}
      for i = 1, 9 do all[i] = session("s" .. i, true) end
      remember(unpack(all))
      for i = 1, 8 do names[i] = offered() end
      assert.same({ "s9", "s8", "s7", "s6", "s5", "s4", "s3", "s2" }, names)
      assert.is_nil(offered())
    end)

    it("none that do not fit", function()
      remember(session("a", true), session("b", true, false))
      local conn = connection()
      assert.equal("a", sessions.offer(conn, key).session.name)
      assert.same({ "b", "a" }, conn.offered)
      assert.is_nil(offered())
    end)

    it("what may be used again, for connections that begin at the same time", function()
      remember(session("a", false))
      local conn = connection(true)
      local item = sessions.offer(conn, key)
      assert.equal("a", offered())
      sessions.shaken(conn, key, item)
      assert.equal("a", offered())
      remember(session("b", false))
      assert.equal("b", offered())
    end)

    it("none that the server has not taken", function()
      remember(session("a", false), session("b", false))
      local conn = connection(false)
      sessions.shaken(conn, key, sessions.offer(conn, key))
      assert.equal("a", offered())
      remember(session("c", false, false))
      assert.equal("a", offered())
    end)

    it("those of 32 places", function()
      local first = key
      remember(session "a")
      for _ = 1, 31 do
        another()
        remember(session "x")
      end
      key = first
      assert.equal("a", offered())
      remember(session "a")
      for _ = 1, 32 do
        another()
        remember(session "x")
      end
      key = first
      assert.is_nil(offered())
    end)

    it("nothing of connections that it does not know", function()
      sessions.remember(connection(), session "a")
      assert.is_nil(offered())
    end)
  end)
end)
