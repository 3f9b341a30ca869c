-- State that several nginx workers share, and state that reloads and short Lua states leave
-- behind.

describe("in OpenResty, with", function()
  local ssl       = require "ssl"
  local openresty = require "spec.support.openresty"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  after_each(process.stop_all)

  local function connect(port)
    local sock = openresty.upgrade(port, "/worker")
    local conn = assert(ssl.wrap(sock, pair.client_config()))
    conn:settimeout(20)
    assert(conn:dohandshake())
    return conn
  end

  local function ask(conn, line)
    assert(conn:send(line .. "\n"))
    return (assert(conn:receive()))
  end

  describe("four workers and contexts made before them,", function()
    -- One listening socket a worker, so that the kernel spreads the connections.
    local function start()
      local port = process.free_port()
      local nginx = openresty.start {
        workers = 4, init = 'require "contexts"',
        http = ([[
          server {
            listen 127.0.0.1:%d reuseport;
            location = /worker { content_by_lua_file "%%(folder)s/worker.lua"; }
          }
        ]]):format(port),
      }
      local relay = process.start { "luajit", process.capture "pwd":gsub("\n", "")
                                    .. "/spec/openresty/relay.lua", port, "/worker" }
      return nginx, assert(relay:wait_output "port: (%d+)\n")
    end

    local function s_client(port, version, session, mode)
      local client = process.start {
        "openssl", "s_client", "-connect", "127.0.0.1:" .. port, version,
        "-CAfile", pki.root.cert, "-verify_return_error", mode, session,
      }
      client:write "who\n"
      local worker = client:wait_output "worker (%d+)"
      client:write "Q\n"
      client:wait()
      assert(worker, client:output())
      return worker, client:output():match "\n(%u%l+), TLSv1"
    end

    for _, version in ipairs { "-tls1_2", "-tls1_3" } do
      it("sessions of one worker are resumed by any other, " .. version, function()
        local nginx, port = start()
        local session = process.folder() .. "/session"
        local worker, how = s_client(port, version, session, "-sess_out")
        assert.equal("New", how)
        local others = 0
        for _ = 1, 12 do
          local who
          who, how = s_client(port, version, session, "-sess_in")
          assert.equal("Reused", how)
          if who ~= worker then others = others + 1 end
        end
        assert.is_true(others > 0)
        assert.same({}, openresty.complaints(nginx))
      end)
    end
  end)

  it("a reload, connections go on and new ones are made", function()
    local nginx = openresty.start { init = 'require "contexts"' }
    local old = connect(nginx.port)
    local worker = ask(old, "who")
    nginx:signal(1)
    assert.truthy(nginx:wait_log "gracefully shutting down")
    local new
    repeat
      if new then new:close() end
      new = connect(nginx.port)
    until ask(new, "who") ~= worker
    assert.equal(worker, ask(old, "who"))
    assert.equal("still here", ask(old, "still here"))
    old:close()
    assert.truthy(nginx:wait_log(("process %s exited with code 0"):format(worker:match "%d+")))
    assert.equal("new", ask(new, "new"))
    new:close()
    assert.same({}, openresty.complaints(nginx))
  end)

  it("a Lua state for each request, nothing crashes and nothing is left", function()
    local nginx = openresty.start {
      cache = "off", init = 'require "contexts"', files = { a = "the file" },
      server = "location = /plain { return 204; }",
    }
    local worker = nginx:wait_log "start worker process (%d+)"
    -- An answer is there before its Lua state is gone. There is one worker, which
    -- answers one more request only when it is done with the last.
    local function settled()
      nginx:get "/plain"
      local status = process.read("/proc/" .. worker .. "/status")
      return tonumber(status:match "VmRSS:%s*(%d+) kB")
    end
    local function use(n)
      for i = 1, n do
        assert.same({ "hello\n" }, { nginx:get("/pair?leave=" .. i % 2) })
      end
      return settled()
    end
    local before = use(16)
    local after = use(32)
    -- A context that stays is 14 KB, a connection as much, a Lua state 3 MB.
    assert.is_true(after - before < 400, ("%d kB, then %d"):format(before, after))
    -- nginx's own TLS still works, after all those states have taken the shim with them.
    for _ = 1, 3 do
      assert.same({ "content: TLSv1.3 9144da26b6b58c823799dd4a8a884f26\n" },
                  { nginx:get "/get?context=tlsv1_3&file=a" })
    end
    for _, line in ipairs(openresty.complaints(nginx)) do
      assert.matches("lua_code_cache is off", line)
    end
  end)
end)
