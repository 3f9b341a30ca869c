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

  -- The output of script/test with a program in the place of busted, and its status.
  local function output(program, arguments)
    local bin = process.folder()
    process.write(bin .. "/busted", program)
    house.run(("chmod 755 '%s/busted'"):format(bin))
    -- A build folder of its own: the luajit of a mode lies there.
    -- And two lanes, whether or not this spec runs in a lane.
    local text = process.capture((
      "SSL_MODE_DIR= SSL_SPEC_LANES=2 SSL_SPEC_PORTION= BUILD_DIR='%s' PATH='%s':$PATH"
      .. " script/test --no-bootstrap %s 2>&1; echo $?"):format(bin, bin, arguments))
    return text:match "^(.-)(%d+)\n$"
  end

  -- The actions of script/test, reported by a busted that only prints.
  local function told(arguments)
    local ran = {}
    local text = output("io.write('ran ', os.getenv 'SSL_SPEC_MODE', ' ',"
                        .. " table.concat(arg, ' '), '\\n')", arguments)
    for mode, words in text:gmatch "ran (%S+) ([^\n]*)" do
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

  it("run a file once, however often and by which names it is named", function()
    local files = "spec/base/lru_spec.lua spec/base/nearest_spec.lua"
    assert.same({ [NAMES[1]] = files },
                told("spec/base/lru_spec.lua ./spec/base/lru_spec.lua spec/base/nearest_spec.lua"
                     .. " \"$PWD\"/spec/base/nearest_spec.lua"))
    local folder = table.concat(lines "find spec/base -name '*_spec.lua' | LC_ALL=C sort", " ")
    assert.same({ [NAMES[1]] = folder }, told "spec/base spec/base/ spec/base/lru_spec.lua")
    assert.same({ interpreter = files }, told("--mode interpreter --mode interpreter " .. files))
  end)

  -- busted would take the word for one more file, and script/test one mode for all.
  it("are not run with an argument that means nothing", function()
    for words, why in pairs {
      ["--mode interpreter hammered -- spec/base/lru_spec.lua"] =
        "script/test: hammered is a mode: each one has a --mode of its own, --mode hammered\n",
      ["spec/base/nobody_spec.lua"] =
        "script/test: spec/base/nobody_spec.lua is no file, no folder and no option\n",
      ["spec/base other"] = "script/test: other is no file, no folder and no option\n",
      ["docs"] = "script/test: the folder docs has no spec\n",
    } do
      assert.same({ why, "2" }, { output("print 'ran'", words) })
    end
    for _, words in ipairs { "--mode", "--mode nobody" } do
      local text, status = output("print 'ran'", words)
      assert.matches("^usage: ", text)
      assert.equal("2", status)
    end
  end)

  it("say where the time went when they took too much", function()
    -- 124 is how timeout ends.
    local text, status = output([[
      local tally = assert(io.open(os.getenv "SSL_SPEC_TALLY", "a"))
      for i = 1, 20 do tally:write(("file f%d\ntook %d.5 f%d\n"):format(i, i, i)) end
      tally:write "file hangs\ntest one that hangs\n"
      tally:close()
      os.exit(124)
    ]], "spec/base/lru_spec.lua")
    assert.matches("killed: it took more than %d+ s, in: one that hangs\n", text)
    assert.matches("slowest files, in seconds:\n +20%.5 f20\n +19%.5 f19\n", text)
    assert.matches("the last one: hangs\n", text)
    assert.equal("1", status)
  end)

  it("leave out what they can, and nothing when every is asked for", function()
    local ran = told "--mode interpreter --mode hammered"
    assert.equal(table.concat(lines "luajit spec/support/modes.lua interpreter", " "),
                 ran.interpreter)
    ran = told "--mode interpreter --mode hammered --every"
    assert.equal(table.concat(modes.all(), " "), ran.hammered)
  end)

  -- What each of several runs got, in the order of the files, and how many runs there were.
  local function files_of(text)
    local files, runs = {}, 0
    for line in text:gmatch "ran ([^\n]*)" do
      runs = runs + 1
      for file in line:gmatch "spec/%S+" do files[#files + 1] = file end
    end
    table.sort(files)
    return files, runs
  end

  it("run in portions side by side where one is alone, each file once", function()
    local prints = "print('ran ' .. table.concat(arg, ' '))"
    local text = output(prints, "--mode hammered")
    local files, runs = files_of(text)
    assert.same(lines "luajit spec/support/modes.lua hammered", files)
    assert(runs > 10, runs)
    files, runs = files_of((output(prints, "spec/base spec/connection spec/https spec/io")))
    assert.same(lines [[find spec/base spec/connection spec/https spec/io -name '*_spec.lua' \
      | LC_ALL=C sort]], files)
    assert(runs > 5, runs)
    assert.equal(1, select(2, files_of((output(prints, "spec/base")))))
  end)

  it("count the tests of all portions, and one that breaks off as a failure", function()
    local counts = [[
      local tally = assert(io.open(os.getenv "SSL_SPEC_TALLY", "a"))
      local first
      for _, word in ipairs(arg) do first = first or word:find "base/lru_spec" end
      tally:write("passed\nskipped\n", not first and "end\n" or "test the last\n")
      tally:close()
    ]]
    local text, status = output(counts, "--mode hammered")
    local portions = math.ceil(#lines "luajit spec/support/modes.lua hammered" / 10)
    assert.matches("FAILED %[hammered%] ended early, with status 0, in: the last\n", text)
    assert.matches(("\n%d passed, 1 failed, %d skipped\n$"):format(portions, portions), text)
    assert.equal("1", status)
  end)

  it("say how a file that failed is run again", function()
    local spec = process.folder() .. "/bad_spec.lua"
    process.write(spec, "it('fails', function() error 'so' end)\n")
    local text = process.capture("SSL_SPEC_PORTION= script/test --no-bootstrap --mode interpreter "
                                 .. spec)
    assert.matches("\n    again: script/test --mode interpreter " .. spec .. "\n", text, 1, true)
    process.stop_all()
  end)
end)
