--- ssl.https.exchange: one HTTP request and its answer, over a wire.
--
-- LuaSocket's results, and its sources, sinks and steps. A body is complete when its
-- framing ends, whatever the peer does then. Without framing only an orderly end
-- of the connection distinguishes a whole body from a cut one. The framing alone, and no
-- step or sink, decides too whether the connection can be used for another request.

local fields       = require "ssl.https.fields"
local luasocket    = require "ssl.https.luasocket"
local pump         = require "ssl.https.pump"
local timeouts     = require "ssl.https.timeouts"
local add_trailers = require "ssl.https.trailers"

local exchange = {}

-- A chunk up to this size reaches the sink in one piece.
local LARGEST_PIECE = 65536
-- The most bytes of a piece of other bodies.
local PIECE = 16384

-- Seconds to wait for a body that is not needed.
local PATIENCE = 1

-- The most bytes that a peer may send beside bodies: in the heads of an answer, interim ones
-- included, and in its trailers; and in the line of a chunk. Of the lines of all chunks so many may
-- be longer than their body: what is behind a size (a signature, say) is for nobody here.
local LARGEST_HEAD, LONGEST_LINE = 262144, 4096
-- Bytes of a chunk's line that count as none: those of the size.
local SIZE = 16
local TOO_LARGE = "the head of the answer is too large"
local EXTENDED = "the chunk extensions of the answer are too large"
local BODY_TOO_LARGE = "the body of the answer is too large"
local TOO_LONG = "the body is longer than its Content-Length"
-- Lines are read so many bytes at once, and what lies behind them is put before what
-- comes: for a large chunk that copies more than it saves.
local STEP, EXACT = 1024, 1

