-- A server whose decisions take time: which certificate, and whether to trust.

local ssl       = require "ssl"
local questions = require "questions"
local upgrade   = require "upgrade"

local conn = assert(ssl.wrap(upgrade.accept(), questions.server))
local ok, why = conn:dohandshake()
questions.log[#questions.log + 1] = ok and "shaken" or why
if ok then
  local line = conn:receive()
  conn:send(line and conn:getsniname() .. "\n" or "nothing\n")
end
conn:close()
