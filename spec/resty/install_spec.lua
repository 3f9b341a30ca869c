-- ssl.resty.install: a program for ngx.socket.tcp gets what this library has.

describe("ssl.resty.install", function()
  local socket    = require "socket"
  local openresty = require "spec.support.openresty"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local nginx
  local ports = {}

  local function server(name, protocol, more)
    ports[name] = process.free_port()
    return openresty.who(ports[name], ("ssl_verify_client on; ssl_protocols %s; %s"):format(
      protocol, more or ""))
  end

  setup(function()
    nginx = openresty.start {
      folder = "spec/resty", init = 'require "initial"',
      http = "lua_shared_dict sessions 1m;" .. server("TLSv1.2", "TLSv1.2")
             .. server("TLSv1.3", "TLSv1.3")
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
    return ("%s CN=client,O=luasec-ffi specs http/1.1 %s requests=%d\n"):format(
      protocol, resumed and "r" or ".", requests)
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

  it("resumes in any worker what one of them has begun", function()
    -- One listening socket a worker, so that the system spreads the requests.
    local port = process.free_port()
    local many = openresty.start {
      folder = "spec/resty", init = 'require "initial"', workers = 4,
      http = "lua_shared_dict sessions 1m;" .. server("shared", "TLSv1.3", "keepalive_requests 1;")
             .. ([[
        server {
          listen 127.0.0.1:%d reuseport;
          location = /fetch { content_by_lua_file "%%(folder)s/fetch.lua"; }
        }
      ]]):format(port),
    }
    many.port = port
    local seen, workers = {}, 0
    for i = 1, 12 do
      local body = assert(many:get(("/fetch?worker=1&port=%d"):format(ports.shared)))
      local how, pid = body:match " ([r.]) requests=1\nworker (%d+)"
      assert.equal(i == 1 and "." or "r", how, body)
      if not seen[pid] then seen[pid], workers = true, workers + 1 end
    end
    assert.is_true(workers > 1)
    assert.same({}, openresty.complaints(many))
  end)

  it("verifies chain and name where the program wants it", function()
    assert.equal("nilcertificate verify failed (hostname mismatch)\n",
                 fetch("TLSv1.3", "&name=elsewhere.test"))
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
