-- Run over libuv by refusals_spec: calls that libuv refuses at once, so that no callback comes.

local vim  = rawget(_G, "vim")
local uv   = vim and (vim.uv or vim.loop) or require "luv"
local over = require "ssl.over.luv"

-- A uv_tcp_t whose calls have these results.
local function fake(results)
  local tcp = {}
  for _, name in ipairs { "nodelay", "read_start", "try_write", "write" } do
    tcp[name] = function() return unpack(results[name] or { 0 }) end
  end
  function tcp.is_closing() return false end
  return over.carry(tcp)
end

local over_yet = false

local function main()
  print("not connected:", over.carry(uv.new_tcp()):receiveany(10))
  local tcp = fake { read_start = { nil, "EALREADY: connection already in progress", "EALREADY" } }
  print("read from already:", tcp:receiveany(10))
  tcp = fake { try_write = { nil, "EAGAIN: again", "EAGAIN" },
               write = { nil, "EPIPE: broken pipe", "EPIPE" } }
  print("not written:", tcp:send "x")
  print("again:", tcp:send "x")
  over_yet = true
end

coroutine.wrap(main)()
if vim then vim.wait(5000, function() return over_yet end, 1) else uv.run() end
if not over_yet then print "one waits for ever" end
