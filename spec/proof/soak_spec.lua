-- script/soak notices what grows, and finds nothing in a small share of its work.

describe("script/soak", function()
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local samples = require "soak.samples"

  local quote = house.quote

  teardown(process.stop_all)

  local function run(connections, environment)
    local folder = process.folder()
    local text = process.capture(("%s script/soak --connections %d %s 2>&1; echo status $?"):format(
      environment or "", connections, quote(folder)))
    local output, status = text:match "^(.*)status (%d+)\n$"
    return output, status, folder
  end

  it("finds nothing in a share of its work, and leaves samples and a picture", function()
    local output, status, folder = run(1500)
    assert.equal("0", status, output)
    assert.is_truthy(output:find("\n| descriptors | %d+ | %d+ | stays |"), output)
    local _, lines = process.read(folder .. "/soak.csv"):gsub("\n", "")
    assert.is_true(lines > 30, lines)
    local picture = process.read(folder .. "/soak.svg")
    assert.is_truthy(picture:find "^<svg .*</svg>\n$")
    assert.equal(#samples.kinds, select(2, picture:gsub("<polyline", "")))
  end)

  it("says what it has not done", function()
    local output = run(50, ("BUILD_DIR=%s SSL_SPEC_STAGE=%s"):format(
      quote(process.folder()), quote(os.getenv "SSL_SPEC_STAGE" or "build/stage")))
    assert.is_truthy(output:find("\n     not done: in Copas\n", 1, true), output)
  end)

  for leak, what in pairs {
    descriptor = "descriptors", lua = "Lua heap, KB", context = "of these libssl's",
    paused = "blocks of OpenSSL's jobs",
  } do
    it("ends with 1 where each work leaves a " .. leak, function()
      local output, status = run(1500, "SOAK_PLANTED=spec.proof.soaked LEAK=" .. leak)
      assert.equal("1", status, output)
      assert.matches("\n| " .. what .. " | %d+ | %d+ | grows |", output)
    end)
  end

  it("compares the last third with the first, behind a tenth", function()
    local function grown(descriptors, begins)
      local list = {}
      for i = 1, 30 do
        list[i] = { connections = i <= 10 and i * (begins or 10000) or i * 10000,
                    rss = 1, malloc = 1, lua = 1, blocks = 1, libssl = 1, jobs = 1,
                    lingering = 0,
                    descriptors = descriptors(i) }
      end
      for _, verdict in ipairs(samples.judge(list)) do
        if verdict.kind.key == "descriptors" then return verdict.grows end
      end
    end
    assert.is_false(grown(function(i) return i <= 3 and 1 or 5 + i % 4 end))
    assert.is_true(grown(function(i) return math.floor(i / 10) end))
    assert.is_true(grown(function(i) return i < 20 and 5 or 6 end))
    -- One low sample, as chance has it.
    assert.is_false(grown(function(i) return i == 8 and 1 or 5 end))
    -- The 2,000th connection comes long after the first tenth of the samples here.
    assert.is_false(grown(function(i) return math.min(i, 11) end, 190))
  end)

  it("refuses hours that are no number", function()
    local _, status = process.capture "script/soak many >/dev/null 2>&1; echo status $?"
                      :match "^(.*)status (%d+)\n$"
    assert.equal("2", status)
  end)
end)
