--- ClientHellos: a server's engine gets a flight that a client made, changed, in any pieces;
-- and the reader of the shim's copy gets such a copy, as it is and in any other form.

local alter = require "fuzz.alter"
local draw  = require "fuzz.draw"
local pair  = require "spec.support.pair"
local pki   = require "spec.support.pki"
local ssl   = require "ssl"
local wire  = require "ssl.handshake.clienthello_wire"

local target = { about = "ClientHellos of any form, and the reader of their copy" }

local seen

local function look(_, hello)
  seen = hello
  if hello.servername == "refused" then return false, "access_denied" end
end

local function server(extra)
  extra.key, extra.certificate = pki.ec_server.key, pki.ec_server.cert
  return assert(ssl.newcontext(pair.server_config(extra)))
end

local SERVERS = {
  server { onclienthello = look, alpn = { "h2", "http/1.1" } },
  server { onclienthello = look, protocol = "tlsv1_2" },
  server { onclienthello = look, alpn = function(offered) return offered[1] end },
}

local CLIENTS = {}
for i, extra in ipairs {
  { protocol = "any" }, { protocol = "tlsv1_2", alpn = { "x", "h2" } },
  { protocol = "tlsv1_3", alpn = { "http/1.1" } },
} do
  extra.cafile = pki.ec_root.cert
  CLIENTS[i] = assert(ssl.newcontext(pair.client_config(extra)))
end

local function flight(d)
  local engine = assert(ssl.engine(d:pick(CLIENTS)))
  local name = d:pick { "localhost", "refused", "a.b.c", "" }
  if name ~= "" then engine:connection():sni(name) end
  engine:handshake()
  return engine:drain()
end

-- The fields that docs/newcontext.md names, and no other value.
local LISTS = { "versions", "ciphers", "groups", "sigalgs" }

local function judge(hello)
  assert(hello.servername == nil or type(hello.servername) == "string" and hello.servername ~= ""
         and #hello.servername <= 255 and not hello.servername:find "%z", "a wrong name")
  for _, name in ipairs(LISTS) do
    for _, value in ipairs(hello[name] or {}) do
      local fine = name == "versions" and type(value) == "string"
                   or type(value) == "number" and value >= 0 and value <= 0xffff
      if not fine then error("a wrong value in " .. name, 0) end
    end
  end
  for _, value in ipairs(hello.alpn or {}) do
    assert(value ~= "" and #value <= 255, "a wrong protocol")
  end
end

local function feed(d, engine, bytes)
  repeat
    local n = d:yes() and #bytes or d:below(300) + 1
    engine:feed(bytes:sub(1, n))
    bytes = bytes:sub(n + 1)
    local _, why = engine:handshake()
    engine:drain()
    assert(why == nil or type(why) == "string" and why ~= "", "no message")
  until bytes == ""
end

local CHANGES = { alter.message, alter.byte, alter.bytes, alter.record }

function target.one(bytes)
  local d = draw.new(bytes)
  if d:below(4) == 3 then
    local copy = d:rest()
    return judge(wire.describe(wire.parse(copy)))
  end
  seen = nil
  local sent = flight(d)
  for _ = 1, d:below(6) do sent = d:pick(CHANGES)(d, sent) end
  if sent == "" then return end
  feed(d, assert(ssl.engine(d:pick(SERVERS))), sent)
  if seen then judge(seen) end
end

return target
