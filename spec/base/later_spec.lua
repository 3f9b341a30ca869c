-- Files that are loaded when they are first used: what happens to the program between
-- `require "ssl"` and that moment must not matter.

describe("a file that is loaded when it is first used", function()
  local fresh   = require "spec.support.fresh"
  local process = require "spec.support.process"

  -- `onclienthello` has a file of its own, which nothing else needs.
  local START = [[
    local ssl = require "ssl"
    local NAME = "ssl.context.options.clienthello"
    assert(not package.loaded[NAME])
    local function context()
      return ssl.newcontext { mode = "server", protocol = "any", verify = "none",
                              onclienthello = function() end }
    end
  ]]

  local function prints(expected, text)
    assert.equal(expected .. "\n", (fresh.luajit(START .. text)))
  end

  it("is tried again where it could not be loaded", function()
    prints("nil\ttrue", [[
      package.preload[NAME] = function()
        package.preload[NAME] = nil
        error("not enough memory", 0)
      end
      local first, why = context()
      assert(why == "not enough memory", why)
      print(first, type(context()) == "userdata")
    ]])
  end)

  it("is found where the library was found, whatever package.path is by then", function()
    prints("userdata\tchanged", [[
      package.path = "changed"
      print(type(context()), package.path)
    ]])
  end)

  it("is no file of this name that comes first in package.path by then", function()
    local folder = process.folder()
    assert(require("spec.support.init").run("mkdir -p " .. folder .. "/ssl/context/options"))
    process.write(folder .. "/ssl/context/options/clienthello.lua", "error 'the other file'")
    prints("userdata", ([[
      package.path = %q .. "/?.lua;" .. package.path
      print(type(context()))
    ]]):format(folder))
  end)

  it("belongs to the copy of the library that uses it", function()
    prints("true\ttrue\tfalse", [[
      local function forget()
        for name in pairs(package.loaded) do
          if name == "ssl" or name:find "^ssl%." then package.loaded[name] = nil end
        end
      end
      forget()
      local new, old = require "ssl", ssl
      local loaded = package.loaded["ssl.context.setters.protocol"]
      local first = context()
      assert(package.loaded["ssl.context.setters.protocol"] == loaded)
      ssl = new
      local second = context()
      local socket = require "socket"
      local function takes(library, ctx)
        return (pcall(library.wrap, socket.tcp(), ctx))
      end
      print(takes(old, first), takes(new, second), takes(new, first))
    ]])
  end)

  it("is tried again by an older copy, too", function()
    prints("nil\ttrue", [[
      for name in pairs(package.loaded) do
        if name == "ssl" or name:find "^ssl%." then package.loaded[name] = nil end
      end
      require "ssl"
      package.preload[NAME] = function()
        package.preload[NAME] = nil
        error("not enough memory", 0)
      end
      local first, why = context()
      assert(why == "not enough memory", why)
      print(first, type(context()) == "userdata")
    ]])
  end)
end)
