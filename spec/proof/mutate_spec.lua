-- script/mutate makes the changes that it promises, tells which are noticed, and leaves the
-- tree alone.

describe("script/mutate", function()
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local mutate  = require "mutate.mutate"

  local quote = house.quote

  teardown(process.stop_all)

  local function changes(path, lines)
    local found = {}
    for i, mutant in ipairs(mutate.mutants(path, table.concat(lines, "\n"))) do
      found[i] = ("%d %s: %s"):format(mutant.line, mutant.kind, mutant.new)
    end
    return found
  end

  it("turns, leaves out, and changes what a line of Lua has", function()
    assert.same({
      "2 comparison: if a >= b and not c then",
      "2 and/or: if a < b or not c then",
      "2 not: if a < b and  c then",
      "3 call left out:   ",
      "4 constant:   return 2",
      "4 return value:   return nil",
      "6 constant:   return nil, true",
      "6 return value:   return true",
      "7 return value:   if a then return nil end",
    }, changes("lua/ssl/x.lua", {
      "-- a < b, not c: 1", "if a < b and not c then", "  free(c, \"not 1\")", "  return 1", "end",
      "  return nil, false", "  if a then return a end",
    }))
  end)

  it("turns, leaves out, and changes what a line of C has", function()
    assert.same({
      "3 comparison: if (c->n <= 1 && !c->open)",
      "3 constant: if (c->n > 2 && !c->open)",
      "3 and/or: if (c->n > 1 || !c->open)",
      "3 not: if (c->n > 1 && c->open)",
      "4 call left out: \t;",
      "5 constant: \treturn 1;",
      "5 return value: \treturn 1;",
    }, changes("shim/bio.c", {
      "#define MOST 1", "/* n < 1 */", "if (c->n > 1 && !c->open)", "\tlsf_free(c);",
      "\treturn 0;", "\treturn NULL;",
    }))
  end)

  it("changes one line, and leaves all others as they are", function()
    local text = "local a = 1\n\n\nlocal b = 1\n\nreturn a\n"
    local mutant = mutate.mutants("lua/ssl/x.lua", text)[2]
    assert.equal("local a = 1\n\n\nlocal b = 2\n\nreturn a\n", mutate.changed(text, mutant))
  end)

  -- A tree of one file, with a spec that calls it once.
  local FILE = [[
local M = {}
function M.least(a, b)
  if a <= b then return a end
  return b
end
function M.greet() return nil, "nobody" end
return M
]]
  local SPEC = [[
package.path = "lua/?.lua;" .. package.path
local M = require "ssl.base.planted"
assert(M.least(1, 2) == 1)
assert(M.least(3, 2) == 2)
]]
  local TEST = [[
#!/bin/sh
for file; do
	case $file in *_spec.lua) luajit "$file" || exit ;; esac
done
]]

  local function planted()
    local folder = process.folder()
    assert(house.run(("cd %s && mkdir -p lua/ssl/base spec/base script"):format(quote(folder))))
    process.write(folder .. "/lua/ssl/base/planted.lua", FILE)
    process.write(folder .. "/spec/base/planted_spec.lua", SPEC)
    process.write(folder .. "/script/test", TEST)
    process.write(folder .. "/script/bootstrap", "#!/bin/sh\n")
    assert(house.run(("chmod +x %s/script/*"):format(quote(folder))))
    return folder
  end

  local function run(folder, arguments)
    local text = process.capture(("MUTATE_TREE=%s BUILD_DIR= script/mutate %s 2>&1; echo status $?")
                                 :format(quote(folder), arguments))
    return text:match "^(.*)status (%d+)\n$"
  end

  it("tells the mutants that a spec notices from those that none does", function()
    local folder = planted()
    local text, status = run(folder, "--count 100")
    assert.equal("0", status, text)
    assert.is_truthy(text:find("\nkilled         lua/ssl/base/planted.lua:3  comparison", 1, true),
                     text)
    assert.is_truthy(text:find("    spec/base/planted_spec.lua\n", 1, true), text)
    assert.is_truthy(text:find("| all | 3 | 1 | 0 |", 1, true), text)
    assert.equal([[
lua/ssl/base/planted.lua:6  return value
    - function M.greet() return nil, "nobody" end
    + function M.greet() return true end
]], text:match "\nsurvivors:\n(.*)$")
    assert.equal(FILE, process.read(folder .. "/lua/ssl/base/planted.lua"))
  end)

  it("does not count a spec that fails without a mutant", function()
    local folder = planted()
    process.write(folder .. "/spec/base/other_spec.lua", "error 'always'\n")
    local text = run(folder, "--count 100")
    assert.is_truthy(text:find("| all | 3 | 1 | 0 |", 1, true), text)
    assert.is_truthy(text:find("it fails without a mutant: spec/base/other_spec.lua", 1, true))
  end)

  it("chooses the same mutants for the same seed", function()
    local folder = planted()
    local first = run(folder, "--list --count 2 --seed 4")
    assert.equal(first, (run(folder, "--list --count 2 --seed 4")))
    assert.not_equal(first, (run(folder, "--list --count 2 --seed 7")))
  end)

  it("refuses what is not the library's, and options that there are not", function()
    local folder = planted()
    for _, arguments in ipairs { "spec", "--count many", "--other 1", "lua/nothing" } do
      local text, status = run(folder, arguments)
      assert.equal("2", status, text)
    end
  end)
end)
