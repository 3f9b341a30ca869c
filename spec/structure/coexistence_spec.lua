-- The library is a guest: in a process with other bindings of OpenSSL, with itself
-- loaded twice, with other Lua states, with a host that owns the process.

describe("coexistence", function()
  local fresh   = require "spec.support.fresh"
  local house   = require "spec.support.init"
  local lib     = require "ssl.ffi.lib"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"

  teardown(process.stop_all)

  local function prints(expected, text)
    assert.equal(expected, (fresh.luajit(text)))
  end

  -- talk(server, client): both ways.
  local TALK = [[
    function talk(server, client)
      assert(client:send "hello\n")
      assert(server:receive() == "hello")
      assert(server:send "goodbye\n")
      assert(client:receive() == "goodbye")
    end
  ]]

  describe("with another FFI binding", function()
    -- The same names, with other shapes, and as public as they come.
    local OTHER = [[
      local ffi = require "ffi"
      ffi.cdef [==[
      typedef struct { int a; char b[40]; } X509;
      typedef struct ssl_st { double shape; } SSL;
      typedef struct ssl_ctx_st SSL_CTX;
      typedef double BIO;
      typedef struct stack_st { char c; } OPENSSL_STACK;
      enum { SSL_ERROR_NONE = 77, SSL_VERIFY_PEER = 78 };
      const void *TLS_method(void);
      SSL_CTX *SSL_CTX_new(const void *method);
      void SSL_CTX_free(SSL_CTX *ctx);
      SSL *SSL_new(SSL_CTX *ctx);
      void SSL_free(SSL *ssl);
      double SSL_read_ex(int a, float b);
      float SSL_get_error(void);
      int ERR_get_error(int a, int b, int c);
      const char *SSL_get_version(const SSL *ssl);
      int strerror(int a);
      void *memcmp(void);
      int time_t;
      ]==]
      -- libssl's own search would find the system's libcrypto, or none.
      local crypto = ffi.load(]] .. ("%q"):format(lib.openssl.libcrypto) .. [[)
      local C = ffi.load(]] .. ("%q"):format(lib.openssl.libssl) .. [[)
      function other()
        local ctx = C.SSL_CTX_new(C.TLS_method())
        local ssl = C.SSL_new(ctx)
        assert(ffi.string(C.SSL_get_version(ssl)):find "TLSv1")
        C.SSL_free(ssl)
        C.SSL_CTX_free(ctx)
        assert(ffi.sizeof "X509" == 44 and ffi.sizeof "BIO" == 8)
        assert(C.SSL_ERROR_NONE == 77)
      end
    ]]
    local OURS = TALK .. [[
      local pair = require "spec.support.pair"
      function ours() talk(pair.connected()) end
    ]]
    local BOTH = "for _ = 1, 3 do other() ours() end collectgarbage() print 'both'"

    it("that was loaded first", function()
      prints("both\n", OTHER .. OURS .. BOTH)
    end)

    it("that is loaded later", function()
      prints("both\n", OURS .. "ours()" .. OTHER .. BOTH)
    end)
  end)

  describe("with itself", function()
    local LOAD = TALK .. [[
      function load()
        for name in pairs(package.loaded) do
          if name == "ssl" or name:find "^ssl%." then package.loaded[name] = nil end
        end
        package.loaded["spec.support.pair"] = nil
        return require "spec.support.pair", require "ssl"
      end
    ]]

    it("works loaded again, the old objects beside the new ones", function()
      prints("side by side\n", LOAD .. [[
        local old_pair, old_ssl = load()
        local s1, c1 = old_pair.connected()
        local new_pair, new_ssl = load()
        assert(old_ssl ~= new_ssl)
        local s2, c2 = new_pair.connected()
        for _ = 1, 3 do
          talk(s1, c1)
          talk(s2, c2)
          collectgarbage()
        end
        local a, b = old_pair.tcp()
        local server = assert(old_ssl.wrap(a, old_pair.server_config()))
        local client = assert(new_ssl.wrap(b, new_pair.client_config()))
        new_pair.handshake(server, client)
        server:settimeout(5)
        client:settimeout(5)
        talk(server, client)
        -- An object of the old one is nothing to the new one.
        local ctx = assert(old_ssl.newcontext(old_pair.client_config()))
        local ok, message = pcall(new_ssl.wrap, (old_pair.tcp()), ctx)
        assert(not ok and message:find "bad argument #1", message)
        print "side by side"
      ]])
    end)

    it("works loaded many times, in any order of collection", function()
      prints("all of them\n", LOAD .. [[
        local kept = {}
        for i = 1, 12 do
          local pair = load()
          local s, c = pair.connected()
          if i % 3 == 0 then kept[#kept + 1] = { s, c } end
          s, c, pair = nil, nil, nil
          collectgarbage()
          for _, both in ipairs(kept) do talk(both[1], both[2]) end
        end
        print "all of them"
      ]])
    end)
  end)

  describe("module by module", function()
    local modules = {}
    for _, folder in ipairs { "ffi", "lua" } do
      for _, path in ipairs(sources.list(folder, "lua")) do
        local name = sources.module(path)
        -- The adapters require the modules of their loops, which may be absent.
        if not path:find "^lua/ssl/over/" or name == "ssl.over.find" then
          modules[#modules + 1] = name
        end
      end
    end

    local list = {}
    for i, name in ipairs(modules) do list[i] = ("%q"):format(name) end
    list = "local modules = { " .. table.concat(list, ", ") .. " }\n"

    -- One of them first, then all, forwards or backwards; it must not matter. The
    -- globals of LuaSocket are its own.
    local REQUIRE = list .. [[
      require "socket.http"
      local function globals()
        local names = {}
        for name in pairs(_G) do names[#names + 1] = tostring(name) end
        table.sort(names)
        return table.concat(names, " ")
      end
      local before = globals()
      local function check(name)
        assert(globals() == before, name .. " sets a global")
        local lib = package.loaded["ssl.ffi.lib"]
        if lib then
          assert(lib.C.ERR_peek_error() == 0, name .. " leaves an error queued")
        end
      end
      require(FIRST)
      check(FIRST)
      for i = 1, #modules do
        local name = modules[BACKWARDS and #modules + 1 - i or i]
        require(name)
        check(name)
      end
      assert(require("spec.support.pair").connected())
      io.write "fine"
    ]]

    -- A process for each: in the first mode for all of them, in others for one in eight,
    -- since the order of loading has nothing to do with the mode.
    local step = house.mode == "jit" and 1 or 8

    it("loads in any order, sets no global, leaves no error queued", function()
      local wrong = {}
      for i = 1, #modules, step do
        local name = modules[i]
        local output = fresh.luajit(("FIRST, BACKWARDS = %q, %s\n"):format(
          name, tostring(i / step % 2 < 1)) .. REQUIRE)
        if output ~= "fine" then wrong[#wrong + 1] = name .. " first: " .. output end
      end
      assert.same({}, wrong)
    end)
  end)

  describe("leaves the process as it was:", function()
    -- The state of a process that a library could change and Linux reports. SIGPIPE is as in
    -- a program without the library.
    local OBSERVE = [[
      local ffi = require "ffi"
      ffi.cdef "void *signal(int number, void *handler); int fcntl(int fd, int command, ...);"
      ffi.C.signal(13, nil)
      local function read(path)
        local f = assert(io.open(path, "rb"))
        local text = f:read "*a"
        f:close()
        return text
      end
      local function descriptors()
        local open = {}
        for fd = 0, 1023 do
          if ffi.C.fcntl(fd, 1) >= 0 then open[#open + 1] = fd end
        end
        return table.concat(open, " ")
      end
      local function shell(words)
        local pipe = io.popen(words)
        local text = pipe:read "*a"
        pipe:close()
        return text
      end
      local function observe()
        local status = read "/proc/self/status"
        local out = {
          locale = os.setlocale(nil), limits = read "/proc/self/limits",
          folder_and_environment = shell "pwd -P; env | cksum",
          descriptors = descriptors(), hook = tostring(debug.gethook()),
          path = package.path, cpath = package.cpath,
          strings = tostring(getmetatable "" .__index == string),
        }
        for _, name in ipairs { "SigIgn", "SigCgt", "SigBlk", "Threads", "Umask" } do
          out[name] = status:match("\n" .. name .. ":%s*([^\n]*)")
        end
        return out
      end
      local before
      function remember() before = observe() end
      function compare()
        local now = observe()
        for name, value in pairs(before) do
          if now[name] ~= value then print(name, "was", value, "is", now[name]) end
        end
        print "the same"
      end
    ]]

    it("signals, locale, descriptors, threads, limits, environment", function()
      prints("the same\n", OBSERVE .. [[
        remember()
        require "ssl"
        assert(not package.loaded.socket)
        compare()
      ]])
    end)

    it("also after a connection", function()
      prints("the same\n", OBSERVE .. TALK .. [[
        local pair = require "spec.support.pair"
        -- OpenSSL keeps its source of randomness open from here on.
        require("ssl.ffi.lib").C.RAND_bytes(ffi.new "unsigned char[1]", 1)
        remember()
        local server, client = pair.connected()
        talk(server, client)
        server:close()
        client:close()
        compare()
      ]])
    end)
  end)

  describe("with other Lua states in one process", function()
    -- Leaves connections in every way there is: with bytes unread, half closed, not
    -- yet shaken hands.
    local STATE = TALK .. [[
      local pair = require "spec.support.pair"
      -- Else every first answer waits 40 ms for session tickets to be acknowledged.
      local tcp = pair.tcp
      function pair.tcp()
        local x, y = tcp()
        x:setoption("tcp-nodelay", true)
        y:setoption("tcp-nodelay", true)
        return x, y
      end
      local a, b = pair.connected()
      talk(a, b)
      assert(a:send "unread")
      local c, d = pair.connected()
      c:settimeout(0)
      c:close()
      left_open = { a, b, c, d, pair.wrapped() }
    ]]
    local REPORT = [[
      local function resident()
        local pages = io.open "/proc/self/statm":read "*a":match "^%d+ (%d+)"
        return tonumber(pages) * 4
      end
      if ROUND == WARM or ROUND == LAST then io.write(resident(), " ") end
    ]]
    local host

    setup(function() host = fresh.host {} end)

    it("opened and closed one after another, connections left open, memory flat", function()
      local rounds = house.share(200, 60, 60)
      -- ASan's quarantine fills first.
      if house.mode == "asan" then rounds = 100 end
      local output, ok = host(("WARM, LAST = %d, %d\n"):format(rounds / 2, rounds)
                              .. STATE .. REPORT, { rounds = rounds })
      local warm, last = output:match "^(%d+) (%d+) $"
      assert.is_true(ok and warm ~= nil, output)
      -- A context and an SSL that never shook hands are 24 KB, so this is half a leak.
      local grown, limit = last - warm, rounds / 2 * 12
      if house.mode == "asan" then limit = limit + 16 * 1024 end
      assert.is_true(grown < limit, ("grew by %d KB"):format(grown))
    end)

    it("open at once, inside each other", function()
      -- The second state lives and dies while the first has a connection open.
      local inside = TALK .. [[
        local pair = require "spec.support.pair"
        s, c = pair.connected()
        talk(s, c)
      ]]
      prints("the outer one lives\n", TALK .. ("INSIDE = %q\n"):format(inside) .. [[
        local ffi = require "ffi"
        ffi.cdef "void *luaL_newstate(void); void luaL_openlibs(void *);"
        ffi.cdef "int luaL_loadstring(void *, const char *); void lua_close(void *);"
        ffi.cdef "int lua_pcall(void *, int, int, int);"
        ffi.cdef "const char *lua_tolstring(void *, int, size_t *);"
        jit.off(true, true)
        local pair = require "spec.support.pair"
        local s, c = pair.connected()
        for _ = 1, 3 do
          local inner = ffi.C.luaL_newstate()
          ffi.C.luaL_openlibs(inner)
          local rc = ffi.C.luaL_loadstring(inner, INSIDE)
          if rc == 0 then rc = ffi.C.lua_pcall(inner, 0, 0, 0) end
          assert(rc == 0, rc ~= 0 and ffi.string(ffi.C.lua_tolstring(inner, -1, nil)))
          talk(s, c)
          ffi.C.lua_close(inner)
          talk(s, c)
        end
        print "the outer one lives"
      ]])
    end)

    it("on several threads at once", function()
      local output, ok = host(STATE .. [[
        for i = 1, 50 do
          local text = ("x"):rep(10000)
          assert(a:send(text .. "\n"))
          assert(b:receive() == (i == 1 and "unread" or "") .. text)
        end
      ]], { threads = 4, rounds = house.scale(10, 3) })
      assert.equal("", output)
      assert.is_true(ok)
    end)
  end)

  describe("the shim", function()
    local INIT = [[
      local ffi = require "ffi"
      local shim = require "ssl.ffi.shim"
      local lib = require "ssl.ffi.lib"
      local list = require("ssl.ffi.shim_h").api
      function api(change)
        local p = ffi.new("struct { size_t size; void *f[" .. #list .. "]; }")
        p.size = ffi.sizeof(p)
        for i, name in ipairs(list) do
          p.f[i - 1] = lib.address(name)
        end
        if change then change(p) end
        return shim.C.init(p)
      end
    ]]

    it("takes the same functions again, and no others, and no other size", function()
      prints("1 0 0 0 1\n", TALK .. INIT .. [[
        local pair = require "spec.support.pair"
        local s, c = pair.connected()
        print(table.concat({
          api(),
          api(function(p) p.f[0] = ffi.cast("char *", p.f[0]) + 1 end),
          api(function(p) p.size = p.size - 8 end),
          api(function(p) p.size = p.size + 8 end),
          api(),
        }, " "))
        talk(s, c)
      ]])
    end)

    it("reports another version", function()
      local output = fresh.luajit [[
        local list = require("ssl.ffi.shim_h").api
        list[#list + 1] = list[#list]
        local ok, message = pcall(require, "ssl")
        assert(not ok)
        io.write(message)
      ]]
      assert.matches("^ssl: %S+/ssl/shim%.so was built for another version of these Lua files, "
                     .. "or is in use with another OpenSSL in this process$", output)
    end)

    it("reports a missing declared function", function()
      local output = fresh.luajit [[
        local declarations = require "ssl.ffi.shim_h"
        declarations.required = declarations.required .. "int lsf_of_tomorrow(void);"
        local ok, message = pcall(require, "ssl")
        assert(not ok)
        io.write(message)
      ]]
      assert.matches("^ssl: %S+/ssl/shim%.so has no lsf_of_tomorrow: it belongs to another "
                     .. "version$", output)
    end)

    it("lists the places where it was searched", function()
      local output = fresh.luajit [[
        package.cpath = "/nowhere/?.so;/nor/here/?.so"
        local ok, message = pcall(require, "ssl")
        assert(not ok)
        io.write(message)
      ]]
      assert.equal("ssl: the C shim (ssl/shim.so) was not found:\n"
                   .. "\tno field shim of package.preload['ssl.ffi.config']\n"
                   .. "\tno symbol 'lsf_init' in the process\n"
                   .. "\tno file '" .. house.stage .. "/share/lua/5.1/ssl/shim.so'\n"
                   .. "\tno file '/nowhere/ssl/shim.so'\n"
                   .. "\tno file '/nor/here/ssl/shim.so'", output)
    end)

    it("has the reason when the file is no shim", function()
      local folder = process.folder()
      os.execute("mkdir " .. house.quote(folder .. "/ssl"))
      process.write(folder .. "/ssl/shim.so", "not a library\n")
      local output = fresh.luajit(("package.cpath = %q"):format(folder .. "/?.so") .. [[
        local ok, message = pcall(require, "ssl")
        assert(not ok)
        io.write(message)
      ]])
      assert.matches("^ssl: the C shim %S+/ssl/shim%.so does not load: .", output)
    end)
  end)
end)
