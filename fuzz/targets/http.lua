--- Answers of HTTP servers: heads, chunks, redirects, in any form and any pieces, to requests
-- of ssl.https over an object of `create`, behind which is an engine as server.
--
-- A password goes to the origin of its URL alone. A body that is returned is no longer than
-- `maxsize`, and one that the server has framed well is the one that it has sent.

local draw  = require "fuzz.draw"
local https = require "ssl.https"
local pair  = require "spec.support.pair"
local pki   = require "spec.support.pki"
local ssl   = require "ssl"
local watch = require "fuzz.watch"

local target = { about = "answers of HTTP servers: heads, chunks, redirects" }

local context = assert(ssl.newcontext(pair.server_config {
  key = pki.ec_server.key, certificate = pki.ec_server.cert, tickets = 0 }))

local PIECES = {
  "HTTP/1.1 200 OK\r\n", "HTTP/1.0 200\r\n", "HTTP/1.1 302 Found\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 204 No\r\n", "HTTP/1.1 304 x\r\n", "HTTP/1.1 425 Early\r\n", "HTTP/1.1 999 \r\n",
  "Content-Length: 5\r\n", "Content-Length: 5, 5\r\n", "Content-Length: -1\r\n",
  "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n",
  "Keep-Alive: timeout=5\r\n", "Location: /other\r\n", "Location: //b.test/x\r\n",
  "Location: https://b.test:444/\r\n", "Location: https://u:p@a.test/\r\n",
  "Location: http://a.test/\r\n",
  "Location: ../../x?y#z\r\n", "Set-Cookie: a\r\n", " folded\r\n", ": no name\r\n", "name\r\n",
  "Trailer: x\r\n", "\r\n", "\n", "hello", "5\r\nhello\r\n", "0\r\n\r\n", "0\r\nx: y\r\n\r\n",
  "5;ext=1\r\nhello\r\n", "fffffffff\r\n", "-1\r\n", "5\r\nhello!\r\n", "0x5\r\n", "\0",
}

-- A whole answer, and its body.
local function proper(d)
  local body = d:text(50)
  if d:yes() then
    return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body), body
  end
  local out = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" }
  local at = 1
  while at <= #body do
    local piece = body:sub(at, at + d:below(10))
    out[#out + 1] = ("%x\r\n%s\r\n"):format(#piece, piece)
    at = at + #piece
  end
  out[#out + 1] = "0\r\n\r\n"
  return table.concat(out), body
end

local function answer(d)
  local how = d:below(4)
  if how == 3 then return proper(d) end
  local out = { d:pick { PIECES[1], PIECES[2], PIECES[3], "" } }
  for i = 2, d:below(12) + 1 do
    out[i] = d:below(5) == 4 and d:text(30) or d:pick(PIECES)
  end
  return table.concat(out), nil
end

local state

-- The server's end: it answers when it has a whole head, or at once.
local function serve(s)
  if not s.done then s.done = s.engine:handshake() end
  if not s.done then return end
  local data = s.engine:read()
  while data do
    s.asked, data = s.asked .. data, s.engine:read()
  end
  local stop = s.asked:find("\r\n\r\n", 1, true)
  if not stop or s.over then return end
  local head = s.asked:sub(1, stop + 3)
  s.asked = s.asked:sub(stop + 4)
  if head:lower():find "\nauthorization:" and s.host ~= "a.test" then
    error("a password goes to " .. s.host, 0)
  end
  if head:find "\r\n [^\r]" or head:find "[^\r]\n" then error("a header is injected", 0) end
  local text, body = answer(state.d)
  state.body, state.answers = body, state.answers + 1
  s.engine:write(text)
  -- Without an end the request would wait for ever: nobody else moves.
  s.over = not body or state.d:yes()
  if s.over and state.d:yes() then s.engine:shutdown() end
end

local object = {}
object.__index = object

function object.settimeout() end
function object.close() end

function object:connect(host)
  self.host = host
  return 1
end

function object:send(data, from, to)
  data = data:sub(from or 1, to or -1)
  self.engine:feed(data)
  serve(self)
  self.up = self.up .. self.engine:drain()
  return from and from + #data - 1 or #data
end

function object:receive(n)
  if self.up == "" then
    serve(self)
    self.up = self.engine:drain()
  end
  local data = self.up:sub(1, math.min(n, state.piece))
  self.up = self.up:sub(#data + 1)
  if #data == n then return data end
  if data ~= "" then return nil, "timeout", data end
  return nil, self.over and "closed" or "timeout", ""
end

local function create()
  state.connections = state.connections + 1
  return setmetatable({ engine = assert(ssl.engine(context)), up = "", asked = "", host = "" },
                      object)
end

local METHODS = { "GET", "HEAD", "POST", "PUT", "" }
local URLS = { "https://a.test/", "https://u:p@a.test/x", "https://a.test/a/b?c#d" }
local MOST = 40

local function ask(d, pool)
  local chunks, size = {}, 0
  state.body, state.answers = nil, 0
  local maxsize = d:yes() and MOST or nil
  local method = d:pick(METHODS)
  local ok, code, headers, status = watch.call(https.request, {
    url = d:pick(URLS), method = method, create = create, verify = "none", resume = false,
    pool = pool, maxsize = maxsize, timeout = 0.001, body = d:yes() and d:text(20) or nil,
    maxredirects = d:pick { 5, 1, false } or 5,
    sink = function(chunk)
      if chunk then
        size = size + #chunk
        chunks[#chunks + 1] = chunk
      end
      return 1
    end,
  })
  if size > (maxsize or size) then error("a body that is too large", 0) end
  if not ok then return assert(type(code) == "string" and code ~= "", "no message") end
  if type(code) ~= "number" or type(headers) ~= "table" or type(status) ~= "string" then
    error("a result that is none", 0)
  end
  if state.body and state.answers == 1 and method ~= "HEAD" and table.concat(chunks) ~= state.body
  then
    error("another body", 0)
  end
end

function target.one(bytes)
  local d = draw.new(bytes)
  local pool = d:yes() and https.pool() or nil
  state = { d = d, piece = d:yes() and math.huge or d:below(100) + 1, connections = 0 }
  for _ = 1, d:below(3) + 1 do ask(d, pool) end
  if pool then pool:close() end
  if state.connections > 40 then error("too many connections", 0) end
end

return target
