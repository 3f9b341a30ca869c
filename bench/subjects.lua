-- The subjects: how each is started, in the order of the table. Only installed ones are
-- measured.

local files   = require "files"
local machine = require "machine"

local function output(command)
  local pipe = io.popen(command .. " 2>/dev/null")
  local text = pipe:read "*a":gsub("%s+$", "")
  pipe:close()
  return text ~= "" and text or nil
end

local function there(program) return output("command -v " .. program) ~= nil end

-- The environment in which `require` finds a library.
local function environment(share, lib)
  return ("env LUA_PATH='%s/?.lua;;' LUA_CPATH='%s/?.so;;'"):format(share, lib)
end

-- A package as script/bootstrap unpacked it.
local function unpacked(build, name)
  local usr = build .. "/peers/" .. name .. "/usr"
  local lib = output(("ls -d %s/lib/*/lua/5.1"):format(usr))
  return lib and environment(usr .. "/share/lua/5.1", lib) .. " luajit", lib
end

-- Lua looks for a file in Lua first: where this library is installed, its ssl/core.lua comes
-- before LuaSec's module in C.
local IN_C = [[for _, name in ipairs { "core", "context", "x509", "config" } do
  package.preload["ssl." .. name] = function(...)
    return assert(package.loadlib("%s/ssl.so", "luaopen_ssl_" .. name))(...)
  end
end]]

local function unpacked_luasec(build)
  local command, lib = unpacked(build, "luasec")
  return command and command:gsub("^env ", function()
    return "env LUA_INIT='" .. IN_C:format(lib) .. "' "
  end)
end

local function list(build)
  local luasec, cqueues = unpacked_luasec(build), unpacked(build, "cqueues")
  local ours = environment(build .. "/stage/share/lua/5.1", build .. "/stage/lib/lua/5.1")
  return {
    { key = "raw",  name = "raw C", start = build .. "/bench/yardstick" },
    { key = "ours", name = "ours", lua = ours, start = ours .. " luajit bench/subject.lua" },
    { key = "luasec",  name = "LuaSec", lua = luasec,
      start = luasec and luasec .. " bench/subject.lua" },
    { key = "cqueues", name = "luaossl+cqueues",
      start = cqueues and cqueues .. " bench/subject_cqueues.lua" },
    { key = "python",  name = "Python",
      start = there "python3" and "python3 bench/subject_python.py" },
    { key = "node",    name = "node",
      start = there "node" and "node bench/subject_node.js" },
  }
end

local function versions(installed)
  local found = { output "date +%Y-%m-%d" }
  local luasec = installed.luasec and installed.luasec.lua
  local commands = {
    "openssl version | cut -d' ' -f1,2",
    "luajit -v | cut -d' ' -f1,2",
    luasec and luasec .. " -e 'print(\"LuaSec \" .. require(\"ssl\")._VERSION)'" or "",
    installed.python and "python3 -c 'import ssl, platform; " ..
      "print(\"Python\", platform.python_version(), \"with\", ssl.OPENSSL_VERSION[:14])'" or "",
    installed.node and "node -p '`node ${process.versions.node} with OpenSSL " ..
      "${process.versions.openssl}`'" or "",
  }
  for _, command in ipairs(commands) do
    found[#found + 1] = command ~= "" and output(command) or nil
  end
  return table.concat(found, ", ")
end

-- Our library's OpenSSL, as "OpenSSL 3.0.19".
local function openssl(ours)
  local text = output(ours .. " luajit -e 'print(require(\"ssl\").config.openssl.version)'")
  return text and text:match "^%S+ %S+" or "no OpenSSL"
end


--- All about the subjects of a build.
-- @treturn table  `order`: the installed ones; `installed`: them by key; `names` of all by key;
--   `ours`: the environment of our library; `nginx`: is it there; `strace`: is it there;
--   `versions()`: what ran; `machine`: its name
return function(build)
  local found = { order = {}, installed = {}, names = { nginx = "nginx's own" } }
  for _, subject in ipairs(list(build)) do
    found.names[subject.key] = subject.name
    if subject.start then
      found.order[#found.order + 1] = subject
      found.installed[subject.key] = subject
    end
  end
  found.ours = found.installed.ours.lua
  found.nginx = output(("ls %s/peers/nginx/usr/sbin/nginx"):format(build)) ~= nil
  found.strace = there "strace"
  function found.versions() return versions(found.installed) end
  found.machine = machine.name {
    cpuinfo = files.read "/proc/cpuinfo", architecture = output "uname -m" or "",
    cores = tonumber(output "nproc"), kernel = (output "uname -sr" or ""):match "^[^-]*",
    openssl = openssl(found.ours),
  }
  return found
end
