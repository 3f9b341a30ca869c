-- The configuration of docs/resty.md, as it is printed.

describe("over ssl.resty, the printed configuration", function()
  local examples  = require "spec.support.examples"
  local openresty = require "spec.support.openresty"
  local peers     = require "spec.support.peers"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local root = process.capture "pwd":gsub("\n", "")

  after_each(process.stop_all)

  it("gives a program for ngx.socket.tcp a client certificate, a kept connection and ALPN",
     function()
    local folder, port, tls = process.folder(), process.free_port(), process.free_port()
    process.write(folder .. "/settings.lua", ([[
      return { pki = { root = { cert = %q }, client = { key = %q, chain = %q } } }
    ]]):format(pki.root.cert, pki.client.key, pki.client.chain))
    local block = examples.nginx("docs/resty.md", {
      ["/etc/nginx/lua/?.lua"] = ("%s/?.lua;%s/spec/resty/?.lua"):format(folder, root),
      ["/usr/local/share/lua/5.1/?.lua"] = "%(path)s;%(root)s/usr/share/lua/5.1/?.lua",
      ["/usr/local/lib/lua/5.1/?.so"] = "%(cpath)s",
      ["8080"] = "127.0.0.1:" .. port,
      ["/etc/nginx/lua/fetch"] = root .. "/spec/resty/fetch",
    })
    -- The block for HTTP has more directives here, for temporary files and the far side.
    local nginx = peers.nginx {
      lua = true, paths = "",
      http = assert(block:match "^http {\n(.*)}\n$")
             .. openresty.who(tls, "ssl_protocols TLSv1.3; ssl_verify_client on;"),
    }
    local fetch = ("curl -s 'http://127.0.0.1:%d/fetch?port=%d'"):format(port, tls)
    for i = 1, 2 do
      assert.equal(("TLSv1.3 CN=client,O=luasec-ffi specs http/1.1 . requests=%d\n"):format(i),
                   process.capture(fetch))
    end
    assert.same({}, openresty.complaints(nginx))
  end)
end)
