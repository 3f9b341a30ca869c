-- luajit bundle.lua FOLDER PREFIX [FOLDER PREFIX ...]: prints one Lua file with all modules of the
-- folders, in package.preload. PREFIX comes in front of their names; it may be "".
local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

for i = 1, #arg, 2 do
  local folder, prefix = arg[i], arg[i + 1]
  local files = assert(io.popen(("cd '%s' && find . -name '*.lua' | LC_ALL=C sort"):format(folder)))
  for path in files:lines() do
    local name = prefix .. path:match("^%./(.*)%.lua$"):gsub("/", ".")
    print(("package.preload[%q] = function(...)"):format(name))
    print(read(folder .. "/" .. path))
    print "end"
  end
  files:close()
end
