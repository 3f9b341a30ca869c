-- MAIL_USER=... MAIL_PASSWORD=... luajit imap.lua HOST PORT CAFILE [COUNT]: lists the newest mails
-- of a mailbox, over IMAPS.
local ssl, mime = require "ssl", require "mime"

local host, port, cafile, count = unpack(arg)
local user, password = assert(os.getenv "MAIL_USER"), assert(os.getenv "MAIL_PASSWORD")

local conn, message = ssl.connect(host, port, {
  protocol = "any", verify = "peer", cafile = cafile, timeout = 30,
})
if not conn then
  io.stderr:write(message, "\n")
  os.exit(1)
end
conn:settimeout(30)

-- A response, which is a line, or several where it has literals: {size} and then so many bytes.
local function response()
  local out = ""
  repeat
    out = out .. assert(conn:receive())
    local size = tonumber(out:match "{(%d+)}$")
    if size then
      assert(#out + size <= 2^20, "a response of more than 1 MiB")
      out = out .. "\n" .. assert(conn:receive(size))
    end
  until not size
  return out
end

local last = 0

-- Sends a command; returns the untagged responses.
local function command(text, more)
  last = last + 1
  local tag, responses = "a" .. last, {}
  assert(conn:send(tag .. " " .. text .. "\r\n"))
  while true do
    local line = response()
    local word, rest = line:match "^(%S+) (.*)$"
    if word == tag then
      if rest:find "^OK" then return responses end
      error("the server: " .. rest, 0)
    elseif word == "+" or line == "+" then
      assert(conn:send((more or "*") .. "\r\n"))
    else
      responses[#responses + 1] = line
      assert(#responses <= 10000, "more than 10000 responses")
    end
  end
end

local function list()
  assert(response():find "^%* OK", "no IMAP server")
  command("AUTHENTICATE PLAIN", (mime.b64("\0" .. user .. "\0" .. password)))
  local exists
  for _, line in ipairs(command "EXAMINE INBOX") do
    exists = tonumber(line:match "^%* (%d+) EXISTS") or exists
  end
  if exists > 0 then
    local first = math.max(1, exists - tonumber(count or 10) + 1)
    local fetch = ("FETCH %d:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])"):format(first)
    for _, line in ipairs(command(fetch)) do
      local number, subject = line:match "^%* (%d+) FETCH.-[Ss]ubject: ([^\r\n]*)"
      if number then print(number, subject) end
    end
  end
  command "LOGOUT"
end

local ok, why = pcall(list)
conn:close()
if not ok then
  io.stderr:write((tostring(why):gsub("^%S+:%d+: ", "")), "\n") -- without our place
  os.exit(1)
end
