--- The seeds of the targets: fuzz/corpus/TARGET/.

local corpus = {}

--- All that is in a file.
function corpus.read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end

--- The seeds of a target, in the order of their names; one that is empty where there are none.
-- @treturn {string,...}
function corpus.of(name)
  local inputs = {}
  local pipe = assert(io.popen(("LC_ALL=C ls fuzz/corpus/%s 2>/dev/null"):format(name)))
  for file in pipe:lines() do
    inputs[#inputs + 1] = corpus.read(("fuzz/corpus/%s/%s"):format(name, file))
  end
  pipe:close()
  if #inputs == 0 then inputs[1] = "" end
  return inputs
end

return corpus
