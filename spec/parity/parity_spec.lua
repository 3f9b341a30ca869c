-- The same cases under Debian's LuaSec and under ours, result by result: each difference
-- has a row in docs/differences.md, and each row differs. parity/cases.lua explains cases.

describe("parity with LuaSec", function()
  local house   = require "spec.support.init"
  local luasec  = require "spec.support.luasec"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local socket  = require "socket"
  local openssl = require("ssl.ffi.lib").openssl
  local it      = require("spec.support.needs").own_openssl(it, "LuaSec has it")

  local root = process.capture "pwd":gsub("\n", "")
  package.path = root .. "/spec/parity/?.lua;" .. package.path
  local cases = require("cases").load(root .. "/spec/parity")

  local ENVIRONMENT = {
    ours = {
      LUA_PATH  = house.stage .. "/share/lua/5.1/?.lua;;",
      LUA_CPATH = house.stage .. "/lib/lua/5.1/?.so;;",
    },
    theirs = luasec.environment(),
  }

  -- The parity run of one library: a process. It gets no terminal and no input, so
  -- that a prompt for a password ends at once.
  local function start(library, only)
    local env = { PARITY_PKI = pki.dir }
    for name, value in pairs(ENVIRONMENT[library]) do env[name] = value end
    return process.start { "luajit", root .. "/spec/parity/run.lua", library, only or "",
                           env = env, input = "" }
  end

  local function lines(child)
    local out = {}
    for line in process.read(child.dir .. "/out"):gmatch "[^\n]*" do
      if line ~= "" then out[#out + 1] = line end
    end
    return out
  end

  local LIMIT = 600

  local function results(child, name)
    local how, status = child:wait(LIMIT)
    local out = lines(child)
    if out[#out] == "end" then return out end
    local last = cases[#out + 1]
    child:stop()
    error(("%s ended with %s %s in: %s\n%s"):format(name, how, status,
          last and last.name or "nothing", process.read(child.dir .. "/err")))
  end

  local rows = {}
  local order = {}
  for line in io.lines "docs/differences.md" do
    local id, area = line:match "^| `([%w-]+)` | ([^|]-) |"
    if id then
      assert(not rows[id], "two rows have the id " .. id)
      rows[id] = area
      order[#order + 1] = area
    end
  end

  local ours, theirs, version

  setup(function()
    if openssl.how == "environment" then return end
    assert(luasec.so, "no LuaSec: script/bootstrap --with-tests")
    local a, b = start "ours", start "theirs"
    ours, theirs = results(a, "ours"), results(b, "LuaSec")
    version = process.read(luasec.lua .. "/ssl.lua"):match "_VERSION%s*=%s*\"([%d.]+)\""
  end)

  teardown(process.stop_all)

  local function number(text)
    local major, minor, patch = text:match "(%d+)%.(%d+)%.?(%d*)"
    return tonumber(major) * 10000 + tonumber(minor) * 100 + (tonumber(patch) or 0)
  end

  local function told(case, verdict, a, b)
    return ("%s\n  %s\n  LuaSec: %s\n  ours:   %s"):format(verdict, case.name, a, b)
  end

  -- LuaSec blames some of its errors on its own ssl.lua, ours blames the caller.
  local function elsewhere(a, b)
    return a:gsub("ssl%.lua:N:", "case:1:", 1) == b
  end

  -- Does something hold of the OpenSSL that both have, from this version on?
  local function applies(from)
    return not from or openssl.major + openssl.minor / 100
                       >= from:match "^%d+" + from:match "%d+$" / 100
  end

  -- The mistake in a case, or nil; and the row by which it differs.
  local function judge(case, a, b)
    if case.since and number(version) < number(case.since) then
      if b ~= case.is then return told(case, "is not as LuaSec " .. case.since, case.is, b) end
      if a == b then return told(case, "is older than it says", a, b) end
      return nil
    end
    if case.crash then return nil, case.crash end
    local row = applies(case.from) and case.differs or nil
    if a == b then
      return row and told(case, "does not differ as `" .. row .. "` says", a, b)
    end
    if not row and elsewhere(a, b) then row = "error-position" end
    if not row then return told(case, "differs, and no row says so", a, b) end
    return nil, row
  end

  it("compares more than 400 results", function()
    local compared = 0
    for i, case in ipairs(cases) do
      if theirs[i] ~= "skipped" and not (case.since and number(version) < number(case.since)) then
        compared = compared + 1
      end
    end
    assert.equal(#cases, #ours - 1)
    assert.equal(#cases, #theirs - 1)
    assert.is_true(compared > 400, compared .. " results")
  end)

  it("differs exactly where it has a row", function()
    local wrong = {}
    for i, case in ipairs(cases) do
      wrong[#wrong + 1] = judge(case, theirs[i], ours[i])
    end
    assert.equal("", table.concat(wrong, "\n"))
  end)

  it("names rows that exist", function()
    for i, case in ipairs(cases) do
      local _, row = judge(case, theirs[i], ours[i])
      if row then assert.is_truthy(rows[row], row .. ": " .. case.name) end
    end
  end)

  -- All at once, and no longer than a few seconds: some never come back.
  it("ends or hangs LuaSec's process, and not ours, in the cases marked so", function()
    local running, alive = {}, {}
    local deadline = socket.gettime() + house.scale(5, 20)
    for i, case in ipairs(cases) do
      local ends = case.crash and not (case.checked and applies(case.checked))
      if ends then running[i] = start("theirs", i) end
    end
    assert.is_truthy(next(running))
    for i, child in pairs(running) do
      child:wait(math.max(0, deadline - socket.gettime()))
      child:stop()
      local out = lines(child)
      if out[#out] == "end" then alive[#alive + 1] = cases[i].name end
      assert.is_truthy(ours[i])
    end
    assert.same({}, alive)
  end)

  it("finds the table sorted by area", function()
    local sorted = { unpack(order) }
    table.sort(sorted)
    assert.same(sorted, order)
    assert.is_true(#order > 0)
  end)
end)
