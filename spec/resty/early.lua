-- nginx's own TLS while its handshake goes on, and in a module that has other requests.

local resty = require "ssl.resty"

local early = {}

local seen = {}

function early.look(where)
  seen[where] = tostring(select(2, resty.downstream()))
end

function early.tell()
  rawset(ngx.config, "subsystem", "stream")
  early.look "stream"
  rawset(ngx.config, "subsystem", "http")
  for _, where in ipairs { "hello", "certificate", "stream" } do
    ngx.say(where, ": ", seen[where])
  end
end

return early
