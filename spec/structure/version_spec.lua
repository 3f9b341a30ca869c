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

  it("is written in no other source", function()
    local found = process.capture(("grep -rlF -e %s CMakeLists.txt cmake lua ffi shim docs "
      .. "script README.md *.rockspec"):format(house.quote(VERSION)))
    assert.equal("lua/ssl/base/version.lua\n", found)
  end)
end)