local function send_head(wire, hop)
  local head = { ("%s %s HTTP/1.1\r\n"):format(hop.method, hop.uri) }
  for name, value in pairs(hop.headers) do
    for _, text in ipairs(type(value) == "table" and value or { value }) do
      head[#head + 1] = ("%s: %s\r\n"):format(luasocket.canonic(name, hop.over), text)
    end
  end
  head[#head + 1] = "\r\n"
  return wire:send(table.concat(head))
end

-- A source that failed has not ended: without the last chunk the peer knows that.
local function chunked_sink(wire)
  return function(chunk, why)
    if why then return nil, why end
    if not chunk then
      wire.whole = true
      return wire:send "0\r\n\r\n"
    end
    if chunk == "" then return 1 end
    return wire:send(("%X\r\n%s\r\n"):format(#chunk, chunk))
  end
end

-- The server would take bytes beyond the announced length for another request.
local function plain_sink(wire, length)
  local left = tonumber(length)
  wire.whole = left == 0
  return function(chunk, why)
    if why then return nil, why end
    if not chunk or chunk == "" then return 1 end
    if #chunk > left then return nil, TOO_LONG end
    left = left - #chunk
    wire.whole = left == 0
    return wire:send(chunk)
  end
end

-- A sink that calls the program's `progress`.
local function counting(sink, progress, direction, total)
  if not progress then return sink end
  local bytes = 0
  return function(chunk, why)
    local ok, problem = sink(chunk, why)
    if ok and chunk and chunk ~= "" then
      bytes = bytes + #chunk
      progress(direction, bytes, total)
    end
    return ok, problem
  end
end

-- A sink with a limit, since the server decides how long its body is. The program's sink gets
-- no byte beyond it, and learns of the failure as of one of the source.
local function bounded(sink, most)
  if not most then return sink end
  local size = 0
  return function(chunk, why)
    size = size + #(chunk or "")
    if size <= most then return sink(chunk, why) end
    sink(nil, BODY_TOO_LARGE)
    return nil, BODY_TOO_LARGE
  end
end

-- From the first call on it cannot be read again.
local function watched(wire, source)
  return function()
    wire.pulled = true
    return source()
  end
end

-- A text can be read as often as it has to be.
local function pieces(text)
  local at = 1
  return function()
    local piece = text:sub(at, at + PIECE - 1)
    at = at + #piece
    return piece ~= "" and piece or nil
  end
end

--- Send a request.
-- @treturn number  1
-- @treturn nil,string
function exchange.send(wire, hop)
  local ok, why = send_head(wire, hop)
  if not ok then return nil, why end
  local length, coding = hop.headers["content-length"], hop.headers["transfer-encoding"]
  local source = hop.body and pieces(hop.body) or hop.source and watched(wire, hop.source)
  if not source then
    wire.whole = (tonumber(length) or 0) == 0 and not coding
    return 1
  end
  local sink = length and plain_sink(wire, length) or chunked_sink(wire)
  sink = counting(sink, hop.reqt.progress, "send", tonumber(length))
  ok, why = pump.all(source, sink, hop.step)
  if not ok then return nil, why end
  return 1
end

-- Joined at the end: one by one, ten thousand lines of one header would be copied ten
-- thousand times.
local function joined(lists)
  local headers = {}
  for name, list in pairs(lists) do headers[name] = table.concat(list) end
  return headers
end

-- Headers up to the empty line, in no more than `room` bytes. And the room that is left.
local function read_headers(wire, room, step)
  local lists, list = {}, nil
  while true do
    local line, why = wire:line(room, TOO_LARGE, step)
    if not line then return nil, why end
    room = room - #line - 1
    if line == "" then return joined(lists), room end
    -- Plain text is searched: a pattern for all of a line would try each byte.
    local colon = line:find(":", 1, true)
    if list and line:find "^%s" then
      list[#list + 1] = line
    elseif colon then
      local name = line:sub(1, colon - 1):lower()
      local value = line:sub(line:find("%S", colon + 1) or #line + 1)
      list = lists[name] or {}
      lists[name] = list
      if #list > 0 then list[#list + 1] = ", " end
      list[#list + 1] = value
    else
      return nil, "malformed response headers"
    end
  end
end

-- The entries of a header that is a list, in lower case.
local function tokens(text)
  local found = {}
  for token in tostring(text or ""):lower():gmatch "[^%s,]+" do found[token] = true end
  return found
end

-- Schemes that tie a user to the connection instead of the request.
local function ties(authorization)
  local scheme = tostring(authorization or ""):match "^%s*(%a*)":lower()
  return scheme == "ntlm" or scheme == "negotiate"
end

-- RFC 9112 section 5.1: another recipient may read a name with a blank, or with anything else that
-- is in no token, as another name.
local function strange_name(headers)
  for name in pairs(headers) do
    if not fields.is_token(name) then return true end
  end
  return false
end

-- RFC 9112 section 9.3.
local function persistent(wire, hop, headers, status, code)
  local minor = status:match "^HTTP/1%.(%d) "
  if hop.method == "CONNECT" then return false end -- a success is the beginning of a tunnel
  if not minor or code == 101 or not wire.whole or ties(hop.headers.authorization) then
    return false
  end
  local ours, theirs = tokens(hop.headers.connection), tokens(headers.connection)
  if ours.close or theirs.close or strange_name(headers) then return false end
  if minor ~= "0" then return true end
  -- HTTP/1.0 has no transfer codings: a proxy may pass the header on without understanding it.
  return theirs["keep-alive"] == true and not headers["transfer-encoding"]
end

-- Seconds until the server may close the connection, if it announces them.
local function lifetime(headers)
  local seconds = (headers["keep-alive"] or ""):lower():match "timeout%s*=%s*\"?(%d+)"
  return tonumber(seconds)
end

local function head(wire, hop)
  local room = LARGEST_HEAD
  while true do
    local status, why = wire:line(room, TOO_LARGE, STEP)
    if not status then return nil, why end
    local code = tonumber(status:match "^HTTP/%d*%.%d* ([1-9]%d%d)%f[^%d]")
    if not code then return nil, "the answer does not begin with an HTTP status line" end
    local headers
    headers, room = read_headers(wire, room - #status - 1, STEP)
    if not headers then return nil, room end
    if code < 100 or code >= 200 or code == 101 then
      wire.persistent = persistent(wire, hop, headers, status, code)
      wire.lifetime = lifetime(headers)
      return code, headers, status
    end
  end
end

--- Read the head of the answer. Interim answers are skipped. The whole head has the time
-- limit of one read.
-- @treturn number,table,string  code, headers, status line
-- @treturn nil,string
function exchange.head(wire, hop)
  wire:join(true)
  local code, headers, status = head(wire, hop)
  wire:join(false)
  return code, headers, status
end

local function by_length(wire, left)
  wire.complete = left == 0
  return function()
    if left == 0 then return nil end
    local chunk, why = wire:receiveany(math.min(PIECE, left))
    if not chunk then return nil, why end
    left = left - #chunk
    wire.complete = left == 0
    return chunk
  end
end

-- The size of the next chunk, and the length of its line.
local function chunk_size(wire, step)
  local line, why = wire:line(LONGEST_LINE, "invalid chunk size", step)
  if not line then return nil, why end
  local digits = line:match "^%s*(%x+)%s*$" or line:match "^%s*(%x+)%s*;"
  if not digits or #digits > 12 then return nil, "invalid chunk size" end
  return tonumber(digits, 16), #line
end

local function piece(wire, left, step)
  local data, why = wire:receive(math.min(LARGEST_PIECE, left))
  if not data then return nil, why end
  if #data < left then return data, left - #data end
  local line
  line, why = wire:line(LONGEST_LINE, "invalid chunk", step)
  if not line then return nil, why end
  if line ~= "" then return nil, "invalid chunk" end
  return data, 0
end

-- All trailers have the time limit of one read.
local function last_chunk(wire, headers)
  wire:join(true)
  local trailers, why = read_headers(wire, LARGEST_HEAD, STEP)
  wire:join(false)
  if not trailers then return nil, why end
  add_trailers(headers, trailers)
  wire.complete = true
  return nil
end

local function chunked(wire, headers)
  local left, done, step, room = 0, false, STEP, LARGEST_HEAD
  return function()
    if done then return nil end
    if left == 0 then
      local size, long = chunk_size(wire, step)
      if not size then return nil, long end
      room = math.min(LARGEST_HEAD, room - math.max(0, long - SIZE) + size)
      if room < 0 then return nil, EXTENDED end
      step = size < PIECE and STEP or EXACT
      if size == 0 then
        done = true
        return last_chunk(wire, headers)
      end
      left = size
    end
    local data, rest = piece(wire, left, step)
    if not data then return nil, rest end
    left = rest
    return data
  end
end

local function until_closed(wire)
  local done = false
  return function()
    if done then return nil end
    local chunk, why = wire:receiveany(PIECE)
    if chunk then return chunk end
    if why ~= "closed" then return nil, why end
    done = true
    return nil
  end
end

-- The same length twice counts once. A malformed length is an error. Each pattern is matched
-- at one place alone: thousands of blanks must not cause a match for each of them.
local function length_of(headers)
  local text = headers["content-length"]
  if not text then return nil end
  local first
  for value in (text .. ","):gmatch "([^,]*)," do
    local digits = value:match "^%s*(%d+)%s*$"
    if not digits or first and digits ~= first then
      return nil, "invalid content-length"
    end
    first = digits
  end
  return tonumber(first)
end

-- The second value is the length that is still to come, where it is known.
local function body_source(wire, headers)
  local coding = headers["transfer-encoding"]
  local codings = tokens(coding)
  -- With both Content-Length and Transfer-Encoding, or an unknown coding, recipients may
  -- disagree about the end of the body (RFC 9112 section 6.3).
  if coding and (headers["content-length"] or coding:lower() ~= "chunked") then
    wire.persistent = false
  end
  -- RFC 2616 had it; it means that there is none.
  codings.identity = nil
  if next(codings) then return chunked(wire, headers) end
  local length, why = length_of(headers)
  if why then return nil, why end
  if length then return by_length(wire, length), length end
  return until_closed(wire)
end

local function has_body(hop, code)
  return hop.method ~= "HEAD" and code ~= 204 and code ~= 304 and code >= 200
end

--- Read the body of the answer, if it has one, into the sink. Beyond `maxsize` bytes it is
-- refused, unread where its length is announced.
-- @treturn number  1
-- @treturn nil,string
function exchange.body(wire, hop, code, headers)
  if not has_body(hop, code) then
    wire.complete = code >= 200
    return 1
  end
  local source, total = body_source(wire, headers)
  if not source then return nil, total end
  local most = hop.reqt.maxsize
  if most and total and total > most then return nil, BODY_TOO_LARGE end
  local sink = counting(hop.sink or pump.null, hop.reqt.progress, "receive", total)
  local ok, why = pump.all(source, bounded(sink, most), hop.step)
  if not ok then return nil, why end
  return 1
end

--- Read a body that is not needed, where that is cheaper than another connection.
-- @treturn boolean  it was short, and is read
function exchange.skip(wire, hop, code, headers)
  local length = length_of(headers)
  if has_body(hop, code) then
    if not wire.persistent or headers["transfer-encoding"] or not length
       or length > PIECE then
      return false
    end
    wire.limit = timeouts.within(wire.limit, PATIENCE)
    if not pump.all(by_length(wire, length)) then return false end
  end
  wire.complete = true
  return true
end

return exchange
