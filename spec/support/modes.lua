--- In which modes of script/test a spec file does not run, and why it could find nothing
-- there that it does not find in the others. Every file runs in the first mode;
-- `script/test --every` runs every file in every mode.
--
--   luajit spec/support/modes.lua MODE      prints the files that run in a mode
--
-- A name with a slash at its end is a folder.

local groups = {
  {
    why = "They read sources, compile C, install rocks or run the scripts: the library that"
          .. " this process has loaded has no part in it.",
    only = "jit",
    files = {
      "bench/",
      "structure/abi", "structure/demo", "structure/differences", "structure/docs",
      "structure/embedding", "structure/examples", "structure/foreign", "structure/house",
      "structure/matrix",
      "structure/modes", "structure/owners", "structure/rooms", "structure/varargs",
      "structure/samples", "structure/shim", "structure/support", "structure/traces",
      "structure/install", "structure/names", "structure/packages", "structure/rocks",
      "structure/site",
      "structure/types", "structure/version",
      "peers/luarocks", "proof/mutate", "proof/soak",
    },
  },
  {
    why = "Its programs would run as long in each mode, with the same inputs.",
    only = "jit",
    files = { "proof/fuzz" },
  },
  {
    why = "They make values of strings, in Lua alone: no memory of C is there, which a"
          .. " collection could free too early, and valgrind and ASan could look at.",
    only = "jit interpreter hammered",
    files = { "x509/der", "x509/ip" },
  },
  {
    why = "The work is done in programs that they start. Those have the compiler's flags and"
          .. " ASan as this process does; collection and valgrind do not reach them.",
    only = "jit interpreter hammered asan",
    files = {
      "base/processes", "base/secrets", "handshake/lacking", "io/finalizer", "parity/parity",
      "proof/faults", "structure/coexistence", "structure/loader",
    },
  },
  {
    why = "The work is done in programs over other loops, Neovim and nginx among them.",
    only = "jit hammered",
    files = { "over/behind", "over/loops", "over/naps", "over/refusals", "over/waits" },
  },
  {
    why = "The work is done in nginx, with its own LuaJIT, which gets the compiler's flags.",
    only = "jit interpreter hammered",
    files = { "openresty/", "resty/" },
  },
  {
    why = "The other program is what they are about. Our end does what it does between two"
          .. " ends of ours, where each mode looks at it; ASan looks at what the shim makes"
          .. " of the other's bytes.",
    only = "jit asan",
    files = {
      "face/connect_resume", "feature/earlydata_peers", "feature/psk_peers", "https/nginx",
      "https/peers",
      "ocsp/peers", "session/processes", "peers/curl", "peers/gnutls", "peers/nginx",
      "peers/protocols", "peers/refused_certificate", "peers/s_client", "peers/s_server",
      "peers/trust",
    },
  },
}

local modes = { groups = groups }

--- All spec files, in order.
function modes.all()
  local files, pipe = {}, assert(io.popen "find spec -name '*_spec.lua' | LC_ALL=C sort")
  for file in pipe:lines() do files[#files + 1] = file end
  pipe:close()
  return files
end

-- Is it this file, or in this folder?
local function is(name, file)
  local path = "spec/" .. name
  if name:find "/$" then return file:sub(1, #path) == path end
  return file == path .. "_spec.lua"
end

--- The modes that a file is for, "" for all of them, and how many groups have it.
function modes.of(file)
  local only, times = "", 0
  for _, group in ipairs(groups) do
    for _, name in ipairs(group.files) do
      if is(name, file) then only, times = group.only, times + 1 end
    end
  end
  return only, times
end

--- Does a file run in a mode?
function modes.runs(file, mode)
  local only = modes.of(file)
  return only == "" or (" " .. only .. " "):find(" " .. mode .. " ", 1, true) ~= nil
end

--- Names in the groups that there is no file of.
function modes.stale()
  local stale, files = {}, modes.all()
  for _, group in ipairs(groups) do
    for _, name in ipairs(group.files) do
      local found = false
      for _, file in ipairs(files) do found = found or is(name, file) end
      if not found then stale[#stale + 1] = name end
    end
  end
  return stale
end

if ... == "spec.support.modes" then return modes end

for _, file in ipairs(modes.all()) do
  if modes.runs(file, (...)) then print(file) end
end
