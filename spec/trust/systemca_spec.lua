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
