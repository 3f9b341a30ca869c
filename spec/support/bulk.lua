--- Many bytes, for transfers that have to arrive as they left.
--
-- A file that does not compress and whose blocks all differ, made once a run; 64
-- MiB, or 1 where everything is slow.

local busted  = require "busted"
local house   = require "spec.support.init"
local process = require "spec.support.process"

local MIB   = 1024 * 1024
local BLOCK = 100000 -- no multiple of a record

local bulk = { size = house.scale(64 * MIB, MIB) }
local path

-- The zeros are encrypted: AES in counter mode is as good as random.
local function make(size)
  local file = os.tmpname()
  local zero = ("0"):rep(32)
  process.capture(("head -c %d /dev/zero | openssl enc -aes-128-ctr -K %s -iv %s >%s")
                  :format(size, zero, zero, house.quote(file)))
  return file
end

--- The path of the file.
function bulk.path()
  path = path or make(bulk.size)
  return path
end

-- Its beginning, or all of it, block by block.
local function blocks(size)
  local file, left = assert(io.open(bulk.path(), "rb")), size or bulk.size
  return function()
    local text = left > 0 and file:read(math.min(BLOCK, left)) or nil
    if not text then file:close() else left = left - #text end
    return text
  end
end

--- Send it, or its beginning.
-- @treturn number  bytes sent
function bulk.send(conn, size)
  local total = 0
  for text in blocks(size) do
    total = total + assert(conn:send(text))
  end
  return total
end

--- Receive as much and compare.
-- @treturn number  bytes received; raises at the first that differ
function bulk.receive(conn, size)
  local total = 0
  for text in blocks(size) do
    assert(assert(conn:receive(#text)) == text, "other bytes came")
    total = total + #text
  end
  return total
end

--- Is a file the same, or the beginning of this size?
function bulk.equals(file, size)
  return process.capture(("head -c %d %s | cmp - %s 2>&1"):format(
    size or bulk.size, house.quote(bulk.path()), house.quote(file))) == ""
end

busted.subscribe({ "suite", "end" }, function()
  if path then os.remove(path) end
  return nil, true
end)

return bulk
