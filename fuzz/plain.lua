--- The targets in a plain luajit: the suite's share, and where there is no clang.
--
--	luajit fuzz/plain.lua FOLDER TARGET SECONDS [SEED]     FOLDER has support.so
--	luajit fuzz/plain.lua FOLDER TARGET FILE               one input again
--
-- Each input of the corpus as it is, then mutations of them until the time is over. Prints
-- `N executions in N seconds`. What is found is made smaller, written to FOLDER, and printed.

package.path = "./?.lua;" .. package.path

local corpus = require "fuzz.corpus"
local mutate = require "fuzz.mutate"
local watch  = require "fuzz.watch"

local folder, name, amount, seed = unpack(arg)
watch.begin(folder)
-- A name with dots is that of a module.
local target = require(name:find(".", 1, true) and name or "fuzz.targets." .. name)
local socket = require "socket"

-- No input may take longer, in seconds; nor may all that makes one smaller.
local LONGEST, SHRINKING = 30, 6

require("ffi").cdef 'unsigned int fuzz_alarm(unsigned int seconds) __asm__("alarm");'
local alarm = require("ffi").C.fuzz_alarm

-- A crash leaves its input here, behind its length.
local last = folder .. "/last-" .. name
local journal = assert(io.open(last, "w+b"))

local function note(bytes)
  journal:seek "set"
  journal:write(("%08d "):format(#bytes), bytes)
  journal:flush()
end

local function write(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
end

local function fails(bytes)
  alarm(LONGEST)
  local ok, why = pcall(watch.run, target, bytes)
  return not ok, why
end

-- The kind of a finding: its first line, without numbers.
local function kind(why)
  return tostring(why):match "^[^\n]*":gsub("%d+", "N")
end

local function found(bytes, why)
  local what = kind(why)
  watch.each = 1
  local ends = socket.gettime() + SHRINKING
  local small = mutate.shrink(bytes, function(less)
    if socket.gettime() > ends then return false end
    local failed, other = fails(less)
    return failed and kind(other) == what
  end)
  local path = folder .. "/found-" .. name
  write(path, small)
  print(("FOUND %s\n%s: %d bytes: %s"):format(why, path, #small,
    small:gsub("[^%w%p ]", function(c) return ("\\%d"):format(c:byte()) end)))
  os.exit(1)
end

local function try(bytes)
  local failed, why = fails(bytes)
  if failed then found(bytes, why) end
end

if not tonumber(amount) then
  watch.each = 1
  try(corpus.read(amount))
  print "nothing"
  os.exit(0)
end

seed = tonumber(seed) or os.time()
math.randomseed(seed)
print(("%s: seed %d"):format(name, seed))

local inputs = corpus.of(target.seeds or name)
local began = socket.gettime()
for _, bytes in ipairs(inputs) do
  note(bytes)
  try(bytes)
end
local ends = began + tonumber(amount)
while socket.gettime() < ends do
  local bytes = inputs[math.random(#inputs)]
  if target.mutate and math.random(2) == 1 then
    bytes = target.mutate(bytes, math.random(2 ^ 31 - 1))
  else
    bytes = mutate.bytes(bytes, inputs[math.random(#inputs)])
  end
  note(bytes)
  try(bytes)
end
journal:close()
os.remove(last)
print(("%d executions in %d seconds"):format(watch.executions, socket.gettime() - began))
