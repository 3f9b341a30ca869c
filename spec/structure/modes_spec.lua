-- Which spec files a mode leaves out: spec/support/modes.lua.

describe("the modes of the suite", function()
  local house   = require "spec.support.init"
  local modes   = require "spec.support.modes"
  local process = require "spec.support.process"

  -- The modes, as script/test lists them.
  local NAMES = {}
  for name in process.read "script/test":match '\nall="([^"]*)"':gmatch "%S+" do
    NAMES[#NAMES + 1] = name
  end

  local function lines(command)
    local out = {}
    for line in process.capture(command):gmatch "[^\n]+" do out[#out + 1] = line end
    return out
  end

  it("leave out files that there are, each for one reason", function()
    assert.same({}, modes.stale())
    for _, file in ipairs(modes.all()) do
      local _, times = modes.of(file)
      assert(times <= 1, file)
    end
  end)

  it("are named by their names, the first one always", function()
    local known = {}
    for _, name in ipairs(NAMES) do known[name] = true end
    for _, group in ipairs(modes.groups) do
      assert.truthy(group.why)
      assert.equal(NAMES[1], group.only:match "^%S+")
      for name in group.only:gmatch "%S+" do assert.is_true(known[name], name) end
    end
  end)

  it("are listed for script/test by the program", function()
    for _, name in ipairs(NAMES) do
      local wanted = {}
      for _, file in ipairs(modes.all()) do
        if modes.runs(file, name) then wanted[#wanted + 1] = file end
      end
      assert.same(wanted, lines("luajit spec/support/modes.lua " .. name))
    end
    assert.same(modes.all(), lines("luajit spec/support/modes.lua " .. NAMES[1]))
  end)

  -- The actions of script/test, reported by a busted that only prints.
  local function told(arguments)
    local bin = process.folder()
    process.write(bin .. "/busted", "io.write('ran ', os.getenv 'SSL_SPEC_MODE', ' ',"
                                    .. " table.concat(arg, ' '), '\\n')")
    house.run(("chmod 755 '%s/busted'"):format(bin))
    local ran = {}
    -- A build folder of its own: the luajit of a mode lies there.
    local command = ("BUILD_DIR='%s' PATH='%s':$PATH script/test --no-bootstrap %s 2>&1")
                    :format(bin, bin, arguments)
    for mode, words in process.capture(command):gmatch "ran (%S+) ([^\n]*)" do
      ran[mode] = words:gsub("%-%-ignore%-lua ?", "")
    end
    return ran
  end

  it("run the files that are named, the first mode alone or those that are asked for",
     function()
    local one = "spec/structure/house_spec.lua"
    assert.same({ [NAMES[1]] = one .. " --filter x" }, told(one .. " --filter x"))
    assert.same({ interpreter = one, hammered = one },
                told("--mode interpreter --mode hammered -- " .. one))
  end)

  it("leave out what they can, and nothing when every is asked for", function()
    local ran = told "--mode interpreter --mode hammered"
    assert.equal(table.concat(lines "luajit spec/support/modes.lua interpreter", " "),
                 ran.interpreter)
    assert.equal(table.concat(modes.all(), " "), told "--mode hammered --every".hammered)
    process.stop_all()
  end)
end)
