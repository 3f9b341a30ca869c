-- In nginx, for bench/resty.lua, which says what it prints: requests over nginx's own TLS or over
-- ours, eight at a time, with a timer beside them.

local ngx = rawget(_G, "ngx")

local ssl      = require "ssl"
local settings = require "settings"
local args     = ngx.req.get_uri_args()

local SIDES, WARM = 8, 40
local count, kept, resumes = tonumber(args.count), args.work == "kept", args.work == "resumed"

local tcp
if args.tcp == "ours" then
  tcp = require("ssl.resty.socket").with({
    cafile = settings.pki.root.cert, resume = resumes,
    minversion = args.protocol, maxversion = args.protocol,
  }).tcp
else
  tcp = ngx.socket.tcp
end

local late, running, resumed, session = {}, true, 0, nil

local function ticker()
  while running do
    local due = ssl.monotonic() + 0.001
    ngx.sleep(0.001)
    late[#late + 1] = ssl.monotonic() - due
  end
end

local function request()
  local sock = tcp()
  sock:settimeout(10000)
  assert(sock:connect("127.0.0.1", args.port))
  local result = assert(sock:sslhandshake(resumes and session or not resumes and false or nil,
                                          "localhost", true))
  assert(sock:send "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n")
  local length
  repeat
    local line = assert(sock:receive())
    length = line:match "^Content%-Length: (%d+)" or length
  until line == ""
  local body = assert(sock:receive(tonumber(length)))
  if body:find(" r requests", 1, true) then resumed = resumed + 1 end
  if resumes and args.tcp ~= "ours" then session = result end
  if kept then assert(sock:setkeepalive(10000, 2 * SIDES)) else sock:close() end
end

local function work(times)
  local threads = {}
  for i = 1, SIDES do
    threads[i] = ngx.thread.spawn(function()
      for _ = 1, times / SIDES do request() end
    end)
  end
  for _, thread in ipairs(threads) do assert(ngx.thread.wait(thread)) end
end

work(WARM)
resumed = 0
collectgarbage()
local beside = ngx.thread.spawn(ticker)
local began, passed = os.clock(), ssl.monotonic()
work(count)
local spent = os.clock() - began
passed = ssl.monotonic() - passed
running = false
ngx.thread.wait(beside)
table.sort(late)
ngx.say(count, " ", spent, " ", passed, " ", late[math.max(1, math.floor(#late * 0.99))] * 1000,
        " ", resumed / count)
