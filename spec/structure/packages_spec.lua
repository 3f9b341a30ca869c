-- Packages, built from a copy of the sources and unpacked in folders that are thrown away.

describe("the package of", function()
  local fresh   = require "spec.support.fresh"
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"
  local quote   = house.quote

  local VERSION = require "ssl.base.version"

  teardown(process.stop_all)

  local function has(program)
    return process.capture("command -v " .. program) ~= ""
  end

  local function must(command)
    local output = process.capture(command .. " 2>&1; echo \"status $?\"")
    assert(output:find "status 0\n$", output)
    return output
  end

  -- What git would put into an archive, without what this checkout has built.
  local function copy(folder)
    must(("mkdir %s && tar cf - --exclude=./build* --exclude=./.git . | tar xf - -C %s"):format(
      quote(folder), quote(folder)))
  end

  -- A program that takes the library from a folder alone, and prints what it is.
  local PROGRAM = [[
    local ssl = require "ssl"
    require "ssl.https"
    assert(ssl.newcontext { mode = "client", protocol = "any", verify = "peer", systemca = true })
    io.write(ssl.config.version, " ", ssl.config.openssl.shim)
  ]]

  local function runs(share, lib)
    local output = fresh.luajit(PROGRAM, { LUA_PATH = share .. "/?.lua;;",
                                           LUA_CPATH = lib .. "/?.so;;" })
    assert.equal(VERSION .. " " .. lib .. "/ssl/shim.so", output)
  end

  describe("Debian", function()
    -- "1.0.0-dev" comes before "1.0.0": in Debian's order "1.0.0~dev" does.
    it("has the library's version", function()
      local version = sources.read "debian/changelog":match "^lua%-ssl%-ffi %(([^)]+)%)"
      assert.equal((VERSION:gsub("%-", "~")), version)
    end)

    it("is built, has no file outside of its places, and runs", function()
      for _, program in ipairs { "dpkg-buildpackage", "dh" } do
        if not has(program) then return pending(program .. " is not there") end
      end
      local folder = process.folder()
      copy(folder .. "/source")
      -- -d: what is needed is there, from packages of the system or from elsewhere.
      must(("cd %s/source && env -u LD_PRELOAD dpkg-buildpackage -d -b -us -uc"):format(folder))
      must(("cd %s && dpkg-deb -x lua-ssl-ffi_*.deb root"):format(folder))
      local places = process.capture(("cd %s/root && find . -type f | sed -E %s | sort -u"):format(
        folder, quote "s#^(.*/lua/5.1|./usr/share/doc)/.*#\\1#"))
      local library = process.capture(("cd %s/root && ls -d usr/lib/*/lua/5.1"):format(folder))
        :match "[^\n]+"
      assert.equal(("./%s\n./usr/share/doc\n./usr/share/lua/5.1\n"):format(library), places)
      runs(folder .. "/root/usr/share/lua/5.1", folder .. "/root/" .. library)
    end)
  end)

  describe("LuaRocks", function()
    local RELEASE = VERSION:gsub("%-.*", "")

    it("is none of a version that is not released", function()
      local folder = process.folder() .. "/source"
      copy(folder)
      process.write(folder .. "/lua/ssl/base/version.lua", 'return "9.8.7-dev"\n')
      assert.equal("rockspec: 9.8.7-dev is no release\n",
                   process.capture(folder .. "/script/rockspec https://example.org/x 2>&1"))
    end)

    -- A repository with the tag of a release, and LuaRocks with a home of its own.
    local function repository(folder)
      copy(folder)
      process.write(folder .. "/lua/ssl/base/version.lua", ('return "%s"\n'):format(RELEASE))
      must(("cd %s && git init -q && git add -A && git -c user.name=x -c user.email=x@x commit "
            .. "-q -m x && git tag v%s"):format(folder, RELEASE))
    end

    it("is built from the release's tag, runs, and is removed", function()
      for _, program in ipairs { "luarocks", "git" } do
        if not has(program) then return pending(program .. " is not there") end
      end
      local home = process.folder()
      repository(home .. "/source")
      local rockspec = ("%s/luasec-ffi-%s-1.rockspec"):format(home, RELEASE)
      must(("%s/source/script/rockspec file://%s/source >%s"):format(home, home, rockspec))
      must(("mkdir %s/include && echo '#define LUA_VERSION_NUM 501' >%s/include/lua.h")
           :format(home, home))
      local config = process.write(home .. "/config.lua", ([[
        variables = { LUA_INCDIR = "%s/include", LUA_LIBDIR = "%s/include" }
      ]]):format(home, home))
      local luarocks = ("cd %s && env -u LD_PRELOAD HOME=%s LUAROCKS_CONFIG=%s luarocks "
        .. "--lua-version=5.1 --tree=%s/tree "):format(home, home, config, home)
      must(luarocks .. "install --deps-mode=none " .. rockspec)
      local output = fresh.luajit(PROGRAM, {
        LUA_PATH = home .. "/tree/share/lua/5.1/?.lua;;",
        LUA_CPATH = home .. "/tree/lib/lua/5.1/?.so;;",
      })
      assert.equal(("%s %s/tree/lib/lua/5.1/ssl/shim.so"):format(RELEASE, home), output)
      must(luarocks .. "remove luasec-ffi")
      assert.equal("", process.capture(("find %s/tree -name '*.lua' -o -name '*.so' | grep -v "
                                        .. "manifest"):format(home)))
    end)
  end)
end)
