--- ssl.https_exchange: one HTTP request and its answer, over a connected stream.
--
-- LuaSocket's results, and its sources, sinks and steps. A body is complete when its
-- framing says so, whatever the peer does then. Without framing only an orderly end
-- of the connection tells a whole body from a cut one.

local ltn12   = require "ltn12"
local socket  = require "socket"
local canonic = require("socket.headers").canonic

local exchange = {}

-- A chunk up to this size reaches the sink in one piece.
local LARGEST_PIECE = 65536

local function send_head(stream, hop)
  local head = { ("%s %s HTTP/1.1\r\n"):format(hop.method, hop.uri) }
  for name, value in pairs(hop.headers) do
    head[#head + 1] = ("%s: %s\r\n"):format(canonic[name] or name, tostring(value))
  end
  head[#head + 1] = "\r\n"
  return stream:send(table.concat(head))
end

local function chunked_sink(stream)
  return function(chunk)
    if not chunk then return stream:send "0\r\n\r\n" end
    if chunk == "" then return 1 end
    return stream:send(("%X\r\n%s\r\n"):format(#chunk, chunk))
  end
end

local function plain_sink(stream)
  return function(chunk)
    if not chunk or chunk == "" then return 1 end
    return stream:send(chunk)
  end
end

--- Send a request.
-- @treturn number  1
-- @treturn nil,string
function exchange.send(stream, hop)
  local ok, why = send_head(stream, hop)
  if not ok then return nil, why end
  if not hop.source then return 1 end
  local sink = hop.headers["content-length"] and plain_sink or chunked_sink
  ok, why = ltn12.pump.all(hop.source, sink(stream), hop.step or ltn12.pump.step)
  if not ok then return nil, why end
  return 1
end

local function read_headers(stream, headers)
  local name
  while true do
    local line, why = stream:receive()
    if not line then return nil, why end
    if line == "" then return headers end
    local field, value = line:match "^(.-):%s*(.*)"
    if name and line:find "^%s" then
      headers[name] = headers[name] .. line
    elseif field then
      name = field:lower()
      headers[name] = headers[name] and headers[name] .. ", " .. value or value
    else
      return nil, "malformed response headers"
    end
  end
end

--- Read the head of the answer. Interim answers are skipped.
-- @treturn number,table,string  code, headers, status line
-- @treturn nil,string
function exchange.head(stream)
  while true do
    local status, why = stream:receive()
    if not status then return nil, why end
    local code = tonumber(status:match "^HTTP/%d*%.%d* (%d%d%d)")
    if not code then return nil, "the answer does not begin with an HTTP status line" end
    local headers
    headers, why = read_headers(stream, {})
    if not headers then return nil, why end
    if code < 100 or code >= 200 or code == 101 then return code, headers, status end
  end
end

local function by_length(stream, left)
  return function()
    if left == 0 then return nil end
    local chunk, why = stream:receive(math.min(socket.BLOCKSIZE, left))
    if not chunk then return nil, why end
    left = left - #chunk
    return chunk
  end
end

local function chunk_size(stream)
  local line, why = stream:receive()
  if not line then return nil, why end
  local digits = line:match "^%s*(%x+)%s*$" or line:match "^%s*(%x+)%s*;"
  if not digits or #digits > 12 then return nil, "invalid chunk size" end
  return tonumber(digits, 16)
end

local function piece(stream, left)
  local data, why = stream:receive(math.min(LARGEST_PIECE, left))
  if not data then return nil, why end
  if #data < left then return data, left - #data end
  local line
  line, why = stream:receive()
  if not line then return nil, why end
  if line ~= "" then return nil, "invalid chunk" end
  return data, 0
end

-- Trailers join the headers.
local function chunked(stream, headers)
  local left, done = 0, false
  return function()
    if done then return nil end
    if left == 0 then
      local size, why = chunk_size(stream)
      if not size then return nil, why end
      if size == 0 then
        done = true
        local ok
        ok, why = read_headers(stream, headers)
        return nil, not ok and why or nil
      end
      left = size
    end
    local data, rest = piece(stream, left)
    if not data then return nil, rest end
    left = rest
    return data
  end
end

local function until_closed(stream)
  local done = false
  return function()
    if done then return nil end
    local chunk, why, partial = stream:receive(socket.BLOCKSIZE)
    if chunk then return chunk end
    if why ~= "closed" then return nil, why end
    done = true
    return partial
  end
end

-- Said twice it counts once. What is no length frames nothing.
local function length_of(headers)
  local text = headers["content-length"]
  if not text then return nil end
  local first = text:match "^%s*(%d+)"
  for value in (text .. ","):gmatch "%s*(.-)%s*," do
    if not first or value ~= first then return nil, "invalid content-length" end
  end
  return tonumber(first)
end

local function body_source(stream, headers)
  local coding = headers["transfer-encoding"]
  if coding and coding ~= "identity" then return chunked(stream, headers) end
  local length, why = length_of(headers)
  if why then return nil, why end
  if length then return by_length(stream, length) end
  return until_closed(stream)
end

local function has_body(hop, code)
  return hop.method ~= "HEAD" and code ~= 204 and code ~= 304 and code >= 200
end

--- Read the body of the answer, if it has one, into the sink.
-- @treturn number  1
-- @treturn nil,string
function exchange.body(stream, hop, code, headers)
  if not has_body(hop, code) then return 1 end
  local source, why = body_source(stream, headers)
  if not source then return nil, why end
  local ok
  ok, why = ltn12.pump.all(source, hop.sink or ltn12.sink.null(),
                           hop.step or ltn12.pump.step)
  if not ok then return nil, why end
  return 1
end

return exchange
