-- luajit download.lua URL FILE CAFILE: a large download with a progress bar. After a failure the
-- same command goes on where it ended: what has come is in FILE.part, and in FILE.tag is the
-- version that it belongs to.
local https, ltn12 = require "ssl.https", require "ltn12"

local BLOCK = 4 * 2^20 -- bytes of one request, in memory
local url, file, cafile = unpack(arg)
local pool = https.pool()

local have, total -- bytes

local function fail(message)
  io.stderr:write(total and "\n" or "", message, "\n")
  os.exit(1)
end

local function read(path)
  local handle = io.open(path, "rb")
  local text = handle and handle:read "*l"
  if handle then handle:close() end
  return text
end

local function write(path, text)
  local handle = assert(io.open(path, "wb"))
  assert(handle:write(text))
  assert(handle:close())
end

local function bar(bytes)
  local share = total > 0 and bytes / total or 1
  io.write(("\r[%-40s] %3d %%  %.1f of %.1f MiB"):format(
           ("="):rep(math.floor(40 * share)), 100 * share, bytes / 2^20, total / 2^20))
  io.flush()
end

local tag = read(file .. ".tag")
if not tag then os.remove(file .. ".part") end
local part = assert(io.open(file .. ".part", "ab"))
have = part:seek "end"

-- The bytes from `have` on, at most a block.
local function block()
  local pieces = {}
  local ok, code, headers = pool:request {
    url = url, cafile = cafile, timeout = { connect = 10, handshake = 10, receive = 30 },
    headers = {
      range = ("bytes=%d-%d"):format(have, have + BLOCK - 1), ["if-range"] = tag,
    },
    sink = ltn12.sink.table(pieces), maxsize = BLOCK,
    progress = function(_, bytes) if total then bar(have + bytes) end end,
  }
  if not ok and code:find "too large" then
    fail "the server sends the whole file: a new one (remove FILE.tag), or it knows no ranges"
  end
  if not ok then fail(code) end
  if code == 416 and headers["content-range"] == "bytes */" .. have then return "", have end
  local first, size = (headers["content-range"] or ""):match "^bytes (%d+)%-%d+/(%d+)$"
  if code ~= 206 or tonumber(first) ~= have then fail("no part of the file: " .. code) end
  if not tag then
    tag = headers.etag or headers["last-modified"] or fail "the file has no version"
    write(file .. ".tag", tag)
  end
  return table.concat(pieces), tonumber(size)
end

repeat
  local bytes
  bytes, total = block()
  assert(part:write(bytes))
  assert(part:flush())
  have = have + #bytes
  bar(have)
until have >= total
assert(part:close())
assert(os.rename(file .. ".part", file))
os.remove(file .. ".tag")
print()
