-- nginx's own TLS with its client, read by the library.

describe("ssl.resty", function()
  local mime      = require "mime"
  local ssl       = require "ssl"
  local openresty = require "spec.support.openresty"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local port, nginx = process.free_port(), nil

  setup(function()
    nginx = openresty.start {
      folder = "spec/resty",
      http = "lua_ssl_protocols TLSv1.3;" .. openresty.who(port, [[
        ssl_verify_client optional;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_client_hello_by_lua_block { require("early").look "hello" }
        ssl_certificate_by_lua_block { require("early").look "certificate" }
        location /early { content_by_lua_block { require("early").tell() } }
        location /downstream { content_by_lua_file "%(folder)s/downstream.lua"; }
        location /answer { content_by_lua_file "%(folder)s/answer.lua"; }
      ]]),
    }
  end)

  teardown(process.stop_all)

  it("tells what nginx and its client have agreed on", function()
    local conn = assert(ssl.connect("localhost", port, {
      protocol = "any", verify = "peer", cafile = pki.root.cert, timeout = 10,
      certificate = pki.client.chain, key = pki.client.key, alpn = "http/1.1",
    }))
    conn:send "GET /downstream HTTP/1.0\r\n\r\n"
    local body = assert(conn:receive "*a"):match "\r\n\r\n(.*)"
    assert.equal(table.concat({
      conn:info "protocol" .. " " .. conn:info "cipher" .. " http/1.1 localhost",
      "luasec-ffi specs true",
      (mime.b64(conn:exportkeyingmaterial("EXPERIMENTAL spec", 32))),
      (mime.b64(conn:channelbinding "tls-exporter")),
      table.concat(conn:channelbindings(), " "),
      "2 2 false", "nil nil", "",
    }, "\n"), body)
    conn:close()
  end)

  it("gives certificates that are objects of their own", function()
    local conn = assert(ssl.connect("localhost", port, {
      protocol = "any", verify = "peer", cafile = pki.root.cert, timeout = 10,
      certificate = pki.client.chain, key = pki.client.key,
    }))
    conn:send "GET /answer HTTP/1.0\r\n\r\n"
    local digest = conn:getlocalcertificate():digest "sha256"
    assert.equal("TLSv1.3 " .. digest .. "\n", assert(conn:receive "*a"):match "\r\n\r\n(.*)")
    conn:close()
  end)

  it("says nothing while the handshake goes on, nor of another module's request", function()
    local conn = assert(ssl.connect("localhost", port, { protocol = "any", timeout = 10 }))
    conn:send "GET /early HTTP/1.0\r\n\r\n"
    assert.equal([[
hello: the handshake is not over
certificate: the handshake is not over
stream: there is no request here
]], assert(conn:receive "*a"):match "\r\n\r\n(.*)")
    conn:close()
  end)

  it("says that a request has no TLS", function()
    assert.equal("the connection of this request has no TLS\n", (nginx:get "/answer"))
  end)

  it("gives one module its cosockets, and leaves the others nginx's own", function()
    assert.matches("^TLSv1.3   %. requests=1\nTLSv1.3  http/1.1 %. requests=1\ntrue false\nfalse\n",
                   (nginx:get("/loaded?port=" .. port)))
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
