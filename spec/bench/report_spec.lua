-- The tables of script/bench, of made-up rounds: bench/report.lua.

describe("the tables of script/bench", function()
  local report = require "spec.support.bench" "report"

  local NAMES = { raw = "raw C", ours = "ours", luasec = "LuaSec", nginx = "nginx's own" }
  local RUN = { subjects = { { key = "raw", name = "raw C" }, { key = "ours", name = "ours" },
                             { key = "luasec", name = "LuaSec" } },
                names = NAMES, rounds = 3, versions = "the versions" }

  local function list(...)
    local results = {}
    for i, cost in ipairs { ... } do results[i] = { cost = cost, rate = 1e6 / cost, late = i } end
    return results
  end

  local function lines(text)
    local found = {}
    for line in text:gmatch "[^\n]+" do found[line] = true end
    return found
  end

  local ROWS = {
    { name = "a work", key = "work", unit = "us/trip", rate = "trips/s", trace = { 1, 2 },
      goals = { { 1.2, "raw" }, { 1.0, "luasec" } }, also = { "another way", "" } },
    { name = "left out", key = "other", unit = "us", goals = { { 1, "raw" } } },
    { name = "requests", key = "nginx_kept", nginx = {}, unit = "us",
      goals = { { 1.0, "nginx" } } },
  }

  it("have a row for each that was measured, with medians, ratios and goals", function()
    local found = lines(report.tables(ROWS, { {
      raw = list(10, 10, 10), ours = list(11, 11, 40), luasec = list(8, 8, 29),
      also = list(5, 5, 5) } }, RUN))
    assert.is_true(found["| a work | us/trip | 10.0 | 11.0 (1.10) | 8.00 (0.80) | 1.38 | "
                         .. "1.20 raw C; 1.00 LuaSec | yes; no, 1.38 |"])
    assert.is_true(found["a work, another way: 5.00 us/trip (0.50)."])
    assert.is_true(found["| a work, trips/s | 100 k | 91 k | 125 k |"])
    assert.is_true(found["Goals that hold on this machine: 1 of 2."])
    assert.is_true(found["Medians of at most 3 rounds; the versions."])
    for line in pairs(found) do assert.falsy(line:find "left out", line) end
  end)

  it("say what failed and what is not there", function()
    local broken = list(1)
    broken.failed = true
    local found = lines(report.tables(ROWS, { { raw = list(10), ours = broken } }, RUN))
    assert.is_true(found["| a work | us/trip | 10.0 | failed | - | - | 1.20 raw C; 1.00 LuaSec | "
                         .. "not measured; not measured |"])
  end)

  it("have system calls where they were counted", function()
    local results = { raw = list(10), ours = list(10) }
    results.ours.calls = 2.5
    local text = report.tables(ROWS, { results }, { subjects = RUN.subjects, names = NAMES,
                                                   rounds = 1, versions = "", traced = true })
    assert.is_true(lines(text)["| a work, per trip | - | 2.50 | - |"])
  end)

  it("have nginx's requests in a second of CPU, and both timers", function()
    local found = lines(report.tables(ROWS, { [3] = { nginx = list(100, 100, 100),
                                                      ours = list(200, 210, 220) } }, RUN))
    assert.is_true(found["| requests | 10000 | 4762 | 2.10 | 1.00 nginx's own | no, 2.10 | "
                         .. "2.00; 2.00 |"])
    assert.is_true(found["- in nginx, requests: at most 1.00 nginx's own, 2.10 here (spread 0.10)"])
  end)

  it("have handshakes over each OpenSSL, or why there are none", function()
    local rows = { { openssl = "client" }, { openssl = "server" } }
    local text = report.openssl(rows, {
      { name = "OpenSSL 3.0.19", results = { { raw = list(100, 100), ours = list(110, 110) },
                                             { raw = list(50), ours = list(60) } } },
      { name = "/nowhere", why = "nothing is there" },
    }, 5)
    assert.equal("| us of CPU a handshake (to raw C) | client | server |\n|---|---|---|\n"
      .. "| OpenSSL 3.0.19 | 110 (1.10) | 60.0 (1.20) |\n"
      .. "| /nowhere | not run: nothing is there | - |\n\n"
      .. "Medians of 5 rounds. The far side has the system's OpenSSL in every row.", text)
  end)

  it("have growth by size", function()
    assert.equal("| receive(n) | a call | a KiB |\n|---|---|---|\n"
      .. "| 2 KiB | 4.00 us | 2.00 us |\n| broken | failed | - |",
      report.growth { { name = "receive(n)", whole = "a call", each = "a KiB", points = {
        { label = "2 KiB", cost = 4e-6, units = 1, share = 0.5 },
        { label = "broken", cost = false, units = 1, share = 1 },
      } } })
  end)
end)
