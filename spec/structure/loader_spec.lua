-- The choice of OpenSSL, and refusals. Each case is a process of its own.

describe("the loader", function()
  local fresh   = require "spec.support.fresh"
  local lib     = require "ssl.ffi.lib"
  local needs   = require "spec.support.needs"
  local sources = require "spec.support.sources"
  local process = require "spec.support.process"
  local shim_h  = require "ssl.ffi.shim_h"
  local lib_shim = require "ssl.ffi.shim"
  local it      = needs.own_openssl(it, "the search finds it")

  local LIBSSL, LIBCRYPTO = lib.openssl.libssl, lib.openssl.libcrypto

  local TELL = [[
    local openssl = require "ssl.config".openssl
    print(openssl.how, openssl.libssl, openssl.libcrypto, openssl.version)
  ]]

  local TALK = [[
    local pair = require "spec.support.pair"
    local server, client = pair.connected()
    assert(server:send "hello\n")
    assert(client:receive() == "hello")
    client:close()
    server:close()
    print "talked"
  ]]

  -- A library with the given version, and no other function.
  local FAKE = [[
    #include <stdlib.h>
    const char *OpenSSL_version(int type) { (void)type; return getenv("FAKE_TEXT"); }
    unsigned long OpenSSL_version_num(void)
    { return strtoul(getenv("FAKE_NUMBER"), NULL, 16); }
  ]]

  local fake_crypto, fake_ssl

  setup(function()
    fake_crypto = fresh.library("libcrypto", FAKE)
    fake_ssl = fresh.library("libssl", "int SSL_CTX_new(void) { return 0; }")
  end)

  teardown(process.stop_all)

  -- The error of require "ssl", whole.
  local function refusal(environment)
    local output, ok = fresh.luajit([[
      local ok, message = pcall(require, "ssl")
      assert(not ok)
      io.write(message)
    ]], environment)
    assert.is_true(ok, output)
    return output
  end

  local function refused_fake(text, number)
    return refusal { SSL_FFI_LIBSSL = fake_ssl, SSL_FFI_LIBCRYPTO = fake_crypto,
                     FAKE_TEXT = text, FAKE_NUMBER = number }
  end

  describe("takes", function()
    it("an OpenSSL by its versioned name, and names the file", function()
      local output = fresh.luajit(TELL .. [[
        local maps = io.open "/proc/self/maps":read "*a"
        assert(maps:find("libssl.so", 1, true) and maps:find("libcrypto.so", 1, true))
      ]], { SSL_FFI_LIBSSL = "", SSL_FFI_LIBCRYPTO = "" })
      assert.equal(("name\t%s\t%s\t%s\n"):format(LIBSSL, LIBCRYPTO, lib.openssl.version),
                   output)
      assert.matches("^/.*/libssl%.so%.[%d.]+$", LIBSSL)
      assert.matches("^/.*/libcrypto%.so%.[%d.]+$", LIBCRYPTO)
    end)

    it("the one that the environment names", function()
      assert.equal(("environment\t%s\t%s\t%s\ntalked\n"):format(
        LIBSSL, LIBCRYPTO, lib.openssl.version), (fresh.luajit(
        TELL .. TALK, { SSL_FFI_LIBSSL = LIBSSL, SSL_FFI_LIBCRYPTO = LIBCRYPTO })))
    end)

    it("the one that the process has loaded for all", function()
      assert.equal(("process\t%s\t%s\t%s\ntalked\n"):format(
        LIBSSL, LIBCRYPTO, lib.openssl.version), (fresh.luajit(
        ('require("ffi").load(%q, true)'):format(LIBSSL) .. TELL .. TALK)))
    end)
  end)

  describe("asks a program that names its files", function()
    -- What `code` prints, where package.preload["ssl.ffi.config"] returns a value.
    local function named(value, code, environment)
      return (fresh.luajit(('package.preload["ssl.ffi.config"] = function() return %s end\n%s')
                           :format(value, code), environment))
    end

    local function refused(value)
      return named(value, 'io.write(select(2, pcall(require, "ssl")))')
    end

    it("before the environment, for libraries and shim", function()
      local copy = process.folder() .. "/anywhere.so"
      process.write(copy, process.read(lib_shim.path))
      local value = ("{ libssl = %q, libcrypto = %q, shim = %q }"):format(LIBSSL, LIBCRYPTO, copy)
      assert.equal(("program\t%s\t%s\n%s\ntalked\n"):format(LIBSSL, lib.openssl.version, copy),
        named(value, [[
          local openssl = require "ssl.config".openssl
          print(openssl.how, openssl.libssl, openssl.version)
          print(openssl.shim)
        ]] .. TALK, { SSL_FFI_LIBSSL = "/nowhere", SSL_FFI_LIBCRYPTO = "/nowhere" }))
    end)

    it("and searches for what it does not name", function()
      assert.matches("^name\t", named("{}", TELL))
    end)

    it("and refuses what it cannot take", function()
      assert.equal("ssl: set both ssl.ffi.config.libssl and ssl.ffi.config.libcrypto, or neither",
                   refused "{ libssl = 'libssl.so.3' }")
      assert.equal("ssl: ssl.ffi.config has an unknown field ssl", refused "{ ssl = 'x' }")
      assert.equal("ssl: ssl.ffi.config.shim has to be a string, and is a boolean",
                   refused "{ shim = true }")
      assert.equal("ssl: ssl.ffi.config has to be a table, and is a number", refused "5")
      assert.matches("^ssl: cannot load the OpenSSL named by ssl%.ffi%.config:\n  /nowhere/a: ",
                     refused "{ libssl = '/nowhere/a', libcrypto = '/nowhere/b' }")
      assert.matches("^ssl: the C shim /nowhere/c does not load: ",
                     refused "{ shim = '/nowhere/c' }")
    end)
  end)

  describe("refuses", function()
    it("half an environment", function()
      local sentence = "ssl: set both SSL_FFI_LIBSSL and SSL_FFI_LIBCRYPTO, or neither"
      assert.equal(sentence, refusal { SSL_FFI_LIBSSL = LIBSSL })
      assert.equal(sentence, refusal { SSL_FFI_LIBCRYPTO = LIBCRYPTO })
      assert.equal(sentence, refusal { SSL_FFI_LIBCRYPTO = LIBCRYPTO,
                                       SSL_FFI_LIBSSL = "" })
    end)

    it("what the environment names and is not there, and looks no further", function()
      local message = refusal { SSL_FFI_LIBSSL = "/nowhere/libssl.so",
                                SSL_FFI_LIBCRYPTO = "/nowhere/libcrypto.so" }
      local first, ssl, crypto = message:match "^(.-)\n(.-)\n(.-)$"
      assert.equal("ssl: cannot load the OpenSSL named by SSL_FFI_LIBSSL and "
                   .. "SSL_FFI_LIBCRYPTO:", first)
      assert.matches("^  /nowhere/libssl%.so: .*No such file", ssl)
      assert.matches("^  /nowhere/libcrypto%.so: .*No such file", crypto)
    end)

    it("half a setting in the environment, and names that half", function()
      local message = refusal { SSL_FFI_LIBSSL = LIBSSL,
                                SSL_FFI_LIBCRYPTO = "/nowhere/libcrypto.so" }
      assert.truthy(message:find("\n  " .. LIBSSL .. ": found\n", 1, true))
      assert.matches("\n  /nowhere/libcrypto%.so: .*No such file", message)
    end)

    it("two that do not belong together, and names both", function()
      assert.equal(
        ("ssl: libssl and libcrypto do not belong together: %s works with %s, but %s is "
         .. "OpenSSL 3.0.1 14 Dec 2021"):format(LIBSSL, lib.openssl.version, fake_crypto),
        refusal { SSL_FFI_LIBSSL = LIBSSL, SSL_FFI_LIBCRYPTO = fake_crypto,
                  FAKE_TEXT = "OpenSSL 3.0.1 14 Dec 2021", FAKE_NUMBER = "30000010" })
    end)

    it("a library that is something else", function()
      assert.equal(
        ("ssl: %s is not OpenSSL's libcrypto: it has no OpenSSL_version_num")
        :format(fake_ssl),
        refusal { SSL_FFI_LIBSSL = fake_ssl, SSL_FFI_LIBCRYPTO = fake_ssl })
    end)

    for _, text in ipairs { "BoringSSL", "AWS-LC 1.21.0" } do
      it("a fork by its name: " .. text, function()
        assert.equal(("ssl: %s is %s; only OpenSSL itself and LibreSSL are supported")
                     :format(fake_crypto, text), refused_fake(text, "1010107f"))
      end)
    end

    it("a LibreSSL that is too old", function()
      assert.equal(("ssl: %s is LibreSSL 3.9.2; LibreSSL 4.0 or later is needed")
                   :format(fake_crypto), refused_fake("LibreSSL 3.9.2", "20000000"))
    end)

    it("an OpenSSL that is too old", function()
      assert.equal(("ssl: %s is OpenSSL 1.1.0l  10 Sep 2019; OpenSSL 1.1.1 or later is "
                    .. "needed"):format(fake_crypto),
                   refused_fake("OpenSSL 1.1.0l  10 Sep 2019", "101000cf"))
    end)

    it("an OpenSSL with unknown numbers", function()
      assert.equal(("ssl: %s is OpenSSL 5.0.0 1 Apr 2029; this version of the library "
                    .. "knows OpenSSL up to 4"):format(fake_crypto),
                   refused_fake("OpenSSL 5.0.0 1 Apr 2029", "50000000"))
    end)

    it("an OpenSSL of any version that lacks a function, and names it", function()
      for text, number in pairs { ["OpenSSL 1.1.1w"] = "1010117f",
                                  ["LibreSSL 4.3.2"] = "20000000",
                                  ["OpenSSL 3.0.22"] = "30000160",
                                  ["OpenSSL 4.0.1"] = "40000010" } do
        assert.equal(("ssl: %s (%s) has no OPENSSL_init_ssl, which is needed")
                     :format(fake_ssl, text), refused_fake(text, number))
      end
    end)

    -- Files that are no libraries, where the system's linker looks first.
    it("a system without OpenSSL, and lists each name and why", function()
      local folder, expected = process.folder(), {}
      for _, version in ipairs { "3", "4", "1.1" } do
        for _, name in ipairs { "libssl.so.", "libcrypto.so." } do
          local path = process.write(folder .. "/" .. name .. version, "not a library\n")
          expected[#expected + 1] = ("  %s%s: %s: "):format(name, version, path)
        end
      end
      local lines = {}
      for line in refusal { LD_LIBRARY_PATH = folder }:gmatch "[^\n]+" do
        lines[#lines + 1] = line
      end
      assert.equal("ssl: no OpenSSL found. Install it, or name its libraries in "
                   .. "SSL_FFI_LIBSSL and SSL_FFI_LIBCRYPTO. Tried:", lines[1])
      assert.equal(#expected + 1, #lines)
      for i, start in ipairs(expected) do
        assert.equal(start, lines[i + 1]:sub(1, #start))
        assert.is_true(#lines[i + 1] > #start)
      end
    end)
  end)

  describe("in a host with an OpenSSL of its own", function()
    local REFUSED = [[
      local ok, message = pcall(require, "ssl")
      assert(not ok)
      io.write(message, "\n")
      local maps = io.open "/proc/self/maps":read "*a"
      assert(not maps:find("libssl.so", 1, true))
      assert(not maps:find("libcrypto.so", 1, true))
      print "no second one"
    ]]

    -- Every name that is needed, but one.
    local function all_but(hidden)
      local exported = {}
      local function add(name)
        if name ~= hidden then exported[#exported + 1] = name end
      end
      for _, path in ipairs(sources.list("ffi", "lua")) do
        local file = path:match "(%l%w*_h)%.lua$"
        local declarations = file and file ~= "shim_h" and file ~= "libc_h" and file ~= "nginx_h"
                             and require("ssl.ffi." .. file) or {}
        for _, part in ipairs { "required", "optional" } do
          for _, p in ipairs(sources.prototypes(declarations[part] or "")) do add(p.name) end
        end
      end
      for _, name in ipairs(shim_h.api) do add(name) end
      return exported
    end

    it("takes that one, and works", function()
      local host = fresh.host { openssl = true }
      local output = host(TELL .. TALK .. [[
        local maps = io.open "/proc/self/maps":read "*a"
        assert(not maps:find("libssl.so", 1, true))
        assert(not maps:find("libcrypto.so", 1, true))
        print "no second one"
      ]])
      assert.matches("^process\t[^\t]*/host\t[^\t]*/host\tOpenSSL [^\n]*\n"
                     .. "talked\nno second one\n$", output)
    end)

    it("needs no more of it than it declares", function()
      local output = fresh.host { openssl = true, exported = all_but() } (TALK)
      assert.equal("talked\n", output)
    end)

    -- What would be bound to the program's functions, and crash.
    it("refuses another one beside it, and names both", function()
      local output = fresh.host { openssl = true } (REFUSED, {
        environment = { SSL_FFI_LIBSSL = LIBSSL, SSL_FFI_LIBCRYPTO = LIBCRYPTO } })
      assert.matches("^ssl: [^ ]*/host exports functions of an OpenSSL of its own %(OpenSSL "
        .. "[^)]*%), which " .. LIBSSL:gsub("%p", "%%%0") .. " would call in place of those "
        .. "that belong to it; unset SSL_FFI_LIBSSL and SSL_FFI_LIBCRYPTO\nno second one\n$",
        output)
    end)

    it("refuses a libssl beside its libcrypto, and names both", function()
      local output = fresh.host { libcrypto = "static" } (REFUSED)
      assert.matches("^ssl: [^ ]*/host exports functions of an OpenSSL of its own %(OpenSSL "
        .. "[^)]*%), which libssl%.so%.3 would call in place of those that belong to it; link "
        .. "its libssl into the program too, or export neither\nno second one\n$", output)
    end)

    it("takes a libssl beside its shared libcrypto", function()
      assert.matches("^name\t[^\n]*\ntalked\n$",
                     (fresh.host { libcrypto = "shared" } (TELL .. TALK)))
    end)

    it("needs none of its texts", function()
      local output = fresh.host { openssl = true,
                                  exported = all_but "SSL_alert_desc_string_long" } (TALK)
      assert.equal("talked\n", output)
    end)

    for _, hidden in ipairs { "SSL_get_error", "X509_check_host", "BIO_meth_set_ctrl" } do
      it("names the missing function and loads no second copy: " .. hidden, function()
        local output = fresh.host { openssl = true, exported = all_but(hidden) } (REFUSED)
        assert.matches("^ssl: [^\n]* has no " .. hidden .. ", which is needed\n"
                       .. "no second one\n$", output)
      end)
    end
  end)

  describe("initialises OpenSSL", function()
    local function config(name, text)
      return process.write(process.folder() .. "/" .. name, "openssl_conf = all\n" .. text)
    end

    it("before the first call, with the configuration of that moment", function()
      local path = config("level.cnf", "[all]\nssl_conf = ssl\n"
        .. "[ssl]\nsystem_default = default\n[default]\nCipherString = DEFAULT@SECLEVEL=4\n")
      assert.equal("4\n", (fresh.luajit(([[
        local ffi = require "ffi"
        local lib = require "ssl.ffi.lib", require "ssl"
        ffi.cdef "int setenv(const char *, const char *, int);"
        ffi.C.setenv("OPENSSL_CONF", %q, 1)
        local C = lib.C
        print(C.SSL_CTX_get_security_level(C.SSL_CTX_new(C.TLS_method())))
      ]]):format(path))))
    end)

    it("so that a function with an error text finds it", function()
      assert.equal("wrong version number\n", (fresh.luajit [[
        local ffi, lib = require "ffi", require "ssl.ffi.lib"
        local code = lib.openssl.major >= 3 and 20 * 2^23 + 267 or 20 * 2^24 + 267
        print(ffi.string(lib.C.ERR_reason_error_string(code)))
      ]]))
    end)

    local SENTENCE = ("ssl: %s (%s) cannot be initialised\n"):format(LIBSSL,
                                                                    lib.openssl.version)

    it("never again where a host has cleaned it up, and says so at require", function()
      assert.equal(SENTENCE, (fresh.luajit(([[
        local ffi = require "ffi"
        ffi.cdef "void OPENSSL_cleanup(void); int OPENSSL_init_ssl(uint64_t, void *);"
        local libssl = ffi.load(%q, true)
        libssl.OPENSSL_init_ssl(0, nil)
        libssl.OPENSSL_cleanup()
        print(select(2, pcall(require, "ssl")))
      ]]):format(LIBSSL))))
    end)

    it("not, where the configuration is wrong and asks for a failure, nor later", function()
      local path = config("wrong.cnf", "config_diagnostics = 1\n[all]\nssl_conf = missing\n")
      assert.equal(SENTENCE .. SENTENCE, (fresh.luajit([[
        local ssl = require "ssl"
        print(select(2, pcall(ssl.newcontext, { mode = "client", protocol = "any" })))
        print(select(2, pcall(ssl.newcontext, { mode = "client", protocol = "any" })))
      ]], { OPENSSL_CONF = path })))
    end)
  end)

  it("searches again with a function in place of the environment", function()
    local search = require "ssl.ffi.search"
    local ok, message = pcall(search.find, function(name)
      return name == "SSL_FFI_LIBSSL" and "/nowhere" or nil
    end)
    assert.is_false(ok)
    assert.equal("ssl: set both SSL_FFI_LIBSSL and SSL_FFI_LIBCRYPTO, or neither", message)
  end)
end)
