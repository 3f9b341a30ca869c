-- What is loaded when: `require "ssl"` loads few files, and ssl.preload the others.
-- Each test is a process of its own, since modules stay loaded.

describe("loading", function()
  local fresh   = require "spec.support.fresh"
  local sources = require "spec.support.sources"

  -- All that `require "ssl"` may load, beside ssl.ffi, which loads OpenSSL. Before a name is
  -- added here: can its file be loaded when it is first used (ssl.base.later)?
  local AT_ONCE = {
    "ssl", "ssl.base.arg", "ssl.base.later", "ssl.base.unknown", "ssl.config", "ssl.context",
    "ssl.context.table", "ssl.core", "ssl.foreign", "ssl.x509",
  }

  -- KiB of Lua's heap after a collection.
  local AT_MOST = { ssl = 300, ["ssl.https"] = 320 }

  -- Names of our modules that are loaded, sorted.
  local LOADED = [[
    local function loaded()
      local names = {}
      for name in pairs(package.loaded) do
        if name == "ssl" or name:find "^ssl%." then names[#names + 1] = name end
      end
      table.sort(names)
      return names
    end
  ]]

  local function set(list)
    local out = {}
    for _, name in ipairs(list) do out[name] = true end
    return out
  end

  it("takes at once what `require \"ssl\"` needs, and no more", function()
    local output = fresh.luajit(LOADED .. [[
      require "ssl"
      print(table.concat(loaded(), "\n"))
    ]])
    local allowed, found = set(AT_ONCE), {}
    for name in output:gmatch "%S+" do
      if not allowed[name] and not name:find "^ssl%.ffi%." then found[#found + 1] = name end
    end
    assert.same({}, found)
    assert.is_truthy(output:find "ssl%.ffi%.lib")
  end)

  it("keeps the modules in their places that programs for LuaSec look for", function()
    assert.equal("table\ttable\ttable\ttable\n", (fresh.luajit [[
      require "ssl"
      local loaded = package.loaded
      print(type(loaded["ssl.core"]), type(loaded["ssl.context"]), type(loaded["ssl.x509"]),
            type(loaded["ssl.config"]))
    ]]))
  end)

  for module, most in pairs(AT_MOST) do
    it(("takes at most %d KiB for %s"):format(most, module), function()
      local output = fresh.luajit(([[
        require "ffi"
        require "socket.http"
        collectgarbage()
        collectgarbage()
        local before = collectgarbage "count"
        require %q
        collectgarbage()
        collectgarbage()
        print(collectgarbage "count" - before)
      ]]):format(module))
      local taken = tonumber(output)
      assert.is_truthy(taken, output)
      assert.is_true(taken < most, output)
    end)
  end

  -- The files of rooms, in the form of ssl.preload's list.
  local function files(want)
    local out = {}
    for _, path in ipairs(sources.list("lua", "lua")) do
      local name = sources.module(path)
      if want(name) then out[#out + 1] = name end
    end
    table.sort(out)
    return out
  end

  local function preloaded(call)
    local output, ok = fresh.luajit(LOADED .. [[
      local ssl = require "ssl"
    ]] .. call .. [[
      print(table.concat(loaded(), "\n"))
    ]])
    assert.is_true(ok, output)
    return set((function()
      local names = {}
      for name in output:gmatch "%S+" do names[#names + 1] = name end
      return names
    end)())
  end

  local function missing(names, found)
    local out = {}
    for _, name in ipairs(names) do
      if not found[name] then out[#out + 1] = name end
    end
    return out
  end

  -- The loops of the adapters, which not every machine has.
  local LOOPS = [[
    local meta = {}
    local anything = setmetatable({}, meta)
    function meta.__index() return anything end
    meta.__call = meta.__index
    for _, name in ipairs { "copas", "socket", "luv", "ngx", "cqueues", "cqueues.condition",
                            "cqueues.dns", "cqueues.errno", "cqueues.socket" } do
      package.loaded[name] = package.loaded[name] or anything
    end
  ]]

  -- ssl.context.keyset has read it by then, and keeps what is needed of it.
  local READ_ONCE = "ssl.context.keys"

  it("has all files in the list of ssl.preload", function()
    local found = preloaded(LOOPS .. "ssl.preload()")
    assert.same({}, missing(files(function(name)
      return not name:find "^ssl%.https" and not name:find "^ssl%.resty" and name ~= READ_ONCE
    end), found))
    assert.is_nil(found[READ_ONCE])
    assert.is_nil(found["ssl.https"])
    assert.is_nil(found["ssl.resty"])
  end)

  it("leaves out the adapters of loops that are not there", function()
    local found = preloaded "ssl.preload()"
    assert.is_true(found["ssl.over.find"])
    assert.is_nil(found["ssl.over.copas"])
  end)

  it("has the files of ssl.https there, too", function()
    local found = preloaded 'ssl.preload { "https" }'
    assert.same({}, missing(files(function(name) return name:find "^ssl%.https" end), found))
  end)

  it("has the files of ssl.resty there, too", function()
    local found = preloaded 'ssl.preload { "resty" }'
    assert.same({}, missing(files(function(name) return name:find "^ssl%.resty" end), found))
  end)

  it("takes one room where one is named", function()
    local found = preloaded 'ssl.preload { "ocsp" }'
    assert.is_true(found["ssl.ocsp.response"])
    assert.is_nil(found["ssl.feature.dane"])
  end)

  it("says which name is none of a room", function()
    assert.equal("false\tmain:1: bad argument #1 to 'preload' (unknown room 'oscp')\n"
              .. "false\tmain:1: bad argument #1 to 'preload' (unknown room '1')\n"
              .. "false\tmain:1: bad argument #1 to 'preload' (table expected, got string)\n"
              .. "false\tmain:1: bad argument #1 to 'preload' (an array of strings expected, "
              .. "got a table with the key 'ocsp')\n", (fresh.luajit [[
      local ssl = require "ssl"
      for _, argument in ipairs { '{ "oscp" }', "{ 1 }", '"ocsp"', "{ ocsp = true }" } do
        local call = "local ssl = ... ssl.preload(" .. argument .. ")"
        print(pcall(loadstring(call, "=main"), ssl))
      end
    ]]))
  end)

  -- No searcher finds anything any more.
  local CLOSED = [[
    local pair = require "spec.support.pair"
    local ssl  = require "ssl"
    ssl.preload()
    local opened
    package.loaders = { function(name) opened = name end }
    package.path, package.cpath = "", ""
  ]]

  it("leaves nothing to be read after ssl.preload", function()
    local output, ok = fresh.luajit(CLOSED .. [[
      local server = assert(ssl.newcontext(pair.server_config {
        alpn = { "h2" }, earlydata = 1000, onclienthello = function() end, sessiontimeout = 60,
      }))
      local client = assert(ssl.newcontext(pair.client_config {
        alpn = { "h2" }, onverify = function() return true end, explain = true,
        groups = { "P-256" }, options = "all", onsession = function() end,
      }))
      local s, c = pair.connected(server, client)
      for _, field in ipairs { "protocols", "options", "curves", "algorithms", "capabilities",
                               "openssl" } do
        assert(next(ssl.config[field]), field)
      end
      s:settimeout(0)
      for name, method in pairs(getmetatable(c).__index) do
        c:settimeout(0)
        if name ~= "close" then pcall(method, c, "x") end
      end
      s:close()
      c:close()
      assert(ssl.engine and ssl.connect and ssl.ocsp and ssl.digest)
      print(opened)
    ]])
    assert.is_true(ok, output)
    -- ASan remarks before it that a job of OpenSSL has a stack of its own.
    assert.equal("nil", output:match "([^\n]*)\n$")
  end)

  it("would notice a file that is read later", function()
    local output = fresh.luajit((CLOSED:gsub("ssl%.preload%(%)", "")) .. [[
      print(pcall(function() return ssl.engine end), opened)
    ]])
    assert.matches("^false\t", output)
    assert.matches("ssl%.engine\n$", output)
  end)

  -- A process with less memory than the files need; nothing that was loaded in part may
  -- stay.
  it("goes on where memory ended in the middle of a file", function()
    local output = fresh.luajit([[
      local ssl = require "ssl"
      local real, failures, count = require, 0, 0
      -- Each file fails once, behind its last line that requires something.
      local failed = {}
      table.insert(package.loaders, 2, function(name)
        if name:find "^ssl%." and not failed[name] then
          return function()
            failed[name], failures = true, failures + 1
            error("not enough memory", 0)
          end
        end
      end)
      for _ = 1, 1000 do
        count = count + 1
        local ok, why = pcall(function() ssl.preload() end)
        if ok then break end
        assert(why:find "not enough memory", why)
      end
      table.remove(package.loaders, 2)
      package.loaded["spec.support.init"] = nil
      local pair = real "spec.support.pair"
      local s, c = pair.connected()
      assert(s:send "x\n")
      print(c:receive "*l", failures > 80, failures == count - 1)
    ]])
    assert.equal("x\ttrue\ttrue\n", output)
  end)

end)
