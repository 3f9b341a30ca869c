--- For specs about packages: copies of the sources, and programs that have a package alone.

local assert  = require "luassert"
local fresh   = require "spec.support.fresh"
local house   = require "spec.support.init"
local pki     = require "spec.support.pki"
local process = require "spec.support.process"
local quote   = house.quote

local VERSION = require "ssl.base.version"

--- `release`: the version that this state of the sources becomes.
local packed = { version = VERSION, release = VERSION:gsub("%-.*", "") }

--- The first program of a list that is not there.
function packed.lacks(programs)
  for _, program in ipairs(programs) do
    if process.capture("command -v " .. program) == "" then return program .. " is not there" end
  end
end

--- Run a command that has to succeed.
-- @treturn string  its output
function packed.must(command)
  local output = process.capture(command .. " 2>&1; echo \"status $?\"")
  assert(output:find "status 0\n$", output)
  return output
end

--- What git would put into an archive, without what this checkout has built.
function packed.copy(folder)
  packed.must(("mkdir %s && tar cf - --exclude=./build* --exclude=./.git . | tar xf - -C %s")
              :format(quote(folder), quote(folder)))
end

--- The same as a release.
function packed.copy_release(folder)
  packed.copy(folder)
  if VERSION ~= packed.release then
    packed.must(quote(folder .. "/script/version") .. " " .. packed.release)
  end
end

-- Prints the version and the shim when it has sent a line through TLS.
local PROGRAM = ([[
  local socket, ssl = require "socket", require "ssl"
  local listener = assert(socket.bind("127.0.0.1", 0))
  local address, port = listener:getsockname()
  local near = assert(socket.connect(address, port))
  local client = assert(ssl.wrap(near, {
    mode = "client", protocol = "any", verify = "peer", cafile = %q }))
  local server = assert(ssl.wrap(listener:accept(), {
    mode = "server", protocol = "any", certificate = %q, key = %q }))
  client:settimeout(0)
  server:settimeout(0)
  repeat
    local here, why = client:dohandshake()
    assert(here or why == "wantread", why)
    local there
    there, why = server:dohandshake()
    assert(there or why == "wantread", why)
  until here and there
  client:settimeout(nil)
  assert(server:send "hello\n")
  assert(client:receive() == "hello")
  require "ssl.https"
  io.write(ssl.config.version, " ", ssl.config.openssl.shim)
]]):format(pki.root.cert, pki.server.cert, pki.server.key)

--- A program that takes the library from these folders alone speaks TLS with itself.
function packed.speaks(version, share, lib)
  local output = fresh.luajit(PROGRAM, { LUA_PATH = share .. "/?.lua;;",
                                         LUA_CPATH = lib .. "/?.so;;" })
  assert.equal(version .. " " .. lib .. "/ssl/shim.so", output)
end

return packed
