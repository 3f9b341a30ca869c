--- An attacker in the middle, between a server in memory and a client.
--
--   local middle = require "spec.support.middle"
--   local m = middle.connected("a descriptor", "tlsv1_3")
--   m.server   the server's connection; m.client the client's; m.engine where that is one
--   m:move()   all bytes, both ways
--
-- The attacker has no key, and may send bytes to either side:
--
--   m:to_server(bytes)      m:to_client(bytes)      m:cut()
--
-- Or the attacker has the server's keys, and can send all that the server could:
--
--   m:forger():alert(level, description)  -> bytes for the client

local ssl    = require "ssl"
local forger = require "spec.support.forger"
local pair   = require "spec.support.pair"
local pki    = require "spec.support.pki"

local middle = {}

-- The transports of a client. Each makes the client, and has functions that take its sent
-- bytes and give it bytes.
middle.kinds = {
  ["a descriptor"] = function(ctx)
    local far, near = pair.tcp()
    far:settimeout(0)
    local function take()
      local data, _, partial = far:receive "*a"
      return data or partial
    end
    local function cut()
      far:setoption("linger", { on = true, timeout = 0 })
      far:close()
    end
    return assert(ssl.wrap(near, ctx)), take, function(bytes) assert(far:send(bytes)) end, cut
  end,

  ["a stream"] = function(ctx)
    local up, down, gone = "", "", false
    local object = {}
    function object.send(_, data)
      if gone then return nil, "closed", 0 end
      up = up .. data
      return #data
    end
    function object.receive(_, n)
      local data = down:sub(1, n)
      down = down:sub(#data + 1)
      if #data == n then return data end
      return nil, gone and "closed" or "wantread", data
    end
    local function take()
      local data = up
      up = ""
      return data
    end
    return assert(ssl.wrap(object, ctx)), take, function(bytes) down = down .. bytes end,
           function() gone = true end
  end,

  ["an engine"] = function(ctx)
    local engine = assert(ssl.engine(ctx))
    return engine:connection(), function() return engine:drain() end,
           function(bytes) engine:feed(bytes) end, function() end, engine
  end,
}

local methods = {}
methods.__index = methods

--- Bytes for the server.
function methods:to_server(bytes)
  self.server_engine:feed(bytes)
end

--- Bytes for the client.
function methods:to_client(bytes)
  self.down = self.down .. bytes
  self.give(bytes)
end

--- All bytes, both ways.
function methods:move()
  repeat
    local up, down = self.take(), self.server_engine:drain()
    if up ~= "" then self:to_server(up) end
    if down ~= "" then self:to_client(down) end
  until up == "" and down == ""
end

--- From now on records can be forged that are as good as the server's.
-- @treturn table  a spec.support.forger
function methods:forger()
  return forger.new(self.version, self.lines, self.down)
end

--- The client's transport takes no more bytes. Data that has come can be read.
function methods:cut()
  self.shut()
end

--- The end of both connections, and of what carried them.
function methods:close()
  self.client:close()
  self.server:close()
  self.shut()
end

-- The last lines of the server's key log.
local lines = {}

local cached = {}

-- A context is made once. The server's certificate is the smallest there is.
local function context(mode, version, eof)
  local name = ("%s %s %s"):format(mode, version, tostring(eof))
  if cached[name] then return cached[name] end
  local config = mode == "client" and pair.client_config { cafile = pki.ec_root.cert }
                 or pair.server_config { key = pki.ec_server.key,
                                         certificate = pki.ec_server.cert }
  config.protocol, config.eof = version, eof
  config.ciphers, config.ciphersuites = forger.CIPHER, forger.CIPHERSUITE
  if mode == "server" then
    function config.keylog(line) lines[#lines + 1] = line end
  end
  cached[name] = assert(ssl.newcontext(config))
  return cached[name]
end

--- A server and a client that have shaken hands, at time limit 0.
-- @tparam string kind  of middle.kinds
-- @tparam string version  "tlsv1_2" or "tlsv1_3"
-- @tparam[opt] string eof  of the client
-- @treturn table
function middle.connected(kind, version, eof)
  local m = setmetatable({ down = "" }, methods)
  lines = {}
  m.server_engine = assert(ssl.engine(context("server", version)))
  m.server = m.server_engine:connection()
  m.client, m.take, m.give, m.shut, m.engine = middle.kinds[kind](context("client", version, eof))
  m.client:settimeout(0)
  local s, c
  for _ = 1, 100 do
    c = c or m.client:dohandshake()
    m:move()
    s = s or m.server:dohandshake()
    m:move()
    if s and c then break end
  end
  assert(s and c, "no handshake")
  m.version, m.lines = version, table.concat(lines, "\n")
  return m
end

return middle
