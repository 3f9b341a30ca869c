-- Run over a loop by exhausted_spec: no descriptor is left.

local ffi = require "ffi"

local loop = os.getenv "LOOP"
local vim  = rawget(_G, "vim")
local over = require("ssl.over." .. loop)
local uv   = loop == "luv" and (vim and (vim.uv or vim.loop) or require "luv")

ffi.cdef [[
struct exhausted_rlimit { unsigned long soft, hard; };
int exhausted_getrlimit(int, struct exhausted_rlimit *) __asm__("getrlimit");
int exhausted_setrlimit(int, const struct exhausted_rlimit *) __asm__("setrlimit");
]]

local RLIMIT_NOFILE = 7

local over_yet = false

local function main()
  local limit = ffi.new "struct exhausted_rlimit"
  assert(ffi.C.exhausted_getrlimit(RLIMIT_NOFILE, limit) == 0)
  local before = limit.soft
  limit.soft = 3
  assert(ffi.C.exhausted_setrlimit(RLIMIT_NOFILE, limit) == 0)
  local ok, object, why = pcall(over.connect, "127.0.0.1", 9, 60)
  limit.soft = before
  assert(ffi.C.exhausted_setrlimit(RLIMIT_NOFILE, limit) == 0)
  print(ok, object, why)
  over_yet = true
end

if loop == "luasocket" then
  main()
elseif loop == "cqueues" then
  assert(require("cqueues").new():wrap(main):loop())
elseif loop == "copas" then
  local copas = require "copas"
  copas.addthread(main)
  repeat copas.step(1) until over_yet
else
  coroutine.wrap(main)()
  if vim then vim.wait(60000, function() return over_yet end, 1) else uv.run() end
end
