-- The harnesses of script/fuzz find what they look for; and a small share of their inputs, the
-- same sequence each time.

describe("script/fuzz", function()
  local house   = require "spec.support.init"
  local limits  = require "spec.support.limits"
  local needs   = require "spec.support.needs"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"

  local quote = house.quote

  teardown(process.stop_all)

  -- Seconds for a target, and the first of the random numbers.
  local SHARE, SEED = 1, 1

  -- One that shows a planted fault comes at once.
  local LONG_ENOUGH = 20

  -- In a folder of its own: other runs may use that of the build.
  local function run(arguments, environment)
    local text = process.capture(("FUZZ_FOLDER=%s %s script/fuzz %s 2>&1; echo status $?"):format(
      quote(process.folder()), environment or "", arguments))
    return text:match "^(.*)status (%d+)\n$"
  end

  local function targets()
    local found = {}
    for _, path in ipairs(sources.list("fuzz/targets", "lua")) do
      found[#found + 1] = path:match "([^/]+)%.lua$"
    end
    return found
  end

  it("lists its targets, each with a line about it", function()
    local text, status = run "--list"
    assert.equal("0", status)
    local names = {}
    for line in text:gmatch "[^\n]+" do
      names[#names + 1] = assert(line:match "^(%S+) +%S+ %S+", line)
    end
    assert.same(targets(), names)
    assert.is_true(#names > 0)
  end)

  it("refuses a target that is not there, and seconds that are no number", function()
    for _, arguments in ipairs { "--plain nothing 1", "nothing 1", "engine x", "engine" } do
      local _, status = run(arguments)
      assert.equal("2", status, arguments)
    end
  end)

  -- The seeds lie in the repository: every clone has them.
  it("has few kilobytes of seeds", function()
    local text = process.capture "find fuzz/corpus -type f -printf '%s\n'"
    local sum = 0
    for size in text:gmatch "%d+" do sum = sum + size end
    assert.is_true(sum > 0 and sum < 300000, sum)
  end)

  -- A folder in which nothing was found yet has no place for what is made smaller.
  it("runs an input again, and tries to make it smaller, in a new folder", function()
    needs.that(house.run "command -v clang >/dev/null" and house.run "pkg-config luajit",
               "clang and LuaJIT's headers")
    local folder = quote(process.folder())
    local environment = "FUZZ_FOLDER=" .. folder
    local file = quote(process.write(process.folder() .. "/input", "a"))
    local text, status = run("--again hostname " .. file, environment)
    assert.equal("0", status, text)
    assert.is_truthy(text:find("Executed ", 1, true), text)
    text = run("--smaller hostname " .. file, environment)
    assert.is_truthy(text:find("did not crash", 1, true), text)
    assert.equal("2", select(2, run("--again hostname nothing", environment)))
  end)

  for _, name in ipairs(targets()) do
    it(("finds nothing in a share of %s"):format(name), function()
      needs.that(name ~= "pkcs12" or limits.takes_any_pkcs12, "any bytes as PKCS#12")
      local text, status = run(("--plain %s %d %d"):format(name, SHARE, SEED))
      assert.equal("0", status, text)
      assert.is_true(tonumber(text:match "(%d+) executions in") > 0, text)
    end)
  end

  -- A line of the library that is changed, which the model of a target has to notice.
  for _, flaw in ipairs {
    "a count that is too high", "a rest that is sent again",
    "a rest that is skipped in other bytes", "an index without the bytes before",
    "memory that is read when it is the program's again",
    "a wait that is longer than both limits", "a deadline that ends no wait",
    "a total that is forgotten where a phase has a limit",
    "a limit that stays at an earlier socket",
    "sessions that belong to no policy", "entries of a store that nobody has authenticated",
    "early data that comes twice", "a session of a client that verifies nothing",
  } do
    it(("finds %s by a model"):format(flaw), function()
      local text, status = run(("--plain spec.proof.crooked %d %d"):format(LONG_ENOUGH, SEED),
                               "FLAW=" .. quote(flaw))
      assert.equal("1", status, text)
      assert.is_truthy(text:find("FOUND ", 1, true), text)
      assert.is_nil(text:find("the line is not there", 1, true), text)
    end)
  end

  -- A module with planted faults, in place of a target.
  local function planted(flaw)
    return run(("--plain spec.proof.flawed %d %d"):format(LONG_ENOUGH, SEED),
               "FLAW=" .. quote(flaw))
  end

  for flaw, what in pairs {
    ["a crash"]            = "FOUND status 139: the input is in",
    ["a mistake"]          = "attempt to get length of a nil value",
    ["a stale error"]      = "leaves an error in the queue",
    ["lost memory"]        = "bytes of malloc each time",
    ["lost memory of Lua"] = "bytes of Lua each time",
    ["a lost descriptor"]  = "leaves 1 descriptors each time",
  } do
    it(("finds %s, and makes its input small"):format(flaw), function()
      local text, status = planted(flaw)
      assert.is_true(tonumber(status) > 0, text)
      assert.is_truthy(text:find(what, 1, true), text)
      if flaw ~= "a crash" then assert.is_truthy(text:find(": 1 bytes: ", 1, true), text) end
    end)
  end

  it("finds a verdict that is not final, by the table of the phases", function()
    local text, status = run(("--plain spec.proof.reopened %d %d"):format(LONG_ENOUGH, SEED))
    assert.equal("1", status, text)
    assert.is_truthy(text:find("FOUND failed, and shaking", 1, true), text)
  end)
end)
