-- Installing with CMake and taking it away again; script/env.

describe("script/uninstall", function()
  local fresh   = require "spec.support.fresh"
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"
  local quote   = house.quote

  local build, root

  -- The output of a command, its errors too, and whether it succeeded.
  local function run(command)
    local output = process.capture(command .. " 2>&1; echo \"status $?\"")
    local text, status = output:match "^(.*)status (%d+)\n$"
    return text, status == "0"
  end

  local function must(command)
    local text, ok = run(command)
    assert(ok, text)
    return text
  end

  -- A build of its own: in that of the suite somebody may have installed from it.
  setup(function()
    build = process.folder() .. "/the  build's"
    must(("cmake -S . -B %s && cmake --build %s"):format(quote(build), quote(build)))
  end)
  teardown(process.stop_all)
  before_each(function() root = process.folder() end)

  local function install(prefix, environment)
    must(("%s cmake --install %s --prefix %s"):format(environment or "", quote(build),
                                                      quote(prefix)))
  end

  local function uninstall(environment)
    return run(("%s script/uninstall %s"):format(environment or "", quote(build)))
  end

  local function contents(folder)
    local out = {}
    for path in process.capture("cd " .. quote(folder) .. " && find . | LC_ALL=C sort")
                :gmatch "[^\n]+" do
      out[#out + 1] = path
    end
    return out
  end

  -- script/packages compares packages, which other folders and times do not change either.
  it("makes a shim that has the same bytes in every build folder", function()
    local other = process.folder()
    must(("cmake -S . -B %s && cmake --build %s"):format(quote(other), quote(other)))
    local one = sources.read(build .. "/stage/lib/lua/5.1/ssl/shim.so")
    assert.is_true(one == sources.read(other .. "/stage/lib/lua/5.1/ssl/shim.so"))
  end)

  it("leaves neither a file nor a folder, with blanks in all paths", function()
    local prefix = root .. "/some where/pre  fix"
    install(prefix)
    local output = fresh.luajit("io.write(require 'ssl'.config.openssl.shim)", {
      LUA_PATH = prefix .. "/share/lua/5.1/?.lua;;", LUA_CPATH = prefix .. "/lib/lua/5.1/?.so;;",
    })
    assert.equal(prefix .. "/lib/lua/5.1/ssl/shim.so", output)
    assert.same({ "", true }, { uninstall() })
    assert.same({ "." }, contents(root))
  end)

  it("leaves the folders that were there, and what others have put there", function()
    must(("mkdir -p %s/empty %s/share/lua %s/lib/lua/5.1"):format(root, root, root))
    install(root)
    process.write(root .. "/share/lua/5.1/ssl/https/other.lua", "return {}\n")
    assert.same({ "", true }, { uninstall() })
    assert.same({ ".", "./empty", "./lib", "./lib/lua", "./lib/lua/5.1", "./share", "./share/lua",
                  "./share/lua/5.1", "./share/lua/5.1/ssl", "./share/lua/5.1/ssl/https",
                  "./share/lua/5.1/ssl/https/other.lua" }, contents(root))
  end)

  it("leaves nothing either where an older build had installed it first", function()
    install(root)
    must("rm " .. quote(build .. "/install_folders.txt"))
    install(root)
    assert.same({ "", true }, { uninstall() })
    assert.same({ ".", "./lib", "./lib/lua", "./lib/lua/5.1", "./share", "./share/lua",
                  "./share/lua/5.1" }, contents(root))
  end)

  it("takes away what was installed with DESTDIR", function()
    local destination = "DESTDIR=" .. quote(root .. "/de st")
    install("/usr", destination)
    assert.is_true(#contents(root .. "/de st/usr/share/lua/5.1/ssl") > 10)
    assert.same({ "", true }, { uninstall(destination) })
    assert.same({ "." }, contents(root))
  end)

  it("fails where nothing was installed", function()
    install(root)
    uninstall()
    local output, ok = uninstall()
    assert.is_false(ok)
    assert.matches("uninstall: nothing was installed from " .. build, output, 1, true)
  end)
end)

describe("script/env", function()
  local house   = require "spec.support.init"
  local process = require "spec.support.process"

  local LUA = ("%s/share/lua/5.1/?.lua;%s/share/lua/5.1/?/init.lua"):format(house.stage,
                                                                          house.stage)
  local SO  = house.stage .. "/lib/lua/5.1/?.so"

  local function env(before, times)
    return process.capture(before .. (" eval \"$(script/env)\";"):rep(times or 1)
                           .. " printf '%s\\n%s' \"$LUA_PATH\" \"$LUA_CPATH\"")
  end

  it("puts the stage before Lua's default path", function()
    assert.equal(LUA .. ";;\n" .. SO .. ";;", env "unset LUA_PATH LUA_CPATH;")
  end)

  it("keeps what LUA_PATH and LUA_CPATH had", function()
    local expected = LUA .. ";/it's here/?.lua;;/b/?.lua\n" .. SO .. ";/c d/?.so"
    assert.equal(expected, env("export LUA_CPATH='/c d/?.so' LUA_PATH="
                               .. house.quote "/it's here/?.lua;;/b/?.lua" .. ";"))
  end)

  it("keeps a default path that comes first", function()
    assert.equal(LUA .. ";;/b/?.lua\n" .. SO .. ";;",
                 env "export LUA_PATH=';;/b/?.lua' LUA_CPATH=';;';")
  end)

  it("changes nothing the second time", function()
    local before = "export LUA_PATH=/a/?.lua LUA_CPATH=/a/?.so;"
    assert.equal(env(before), env(before, 2))
  end)
end)
