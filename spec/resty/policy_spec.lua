-- Who verifies, whom, and what a configuration adds.

describe("a cosocket of ssl.resty", function()
  local house     = require "spec.support.init"
  local openresty = require "spec.support.openresty"
  local peers     = require "spec.support.peers"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local VERSIONS = "ssl_protocols TLSv1.2 TLSv1.3;"

  local nginx
  local port, other, folder = process.free_port(), process.free_port(), process.folder()

  setup(function()
    local psk = peers.s_server(pki.server, {
      "-psk", ("6b"):rep(32), "-psk_identity", "device", "-nocert", "-tls1_3",
      "-ciphersuites", "TLS_AES_128_GCM_SHA256",
    })
    nginx = openresty.start {
      folder = "spec/resty", settings = { psk = psk.port, folder = folder },
      http = "lua_ssl_protocols TLSv1.3;"
             .. openresty.who(port, "ssl_verify_client optional;" .. VERSIONS)
             .. openresty.who(other, VERSIONS)
             .. openresty.who("unix:" .. folder .. "/socket", VERSIONS),
    }
    nginx.psk = psk
  end)

  teardown(process.stop_all)

  it("takes what ssl.newcontext takes, for each object", function()
    local lines = {}
    local output = assert(nginx:get(("/contexts?port=%d&psk=%d"):format(port, nginx.psk.port)))
    for line in output:gmatch "[^\n]+" do
      lines[#lines + 1] = line:gsub("^.*/contexts.lua:%d+: ", "")
    end
    assert.same({
      "TLSv1.2", "http/1.1", "secp384r1", "TLSv1.3",
      "certificate verify failed (application verification failure)",
      "certificate verify failed (unable to get local issuer certificate)",
      "TLSv1.3", "certificate verify failed (hostname mismatch)",
      "TLSv1.3", "certificate verify failed (unable to get local issuer certificate)",
      "TLSv1.3", "certificate verify failed (hostname mismatch)",
      "TLSv1.3", "CLIENT_TRAFFIC_SECRET_0", "TLSv1.3 nil",
      "bad argument #1 to 'setcontext' (unknown key 'verfy'; did you mean 'verify'?)",
      "bad argument #2 to 'locations' (string expected, got table)",
    }, lines)
    assert.truthy(nginx.psk:wait_output "hello")
  end)

  it("uses a kept connection for what was verified on it, and for nothing else", function()
    assert.equal([[
new: 0 0
request 1
the same: 1 1
request 2
another name: 2 0
request 1
that name: 1 1
request 2
a wrong name: certificate verify failed (hostname mismatch)
not verified: 0 0
request 1
verified: 1 0
request 1
another trust: certificate verify failed (unable to get local issuer certificate)
another context: 0 0
request 1
the same content: 1 1
request 2
another port: 0 0
request 1
the first port: 1 1
request 2
]], (nginx:get(("/kept?port=%d&other=%d"):format(port, other))))
  end)

  it("shows the certificate that nginx's own shows, by setclientcert", function()
    local path = ("/certificate?port=%d&tcp="):format(port)
    local theirs, ours = assert(nginx:get(path .. "nginx")), assert(nginx:get(path .. "ours"))
    assert.matches("CN=client,", theirs)
    -- nginx's own offers no ALPN either, and no session.
    assert.equal(theirs, (ours:gsub(" r requests", " . requests")))
  end)

  it("takes no number of the FFI for a certificate", function()
    assert.equal("nilno certificate of nginx's OpenSSL\n", (nginx:get "/number"))
  end)

  it("limits a pool as nginx's own does", function()
    for _, tcp in ipairs { "nginx", "ours" } do
      local path = ("/backlog?port=%d&tcp=%s"):format(port, tcp)
      assert.equal("too many waiting connect operations\n0\ntimeout\n1\ntimeout\n",
                   (nginx:get(path)))
      assert(nginx:get(path .. "&leave=1"))
      assert.equal("too many waiting connect operations\n", (nginx:get(path):match "^[^\n]+\n"))
    end
  end)

  it("leaves nothing half-done after a failure", function()
    assert.equal([[
of the program
closed
of the program
closed
there is no lua_shared_dict
closed
closed
HTTP/1.1 200 OK
closed
socket busy closing
socket busy closing
1
1
true
]], (nginx:get("/failures?port=" .. port)))
  end)

  it("keeps its limits over a close, and no queue for ever", function()
    assert.equal("5000 6000 7000\n3600000\ntrue\ntrue\n", (nginx:get("/limits?port=" .. port)))
  end)

  it("connects to a path", function()
    assert.equal("1 0\n2 1\n3 2\n", (nginx:get "/unix"))
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
    assert.is_true(house.run("test -s " .. house.quote(folder .. "/keys")))
  end)
end)
