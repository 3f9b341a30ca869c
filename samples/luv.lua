-- luajit luv.lua HOST PORT CAFILE
-- nvim --headless -u NONE --cmd 'lua arg = { HOST, PORT, CAFILE }' -c 'luafile luv.lua'
-- Prints the page of an HTTPS server, over libuv, alone or in Neovim. libuv moves the bytes,
-- ssl.engine makes sense of them, and the loop goes on meanwhile.
local ssl = require "ssl"
local uv  = vim and (vim.uv or vim.loop) or require "luv"

local host, port, cafile = unpack(arg)
local engine = assert(ssl.engine {
  mode = "client", protocol = "any", verify = "peer", cafile = cafile,
})
engine:connection():sni(host)
assert(engine:connection():setverifyname(host)) -- the context has only the chain verified

local tcp = uv.new_tcp()
local asked, done, failure = false, false, nil

local function flush()
  local bytes = engine:drain()
  if bytes ~= "" then tcp:write(bytes) end
end

local function close()
  tcp:close()
  done = true
end

local function finish(word)
  if word ~= "closed" then failure = word end
  engine:shutdown()
  flush()
  tcp:read_stop()
  if not tcp:shutdown(close) then close() end -- it was never connected
end

-- Whatever happened: go on as far as it goes.
local function step()
  local data
  local ready, word = engine:handshake()
  if ready and not asked then
    asked = true
    engine:write("GET / HTTP/1.0\r\nHost: " .. host .. "\r\n\r\n")
  end
  while ready do
    data, word = engine:read()
    if not data then break end
    io.write(data)
  end
  flush()
  if word ~= "wantread" then finish(word) end
end

local function arrived(problem, bytes)
  if problem then return finish(problem) end
  engine:feed(bytes) -- nil at the end of the stream
  step()
end

uv.getaddrinfo(host, port, { family = "inet", socktype = "stream" }, function(problem, found)
  if problem then return finish(problem) end
  tcp:connect(found[1].addr, found[1].port, function(refused)
    if refused then return finish(refused) end
    tcp:read_start(arrived)
    step()
  end)
end)

if vim then -- a plugin would return here and be called back; a script has to wait for the end
  vim.wait(60000, function() return done end, 10)
else
  uv.run()
end
failure = failure or not done and "timeout"
if failure then io.stderr:write(failure, "\n") end
if vim then vim.cmd(failure and "cquit" or "qall!") end
os.exit(failure and 1 or 0)
