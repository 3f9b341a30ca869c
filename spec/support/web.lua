--- Web servers that do what they are told, right or wrong, each in a process of its
-- own. One connection at a time.
--
--   local server = web.start { routes = [[
--     ["/cut"] = function(conn) conn:send "HTTP/1.1 200 OK\r\n" cut(conn) end,
--   ]] }
--
-- A route gets the connection and the request (method, path, headers, body); the
-- connection is closed in order behind it, unless it returns "keep": then the next
-- request is read. `keep(conn, body)` is `ok`, and "keep". `cut(conn)` ends TCP without a
-- close_notify, `reset(conn)` resets it, `sleep(seconds)` says nothing, `silence(conn)`
-- neither, until the peer has had enough, `ok(conn, body)` answers, `chunks(conn, count, size,
-- extension)` too, in chunks of so many bytes behind lines of so many, `tunnel(conn, port)`
-- passes bytes both ways. `child:output()` has a line for each handshake and all of each
-- request.

local pair    = require "spec.support.pair"
local pki     = require "spec.support.pki"
local process = require "spec.support.process"

local web = {}

local SCRIPT = [==[
local socket, ssl, ffi = require "socket", require "ssl", require "ffi"
ffi.cdef [[
int shutdown(int fd, int how);
int close(int fd);
int setsockopt(int fd, int level, int name, const void *value, unsigned int length);
]]
io.stdout:setvbuf "no"

local kept = {}
sleep = socket.sleep

function silence(conn) socket.select({ conn }, nil, 30) end

function cut(conn) ffi.C.shutdown(conn:getfd(), 1) end

function reset(conn)
  local linger = ffi.new("int[2]", 1, 0)
  kept[#kept + 1] = conn
  ffi.C.setsockopt(conn:getfd(), 1, 13, linger, 8)
  ffi.C.close(conn:getfd())
end

function ok(conn, body)
  conn:send("HTTP/1.1 200 OK\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body)
end

function keep(conn, body)
  ok(conn, body)
  return "keep"
end

function redirect(conn, to, code)
  conn:send("HTTP/1.1 " .. (code or 302) .. " Moved\r\nContent-Length: 5\r\nLocation: "
            .. to .. "\r\n\r\nmoved")
end

function chunks(conn, count, size, extension)
  conn:send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  local chunk = ("%%X;%%s\r\n%%s\r\n"):format(size, ("x"):rep(extension), ("y"):rep(size))
  for _ = 1, count, 50 do conn:send(chunk:rep(50)) end
  conn:send "0\r\n\r\n"
end

function tunnel(conn, port)
  local origin = assert(socket.connect("127.0.0.1", port))
  local other = { [conn] = origin, [origin] = conn }
  while true do
    for _, from in ipairs((socket.select({ conn, origin }, nil, 10))) do
      from:settimeout(0)
      local data, why, partial = from:receive(8192)
      other[from]:settimeout(5)
      other[from]:send(data or partial)
      if why == "closed" then origin:close() return end
    end
  end
end

local tls, routes = %s, { %s }

local listener = assert(socket.bind("127.0.0.1", 0))
print("port: " .. select(2, listener:getsockname()))

local function read(conn)
  local line = conn:receive()
  if not line then return end
  local request = { headers = {}, body = "" }
  request.method, request.path = line:match "^(%%S+) (%%S+)"
  while line and line ~= "" do
    print("> " .. line)
    local name, value = line:match "^(.-): (.*)"
    if name then request.headers[name:lower()] = value end
    line = conn:receive()
  end
  local length = tonumber(request.headers["content-length"])
  if length and length > 0 then
    request.body = conn:receive(length)
    if not request.body then return end -- it was cut
    print("body: " .. request.body)
  end
  return request
end

local function serve(conn)
  repeat
    local request = read(conn)
    if not request then return end
    local route = routes[request.path] or routes[request.method] or routes.default
    if not route then return end
  until route(conn, request) ~= "keep"
end

while true do
  local conn, shaken, why = assert(listener:accept()), true, nil
  if tls then
    conn = assert(ssl.wrap(conn, tls))
    conn:settimeout(30)
    shaken, why = conn:dohandshake()
    print(("shaken: %%s, name: %%s"):format(tostring(shaken or why),
                                          tostring(conn:getsniname())))
  end
  conn:settimeout(30)
  if shaken then serve(conn) end
  if kept[#kept] ~= conn then conn:close() end
end
]==]

local function literal(value)
  local fields = {}
  for key, field in pairs(value) do
    fields[#fields + 1] = ("%s = %q"):format(key, field)
  end
  return "{ " .. table.concat(fields, ", ") .. " }"
end

--- Start one.
-- @tparam table options  `routes`: the fields of a table, as Lua text; `entry`: of
--   spec.support.pki, "plain" for none; `clientca`: clients are asked for a certificate of it
-- @treturn table  a child of spec.support.process, with its `port`
function web.start(options)
  local entry = options.entry or pki.server
  local tls = entry == "plain" and "nil" or literal(pair.server_config {
    key = entry.key, certificate = entry.chain or entry.cert,
    cafile = options.clientca, verify = options.clientca and "peer" })
  local script = process.write(process.folder() .. "/web.lua",
                               SCRIPT:format(tls, options.routes))
  local child = process.start { "luajit", script }
  local port = child:wait_output "port: (%d+)\n"
  assert(port, "no port\n" .. child:output())
  child.port = tonumber(port)
  return child
end

return web
