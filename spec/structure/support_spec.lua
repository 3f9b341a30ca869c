-- The helpers of the other specs, tried without the library: what fails here
-- would otherwise look like a fault of ours.

describe("spec.support", function()
  local socket  = require "socket"
  local house   = require "spec.support.init"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local peers   = require "spec.support.peers"

  local quote = house.quote

  after_each(process.stop_all)

  -- "OK", or OpenSSL's number for the mistake in a certificate.
  local function verify(options, entry)
    local output = process.capture(("openssl verify %s %s 2>&1"):format(
      options, quote(entry.cert)))
    return output:match "error (%d+) at" or output:match ": (OK)"
  end

  local function s_client(port, options)
    return process.capture((
      "echo Q | openssl s_client -connect 127.0.0.1:%d -servername localhost %s 2>&1"
    ):format(port, options))
  end

  it("fork leaves what waits in a file to the parent", function()
    local name = process.folder() .. "/file"
    local fresh = require "spec.support.fresh"
    assert.equal("", (fresh.luajit(([[
      local file = assert(io.open(%q, "w"))
      file:write "once"
      assert(require "spec.support.fork"(function() end)())
      file:close()
    ]]):format(name))))
    assert.equal("once", process.read(name))
  end)

  describe("pki", function()
    local root = "-CAfile " .. quote(pki.root.cert)

    it("has certificates that verify, each under its authority", function()
      for _, name in ipairs { "server", "client", "ec_client", "intermediate", "cn_only",
                              "odd", "nul", "huge", "serial_zero", "serial_ff01",
                              "serial_negative", "wrong_usage" } do
        assert.same({ name, "OK" }, { name, verify(root, pki[name]) })
      end
      assert.equal("OK", verify("-CAfile " .. quote(pki.ec_root.cert), pki.ec_server))
      assert.equal("OK", verify("-CAfile " .. quote(pki.other.cert), pki.other_server))
      assert.equal("OK", verify("-CApath " .. quote(pki.root.capath), pki.server))
      assert.equal("OK", verify(root .. " -untrusted " .. quote(pki.intermediate.cert),
                                { cert = pki.server.leaf }))
    end)

    it("has certificates that do not, each for its own reason", function()
      local with_crl = "-crl_check -CAfile " .. quote(pki.root.with_crl)
      assert.equal("10", verify(root, pki.expired))
      assert.equal("18", verify(root, pki.selfsigned))
      assert.equal("20", verify(root, pki.other_server))
      assert.equal("20", verify(root, { cert = pki.server.leaf }))
      assert.equal("23", verify(with_crl, pki.revoked))
      assert.equal("OK", verify(with_crl, pki.client))
      assert.equal("26", verify("-purpose sslclient " .. root, pki.wrong_usage))
    end)

    it("has keys that belong to the certificates", function()
      for name, entry in pairs(pki) do
        if type(entry) == "table" and entry.key then
          local of_cert = process.capture("openssl x509 -noout -pubkey -in "
                                          .. quote(entry.cert))
          local of_key = process.capture("openssl pkey -pubout -in " .. quote(entry.key))
          assert.same({ name, of_cert }, { name, of_key })
        end
      end
    end)

    it("has an encrypted key with its password", function()
      assert.matches("BEGIN ENCRYPTED", process.read(pki.server.encrypted_key))
      assert.matches("BEGIN PRIVATE KEY", process.capture(
        ("openssl pkey -in %s -passin pass:%s"):format(quote(pki.server.encrypted_key),
                                                       pki.server.password)))
    end)

    it("has DH parameters of both sizes", function()
      for name, bits in pairs { ffdhe2048 = 2048, weak512 = 512 } do
        assert.matches(("(%d bit)"):format(bits), process.capture(
          "openssl dhparam -noout -text -in " .. quote(pki.dh[name])), 1, true)
      end
    end)
  end)

  it("asks for a verdict again with longer limits, and raises what is wrong under the last",
     function()
    local seen = {}
    house.in_time(function(factor)
      seen[#seen + 1] = factor
      assert(factor >= 16)
    end)
    assert.same({ 1, 4, 16 }, seen)
    assert.has_error(function()
      house.in_time(function(factor) error("wrong under " .. factor, 0) end)
    end, "wrong under 64")
  end)

  it("gives up when the time for waiting is over", function()
    assert.is_false(house.patience()())
    assert.is_true(house.patience(-1)())
  end)

  describe("process", function()
    it("reports how a child ended", function()
      local child = process.start { "sh", "-c", "cat; exit 3", input = "hello" }
      assert.same({ "exit", 3 }, { child:wait() })
      assert.equal("hello", child:output())
    end)

    it("feeds a child that goes on reading", function()
      local child = process.start { "cat" }
      child:write "one\n"
      assert.equal("one", child:wait_output "one")
      child:write "two\n"
      assert.equal("two", child:wait_output "two")
      assert.same({ "signal", 15 }, { child:stop() })
    end)

    it("has the output of a child that does not listen", function()
      local child = process.start { "sh", "-c", "echo no port here", port = 1 }
      local ok, message = pcall(child.wait_port, child)
      assert.is_false(ok)
      assert.matches("sh does not listen on 127.0.0.1:1\nno port here", message, 1, true)
    end)

    it("hands none of our sockets to a child", function()
      local server = assert(socket.bind("127.0.0.1", 0))
      local _, port = server:getsockname()
      local client = assert(socket.connect("127.0.0.1", port))
      local accepted = server:accept()
      process.start { "sleep", "60" }
      accepted:close()
      client:settimeout(20)
      assert.same({ nil, "closed", "" }, { client:receive() })
      client:close()
      server:close()
    end)

    it("takes the children along when the spec process is killed", function()
      if not process.capture "command -v setpriv":find "%S" then
        pending "only Linux's kernel does this, through setpriv"
      end
      local parent = process.start {
        "env", "ROOT=" .. process.capture "pwd":gsub("\n", ""), "sh", "-c",
        "cd \"$ROOT\" && exec luajit -", input = [[
          package.loaded.busted = { subscribe = function() end } -- no suite runs there
          local process = require "spec.support.process"
          print("child: " .. process.start({ "sleep", "600" }).pid)
          io.flush()
          require("socket").sleep(600)
        ]],
      }
      local pid = assert(parent:wait_output "child: (%d+)\n", parent:output())
      parent:signal(process.SIGKILL)
      parent:wait()
      local late = house.patience()
      local gone
      repeat
        gone = not house.run("kill -0 " .. pid .. " 2>/dev/null")
          or process.read("/proc/" .. pid .. "/stat"):find "%) Z "
        socket.sleep(0.01)
      until gone or late()
      assert.truthy(gone)
    end)
  end)

  describe("peers", function()
    it("runs openssl s_server", function()
      local server = peers.s_server(pki.server)
      assert.matches("Verify return code: 0", s_client(
        server.port, "-CAfile " .. quote(pki.root.cert)))
    end)

    it("runs gnutls-serv", function()
      local server = peers.gnutls(pki.ec_server)
      assert.matches("Verify return code: 0", s_client(
        server.port, "-CAfile " .. quote(pki.ec_root.cert)))
    end)

    it("runs nginx, with TLS", function()
      local server = peers.nginx {
        cert = pki.server.cert, key = pki.server.key, files = { ["a.txt"] = "a file" },
      }
      assert.equal("a file", process.capture(
        ("curl -s --cacert %s https://localhost:%d/a.txt"):format(quote(pki.root.cert),
                                                                  server.port)))
    end)

    it("runs nginx, with Lua", function()
      local server = peers.nginx {
        lua = true,
        server = "location /lua { content_by_lua_block { ngx.print(jit.version) } }",
      }
      assert.matches("^LuaJIT", process.capture(
        ("curl -s http://127.0.0.1:%d/lua"):format(server.port)))
      assert.equal("", server.log())
    end)
  end)

  it("sees each new open descriptor, by its kind", function()
    local resources = require "spec.support.resources"
    local gone = assert(socket.bind("127.0.0.1", 0))
    local before = resources.open_files()
    local kept = assert(socket.bind("127.0.0.1", 0))
    gone:close()
    assert.equal(1, #resources.more_than(before))
    kept:close()
    assert.same({}, resources.more_than(before))
  end)

  it("sees memory that each round loses, and none in a heap that has found its size", function()
    local resources = require "spec.support.resources"
    local ffi = require "ffi"
    ffi.cdef [[
      void *malloc(size_t size);
      void *memset(void *at, int byte, size_t size);
      void free(void *at);
    ]]
    local SIZE = 4096 -- KB, much more than what the heap gives back meanwhile
    local blocks = {}
    local process_kb = resources.growth(function()
      blocks[#blocks + 1] = ffi.C.memset(ffi.C.malloc(SIZE * 1024), 1, SIZE * 1024)
    end)
    assert.is_true(resources.kept or process_kb > SIZE / 2, process_kb)
    assert.equal(1 + resources.ROUNDS, #blocks)
    for _, block in ipairs(blocks) do ffi.C.free(block) end
    -- Traces that are thrown away meanwhile give some memory back, too.
    local strings = {}
    local _, lua_kb = resources.growth(function()
      strings[#strings + 1] = ("x"):rep(SIZE * 1024 + #strings)
    end)
    assert.is_true(lua_kb > SIZE / 2, lua_kb)
    -- One round alone needs much more than those before it.
    local round, tables = 0, {}
    local process_kb2, lua_kb2 = resources.growth(function()
      round = round + 1
      if round == 3 then
        for i = 1, 100000 do tables[i] = { i } end
      end
    end)
    assert.equal(100000, #tables)
    assert.is_true(process_kb2 < 128 and lua_kb2 < 128)
  end)
end)
