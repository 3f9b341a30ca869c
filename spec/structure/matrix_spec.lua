-- script/matrix and its page: this system's own OpenSSL, and one small spec file.

describe("script/matrix", function()
  local house   = require "spec.support.init"
  local process = require "spec.support.process"

  teardown(process.stop_all)

  local SMALL = "spec/base/lru_spec.lua"

  -- The suite's own luajit is not the one that the matrix has to take.
  local function matrix(words, logs)
    return process.capture(('PATH=${PATH#"$BUILD_DIR"/mode/*:}; BUILD_DIR=%s SSL_MATRIX_LOGS=%s '
      .. "script/matrix --no-bootstrap %s 2>&1; echo status $?"):format(
      house.quote(house.build), house.quote(logs or process.folder()), words))
  end

  it("runs each pair, and counts", function()
    local output = matrix("--openssl own --openssl /nowhere -- " .. SMALL)
    local passed = output:match "| OpenSSL %d%S* | LuaJIT [^|]* | (%d+) passed, 0 failed |"
    assert.is_true(tonumber(passed or 0) > 0, output)
    assert.truthy(output:find("| /nowhere | luajit | not run: there is no libssl.so.N with a "
                              .. "libcrypto.so.N below /nowhere |", 1, true), output)
    assert.matches("status 1\n$", output)
  end)

  it("ends well where every row has passed", function()
    assert.matches("status 0\n$", matrix("-- " .. SMALL))
  end)

  it("runs each file apart, and again only what has not passed or was changed", function()
    local logs, apart = process.folder(), "--apart -- " .. SMALL .. " spec/base/nearest_spec.lua"
    local first = matrix(apart, logs)
    local passed = first:match " (%d+) passed, 0 failed |"
    assert.matches("status 0\n$", first)
    local log = process.capture("ls " .. house.quote(logs) .. "/*/*lru*"):match "^[^\n]+"
    local lru = tonumber(process.read(log):match "(%d+) passed, 0 failed\n$")
    assert.is_true(tonumber(passed) > lru)
    -- What an earlier run has written counts: so it was not run.
    process.write(log, "1 passed, 0 failed\n")
    assert.truthy(matrix(apart, logs):find((" %d passed, 0 failed |"):format(passed - lru + 1),
                                           1, true))
    process.write(log, "5 passed, 1 failed\n")
    assert.equal(first, matrix(apart, logs))
    process.write(log, "1 passed, 0 failed\n")
    assert.is_true(house.run("touch -d 2000-01-01 " .. house.quote(log)))
    assert.equal(first, matrix(apart, logs))
  end)

  it("does not call a program that is missing a pass", function()
    local output = matrix("--luajit /nowhere/luajit -- " .. SMALL)
    assert.truthy(output:find("| not run: there is no program /nowhere/luajit |", 1, true), output)
    assert.matches("status 1\n$", output)
  end)

  it("says why an OpenSSL cannot be loaded, in one line", function()
    local folder = process.folder()
    for _, name in ipairs { "libssl", "libcrypto" } do
      process.write(("%s/%s.so.3"):format(folder, name), "no library")
    end
    local output = matrix(("--openssl %s -- %s"):format(folder, SMALL))
    assert.matches("| not run: [^|\n]*cannot load the OpenSSL named by [^|\n]*"
                   .. "/libssl%.so%.3: [^|\n]*/libcrypto%.so%.3: [^|\n]* |", output)
    assert.is_nil(output:find("traceback", 1, true))
    assert.matches("status 1\n$", output)
  end)

  it("writes no row about a part of the suite", function()
    assert.equal("matrix: rows of the page are about the whole suite, not about some files\n"
                 .. "status 2\n", matrix("--write -- " .. SMALL))
  end)

  describe("in the page", function()
    local PAGE = "before\n<!-- rows of script/matrix -->\n%s<!-- end of the rows -->\nbehind\n"
                 .. "<!-- tests that script/matrix skipped -->\n<!-- end of the tests -->\nend\n"
    local HEAD = "| | system | processor | OpenSSL | LuaJIT | result | date |\n"
                 .. "|---|---|---|---|---|---|---|\n"
    local page

    -- What the page has between the marks after these rows came: the rows, and what was skipped.
    local function put(lines)
      local rows = process.write(process.folder() .. "/rows", (lines:gsub(" ?| ?", "\t")))
      process.capture(("luajit script/matrixpage.lua %s <%s"):format(page, rows))
      return process.read(page):match("^before\n<!%-%- rows of script/matrix %-%->\n(.*)"
        .. "<!%-%- end of the rows %-%->\nbehind\n<!%-%- tests that script/matrix skipped %-%->\n"
        .. "(.*)<!%-%- end of the tests %-%->\nend\n$")
    end

    before_each(function()
      page = process.write(process.folder() .. "/page.md", PAGE:format(HEAD))
    end)

    it("has a row for each version, the newest result, and what was skipped", function()
      put "row|Debian 12|x86_64|OpenSSL 3.0.1|LuaJIT|5 passed, 1 failed|2020-01-01\n"
      local rows, skipped =
        put("row|Debian 12|x86_64|OpenSSL 3.0.2|LuaJIT|6 passed, 0 failed, 1 skipped|2020-01-02\n"
            .. "skip|Debian 12|x86_64|OpenSSL 3.0.2|LuaJIT|no group|1\n"
            .. "row|Debian 12|x86_64|OpenSSL 1.1.1w|LuaJIT|not run: why|2020-01-02\n")
      assert.equal(HEAD
        .. "| 1 | Debian 12 | x86_64 | OpenSSL 1.1.1w | LuaJIT | not run: why | 2020-01-02 |\n"
        .. "| 2 | Debian 12 | x86_64 | OpenSSL 3.0.2 | LuaJIT | 6 passed, 0 failed, 1 skipped "
        .. "| 2020-01-02 |\n", rows)
      assert.equal("| reason | 2 |\n|---|---|\n| no group | 1 |\n", skipped)
    end)

    it("keeps a row without a date, as a person has written it or as it is written here", function()
      local B = "row|B|x86_64|OpenSSL 3.0.2|LuaJIT|6 passed, 0 failed|2020-01-02\n"
      process.write(page, PAGE:format(HEAD .. "| 1 | A | arm64 | own | own | not run | |\n"))
      assert.truthy(put(B):find("| 1 | A | arm64 | own | own | not run |  |\n", 1, true))
      assert.truthy(put(B):find("| 1 | A | arm64 | own | own | not run |  |\n", 1, true))
    end)

    it("keeps the reasons of rows that were not run again, in the columns of their new numbers",
       function()
      put("row|B|x86_64|OpenSSL 3.0.2|LuaJIT|6 passed, 0 failed|2020-01-02\n"
          .. "skip|B|x86_64|OpenSSL 3.0.2|LuaJIT|no group|1\n")
      local _, skipped =
        put("row|A|x86_64|OpenSSL 3.0.2|LuaJIT|6 passed, 0 failed|2020-01-02\n"
            .. "skip|A|x86_64|OpenSSL 3.0.2|LuaJIT|no curve|2\n")
      assert.equal("| reason | 1 | 2 |\n|---|---|---|\n"
                   .. "| no curve | 2 |  |\n| no group |  | 1 |\n", skipped)
    end)

    it("counts what differs in its version alone as one reason", function()
      local function skip(version, reason, count)
        return ("skip|A|x86_64|OpenSSL %s|LuaJIT|%s|%d\n"):format(version, reason, count)
      end
      local _, skipped =
        put("row|A|x86_64|OpenSSL 1.1.1w|LuaJIT|6 passed, 0 failed|2020-01-02\n"
            .. skip("1.1.1w", "early data: not with OpenSSL 1.1.1w  11 Sep 2023", 1)
            .. skip("1.1.1w", "names: OpenSSL 1.1.1w  11 Sep 2023 has no SSL_x", 2)
            .. skip("1.1.1w", "names: OpenSSL 1.1.1w has no SSL_x", 3)
            .. "row|A|x86_64|OpenSSL 4.0.3|LuaJIT|6 passed, 0 failed|2020-01-02\n"
            .. skip("4.0.3", "early data: not with OpenSSL 4.0.3", 4)
            .. skip("4.0.3", "LuaSec has it, and this is OpenSSL 4.0.3", 5))
      assert.equal("| reason | 1 | 2 |\n|---|---|---|\n| LuaSec has it |  | 5 |\n"
                   .. "| early data | 1 | 4 |\n| names: no SSL_x | 5 |  |\n", skipped)
    end)
  end)
end)
