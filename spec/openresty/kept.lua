-- Requests to nginx's own TLS over kept connections: what it counts on each.

local contexts  = require "contexts"
local keepalive = require "keepalive"

local args = ngx.req.get_uri_args()
local port = args.port

local function ask(hold)
  local entry, kept = keepalive.connect(contexts.client, "127.0.0.1", port, "localhost")
  if not entry then return kept end
  local conn = entry.conn
  assert(conn:send "GET /requests HTTP/1.1\r\nHost: localhost\r\n\r\n")
  local length
  repeat
    local line = assert(conn:receive())
    length = line:match "^Content%-Length: (%d+)" or length
  until line == ""
  local body = assert(conn:receive(tonumber(length)))
  if hold then ngx.sleep(hold) end
  keepalive.park(entry)
  return ("%s %s"):format(kept and "kept" or "new", body)
end

local threads, results = {}, {}
for i = 1, tonumber(args.n or 1) do
  threads[i] = ngx.thread.spawn(ask, args.n and 0.05)
end
for i, thread in ipairs(threads) do
  local ok, what = ngx.thread.wait(thread)
  results[i] = ok and what or "failed: " .. tostring(what)
end
table.sort(results)
ngx.say(table.concat(results, ", "))
