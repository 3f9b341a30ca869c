-- In TLS 1.3 a server judges the client's certificate when the client's handshake is over.
-- Where the connection is reset, its alert has arrived before, and is the message.

describe("a server that refuses the client's certificate in TLS 1.3", function()
  local https   = require "ssl.https"
  local socket  = require "socket"
  local ours    = require "spec.support.ours"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  local PYTHON = [[
import socket, ssl, sys
port, cert, key, ca = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_REQUIRED
listener = socket.create_server(("127.0.0.1", int(port)))
while True:
    sock, _ = listener.accept()
    try:
        context.wrap_socket(sock, server_side=True)
    except OSError:
        pass
    sock.close()
]]

  local STARTS = {
    ["openssl s_server"] = function()
      return peers.s_server(pki.server, { "-Verify", "2", "-verify_return_error", "-CAfile",
                                          pki.root.cert, "-tls1_3", "-www" })
    end,
    ["gnutls-serv"] = function()
      return peers.gnutls(pki.server, { "--x509cafile", pki.root.cert, "--http",
                                        "--require-client-cert" })
    end,
    ["Python"] = function()
      local port = process.free_port()
      local script = process.write(process.folder() .. "/strict.py", PYTHON)
      return process.start({ process.python, script, port, pki.server.chain, pki.server.key,
                             pki.root.cert, port = port }):wait_port()
    end,
  }

  local WORD = "tlsv13 alert certificate required"

  teardown(process.stop_all)

  local function request(port, method, size, more)
    local reqt = { url = ("https://localhost:%d/"):format(port), cafile = pki.root.cert,
                   method = method, body = size and ("x"):rep(size), timeout = 60 }
    for key, value in pairs(more or {}) do reqt[key] = value end
    return https.request(reqt)
  end

  local REQUESTS = { { "GET" }, { "POST", 20 }, { "PUT", 4000000 } }

  for name, start in pairs(STARTS) do
    describe("as " .. name .. " does", function()
      local child
      setup(function() child = start() end)

      for _, words in ipairs(REQUESTS) do
        it("is reported by its alert for " .. words[1], function()
          for _ = 1, 4 do
            assert.same({ nil, WORD }, { request(child.port, unpack(words)) })
          end
        end)
      end

      -- OpenSSL's program does not close, and reads the sent data.
      if name == "openssl s_server" then return end

      it("is reported by its alert to a peer that goes on sending", function()
        for _, size in ipairs { 100, 300000 } do
          local conn = assert(ours.connect(child.port))
          local word
          for _ = 1, 100 do
            word = select(2, conn:send(("x"):rep(size)))
            if word then break end
            socket.select({ conn }, nil, 10)
            socket.sleep(0.01)
          end
          assert.same({ WORD, WORD }, { word, (select(2, conn:send "x")) })
          assert.same({ nil, WORD, "" }, { conn:receive() })
          assert.equal("received", conn:lasterror().alert.direction)
          assert.is_false(conn:ended())
          conn:close()
        end
      end)
    end)
  end

  -- A send over a stream does not read. The stream is read after the send that it refused.
  it("is reported by its alert over a stream, too", function()
    local child = STARTS.Python()
    local function create()
      local tcp = assert(socket.tcp())
      return {
        connect = function(_, ...) return tcp:connect(...) end,
        settimeout = function(_, ...) return tcp:settimeout(...) end,
        send = function(_, data) return tcp:send(data) end,
        receive = function(_, n) return tcp:receive(n) end,
        close = function() return tcp:close() end,
      }
    end
    for _, words in ipairs(REQUESTS) do
      assert.same({ nil, WORD }, { request(child.port, words[1], words[2],
                                           { create = create }) })
    end
  end)
end)
