-- The version: one file has it, and what has to repeat it agrees.

describe("the version", function()
  local ssl     = require "ssl"
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"

  local VERSION = require "ssl.base.version"
  local NUMBERS, PRERELEASE = VERSION:match "^(%d+%.%d+%.%d+)(.*)$"

  it("is one of SemVer, and ssl.config's", function()
    assert.is_truthy(NUMBERS, VERSION)
    assert.is_truthy(PRERELEASE == "" or PRERELEASE:find "^%-[%w.-]+$", VERSION)
    assert.is_nil(("." .. NUMBERS):match "%.0%d", VERSION)
    assert.equal(VERSION, ssl.config.version)
    assert.equal(VERSION, rawget(ssl.config, "version"))
  end)

  it("is not LuaSec's", function()
    assert.equal("1.3.2", ssl._VERSION)
  end)

  it("is that of the build", function()
    local cache = sources.read(house.build .. "/CMakeCache.txt")
    assert.equal(NUMBERS, cache:match "\nCMAKE_PROJECT_VERSION:STATIC=([^\n]*)")
  end)

  -- A version that is being worked on has no section yet, a released one has the newest.
  it("is that of the changelog's newest section", function()
    local section = sources.read "CHANGELOG.md":match "\n## ([^\n]+)"
    if PRERELEASE == "-dev" then
      assert.equal("Unreleased", (section:gsub("[%[%]]", "")))
    else
      local version, date = section:match "^%[?([^%]%s]+)%]? %- (.+)$"
      assert.equal(VERSION, version)
      assert.matches("^%d%d%d%d%-%d%d%-%d%d$", date)
    end
  end)

  -- `since` of a record is the version in which something came, and stays. Versions of OpenSSL
  -- have the same form. The numbers alone are looked for: these become the release's.
  it("is written in no other source", function()
    local found = process.capture(("grep -rhF -e %s CMakeLists.txt cmake lua ffi shim docs "
      .. "packaging script README.md *.rockspec | grep -v -e 'since = \"' -e OpenSSL"):format(
      house.quote(NUMBERS)))
    assert.equal(('return "%s"\n'):format(VERSION), found)
  end)

  describe("as script/version writes it", function()
    local packed = require "spec.support.packed"
    local DAY, DATE = "2031-02-03", "Mon, 03 Feb 2031 04:05:06 +0000"
    local folder

    local function write(version)
      return process.capture(("SOURCE_DATE_EPOCH=1927857906 %s/script/version %s 2>&1"):format(
        folder, version))
    end

    local function tops()
      local function first(path, pattern)
        return sources.read(folder .. "/" .. path):match(pattern)
      end
      return { first("lua/ssl/base/version.lua", '\nreturn "([^"]+)"'),
               first("CHANGELOG.md", "\n## ([^\n]+)"),
               first("debian/changelog", "^lua%-ssl%-ffi %(([^)]+%) %w+); "),
               first("debian/changelog", "\n %-%- [^\n]->  ([^\n]+)") }
    end

    setup(function()
      folder = process.folder() .. "/source"
      packed.copy(folder)
      if PRERELEASE == "" then write "98.7.6-dev" end
    end)
    teardown(process.stop_all)

    it("is that of a release with its date, and then that of the next one's work", function()
      local changes = sources.read(folder .. "/CHANGELOG.md")
      assert.equal("", write "98.7.6")
      assert.same({ "98.7.6", "[98.7.6] - " .. DAY, "98.7.6) unstable", DATE }, tops())
      assert.equal("version: CHANGELOG.md has no section Unreleased\n", write "98.7.7")
      assert.equal("", write "98.8.0-dev")
      assert.same({ "98.8.0-dev", "[Unreleased]", "98.8.0~dev) UNRELEASED", DATE }, tops())
      local _, entries = sources.read(folder .. "/debian/changelog"):gsub("lua%-ssl%-ffi %(98", "")
      assert.equal(2, entries)
      local heading = "## [98.7.6] - " .. DAY
      local before = changes:gsub("\n## %[Unreleased%]", function()
        return "\n## [Unreleased]\n\n" .. heading
      end, 1)
      assert.equal(before, sources.read(folder .. "/CHANGELOG.md"))
    end)

    it("is refused where it is none", function()
      for _, wrong in ipairs { "1.0", "1.0.0-rc1", "v1.0.0", "''" } do
        assert.matches("^version: no version: ", write(wrong))
      end
    end)
  end)
end)
