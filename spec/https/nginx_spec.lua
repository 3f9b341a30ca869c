describe("ssl.https and nginx", function()
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  if not peers.nginx_root() then
    pending "nginx is not there: script/bootstrap --with-tests"
    return
  end

  local BIG = ("0123456789abcdef"):rep(64 * 1024)
  local child

  setup(function()
    child = peers.nginx {
      key = pki.server.key, chain = pki.server.chain,
      files = { small = "hello", big = BIG },
      http = "gzip off;",
      server = ([[
        ssl_client_certificate "%s";
        ssl_verify_client optional;
        ssl_protocols TLSv1.2 TLSv1.3;
        location = /to { return 302 /small; }
        location = /back { return 301 http://localhost/small; }
        location = /chunked { ssi on; ssi_types *; try_files /big =404; }
        location = /who { return 200 "$ssl_client_verify $ssl_server_name $ssl_protocol"; }
        location = /dav { client_max_body_size 2m; dav_methods PUT; }
      ]]):format(pki.root.cert),
    }
  end)

  teardown(process.stop_all)

  local function get(path, more, host)
    local chunks = {}
    local reqt = { url = ("https://%s:%d%s"):format(host or "localhost", child.port, path),
                   cafile = pki.root.cert, sink = ltn12.sink.table(chunks) }
    for key, value in pairs(more or {}) do reqt[key] = value end
    local ok, code, headers = https.request(reqt)
    return ok and table.concat(chunks), code, headers
  end

  for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
    it("get a file, small or big, over " .. protocol, function()
      assert.equal("hello", (get("/small", { protocol = protocol })))
      assert.is_true(BIG == get("/big", { protocol = protocol }))
    end)
  end

  it("get a chunked one", function()
    local body, code, headers = get "/chunked"
    assert.equal(200, code)
    assert.equal("chunked", headers["transfer-encoding"])
    assert.is_true(BIG == body)
  end)

  it("get a part", function()
    local body, code = get("/big", { headers = { range = "bytes=10-15" } })
    assert.same({ "abcdef", 206 }, { body, code })
  end)

  it("ask for the head", function()
    local body, code, headers = get("/big", { method = "HEAD" })
    assert.same({ "", 200, tostring(#BIG) }, { body, code, headers["content-length"] })
  end)

  it("put a file", function()
    local _, code = get("/dav", { method = "PUT", source = ltn12.source.string(BIG) })
    assert.equal(201, code)
    assert.is_true(BIG == get "/dav")
  end)

  it("follow to a relative location, and not back to http", function()
    assert.equal("hello", (get "/to"))
    assert.equal(301, (select(2, get "/back")))
  end)

  it("show a client certificate", function()
    assert.matches("^NONE localhost", (get "/who"))
    assert.matches("^SUCCESS localhost", (get("/who", { key = pki.client.key,
                                                        certificate = pki.client.chain })))
  end)

  it("ask for another name than the URL's, and check that", function()
    assert.matches("^NONE a%.wild%.test ", (get("/who", { servername = "a.wild.test" },
                                                "127.0.0.1")))
    local body, why = get("/who", { servername = "elsewhere.test" })
    assert.is_nil(body)
    assert.matches("the certificate is not for elsewhere%.test", why)
    body, why = get("/who", { servername = "*.test" })
    assert.is_nil(body)
    assert.equal("string", type(why))
  end)

  it("ask for no name where it is an address", function()
    assert.matches("^NONE  TLS", (get("/who", nil, "127.0.0.1")))
  end)
end)
