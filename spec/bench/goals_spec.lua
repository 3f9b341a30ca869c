-- bench/goals.lua and bench/stats.lua: what holds, what is missed, and what the run does not tell.

describe("a goal of script/bench", function()
  local bench = require "spec.support.bench"
  local goals = bench "goals"
  local stats = bench "stats"

  local NAMES = { raw = "raw C", ours = "ours", luasec = "LuaSec", cqueues = "luaossl+cqueues",
                  python = "Python", node = "node", nginx = "nginx's own" }

  local function list(...)
    local results = {}
    for i, cost in ipairs { ... } do results[i] = { cost = cost, rate = 1 / cost } end
    return results
  end

  local function row(...) return { name = "work", key = "work", unit = "us", goals = { ... } } end

  local function judge(goal, results, by_key)
    return goals.of(row(goal), results, by_key or {}, NAMES)[1]
  end

  it("is about the median of the rounds' ratios, and not the ratio of the medians", function()
    -- The second round was slow for both.
    local found = judge({ 1.2, "raw" }, { ours = list(11, 90, 30), raw = list(10, 60, 10) })
    assert.equal(1.5, found.value)
    assert.equal(1.5, stats.ratio(list(11, 90, 30), list(10, 60, 10)))
  end)

  it("has the distance of the quartiles as its spread", function()
    assert.equal(0, stats.spread { 7 })
    assert.equal(2, stats.spread { 5, 1, 2, 3, 4 })
    assert.equal(1.5, stats.spread { 4, 1, 3, 2 })
    assert.equal(2.5, stats.median { 4, 1, 3, 2 })
    assert.is_nil(stats.spread {})
    assert.is_nil(stats.median {})
  end)

  it("holds up to what it allows", function()
    local results = { ours = list(3, 3, 3), raw = list(2, 2, 2) }
    assert.equal("holds", judge({ 1.5, "raw" }, results).state)
  end)

  it("is missed by more than the spread, and not by less", function()
    -- Ratios 1.1, 1.3, 1.5: the median is 1.3, the spread 0.2.
    local results = { ours = list(11, 13, 15), raw = list(10, 10, 10) }
    local function state(most) return judge({ most, "raw" }, results).state end
    assert.equal("holds", state(1.31))
    assert.equal("near", state(1.2))
    assert.equal("missed", state(1.05))
  end)

  it("is missed by any excess where all rounds agree", function()
    assert.equal("missed", judge({ 1.0, "raw" }, { ours = list(11, 11), raw = list(10, 10) }).state)
  end)

  it("may be an amount in the unit of the row", function()
    local found = judge({ 14, "us" }, { ours = list(15, 15, 15) })
    assert.equal("missed", found.state)
    assert.equal(15, found.value)
    assert.equal("us", found.words)
  end)

  it("may be about ours of another row", function()
    local found = judge({ 1.2, "send", "a descriptor" }, { ours = list(12, 12) },
                        { send = { ours = list(10, 10) } })
    assert.equal("holds", found.state)
    assert.equal(1.2, found.value)
    assert.equal("a descriptor", found.words)
  end)

  it("against the best is about the cheapest of the others, raw C left out", function()
    local found = judge({ 1, "best" }, {
      raw = list(1, 1, 1), ours = list(10, 10, 10), luasec = list(12, 9, 12),
      python = list(8, 8, 20), node = list(5, 5, 5) })
    assert.equal("node, the best", found.words)
    assert.equal(2, found.value)
    -- Without node it is Python, although LuaSec won a round.
    found = judge({ 1, "best" }, { ours = list(10, 10, 10), luasec = list(12, 9, 12),
                                   python = list(8, 8, 20) })
    assert.equal("Python, the best", found.words)
    assert.equal(1.25, found.value)
  end)

  it("is not measured without the other, without ours, or where one has failed", function()
    local broken = list(1)
    broken.failed = true
    for _, results in ipairs {
      { ours = list(1) }, { raw = list(1) }, {}, { ours = list(1), raw = broken },
      { ours = broken, raw = list(1) },
    } do
      local found = judge({ 9, "raw" }, results)
      assert.equal("unmeasured", found.state)
      assert.is_nil(found.value)
    end
    assert.equal("unmeasured", judge({ 9, "best" }, { ours = list(1), raw = list(1) }).state)
  end)

  describe("among others", function()
    local ROWS = {
      { name = "held", key = "a", unit = "us", goals = { { 2, "raw" }, { 1, "best" } } },
      { name = "in vain", key = "b", unit = "us", goals = { { 1.1, "raw" } } },
      { name = "left out", key = "c", unit = "us", goals = { { 1, "raw" } } },
      { name = "without", key = "d", unit = "us" },
    }
    local GOOD = { ours = list(10, 10), raw = list(10, 10), luasec = list(20, 20) }
    local BAD  = { ours = list(15, 15), raw = list(10, 10) }
    local NEAR = { ours = list(10, 14), raw = list(10, 10) }

    it("passes the check when none is missed", function()
      assert.is_true(goals.pass(goals.all(ROWS, { GOOD }, NAMES)))
      assert.is_true(goals.pass(goals.all(ROWS, { GOOD, NEAR }, NAMES)))
      assert.is_false(goals.pass(goals.all(ROWS, { GOOD, BAD }, NAMES)))
    end)

    it("does not pass unmeasured, nor where there is nothing to judge", function()
      assert.is_false(goals.pass(goals.all(ROWS, { GOOD, {} }, NAMES)))
      assert.is_false(goals.pass(goals.all(ROWS, {}, NAMES)))
    end)

    it("is counted and named at the end", function()
      local text = goals.summary(goals.all(ROWS, { GOOD, BAD, {}, GOOD }, NAMES))
      assert.equal("Goals that hold on this machine: 2 of 4.\n\n"
        .. "Missed: 1.\n\n- in vain: at most 1.10 raw C, 1.50 here (spread 0.000)\n\n"
        .. "Not measured: 1.\n\n- left out: at most 1.00 raw C", text)
      text = goals.summary(goals.all(ROWS, { GOOD, NEAR }, NAMES))
      assert.truthy(text:find("Missed by less than the spread of their rounds, which tells "
        .. "nothing: 1.\n\n- in vain: at most 1.10 raw C, 1.20 here (spread 0.20)", 1, true), text)
    end)
  end)

  describe("of bench/rows.lua", function()
    local rows = bench "rows"
    local KNOWN = { best = true, also = true, nginx = true }
    for key in pairs(NAMES) do KNOWN[key] = true end

    it("is against something that is there", function()
      local keys, seen = {}, 0
      for _, each in ipairs(rows) do
        assert.is_nil(keys[each.key], each.key)
        keys[each.key] = each
      end
      for _, each in ipairs(rows) do
        for _, goal in ipairs(each.goals or {}) do
          local against = goal[2]
          seen = seen + 1
          assert.equal("number", type(goal[1]), each.name)
          assert.truthy(KNOWN[against] or keys[against] or against == each.unit, each.name)
          -- Two letters that mean the same: the key of a subject is no key of a row.
          assert.falsy(NAMES[against] and keys[against], against)
          assert.truthy(against ~= "also" or each.also, each.name)
        end
      end
      assert.is_true(seen > 40)
    end)

    it("against raw C, LuaSec or nginx is one of a row which these can do", function()
      for _, each in ipairs(rows) do
        local can = {}
        for _, key in ipairs(each.subjects) do can[key] = true end
        for _, goal in ipairs(each.goals or {}) do
          assert.truthy(not NAMES[goal[2]] or can[goal[2]], each.name)
        end
      end
    end)
  end)
end)
