-- The configuration of docs/openresty.md, as it is printed.

describe("in OpenResty, the printed configuration", function()
  local examples  = require "spec.support.examples"
  local openresty = require "spec.support.openresty"
  local peers     = require "spec.support.peers"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local ssl       = require "ssl"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local root = process.capture "pwd":gsub("\n", "")

  after_each(process.stop_all)

  it("serves a line over TLS in an upgraded connection", function()
    local folder, port = process.folder(), process.free_port()
    process.write(folder .. "/settings.lua", ([[
      return { pki = { root = { cert = %q }, server = { key = %q, chain = %q } } }
    ]]):format(pki.root.cert, pki.server.key, pki.server.chain))
    local block = examples.nginx("docs/openresty.md", {
      ["/usr/local/share/lua/5.1/?.lua"] =
        ("%s/?.lua;%s/spec/openresty/?.lua;"):format(folder, root)
        .. "%(path)s;%(root)s/usr/share/lua/5.1/?.lua",
      ["/usr/local/lib/lua/5.1/?.so"] = "%(cpath)s",
      ["8080"] = "127.0.0.1:" .. port,
      ["/etc/nginx/lua"] = root .. "/spec/openresty",
    })
    -- The block for HTTP has more directives here, for temporary files.
    local nginx = peers.nginx { lua = true, paths = "",
                                http = assert(block:match "^http {\n(.*)}\n$") }
    local conn = assert(ssl.wrap(openresty.upgrade(port, "/echo"), {
      mode = "client", protocol = "any", verify = "peer", cafile = pki.root.cert }))
    conn:settimeout(60)
    assert(conn:setverifyname "localhost")
    assert(conn:dohandshake())
    assert(conn:send "as printed\n")
    assert.same({ "as printed" }, { conn:receive() })
    conn:close()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
