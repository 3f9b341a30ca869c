-- Packages, built from a copy of the sources and unpacked in folders that are thrown away.
-- Those of LuaRocks are in structure/rocks_spec.

describe("the package of", function()
  local packed  = require "spec.support.packed"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"
  local house   = require "spec.support.init"
  local must, quote = packed.must, house.quote

  teardown(process.stop_all)

  describe("Debian", function()
    -- "1.0.0-dev" comes before "1.0.0": in Debian's order "1.0.0~dev" does.
    it("has the library's version", function()
      local version = sources.read "debian/changelog":match "^lua%-ssl%-ffi %(([^)]+)%)"
      assert.equal((packed.version:gsub("%-", "~")), version)
    end)

    it("is built, has no file outside of its places, and speaks TLS", function()
      local lacking = packed.lacks { "dpkg-buildpackage", "dh" }
      if lacking then return pending(lacking) end
      local folder = process.folder()
      packed.copy(folder .. "/source")
      -- -d: what is needed is there, from packages of the system or from elsewhere.
      must(("cd %s/source && env -u LD_PRELOAD dpkg-buildpackage -d -b -us -uc"):format(folder))
      must(("cd %s && dpkg-deb -x lua-ssl-ffi_*.deb root"):format(folder))
      local places = process.capture(("cd %s/root && find . -type f | sed -E %s | sort -u"):format(
        folder, quote "s#^(.*/lua/5.1|./usr/share/doc)/.*#\\1#"))
      local library = process.capture(("cd %s/root && ls -d usr/lib/*/lua/5.1"):format(folder))
        :match "[^\n]+"
      assert.equal(("./%s\n./usr/share/doc\n./usr/share/lua/5.1\n"):format(library), places)
      packed.speaks(packed.version, folder .. "/root/usr/share/lua/5.1",
                    folder .. "/root/" .. library)
    end)
  end)

  it("a release is not made of anything but the tag's sources", function()
    local lacking = packed.lacks { "git" }
    if lacking then return pending(lacking) end
    local place = process.folder()
    local function release()
      return process.capture(place .. "/source/script/release " .. place
                             .. "/made https://example.org/x cc 2>&1")
    end
    local function git(words)
      must(("cd %s/source && git -c user.name=x -c user.email=x@x %s"):format(place, words))
    end
    packed.copy_release(place .. "/source")
    git "init -q && git add -A && git rm -q --cached LICENSE"
    git "commit -q -m x"
    assert.equal("release: not committed:\n?? LICENSE\n", release())
    git "add -A && git -c user.name=x -c user.email=x@x commit -q -m y"
    assert.equal("release: this commit has no tag v" .. packed.release .. "\n", release())
    process.write(place .. "/source/lua/ssl/base/version.lua", 'return "9.8.7-dev"\n')
    assert.equal("rockspec: 9.8.7-dev is no release\n", release())
    assert.equal("", process.capture(("ls -d %s/made 2>/dev/null"):format(place)))
  end)

  it("a release has the same bytes from a checkout with other rights and dates", function()
    local lacking = packed.lacks { "dpkg-buildpackage", "dh", "zip" }
    if lacking then return pending(lacking) end
    local place = process.folder()
    packed.copy_release(place .. "/one")
    must(("cp -R %s/one %s/two"):format(place, place))
    local function release(folder, change)
      must(("cd %s && env -u LD_PRELOAD sh -ec %s"):format(
        quote(place .. "/" .. folder),
        quote(change .. "; script/release ../made-" .. folder .. " https://example.org/x cc")))
      return must(("cd %s/made-%s && cat SHA256SUMS && find . -type f -printf '%%m %%p\\n' | sort")
                  :format(place, folder))
    end
    local wanted = release("one", "umask 022")
    assert.matches("%.tar%.xz\n", wanted)
    assert.equal(wanted, release("two", "umask 077; chmod -R go-rwx .; touch -d 2001-02-03 *"))
  end)

  -- Recipes that cannot be run here: what they say about the sources is compared.
  describe("another system", function()
    local URL = "https://example.org/luasec-ffi"

    for file, line in pairs {
      ["luasec-ffi.rb"] = ('url "%s.git", tag: "v%s"'):format(URL, packed.version),
      ["dist.ini"] = "\nversion = " .. packed.version .. "\n",
    } do
      it("has the version and the place in " .. file, function()
        local text = must(("script/recipe %s %s.git"):format(file, URL))
        assert.matches(line, text, 1, true)
        assert.matches(URL, text, 1, true)
        assert.not_matches("@%u+@", text)
      end)
    end

    it("has a place with the signs of a URL, and no other ones", function()
      assert.matches("\nrepo_link = https://example.org/a?b=1&c=2\n",
                     must "script/recipe dist.ini 'https://example.org/a?b=1&c=2.git'", 1, true)
      for _, words in ipairs { "script/recipe dist.ini 'a|b'", "script/rockspec 'a\"b'",
                               "script/rockspec 'a b'" } do
        assert.matches(": no URL: a.b\nstatus 1\n$",
                       process.capture(words .. " 2>&1; echo status $?"))
      end
    end)

    it("has the version from its file in package.nix", function()
      local recipe = sources.read "packaging/package.nix"
      assert.matches('"[^\\"]*\\"([^\\"]*)\\"[^\\"]*"', recipe, 1, true)
      assert.matches("readFile ../lua/ssl/base/version.lua", recipe, 1, true)
      assert.equal(packed.version,
                   sources.read "lua/ssl/base/version.lua":match '^[^"]*"([^"]*)"[^"]*$')
    end)

    it("finds the names of OpenSSL that it replaces in the file that it names", function()
      for _, path in ipairs { "packaging/package.nix", "packaging/luasec-ffi.rb.in" } do
        local named = sources.read(path):match '[%s"](ffi/[%w_]+%.lua)'
        local text = sources.read(named)
        for _, name in ipairs { "libssl.so.3", "libcrypto.so.3", "libssl.3.dylib",
                                "libcrypto.3.dylib" } do
          assert.matches('"' .. name .. '"', text, 1, true)
        end
      end
    end)
  end)
end)
