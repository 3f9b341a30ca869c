-- luajit mqtt.lua HOST PORT CAFILE publish TOPIC MESSAGE
-- luajit mqtt.lua HOST PORT CAFILE subscribe TOPIC [COUNT]: prints messages, COUNT of them.
-- MQTT 3.1.1 over TLS. Where MQTT_USER is set it logs in.
local ssl, bit = require "ssl", require "bit"

local host, port, cafile, command, topic, rest = unpack(arg)
local KEEPALIVE = 60 -- seconds
local user, password = os.getenv "MQTT_USER", os.getenv "MQTT_PASSWORD"

local conn

local function text(s)
  return string.char(bit.rshift(#s, 8), #s % 256) .. s
end

local function send(first, body)
  local size, left = "", #body
  repeat
    local more = left >= 128 and 128 or 0
    size, left = size .. string.char(left % 128 + more), math.floor(left / 128)
  until left == 0
  assert(conn:send(string.char(first) .. size .. body))
end

-- A packet: its kind, and its body; nil and "timeout" where none has begun to come.
local function receive(seconds)
  conn:settimeout(seconds)
  local first, why = conn:receive(1)
  if not first then return nil, why end
  conn:settimeout(10)
  local length, factor = 0, 1
  repeat
    local byte = assert(conn:receive(1)):byte()
    length, factor = length + byte % 128 * factor, factor * 128
  until byte < 128
  assert(length <= 2^20, "a packet of more than 1 MiB")
  return bit.rshift(first:byte(), 4), length > 0 and assert(conn:receive(length)) or ""
end

local function login()
  local flags = 2 + (user and 128 or 0) + (password and 64 or 0) -- 2: a clean session
  send(0x10, text "MQTT" .. string.char(4, flags, 0, KEEPALIVE) .. text "" -- it names us
             .. (user and text(user) or "") .. (password and text(password) or ""))
  local kind, body = receive(10)
  if kind ~= 2 then error("no MQTT: " .. tostring(body), 0) end
  if body:byte(2) ~= 0 then error("the server refuses: code " .. body:byte(2), 0) end
end

local function publish()
  send(0x31, text(topic) .. assert(rest, "a message is missing")) -- the server keeps it
end

local function subscribe()
  local left = tonumber(rest or math.huge)
  send(0x82, "\0\1" .. text(topic) .. "\0") -- at most once
  while left > 0 do
    local kind, body = receive(KEEPALIVE / 2)
    if kind == 3 then
      left = left - 1
      local length = body:byte(1) * 256 + body:byte(2)
      print(body:sub(3, 2 + length), body:sub(3 + length))
      io.flush()
    elseif kind == 9 and body:byte(3) == 128 then
      error("the server refuses the topic", 0)
    elseif not kind and body == "timeout" then
      send(0xC0, "") -- a ping
    elseif not kind then
      error("the connection has ended: " .. body, 0)
    end
  end
end

local function run()
  conn = assert(ssl.connect(host, port, {
    protocol = "any", verify = "peer", cafile = cafile, timeout = 10,
  }))
  login()
  assert(({ publish = publish, subscribe = subscribe })[command], "publish or subscribe")()
  send(0xE0, "") -- the end
  conn:close()
end

local ok, why = pcall(run)
if not ok then
  io.stderr:write((tostring(why):gsub("^%S+:%d+: ", "")), "\n") -- without our place
  os.exit(1)
end
