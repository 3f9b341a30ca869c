-- ssl.resty.install: a program for ngx.socket.tcp gets what this library has.

describe("ssl.resty.install", function()
  local socket    = require "socket"
  local openresty = require "spec.support.openresty"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local WHO = "$ssl_protocol $ssl_client_s_dn $ssl_alpn_protocol $ssl_session_reused"
              .. " $connection_requests"

  local nginx
  local ports = {}

  -- A server of nginx's own, of one version, and how long it waits for a request.
  local function server(name, protocol, more)
    ports[name] = process.free_port()
    return ([[
      server {
        listen 127.0.0.1:%d ssl;
        ssl_certificate "%s";
        ssl_certificate_key "%s";
        ssl_client_certificate "%s";
        ssl_verify_client on;
        ssl_verify_depth 3;
        ssl_protocols %s;
        %s
        location /who { return 200 "%s"; }
      }
    ]]):format(ports[name], pki.server.chain, pki.server.key, pki.root.cert, protocol, more, WHO)
  end

  setup(function()
    nginx = openresty.start {
      folder = "spec/resty", init = 'require "initial"',
      http = "lua_shared_dict sessions 1m;" .. server("TLSv1.2", "TLSv1.2", "")
             .. server("TLSv1.3", "TLSv1.3", "")
             .. server("short", "TLSv1.3", "keepalive_timeout 1s;")
             .. server("one", "TLSv1.3", "keepalive_requests 1;")
             .. server("one12", "TLSv1.2", "keepalive_requests 1;"),
    }
  end)

  teardown(process.stop_all)

  local function fetch(name, more)
    return (nginx:get(("/fetch?port=%d%s"):format(ports[name], more or "")))
  end

  local function who(protocol, resumed, requests)
    return ("%s %s http/1.1 %s %d\n"):format(protocol, "CN=client,O=luasec-ffi specs",
                                             resumed and "r" or ".", requests)
  end

  for _, protocol in ipairs { "TLSv1.2", "TLSv1.3" } do
    it("shows certificate and ALPN, and keeps the connection between requests, " .. protocol,
       function()
      for i = 1, 4 do assert.equal(who(protocol, false, i), fetch(protocol)) end
    end)
  end

  it("resumes where the connection was not kept", function()
    for _, name in ipairs { "one", "one12" } do
      local protocol = name == "one" and "TLSv1.3" or "TLSv1.2"
      assert.equal(who(protocol, false, 1), fetch(name))
      assert.equal(who(protocol, true, 1):rep(3), fetch(name, "&times=3"))
    end
  end)

  it("makes a new connection where the server has closed the kept one", function()
    assert.equal(who("TLSv1.3", false, 1), fetch "short")
    assert.equal(who("TLSv1.3", false, 2), fetch "short")
    socket.sleep(1.5)
    assert.equal(who("TLSv1.3", true, 1), fetch "short")
    assert.equal(who("TLSv1.3", true, 2), fetch "short")
  end)

  it("verifies chain and name where the program wants it", function()
    assert.equal("nilcertificate verify failed (hostname mismatch)\n",
                 fetch("TLSv1.3", "&name=elsewhere.test"))
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
