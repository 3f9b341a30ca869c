--- The seeds of the targets: fuzz/corpus/TARGET/.

local corpus = {}

--- All that is in a file.
function corpus.read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end

--- The files of a folder, in the order of their names.
-- @treturn {string,...}
function corpus.in_folder(folder)
  local inputs = {}
  local pipe = assert(io.popen(("LC_ALL=C ls %s 2>/dev/null"):format(folder)))
  for file in pipe:lines() do inputs[#inputs + 1] = corpus.read(folder .. "/" .. file) end
  pipe:close()
  return inputs
end

--- The seeds of a target; one that is empty where there are none.
-- @treturn {string,...}
function corpus.of(name)
  local inputs = corpus.in_folder("fuzz/corpus/" .. name)
  if #inputs == 0 then inputs[1] = "" end
  return inputs
end

return corpus
