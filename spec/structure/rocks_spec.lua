-- The rocks of a release, made by script/rock and installed in trees that are thrown away.
-- script/packages does it on bare systems, and compares the bytes of two runs.

describe("a rock", function()
  local house   = require "spec.support.init"
  local packed  = require "spec.support.packed"
  local process = require "spec.support.process"
  local must, quote = packed.must, house.quote

  local RELEASE = packed.release
  local NAME    = "luasec-ffi-" .. RELEASE .. "-1"
  local URL     = "https://example.org/luasec-ffi.git"

  local home, rocks, arch, lacking

  local luarocks = process.capture("command -v luarocks"):match "[^\n]+"

  -- What LuaRocks itself runs: no compiler, no CMake, nothing that fetches from the net.
  local TOOLS = { "luajit", "sh", "env", "tar", "gzip", "unzip", "mkdir", "rm", "rmdir", "cp", "mv",
                  "ls", "chmod", "pwd", "find", "stat", "touch", "uname", "md5sum", "mktemp",
                  "install", "id", "date", "test" }

  -- LuaRocks with a home and a tree of its own. Only the rocks that were made here are there.
  -- It demands Lua's header where it compiles; nothing of ours includes it.
  local function run(words, path, config)
    local place = process.folder()
    must(("mkdir %s/include && echo '#define LUA_VERSION_NUM 501' >%s/include/lua.h")
         :format(place, place))
    process.write(place .. "/config.lua", config:gsub("HERE", place))
    local tree = place .. "/tree"
    local command = ("cd %s && env -u LD_PRELOAD HOME=%s PATH=%s LUAROCKS_CONFIG=%s/config.lua "
      .. "luajit %s --lua-version=5.1 --tree=%s --only-server=%s "):format(
      place, place, path, place, quote(luarocks), tree, quote(rocks))
    return command, tree, process.capture(command .. words .. " 2>&1; echo \"status $?\"")
  end

  local function removed(command, tree)
    must(command .. "remove luasec-ffi")
    assert.equal("", process.capture(("find %s -name '*.lua' -o -name '*.so'"):format(tree)))
  end

  setup(function()
    lacking = packed.lacks { "luarocks", "luarocks-admin", "zip", "unzip", "cmake" }
    if lacking then return end
    home = process.folder()
    packed.copy_release(home .. "/source")
    rocks = home .. "/the rocks"
    must(("mkdir %s && cd / && env -u LD_PRELOAD %s/source/script/rock %s %s cc"):format(
      quote(rocks), home, quote(rocks), URL))
    arch = process.capture(("ls %s"):format(quote(rocks))):match "%.(linux%-[%w_]+)%.rock"
    must(("cd %s && env -u LD_PRELOAD HOME=%s luarocks-admin --lua-version=5.1 make-manifest %s")
         :format(home, home, quote(rocks)))
  end)
  teardown(process.stop_all)

  it("of this processor is installed without compiler, header and CMake, and speaks TLS",
     function()
    if lacking then return pending(lacking) end
    local bin = process.folder()
    for _, name in ipairs(TOOLS) do
      os.execute(("p=$(command -v %s) && ln -sf \"$p\" %s/"):format(name, bin))
    end
    local command, tree, output = run("install --deps-mode=none luasec-ffi", bin, "\n")
    assert.matches("status 0\n$", output)
    assert.matches(NAME .. "." .. arch .. ".rock", output, 1, true)
    packed.speaks(RELEASE, tree .. "/share/lua/5.1", tree .. "/lib/lua/5.1")
    removed(command, tree)
  end)

  it("of another processor is not taken: the sources are compiled", function()
    if lacking then return pending(lacking) end
    local command, tree, output = run("install --deps-mode=none luasec-ffi", '"$PATH"', [[
      arch = "linux-riscv64"
      variables = { LUA_INCDIR = "HERE/include", LUA_LIBDIR = "HERE/include" }
    ]])
    assert.matches("status 0\n$", output)
    assert.matches(NAME .. ".src.rock", output, 1, true)
    packed.speaks(RELEASE, tree .. "/share/lua/5.1", tree .. "/lib/lua/5.1")
    removed(command, tree)
  end)

  it("needs nothing but the C library, of 2.33 or later", function()
    if lacking then return pending(lacking) end
    local shim = quote(rocks .. "/shim-" .. arch .. ".so")
    assert.equal("libc.so.6\n", process.capture(
      "objdump -p " .. shim .. " | sed -n 's/^ *NEEDED *//p'"))
    for minor in process.capture("objdump -T " .. shim):gmatch "GLIBC_2%.(%d+)" do
      assert.is_true(tonumber(minor) <= 33, "GLIBC_2." .. minor)
    end
  end)

  it("is none of a version that is not released", function()
    local folder = process.folder() .. "/source"
    packed.copy(folder)
    process.write(folder .. "/lua/ssl/base/version.lua", 'return "9.8.7-dev"\n')
    assert.equal("rockspec: 9.8.7-dev is no release\n",
                 process.capture(folder .. "/script/rockspec https://example.org/x 2>&1"))
  end)

  it("has a rockspec that fetches the release's tag", function()
    if lacking or packed.lacks { "git" } then return pending(lacking or "git is not there") end
    local place = process.folder()
    must(("cd %s && cp -R %s/source luasec-ffi && cd luasec-ffi && git init -q && git add -A && "
          .. "git -c user.name=x -c user.email=x@x commit -q -m x && git tag v%s"):format(
         place, home, RELEASE))
    must(("%s/luasec-ffi/script/rockspec file://%s/luasec-ffi >%s/%s.rockspec"):format(
      place, place, place, NAME))
    assert.matches('  homepage = "https://example.org/luasec-ffi",\n',
                   must(home .. "/source/script/rockspec " .. URL), 1, true)
    must(("cd %s && env -u LD_PRELOAD HOME=%s luarocks --lua-version=5.1 pack %s.rockspec"):format(
      place, place, NAME))
    assert.matches("luasec%-ffi/shim/bio%.c\n",
                   process.capture(("unzip -Z1 %s/%s.src.rock"):format(place, NAME)))
  end)
end)
