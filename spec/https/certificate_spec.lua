-- Servers that ask for the client's certificate when they have read which path is wanted:
-- by a handshake anew up to TLS 1.2, and by post-handshake authentication in TLS 1.3.

describe("ssl.https and a server that asks for the certificate behind the request", function()
  local has     = require("ssl.ffi.lib").has
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local needs   = require "spec.support.needs"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local wording = require "spec.support.wording"

  teardown(process.stop_all)

  -- GET /N asks N times, and returns the client's name.
  local POST_HANDSHAKE = [[
import socket, ssl, sys
port, cert, key, ca = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_3
context.load_cert_chain(cert, key)
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_REQUIRED
context.post_handshake_auth = True
listener = socket.create_server(("127.0.0.1", int(port)))

def answer(tls, code, text):
    tls.sendall(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (code, len(text)) + text)

def ask(tls):
    tls.verify_client_post_handshake()
    tls.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

def head(tls):
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        more = tls.recv(1)
        if not more: return b""
        got += more
    return got

def serve(tls):
    while True:
        got = head(tls)
        if not got: return
        try:
            for _ in range(int(got.split()[1][1:])):
                ask(tls)
                tls.settimeout(0.05)
                while not tls.getpeercert():
                    try: tls.recv(1)
                    except TimeoutError: pass
                tls.settimeout(20)
        except ssl.SSLError as e:
            if e.reason != "EXTENSION_NOT_RECEIVED": raise
            answer(tls, 403, b"")
            continue
        cert = tls.getpeercert() or {}
        names = [v for rdn in cert.get("subject", ()) for k, v in rdn if k == "commonName"]
        answer(tls, 200, (names or ["nobody"])[0].encode())

while True:
    sock, _ = listener.accept()
    try:
        with context.wrap_socket(sock, server_side=True) as tls: serve(tls)
    except OSError as e:
        print("ended:", e, flush=True)
]]

  -- The same by OpenSSL's program, which prints its verification. For one request.
  local RENEGOTIATION = [[
import signal, subprocess, sys
port, cert, key, ca, times = sys.argv[1:]
server = subprocess.Popen(
    ["openssl", "s_server", "-accept", "127.0.0.1:" + port, "-tls1_2", "-cert", cert,
     "-cert_chain", cert, "-key", key, "-CAfile", ca, "-no_resumption_on_reneg"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
def end(*_):
    server.kill()
    sys.exit()

signal.signal(signal.SIGTERM, end)
left, who = int(times), "nobody"

def say(text):
    server.stdin.write(text)
    server.stdin.flush()

def go_on():
    global left
    if left > 0: say(b"R\n")
    else: say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s\n" % (len(who), who.encode()))
    left -= 1

for line in server.stdout:
    if line.startswith(b"GET "): go_on()
    if line.startswith(b"depth="): leaf = line.startswith(b"depth=0")
    if line.startswith(b"depth=0"): who = line.decode().split("CN")[1].strip(" =\n")
    if line.startswith(b"verify return:1") and leaf: go_on()
]]

  local function start(script, ...)
    local port = process.free_port()
    local path = process.write(process.folder() .. "/late.py", script)
    local child = process.start { process.python, path, port, pki.server.chain, pki.server.key,
                                  pki.root.cert, port = port, ... }
    return child:wait_port()
  end

  local function get(child, path, more)
    local chunks = {}
    local reqt = { url = ("https://localhost:%d%s"):format(child.port, path), timeout = 60,
                   cafile = pki.root.cert, sink = ltn12.sink.table(chunks), resume = false,
                   certificate = pki.client.chain, key = pki.client.key }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code = https.request(reqt)
    if not ok then return ok, code end
    return code, table.concat(chunks)
  end

  describe("in TLS 1.3", function()
    local asked = needs.each(it, has.SSL_CTX_set_post_handshake_auth, "posthandshakeauth")
    local child
    setup(function() child = start(POST_HANDSHAKE) end)

    asked("shows it where the request has one", function()
      assert.same({ 200, "client" }, { get(child, "/1") })
      assert.same({ 200, "nobody" }, { get(child, "/0") })
    end)

    asked("shows it, given in any way", function()
      local entry = { certificate = pki.client.chain, key = pki.client.key }
      assert.same({ 200, "client" },
                  { get(child, "/1", { certificate = false, key = false,
                                       certificates = { entry } }) })
    end)

    it("does not offer it without a key, or where it must not", function()
      for _, more in ipairs { { certificate = false, key = false },
                              { posthandshakeauth = false } } do
        assert.same({ 403, "" }, { get(child, "/1", more) })
      end
    end)

    asked("does not do it twice, and reports that", function()
      assert.same({ nil, "the server asks for the certificate again" }, { get(child, "/2") })
      assert.truthy(child:wait_output "ended")
      assert.same({ 200, "client" }, { get(child, "/2", { posthandshakeauth = true }) })
    end)

    asked("is known to it where the session is resumed", function()
      assert.same({ 200, "client" }, { get(child, "/1", { resume = true }) })
      assert.same({ 200, "client" }, { get(child, "/0", { resume = true }) })
    end)

    asked("does it on a new connection where a kept one has", function()
      local pool = https.pool()
      for _ = 1, 3 do
        assert.same({ 200, "client" }, { get(child, "/1", { pool = pool }) })
        assert.equal(1, pool:count())
      end
      pool:close()
    end)
  end)

  describe("in TLS 1.2", function()
    it("shows it where the request has one", function()
      assert.same({ 200, "client" }, { get(start(RENEGOTIATION, 1), "/") })
    end)

    it("does not follow where there is none, or it must not", function()
      for _, more in ipairs { { certificate = false, key = false }, { renegotiation = false },
                              { options = { "all", "no_renegotiation" } } } do
        assert.same({ nil, wording "sslv3 alert handshake failure" },
                    { get(start(RENEGOTIATION, 1), "/", more) })
      end
    end)

    it("does not do it twice", function()
      assert.same({ nil, wording "sslv3 alert handshake failure" },
                  { get(start(RENEGOTIATION, 2), "/") })
    end)
  end)
end)
