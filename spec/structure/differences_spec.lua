-- docs/differences.md keeps its promises: every defect has a place, and where the page
-- names a spec, that spec names the defect.

describe("the page of differences", function()
  local process = require "spec.support.process"

  local rows, defects = {}, {}
  for line in io.lines "docs/differences.md" do
    local id = line:match "^| `([%w-]+)` |"
    if id then rows[id] = line end
    local number, shown = line:match "^| D(%d+) | [^|]+ | ([^|]+) |$"
    if number then defects[tonumber(number)] = shown end
  end

  it("has five columns everywhere, none of them empty", function()
    for id, line in pairs(rows) do
      assert.is_nil(line:find "|%s*|", id)
      local _, bars = line:gsub("|", "")
      assert.equal(6, bars, id)
    end
  end)

  it("gives each of D1 to D38 a place", function()
    for number = 1, 38 do
      local shown = defects[number]
      assert.is_truthy(shown, "D" .. number)
      assert.is_truthy(shown:find "_spec%.lua" or shown:find "`%l[%l-]+`", "D" .. number)
    end
  end)

  it("names specs that name the defect", function()
    for number, shown in pairs(defects) do
      for name in shown:gmatch "`([%w_/]+_spec%.lua)`" do
        assert.matches(("%%f[%%w]D%d%%f[%%W]"):format(number), process.read("spec/" .. name))
      end
    end
  end)

  it("names rows that exist", function()
    for number, shown in pairs(defects) do
      for id in shown:gmatch "`(%l[%l%d-]+)`" do
        if not id:find "_spec" then assert.is_truthy(rows[id], ("D%d: %s"):format(number, id)) end
      end
    end
  end)
end)
