-- The subjects: how each is started, in the order of the table. Only installed ones are
-- measured.

local build = arg[2]

local function output(command)
  local pipe = io.popen(command .. " 2>/dev/null")
  local text = pipe:read "*a":gsub("%s+$", "")
  pipe:close()
  return text ~= "" and text or nil
end

local function there(program) return output("command -v " .. program) ~= nil end

-- The environment in which `require` finds a library.
local function environment(share, lib)
  return ("env LUA_PATH='%s/?.lua;;' LUA_CPATH='%s/?.so;;' luajit"):format(share, lib)
end

-- A package as script/bootstrap unpacked it.
local function unpacked(name)
  local usr = build .. "/peers/" .. name .. "/usr"
  local lib = output(("ls -d %s/lib/*/lua/5.1"):format(usr))
  return lib and environment(usr .. "/share/lua/5.1", lib)
end

local ours = environment(build .. "/stage/share/lua/5.1", build .. "/stage/lib/lua/5.1")
local luasec, cqueues = unpacked "luasec", unpacked "cqueues"

local subjects = {
  order = {
    { key = "raw",  name = "raw C", start = build .. "/bench/yardstick" },
    { key = "ours", name = "ours", start = ours .. " bench/subject.lua" },
    { key = "luasec",  name = "LuaSec", start = luasec and luasec .. " bench/subject.lua" },
    { key = "cqueues", name = "luaossl+cqueues",
      start = cqueues and cqueues .. " bench/subject_cqueues.lua" },
    { key = "python",  name = "Python",
      start = there "python3" and "python3 bench/subject_python.py" },
    { key = "node",    name = "node",
      start = there "node" and "node bench/subject_node.js" },
  },
  strace = there "strace",
  installed = {},
}

for _, subject in ipairs(subjects.order) do
  if subject.start then subjects.installed[subject.key] = subject end
end

local VERSIONS = {
  "openssl version | cut -d' ' -f1,2",
  "luajit -v | cut -d' ' -f1,2",
  luasec and luasec .. " -e 'print(\"LuaSec \" .. require(\"ssl\")._VERSION)'",
  subjects.installed.python and "python3 -c 'import ssl, platform; " ..
    "print(\"Python\", platform.python_version(), \"with\", ssl.OPENSSL_VERSION[:14])'",
  subjects.installed.node and "node -p '`node ${process.versions.node} with OpenSSL " ..
    "${process.versions.openssl}`'",
  "sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1",
  "echo $(nproc) cores",
}

--- What ran, in one line.
function subjects.versions()
  local list = {}
  for i = 1, table.maxn(VERSIONS) do
    list[#list + 1] = VERSIONS[i] and output(VERSIONS[i])
  end
  return table.concat(list, ", ")
end

return subjects
