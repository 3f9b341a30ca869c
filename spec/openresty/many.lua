-- Clients of asking.lua, many at once: who they are and what they ask for, by turns.

local ssl       = require "ssl"
local questions = require "questions"
local upgrade   = require "upgrade"

local args = ngx.req.get_uri_args()
local counts = {}

local function count(what)
  counts[what] = (counts[what] or 0) + 1
end

local function client(name, i)
  ngx.sleep(i / 500)
  local sock = assert(upgrade.connect(ngx.var.server_port, "/asking"))
  local conn = assert(ssl.wrap(sock, questions.clients[args.protocol][args.who]))
  conn:sni(name)
  local ok, why = conn:dohandshake()
  if ok then ok, why = conn:send "hello\n" end
  if ok then ok, why = conn:receive() end
  if ok then
    local _, key = conn:getpeercertificate():pubkey()
    count(ok .. " " .. key)
  else
    count(why)
  end
  conn:close()
end

questions.log, questions.most = {}, 0
local threads = {}
for i = 1, tonumber(args.n) do
  local name = args.name or (i % 2 == 0 and "a.wild.test" or "b.wild.test")
  threads[i] = ngx.thread.spawn(client, name, i)
end
for _, thread in ipairs(threads) do assert(ngx.thread.wait(thread)) end

for _, what in ipairs(questions.log) do count("server: " .. what) end
local lines = {}
for what, n in pairs(counts) do lines[#lines + 1] = n .. " " .. what end
table.sort(lines)
ngx.say(table.concat(lines, "\n"))
