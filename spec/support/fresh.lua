--- Fresh processes: a luajit of this mode, and host programs that hold Lua states.
--
-- busted remembers declarations, so the effects of loading modules, or of loading them
-- again, can be tested in a process of its own only.
--
--   local output, ok = fresh.luajit 'print(require "ssl"._VERSION)'
--   local host = fresh.host { openssl = true }
--   output, ok = host([[ ... ]], { threads = 2, rounds = 10 })

local house   = require "spec.support.init"
local pki     = require "spec.support.pki"
local process = require "spec.support.process"

local fresh = {}

local quote = house.quote
local TIMEOUT = 300

-- ASan's remark about an error that leaves the stack of a job, in three lines. It says so itself
-- that nothing is wrong.
local REMARK = "==%d+==WARNING: ASan is ignoring requested __asan_handle_no_return"
               .. "[^\n]*\n[^\n]*\n[^\n]*\n"

-- Forced collection is for the modules under test, not for busted's.
local function run(words, environment)
  local command = { "env -u SSL_SPEC_COLLECT" }
  for name, value in pairs(environment or {}) do
    command[#command + 1] = name .. "=" .. quote(value)
  end
  command[#command + 1] = ("timeout %d %s 2>&1; echo \"status $?\""):format(TIMEOUT, words)
  local output, status = process.capture(table.concat(command, " "))
                         :match "^(.*)status (%d+)\n$"
  return (output:gsub(REMARK, "")), status == "0", tonumber(status)
end

-- Looking for the certificates takes longer than a whole Lua state, so those that
-- spec.support.pair needs are handed over.
local PKI = ([[
package.preload["spec.support.pki"] = function()
  return { root = { cert = %q }, server = { cert = %q, key = %q } }
end ]]):format(pki.root.cert, pki.server.cert, pki.server.key):gsub("\n", " ")

local function script(text)
  return process.write(process.folder() .. "/script.lua", PKI .. text)
end

--- Run a Lua program, in the folder of the project.
-- @tparam string text
-- @tparam[opt] table environment  name -> value
-- @treturn string  its output
-- @treturn boolean  did it end well?
-- @treturn number  its exit status
function fresh.luajit(text, environment)
  return run("luajit " .. quote(script(text)), environment)
end

local function compile(command)
  local output = process.capture("cc " .. command .. " 2>&1")
  assert(output == "", output)
end

--- A shared library made of a C text.
-- @treturn string  its path
function fresh.library(name, text)
  local folder = process.folder()
  local source = process.write(folder .. "/" .. name .. ".c", text)
  local path = folder .. "/" .. name .. ".so"
  compile(("-shared -fPIC -o %s %s"):format(quote(path), quote(source)))
  return path
end

-- The libraries that OpenSSL's archive needs, for example for compression.
local NEEDED_BY_ARCHIVE = [[$(sed -n 's/^Libs.private://p' \
  "$(dirname "$(cc -print-file-name=libcrypto.a)")/pkgconfig/libcrypto.pc") ]]

--- Build a host program, spec/support/host.c.
-- @tparam table options
--   `openssl`: link OpenSSL into it, statically, and export it;
--   `libcrypto`: "static": link libcrypto alone, and export it; "shared": link the shared one;
--   `exported`: only these names of it;
--   `shim`: link the shim into it, and export it
-- @treturn function  `run(text, { threads, rounds, environment })`, which answers
--   as `fresh.luajit`; the text sees the globals THREAD and ROUND
function fresh.host(options)
  local folder = process.folder()
  local path, flags = folder .. "/host", ""
  if options.openssl then
    flags = "-DHOST_OPENSSL -Wl,--whole-archive -l:libssl.a -l:libcrypto.a "
            .. "-Wl,--no-whole-archive " .. NEEDED_BY_ARCHIVE
    if options.exported then
      flags = flags .. "-Wl,--dynamic-list=" .. quote(process.write(
        folder .. "/exported", "{ " .. table.concat(options.exported, "; ") .. "; };\n"))
    else
      flags = flags .. "-Wl,-E"
    end
  end
  if options.libcrypto == "static" then
    flags = "-Wl,-E -Wl,--whole-archive -l:libcrypto.a -Wl,--no-whole-archive "
            .. NEEDED_BY_ARCHIVE
  elseif options.libcrypto == "shared" then
    flags = "-Wl,--no-as-needed -lcrypto"
  end
  if options.shim then
    flags = flags .. " -Wl,-E " .. quote(house.build) .. "/CMakeFiles/shim.dir/shim/*.o"
  end
  compile(("-O1 -o %s spec/support/host.c %s -ldl -lpthread"):format(quote(path), flags))
  return function(text, how)
    how = how or {}
    local environment = how.environment or {}
    if house.mode == "asan" then
      environment.LD_PRELOAD = process.capture "cc -print-file-name=libasan.so":gsub("\n", "")
    end
    -- The library of the luajit program's package.
    return run(("%s libluajit-5.1.so.2 %d %d %s"):format(
      quote(path), how.threads or 1, how.rounds or 1, quote(script(text))), environment)
  end
end

return fresh
