-- Programs that bring the library along: a host with the shim inside, names of files that are
-- relative, files beside the library. docs/loading.md has the recipes, which structure/docs_spec
-- runs as they are printed.

describe("a program that embeds the library", function()
  local fresh    = require "spec.support.fresh"
  local house    = require "spec.support.init"
  local lib      = require "ssl.ffi.lib"
  local embedded = require "spec.support.embedded"
  local luasec   = require "spec.support.luasec"
  local needs    = require "spec.support.needs"
  local process  = require "spec.support.process"
  local quote    = house.quote

  local SHIM = house.stage .. "/lib/lua/5.1/ssl/shim.so"

  teardown(process.stop_all)

  local TALK = [[
    local pair = require "spec.support.pair"
    local server, client = pair.connected()
    assert(server:send "hello\n")
    assert(client:receive() == "hello")
    client:close()
    server:close()
    print(require("ssl").config.openssl.shim)
  ]]

  local function run(command)
    return process.capture(command .. " 2>&1")
  end

  -- A template of package.cpath that finds LuaSocket, and no shim: one may be installed beside
  -- LuaSocket.
  local function luasocket_alone()
    local folder = process.folder()
    local found = assert(package.searchpath("socket.core", package.cpath))
    assert(house.run(("mkdir %s/socket && ln -s %s %s/socket/core.so"):format(
      folder, quote(found), folder)))
    return folder .. "/?.so"
  end

  it("may have the shim inside, and needs no file of it", function()
    local host = fresh.host { shim = true }
    assert.equal(("this process\n"):rep(6), (host(
      ("package.cpath = %q\n"):format(luasocket_alone()) .. TALK, { threads = 2, rounds = 3 })))
  end)

  it("names files relative to the file that asks, wherever it is started", function()
    local folder = process.folder()
    assert(house.run(("mkdir -p %s/app/libs && cp %s %s/app/libs/ours.so"):format(
      folder, quote(SHIM), folder)))
    process.write(folder .. "/app/names.lua", ([[
      package.preload["ssl.ffi.config"] = function()
        return { libssl = %q, libcrypto = %q, shim = "./libs/ours.so" }
      end]]):format(lib.openssl.libssl, lib.openssl.libcrypto))
    process.write(folder .. "/app/main.lua", [[
      dofile((arg[0]:gsub("main", "names")))
      io.write(require("ssl").config.openssl.shim)]])
    assert.equal(folder .. "/app/libs/ours.so",
                 run(("cd / && luajit %s/app/main.lua"):format(folder)))
    assert.equal("./libs/ours.so", run(("cd %s/app && luajit main.lua"):format(folder)))
    assert.equal("app/libs/ours.so", run(("cd %s && luajit app/main.lua"):format(folder)))
  end)

  it("names files in a table, too", function()
    assert.equal("program\n", (fresh.luajit(([[
      package.loaded["ssl.ffi.config"] = { libssl = %q, libcrypto = %q }
      print(require("ssl").config.openssl.how)
    ]]):format(lib.openssl.libssl, lib.openssl.libcrypto))))
    assert.equal("ssl: the C shim ./libs/ours.so does not load: ", (fresh.luajit [[
      package.loaded["ssl.ffi.config"] = { shim = "./libs/ours.so" }
      io.write((select(2, pcall(require, "ssl")):match "^.-load: "))
    ]]))
  end)

  it("finds the shim beside the Lua files, before one on package.cpath", function()
    local folder = process.folder()
    embedded.lua_files(folder .. "/mine")
    assert(house.run(("cp %s %s/mine/ssl"):format(quote(SHIM), folder)))
    process.write(folder .. "/main.lua", [[
      package.path = "mine/?.lua"
      io.write(require("ssl").config.openssl.shim)]])
    assert.equal("mine/ssl/shim.so", run(("cd %s && luajit main.lua"):format(folder)))
  end)

  it("does not take a shim of the working directory for one beside a file of a bundle", function()
    local folder, library = process.folder(), process.folder()
    embedded.lua_files(library)
    assert(house.run(("mkdir %s/ssl && cp %s %s/ssl"):format(folder, quote(SHIM), folder)))
    process.write(library .. "/main.lua", ([[
      package.path, package.cpath = "", %q
      table.insert(package.loaders, 2, function(name)
        local path = name:gsub("%%.", "/") .. ".lua"
        local file = assert(io.open(%q .. path))
        local text = file:read "*a"
        file:close()
        return loadstring(text, "@" .. path)
      end)
      io.write(require("ssl").config.openssl.shim)]]):format(
        house.stage .. "/lib/lua/5.1/?.so", library .. "/"))
    assert.equal(SHIM, run(("cd %s && luajit %s/main.lua"):format(folder, library)))
  end)

  describe("in a game of LÖVE", function()
    -- What the game's program prints, where `change` has changed its folder.
    local function play(change, path)
      local folder, env = process.folder(), {}
      embedded.game(folder, env)
      assert(house.run(("cd %s && %s"):format(folder, change)))
      return run(("cd %s && PATH=%s LOVE_PATH=%s love game"):format(
        folder, quote(env.PATH), quote(path or "./?.lua"))), folder
    end

    it("is not disturbed by LuaSec on package.path, behind the game's files", function()
      assert(luasec.so, "LuaSec is not there: script/bootstrap --with-tests")
      assert.equal("program\tgame/ssl/shim.so\n", (play("true", luasec.lua .. "/?.lua")))
    end)

    it("still refuses LuaSec where the game has half of it", function()
      assert.matches("/ssl/https%.lua does not belong to luasec%-ffi",
                     (play("rm game/ssl/https.lua", luasec.lua .. "/?.lua")))
    end)

    it("lists what was tried where no shim is there", function()
      assert.matches("ssl: the C shim %(ssl/shim%.so%) was not found:\n"
        .. "\tno field shim of package%.preload%['ssl%.ffi%.config'%]\n"
        .. "\tno symbol 'lsf_init' in the process\n"
        .. "\tno file '%./ssl/shim%.so'\n", (play "rm game/ssl/shim.so"))
    end)

    local there = needs.own_openssl(it, "the search finds it")
    there("takes the system's OpenSSL where it names none", function()
      assert.equal("name\tgame/ssl/shim.so\n",
                   (play "rm -r game/libs && sed -i '/preload/,/^end/d' game/main.lua"))
    end)
  end)
end)
