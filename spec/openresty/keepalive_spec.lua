-- The keep-alive recipe of docs/openresty.md.

describe("in OpenResty, a kept connection", function()
  local house     = require "spec.support.init"
  local socket    = require "socket"
  local openresty = require "spec.support.openresty"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local nginx
  local ports = {}

  -- nginx's own TLS servers, of one version each, and how long they wait for a request.
  local function server(name, protocol, idle)
    ports[name] = process.free_port()
    return ([[
      server {
        listen 127.0.0.1:%d ssl;
        ssl_certificate "%s";
        ssl_certificate_key "%s";
        ssl_protocols %s;
        keepalive_timeout %s;
        location /requests { return 200 "$connection_requests"; }
      }
    ]]):format(ports[name], pki.server.chain, pki.server.key, protocol, idle)
  end

  setup(function()
    nginx = openresty.start {
      init = 'require "contexts"',
      http = server("TLSv1.2", "TLSv1.2", "60s") .. server("TLSv1.3", "TLSv1.3", "60s")
             .. server("short", "TLSv1.3", "1s"),
    }
  end)

  teardown(process.stop_all)

  local function ask(name, more)
    return (nginx:get(("/kept?port=%d%s"):format(ports[name], more or "")))
  end

  for _, protocol in ipairs { "TLSv1.2", "TLSv1.3" } do
    it("serves one request after another, " .. protocol, function()
      assert.equal("new 1\n", ask(protocol))
      for i = 2, 6 do assert.equal(("kept %d\n"):format(i), ask(protocol)) end
    end)

    it("serves one request at a time, " .. protocol, function()
      assert.equal("kept 7, new 1, new 1\n", ask(protocol, "&n=3"))
      assert.equal("kept 2, kept 2, kept 8\n", ask(protocol, "&n=3"))
    end)
  end

  it("is replaced when the server has given it up", function()
    house.in_time(function(factor)
      socket.sleep(1.5 * factor)
      assert.equal("new 1\n", ask "short")
      assert.equal("kept 2\n", ask "short")
      socket.sleep(1.5 * factor)
      assert.equal("new 1\n", ask "short")
      assert.equal("kept 2\n", ask "short")
    end)
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
