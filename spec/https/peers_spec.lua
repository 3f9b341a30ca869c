-- Servers of other makes, one by one.

describe("ssl.https and other people's servers:", function()
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  local PYTHON = [[
import http.server, ssl, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = sys.argv[2]
    def do_GET(self):
        if self.path == "/who":
            return self.say(str(self.client_address[1]).encode())
        super().do_GET()
    def do_POST(self):
        self.say(self.rfile.read(int(self.headers["Content-Length"])).upper())
    def say(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3], sys.argv[4])
if len(sys.argv) > 5:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(sys.argv[5])
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
server.socket = context.wrap_socket(server.socket, server_side=True,
                                    do_handshake_on_connect=False)
server.serve_forever()
]]

  local PAGE = ("A page.\n"):rep(5000)
  local pool

  local function python(version, ca)
    local port = process.free_port()
    local folder = process.folder()
    process.write(folder .. "/server.py", PYTHON)
    local words = { process.python, folder .. "/server.py", port, version, pki.server.chain,
                    pki.server.key, ca, port = port }
    local child = process.start(words)
    process.write(child.dir .. "/page.txt", PAGE)
    return child:wait_port()
  end

  before_each(function() pool = https.pool() end)
  after_each(function()
    pool:close()
    process.stop_all()
  end)

  local function get(child, path, more)
    local chunks = {}
    local reqt = { url = ("https://localhost:%d%s"):format(child.port, path), pool = pool,
                   cafile = pki.root.cert, sink = ltn12.sink.table(chunks), timeout = 20 }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code, headers = https.request(reqt)
    return ok and table.concat(chunks), code, headers
  end

  local function refused(child)
    local ok, why = get(child, "/page.txt", { cafile = pki.other.cert })
    assert.is_nil(ok)
    assert.matches("^certificate verify failed", why)
  end

  for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
    it("Python's http.server keeps connections, over " .. protocol, function()
      local child = python "HTTP/1.1"
      local with = { protocol = protocol }
      local first = get(child, "/who", with)
      assert.matches("^%d+$", first)
      for _ = 1, 3 do
        assert.is_true(PAGE == get(child, "/page.txt", with))
        assert.equal(404, (select(2, get(child, "/nothing", with))))
      end
      -- Its 404 says close.
      local second = get(child, "/who", with)
      assert.equal(second, (get(child, "/who", with)))
      assert.equal("HELLO", (get(child, "/", {
        protocol = protocol, method = "POST", source = ltn12.source.string "hello",
        headers = { ["content-length"] = 5 } })))
      assert.equal(second, (get(child, "/who", with)))
      refused(child)
    end)
  end

  it("Python's http.server, of HTTP/1.0, does not", function()
    local child = python "HTTP/1.0"
    assert.is_true(PAGE == get(child, "/page.txt"))
    assert.equal(0, pool:count())
    assert.not_equal(get(child, "/who"), (get(child, "/who")))
  end)

  it("Python's http.server that demands a certificate", function()
    local child = python("HTTP/1.1", pki.root.cert)
    assert.is_true(PAGE == get(child, "/page.txt", { key = pki.client.key,
                                                     certificate = pki.client.chain }))
    assert.equal(1, pool:count())
    local ok, why = get(child, "/page.txt")
    assert.is_nil(ok)
    assert.equal("string", type(why))
    ok = get(child, "/page.txt", { key = pki.selfsigned.key,
                                   certificate = pki.selfsigned.cert })
    assert.is_nil(ok)
    assert.equal(1, pool:count())
  end)

  it("openssl s_server frames by the end alone", function()
    local child = peers.s_server(pki.server, { "-WWW" })
    process.write(child.dir .. "/page.txt", PAGE)
    for _ = 1, 2 do
      assert.is_true(PAGE == get(child, "/page.txt"))
      assert.equal(0, pool:count())
    end
    refused(child)
  end)

  it("one that is stopped under a kept connection", function()
    local child = python "HTTP/1.1"
    assert.is_true(PAGE == get(child, "/page.txt"))
    assert.equal(1, pool:count())
    child:stop()
    assert.same({ nil, "connection refused" }, { get(child, "/page.txt") })
    assert.equal(0, pool:count())
  end)

  it("gnutls-serv", function()
    local child = peers.gnutls(pki.server, { "--http" })
    local body, code = get(child, "/")
    assert.equal(200, code)
    assert.matches("GnuTLS", body)
    refused(child)
  end)
end)
