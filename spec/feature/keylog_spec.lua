-- The key log: the same lines as at the other end, in the file or function of the program.

describe("keylog", function()
  local ssl     = require "ssl"
  local ffi     = require "ffi"
  local process = require "spec.support.process"
  local pair    = require "spec.support.pair"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local ours    = require "spec.support.ours"
  local shake   = require "spec.support.shake"
  local house   = require "spec.support.init"
  local state   = require "ssl.io.state"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.ffi.lib").has.SSL_CTX_set_keylog_callback, "key logs")

  after_each(process.stop_all)

  -- The lines of a text, in alphabetical order, without comments.
  local function lines(text)
    local out = {}
    for line in text:gmatch "[^\n]+" do
      if not line:find "^#" then out[#out + 1] = line end
    end
    table.sort(out)
    return out
  end

  local function wait_for(path, count)
    local function enough() return #lines(process.read(path)) >= count end
    for _ = 1, 1000 do
      if enough() then break end
      require("socket").sleep(0.02)
    end
    return lines(process.read(path))
  end

  local COUNT = { tlsv1_2 = 1, tlsv1_3 = 5 }
  local OPTION = { tlsv1_2 = "-tls1_2", tlsv1_3 = "-tls1_3" }
  local LABELS = {
    tlsv1_2 = { CLIENT_RANDOM = true },
    tlsv1_3 = { CLIENT_HANDSHAKE_TRAFFIC_SECRET = true, SERVER_HANDSHAKE_TRAFFIC_SECRET = true,
                CLIENT_TRAFFIC_SECRET_0 = true, SERVER_TRAFFIC_SECRET_0 = true,
                EXPORTER_SECRET = true },
  }

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      it("has the lines that openssl s_server writes", function()
        local folder = process.folder()
        local server = peers.s_server(pki.server, { OPTION[version], "-keylogfile",
                                                    folder .. "/theirs" })
        local conn = assert(ours.connect(server.port, { keylog = folder .. "/ours" }))
        assert(conn:send "hello\n")
        local mine = lines(process.read(folder .. "/ours"))
        assert.equal(COUNT[version], #mine)
        assert.same(wait_for(folder .. "/theirs", COUNT[version]), mine)
        conn:close()
      end)

      it("has the lines that openssl s_client writes", function()
        local folder, seen = process.folder(), {}
        local server = ours.listen { keylog = function(line) seen[#seen + 1] = line end }
        process.start { "openssl", "s_client", "-connect", "127.0.0.1:" .. server.port,
                        OPTION[version], "-keylogfile", folder .. "/theirs" }
        local conn = assert(server:accept())
        table.sort(seen)
        assert.same(wait_for(folder .. "/theirs", COUNT[version]), seen)
        conn:close()
      end)

      it("has the same lines at both ends, in NSS's format", function()
        local at = { {}, {} }
        local function into(list) return function(line) list[#list + 1] = line end end
        local server, client = pair.connected({ protocol = version, keylog = into(at[1]) },
                                              { protocol = version, keylog = into(at[2]) })
        local labels = {}
        for _, line in ipairs(at[1]) do
          local label, random, secret = line:match "^([%u%d_]+) (%x+) (%x+)$"
          assert.equal(64, #random)
          assert.is_true(#secret == 96 or #secret == 64)
          labels[label] = true
        end
        assert.same(LABELS[version], labels)
        table.sort(at[1])
        table.sort(at[2])
        assert.same(at[1], at[2])
        server:close()
        client:close()
      end)

      it("gives the lines of a handshake that fails later too", function()
        local seen = {}
        local server, client = pair.wrapped({ protocol = version },
          { protocol = version, ocsp = "require",
            keylog = function(line) seen[#seen + 1] = line end })
        local _, word = shake(server, client)
        assert.equal("OCSP: the server has stapled no response", word)
        assert.equal(version == "tlsv1_3", #seen > 0)
        server:close()
        client:close()
      end)

      it("does not break the handshake when the function raises", function()
        local count = 0
        local function fails()
          count = count + 1
          error("full", 0)
        end
        local server, client = pair.wrapped({ protocol = version, keylog = fails },
                                            { protocol = version })
        server:settimeout(0)
        client:settimeout(0)
        local problems, at_server, at_client = {}, false, false
        local late = house.patience()
        repeat
          local fine, result = pcall(server.dohandshake, server)
          if not fine then problems[#problems + 1] = result end
          at_server = fine and result or at_server
          at_client = client:dohandshake() or at_client
          assert(not late())
        until at_server and at_client
        assert.is_true(count > 0)
        assert.equal(count, #problems)
        for _, problem in ipairs(problems) do assert.equal("full", problem) end
        assert.equal(5, client:send "hello")
        server:settimeout(10)
        assert.equal("hello", server:receive(5))
        server:close()
        client:close()
      end)

      it("lets the function yield", function()
        local seen = {}
        local server, client = pair.wrapped({ protocol = version, keylog = function(line)
          coroutine.yield "line"
          seen[#seen + 1] = line
        end }, { protocol = version })
        server:settimeout(0)
        client:settimeout(0)
        local task = coroutine.create(function()
          local ok, word
          repeat
            ok, word = server:dohandshake()
            if not ok then coroutine.yield(word) end
          until ok
          return "done"
        end)
        local word, done
        repeat
          word = select(2, assert(coroutine.resume(task)))
          done = client:dohandshake() or done
        until word == "done"
        while not done do done = client:dohandshake() end
        assert.equal(COUNT[version], #seen)
        server:close()
        client:close()
      end)

      it("survives a function that closes the connection", function()
        local server, client
        local function close() server:close() end
        server, client = pair.wrapped({ protocol = version, keylog = close },
                                      { protocol = version })
        local at_server = shake(server, client)
        assert.equal("closed", at_server)
        assert.same({ false, "closed" }, { server:dohandshake() })
        client:close()
      end)

      it("leaves no secret with the connection", function()
        for _, sink in ipairs { process.folder() .. "/file", function() end } do
          local server, client = pair.connected({ protocol = version, keylog = sink })
          local conn = state.of(server).conn
          assert.is_true(conn.keylog.lines == nil)
          assert.equal(0, conn.keylog.length)
          server:close()
          client:close()
        end
      end)

      it("is that of the context which the server name chose", function()
        local at
        local silent = assert(ssl.newcontext(pair.server_config { protocol = version }))
        for name, expected in pairs { inner = { 0, COUNT[version] }, silent = { 0, 0 },
                                      nobody = { COUNT[version], 0 } } do
          at = { outer = {}, inner = {} }
          local function write(which)
            return function(line) table.insert(at[which], line) end
          end
          local inner = assert(ssl.newcontext(pair.server_config {
            protocol = version, keylog = write "inner" }))
          local server, client = pair.wrapped({ protocol = version, keylog = write "outer" },
                                              { protocol = version })
          server:sni { inner = inner, silent = silent }
          client:sni(name)
          assert.same({ true, true }, { shake(server, client) })
          assert.same(expected, { #at.outer, #at.inner })
          server:close()
          client:close()
        end
      end)
    end)
  end

  describe("a file", function()
    local function mode(path)
      return process.capture(("stat -c %%a '%s'"):format(path)):gsub("\n", "")
    end

    it("is made for its owner alone, with any umask, and appended to", function()
      local path = process.folder() .. "/keys"
      for round = 1, 3 do
        local server, client = pair.connected({ protocol = "tlsv1_3", keylog = path },
                                              { protocol = "tlsv1_3" })
        assert.equal("600", (mode(path)))
        assert.equal(5 * round, #lines(process.read(path)))
        server:close()
        client:close()
      end
    end)

    it("that exists is appended to as it is", function()
      local path = process.write(process.folder() .. "/keys", "# mine\n")
      os.execute(("chmod 640 '%s'"):format(path))
      local server, client = pair.connected({ protocol = "tlsv1_3", keylog = path })
      assert.matches("^# mine\n%u", process.read(path))
      assert.equal("640", (mode(path)))
      server:close()
      client:close()
    end)

    it("is shared by both ends and many connections", function()
      local path = process.folder() .. "/keys"
      local n = house.scale(20, 3)
      local at_server = assert(ssl.newcontext(pair.server_config { keylog = path }))
      local at_client = assert(ssl.newcontext(pair.client_config { keylog = path }))
      for _ = 1, n do
        local server, client = pair.connected(at_server, at_client)
        server:close()
        client:close()
      end
      for _, line in ipairs(lines(process.read(path))) do
        assert.matches("^[%u%d_]+ %x+ %x+$", line)
      end
      assert.equal(10 * n, #lines(process.read(path)))
    end)

    it("that cannot be written any more costs the lines and nothing else", function()
      local folder = process.folder()
      local ctx = assert(ssl.newcontext(pair.server_config { keylog = folder .. "/keys" }))
      os.execute(("rm -r '%s'"):format(folder))
      local server, client = pair.connected(ctx)
      assert.equal(0, state.of(server).conn.keylog.length)
      server:close()
      client:close()
    end)

    it("in a folder that does not exist is refused by newcontext", function()
      local path = process.folder() .. "/nowhere/keys"
      assert.same({ nil, ("error opening keylog %s (No such file or directory)"):format(path) },
                  { ssl.newcontext(pair.server_config { keylog = path }) })
      local folder = process.folder()
      assert.same({ nil, ("error opening keylog %s (Is a directory)"):format(folder) },
                  { ssl.newcontext(pair.server_config { keylog = folder }) })
    end)
  end)

  it("of another type is refused", function()
    for _, value in ipairs { true, 1, {}, "", "a\0b" } do
      assert.same({ nil, "invalid keylog (file name or function expected)" },
                  { ssl.newcontext(pair.server_config { keylog = value }) })
    end
  end)

  it("is never taken from the environment", function()
    ffi.cdef "int setenv(const char *name, const char *value, int overwrite);"
    local path = process.folder() .. "/keys"
    ffi.C.setenv("SSLKEYLOGFILE", path, 1)
    local server, client = pair.connected()
    server:close()
    client:close()
    ffi.C.unsetenv "SSLKEYLOGFILE"
    assert.equal("", process.read(path))
  end)

  it("is among the capabilities", function()
    assert.is_true(ssl.config.capabilities.keylog)
  end)
end)
