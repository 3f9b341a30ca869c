describe("ssl.systemca", function()
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local ssl     = require "ssl"

  local SCRIPT = [[
local ssl = require "ssl"
local found, why = ssl.systemca()
print(found and found.cafile, found and found.capath, why)
for _, place in ipairs(found and found.tried or {}) do print(place) end
]]

  local function with(environment)
    local words = { "luajit", process.write(process.folder() .. "/ca.lua", SCRIPT),
                    env = environment }
    local child = process.start(words)
    child:wait()
    return child:output()
  end

  teardown(process.stop_all)

  it("finds the authorities of this system", function()
    local found = assert(ssl.systemca())
    assert.truthy(found.cafile or found.capath)
    assert.is_true(#found.tried >= 2)
    local ctx = ssl.newcontext { mode = "client", protocol = "any", verify = "peer",
                                 cafile = found.cafile, capath = found.capath }
    assert.truthy(ctx)
  end)

  it("goes by the environment", function()
    assert.equal(("%s\t%s\tnil\n%s (SSL_CERT_FILE)\n%s (SSL_CERT_DIR)\n"):format(
                   pki.root.cert, pki.root.capath, pki.root.cert, pki.root.capath),
                 with { SSL_CERT_FILE = pki.root.cert, SSL_CERT_DIR = pki.root.capath })
  end)

  it("takes a list of folders when one of them is there", function()
    local list = "/no/folder:" .. pki.root.capath
    assert.matches("^nil\t" .. list:gsub("%p", "%%%0") .. "\tnil",
                   with { SSL_CERT_FILE = "/no/file", SSL_CERT_DIR = list })
  end)

  it("does not put something else in the place of what was named", function()
    assert.equal("nil\tnil\tno certificate authorities found; tried /no/file "
                 .. "(SSL_CERT_FILE), /no/folder (SSL_CERT_DIR)\n",
                 with { SSL_CERT_FILE = "/no/file", SSL_CERT_DIR = "/no/folder" })
  end)

  it("takes no folder for a file, and no file for a folder", function()
    assert.matches("^nil\tnil\tno certificate authorities found",
                   with { SSL_CERT_FILE = pki.root.capath, SSL_CERT_DIR = pki.root.cert })
  end)
end)

describe("LuaSec's functions for the system's file:", function()
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local ssl     = require "ssl"

  teardown(process.stop_all)
  after_each(function() ssl.set_system_ca(nil) end)

  local function child(code, environment)
    local words = { "env", "-u", "SSL_CERT_FILE", "-u", "SSL_CERT_DIR" }
    for name, value in pairs(environment or {}) do words[#words + 1] = name .. "=" .. value end
    for _, word in ipairs { "luajit", "-e", 'ssl = require "ssl" ' .. code } do
      words[#words + 1] = word
    end
    local started = process.start(words)
    started:wait()
    return started:output()
  end

  it("find_system_ca finds what ssl.systemca finds", function()
    assert.same({ assert(ssl.systemca()).cafile }, { ssl.find_system_ca() })
  end)

  it("find_system_ca goes by the environment", function()
    assert.equal(pki.root.cert .. "\n", child("print(ssl.find_system_ca())",
                                              { SSL_CERT_FILE = pki.root.cert }))
  end)

  it("find_system_ca tells which files it has tried", function()
    local environment = { SSL_CERT_FILE = "/no/file", SSL_CERT_DIR = pki.root.capath }
    local why = "nil\tno system CA bundle found:\n\tno file '/no/file'\n"
    assert.equal(why, child("print(ssl.find_system_ca())", environment))
    assert.equal(why, child("print(ssl.get_system_ca())", environment))
    -- Those of the usual systems, where none of the files can be opened.
    why = child [[
      local open = io.open
      function io.open(name, mode)
        if name:find "%.pem$" or name:find "%.crt$" then return nil end
        return open(name, mode)
      end
      print(select(2, ssl.find_system_ca()))
    ]]
    local first = require("ffi").string(require("ssl.ffi.lib").C.X509_get_default_cert_file())
    assert.equal(1, why:find("no system CA bundle found:\n\tno file '" .. first .. "'\n", 1, true))
    assert.truthy(why:find("\n\tno file '/etc/ssl/certs/ca-certificates.crt'\n", 1, true))
    assert.truthy(why:find("\n\tno file '/etc/pki/tls/cacert.pem'\n", 1, true))
  end)

  it("get_system_ca returns what was set", function()
    assert.is_true(ssl.set_system_ca "/no/file")
    assert.same({ "/no/file" }, { ssl.get_system_ca() })
    assert.is_true(ssl.set_system_ca(false))
    assert.same({ nil, "no system CA bundle (set_system_ca(false))" }, { ssl.get_system_ca() })
    assert.is_true(ssl.set_system_ca())
    assert.same({ ssl.find_system_ca() }, { ssl.get_system_ca() })
  end)

  it("get_system_ca keeps what it has found, and no failure", function()
    local name = process.folder() .. "/ca.pem"
    assert.equal(("nil\n%s\n%s\nnil\n"):format(name, name), child(([[
      print((ssl.get_system_ca()))
      io.open(%q, "w"):close()
      print((ssl.get_system_ca()))
      os.remove(%q)
      print((ssl.get_system_ca()))
      ssl.set_system_ca(nil)
      print((ssl.get_system_ca()))
    ]]):format(name, name), { SSL_CERT_FILE = name, SSL_CERT_DIR = "/no/folder" }))
  end)

  it("nothing else depends on what was set", function()
    local before = ssl.systemca()
    ssl.set_system_ca "/no/file"
    assert.same(before, ssl.systemca())
    assert.truthy(ssl.newcontext { mode = "client", protocol = "any", systemca = true })
    assert.same({ before.cafile }, { ssl.find_system_ca() })
  end)

  it("set_system_ca refuses anything else", function()
    for _, value in ipairs { true, 1, {} } do
      assert.has_error(function() ssl.set_system_ca(value) end, "bad argument #1 to "
        .. ("'set_system_ca' (string, nil or false expected, got %s)"):format(type(value)))
    end
  end)
end)

describe("ssl.filestamp", function()
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local ssl     = require "ssl"

  teardown(process.stop_all)

  it("stays as long as the file does", function()
    local first, kind = ssl.filestamp(pki.root.cert)
    assert.equal(first, (ssl.filestamp(pki.root.cert)))
    assert.equal("file", kind)
    assert.equal("folder", (select(2, ssl.filestamp(pki.dir))))
  end)

  it("changes with the contents, the name and the folder", function()
    local dir = process.folder()
    local path = process.write(dir .. "/file", "one")
    local file, folder = ssl.filestamp(path), ssl.filestamp(dir)
    process.write(path, "three")
    assert.are_not.equal(file, (ssl.filestamp(path)))
    process.write(dir .. "/new", "")
    os.rename(dir .. "/new", path)
    assert.are_not.equal(file, (ssl.filestamp(path)))
    assert.are_not.equal(folder, (ssl.filestamp(dir)))
  end)

  it("has the reason why there is none", function()
    assert.same({ nil, "No such file or directory" }, { ssl.filestamp "/no/file" })
    assert.same({ nil, "the name contains a NUL byte" }, { ssl.filestamp "/no\0/file" })
    assert.has_error(function() ssl.filestamp {} end,
                     "bad argument #1 to 'filestamp' (string expected, got table)")
  end)
end)
