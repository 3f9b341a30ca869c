-- LuaSec's files beside ours: in any order on the path, a program never gets a mixture.

describe("LuaSec's files beside ours", function()
  local fresh   = require "spec.support.fresh"
  local house   = require "spec.support.init"
  local luasec  = require "spec.support.luasec"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"
  local quote   = house.quote

  assert(luasec.so, "LuaSec is not there: script/bootstrap --with-tests")
  teardown(process.stop_all)

  local OURS    = os.getenv "LUA_PATH"
  local MODULES = { "ssl", "ssl.https", "ssl.core", "ssl.context", "ssl.x509", "ssl.config" }

  local function in_front(folder)
    return { LUA_PATH = folder .. "/?.lua;" .. OURS }
  end

  -- The errors of `require` for each module, a process each.
  local function refusals(environment, setup)
    local said = {}
    for _, name in ipairs(MODULES) do
      said[name] = fresh.luajit((setup or "") .. ([[
        local ok, problem = pcall(require, %q)
        io.write(ok and "loaded" or problem)
      ]]):format(name), environment)
    end
    return said
  end

  local function all(text)
    local out = {}
    for _, name in ipairs(MODULES) do out[name] = text end
    return out
  end

  local SENTENCE = "ssl: %s does not belong to luasec-ffi, whose other modules would run with "
    .. "it. Remove LuaSec (luarocks remove luasec, apt-get remove lua-sec), or name the "
    .. "folder of luasec-ffi first in package.path"

  it("in front of ours are refused by each module, and named", function()
    local said = refusals(in_front(luasec.lua))
    assert.same(all(SENTENCE:format(luasec.lua .. "/ssl.lua")), said)
  end)

  it("are refused too where ssl.https alone is theirs", function()
    local folder = process.folder()
    assert(house.run(("mkdir %s/ssl && cp -L %s/ssl/https.lua %s/ssl"):format(
      folder, quote(luasec.lua), folder)))
    local said = refusals(in_front(folder))
    assert.same(all(SENTENCE:format(folder .. "/ssl/https.lua")), said)
  end)

  it("behind ours do not matter", function()
    local said = refusals { LUA_PATH = OURS .. ";" .. luasec.lua .. "/?.lua" }
    assert.same(all "loaded", said)
  end)

  it("are whole in the processes that compare, where ours are installed for all", function()
    local said = fresh.luajit([[
      local ssl = require "ssl"
      local whole = ssl.config == require "ssl.config" and require "ssl.core" and "whole"
      io.write(ssl._VERSION, " ", whole, " ", type(package.loaded["ssl.base.object"]))
    ]], luasec.environment(OURS))
    assert.matches("^1%.%d+%.%d+ whole nil$", said)
  end)

  it("are refused where a host preloads their ssl", function()
    local said = fresh.luajit(([[
      package.preload.ssl = assert(loadfile(%q))
      io.write(select(2, pcall(require, "ssl")))
    ]]):format(luasec.lua .. "/ssl.lua"))
    assert.equal(SENTENCE:format 'package.preload["ssl"]', said)
  end)

  it("are no matter where a host preloads ours", function()
    local said = fresh.luajit [[
      local path = assert(package.searchpath("ssl", package.path))
      package.preload.ssl = assert(loadfile(path))
      io.write(type(require("ssl").wrap), type(require("ssl.https").request))
    ]]
    assert.equal("functionfunction", said)
  end)

  it("are refused where their module in C is loaded already", function()
    local said = refusals(nil, ([[
      package.loaded["ssl.core"] = assert(package.loadlib(%q, "luaopen_ssl_core"))()
    ]]):format(luasec.so))
    said["ssl.core"] = nil -- require answers theirs; nothing of ours is asked
    local expected = all(SENTENCE:format "the loaded ssl.core")
    expected["ssl.core"] = nil
    assert.same(expected, said)
  end)

  describe("in one tree of LuaRocks", function()
    local server, ours, theirs, config

    -- LuaRocks runs with its own Lua, and wants Lua's headers where nothing is compiled
    -- with them.
    local function luarocks(tree, words, folder)
      local output = process.capture((
        "cd %s && env -u LD_PRELOAD HOME=%s LUAROCKS_CONFIG=%s luarocks --lua-version=5.1 "
        .. "--tree=%s %s 2>&1; echo \"status $?\""):format(quote(folder or tree), tree,
        quote(config), tree, words))
      assert(output:find "status 0\n$", output)
      return output
    end

    -- Builds in a folder of its own: other modes build at the same time.
    local function copy_of_ours()
      local dir = process.folder()
      assert(house.run("cp -R shim ffi lua cmake bench CMakeLists.txt LICENSE "
                       .. "luasec-ffi-scm-1.rockspec " .. dir))
      return dir
    end

    setup(function()
      local home = process.folder()
      assert(house.run("mkdir " .. home .. "/include"))
      process.write(home .. "/include/lua.h", "#define LUA_VERSION_NUM 501\n")
      config = process.write(home .. "/config.lua", ([[
        variables = { LUA_INCDIR = "%s/include", LUA_LIBDIR = "%s/include" }
      ]]):format(home, home))
      local dir, rockspec = luasec.sources()
      theirs = { dir, "make --deps-mode=none " .. rockspec }
      ours = { copy_of_ours(), "make --deps-mode=none luasec-ffi-scm-1.rockspec" }
      server = web.start { routes = [[ default = function(conn) ok(conn, "hello") end ]],
                           entry = pki.other_server }
    end)

    local REQUEST = [[
      local ok, https = pcall(require, "ssl.https")
      if not ok then return print("refused", https) end
      print("answered", https.request { url = "https://localhost:%d/" })
    ]]

    local function install(tree, rock)
      luarocks(tree, rock[2], rock[1])
    end

    local function request(tree)
      -- The project's own build must not be found, LuaSocket must.
      local share, lib = tree .. "/share/lua/5.1/?.lua", tree .. "/lib/lua/5.1/?.so"
      return (fresh.luajit(REQUEST:format(server.port),
                           { LUA_PATH = share .. ";;", LUA_CPATH = lib .. ";;" }))
    end

    it("with LuaSec first and ours behind it, no foreign module is called", function()
      local tree = process.folder()
      install(tree, theirs)
      install(tree, ours)
      assert.matches("^refused\tssl: [^\n]* does not belong to luasec%-ffi", request(tree))
    end)

    it("with ours alone, and with LuaSec behind it, no foreign module is called", function()
      local tree = process.folder()
      install(tree, ours)
      assert.matches("^answered\tnil\tcertificate verify failed", request(tree))
      install(tree, theirs)
      local said = request(tree)
      assert.is_truthy(said:find "^refused\tssl: [^\n]* does not belong to luasec%-ffi"
                       or said:find "^answered\tnil\tcertificate verify failed", said)
    end)
  end)
end)
