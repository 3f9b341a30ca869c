-- LuaRocks, Debian's package under luajit, that fetches from an https server with the
-- ssl.https it finds on LUA_PATH. It cannot be told whom to trust, so the environment
-- says so.

describe("LuaRocks", function()
  local house   = require "spec.support.init"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  local luarocks = process.capture("command -v luarocks"):match "[^\n]+"
  if not luarocks or not peers.nginx_root() then
    pending "luarocks or nginx is not there: script/bootstrap --with-tests"
    return
  end

  local MANIFEST = [[
commands = {}
modules = {}
repository = { greeting = { ["1.0-1"] = { { arch = "rockspec" } } } }
]]

  local ROCKSPEC = [[
package = "greeting"
version = "1.0-1"
source = { url = "https://localhost:%d/greeting-1.0.tar.gz", dir = "greeting-1.0" }
build = { type = "builtin", modules = { greeting = "greeting.lua" } }
]]

  local CONFIG = [[
rocks_servers = { "https://localhost:%d/" }
variables = { LUA_INCDIR = "%s/include", LUA_LIBDIR = "%s/include" }
]]

  local server

  local function archive()
    local dir = process.folder()
    os.execute("mkdir " .. dir .. "/greeting-1.0")
    process.write(dir .. "/greeting-1.0/greeting.lua", 'return "hello from a rock"\n')
    return process.capture(("tar -C %s -czf - greeting-1.0"):format(house.quote(dir)))
  end

  setup(function()
    server = peers.nginx {
      key = pki.server.key, chain = pki.server.chain,
      files = { ["manifest-5.1"] = MANIFEST, ["greeting-1.0.tar.gz"] = archive() },
    }
    process.write(server.files .. "/greeting-1.0-1.rockspec", ROCKSPEC:format(server.port))
  end)

  teardown(process.stop_all)

  -- A luarocks with a home of its own, and neither wget nor curl to fall back to.
  local function run(home, trusted)
    local bin = home .. "/bin"
    os.execute("mkdir -p " .. bin)
    for _, name in ipairs { "tar", "gzip", "mkdir", "rm", "cp", "mv", "ls", "chmod", "pwd",
                            "rmdir", "find", "stat", "touch", "uname", "md5sum", "mktemp",
                            "env", "sh", "luajit", "install", "id", "gunzip", "date" } do
      os.execute(("p=$(command -v %s) && ln -sf \"$p\" %s/"):format(name, bin))
    end
    -- LuaRocks demands Lua's headers even where nothing is compiled.
    os.execute("mkdir -p " .. home .. "/include")
    process.write(home .. "/include/lua.h", "#define LUA_VERSION_NUM 501\n")
    process.write(home .. "/config.lua", CONFIG:format(server.port, home, home))
    return process.start {
      "luajit", luarocks, "--lua-version=5.1", "--tree=" .. home .. "/tree", "install",
      "greeting", input = "",
      env = { HOME = home, PATH = bin, SSL_CERT_FILE = trusted, XDG_CACHE_HOME = home,
              LUAROCKS_CONFIG = home .. "/config.lua" },
    }
  end

  it("installs a rock from a server that is trusted", function()
    local home = process.folder()
    local child = run(home, pki.root.cert)
    local how, status = child:wait()
    assert.same({ "exit", 0 }, { how, status }, child:output())
    assert.equal('return "hello from a rock"\n',
                 process.read(home .. "/tree/share/lua/5.1/greeting.lua"))
    assert.not_matches("falling back", child:output())
  end)

  it("gets nothing from one that is not", function()
    local home = process.folder()
    local child = run(home, pki.other.cert)
    local _, status = child:wait()
    assert.are_not.equal(0, status)
    assert.matches("certificate verify failed", child:output())
    assert.equal("", process.read(home .. "/tree/share/lua/5.1/greeting.lua"))
  end)
end)
