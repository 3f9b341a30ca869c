--- Tables for ssl.newcontext: any keys, values of any type, most of them near to what the
-- key takes. What becomes a context is used.

local draw  = require "fuzz.draw"
local keys  = require "ssl.context.keys"
local pair  = require "spec.support.pair"
local pki   = require "spec.support.pki"
local ssl   = require "ssl"
local watch = require "fuzz.watch"

local target = { about = "tables for ssl.newcontext, values of any type" }

-- What some key or other takes.
local WORDS = {
  "any", "tlsv1_2", "tlsv1_3", "tlsv1", "sslv23", "server", "client", "peer", "none",
  "fail_if_no_peer_cert", "client_once", "lsec_continue", "crl_check", "all", "no_ticket",
  "HIGH", "TLS_AES_128_GCM_SHA256", "P-256", "X25519:P-256", "x25519", "h2", "http/1.1",
  "localhost", "127.0.0.1", "request", "require", "strict", "lenient", "grease", "once",
  "sslserver", "secret", "no such file", "", "a\0b", ("x"):rep(300), "ECDSA+SHA256", "zlib",
  pki.server.key, pki.server.cert, pki.root.cert, pki.root.crl, pki.ec_server.key,
  pki.ec_server.cert, pki.dir, pki.root.capath, pki.dh.ffdhe2048, ("k"):rep(48), ("k"):rep(80),
}

local NUMBERS = { 0, 1, 2, 5, -1, 0.5, 1000, 16384, 2 ^ 31, 2 ^ 53, 1 / 0, -1 / 0, 0 / 0 }

local function nothing() end

-- What a function returns, of those that a context has.
local FUNCTIONS = {
  nothing,
  function() return true end,
  function() return false end,
  function() return "me", ("k"):rep(16) end,
  function(...) return ... end,
}

local value

local function list(d, depth)
  local out = {}
  for i = 1, d:below(4) do out[i] = value(d, depth + 1) end
  return out
end

-- A table with the fields of a record, or with any names.
local function fields(d, depth, record)
  local out = list(d, depth)
  for _ = 1, d:below(3) do
    local name = record and record.fields and d:pick(record.fields) or d:pick(WORDS)
    out[name] = value(d, depth + 1)
  end
  return out
end

function value(d, depth, record)
  local how = d:below(depth > 2 and 6 or 9)
  if how <= 1 then return d:pick(WORDS) end
  if how == 2 then return d:pick(NUMBERS) end
  if how == 3 then return d:yes() end
  if how == 4 then return d:pick(FUNCTIONS) end
  if how == 5 then return d:text(12) end
  if how == 6 then return list(d, depth) end
  if how == 7 then return fields(d, depth, record) end
  return d:yes() and ssl.der(d:text(30)) or io.stdout
end

-- As the record says: most keys of an input are right, so that the others are reached.
local function proper(d, record)
  if record.kind == "switch" then return d:yes() end
  if record.kind == "number" then return d:pick(NUMBERS) end
  if record.kind == "function" then return d:pick(FUNCTIONS) end
  if record.kind == "list" then return d:yes() and d:pick(WORDS) or list(d, 2) end
  if record.kind == "fields" or record.kind == "entries" then return fields(d, 1, record) end
  return d:pick(WORDS)
end

local peers = {}

local function peer(mode)
  peers[mode] = peers[mode] or assert(ssl.newcontext(mode == "client"
    and pair.client_config { verify = "none" }
    or pair.server_config { key = pki.ec_server.key, certificate = pki.ec_server.cert }))
  return peers[mode]
end

-- What raises is a function of the program, with a result that is refused: no mistake.
local function expected(why)
  return tostring(why):find "expected" or tostring(why):find "invalid" or watch.documented(why)
end

local function use(ctx, mode)
  local a = watch.call(ssl.engine, ctx)
  local b = assert(ssl.engine(peer(mode == "client" and "server" or "client")))
  if not a then return end
  for _ = 1, 4 do
    local ok, done, why = pcall(a.handshake, a)
    if not ok and not expected(done) then error("raises: " .. tostring(done), 0) end
    assert(not ok or done or type(why) == "string" and why ~= "", "no message")
    b:feed(a:drain())
    b:handshake()
    a:feed(b:drain())
  end
end

-- Functions that are called while the context is made may return what they like.
local function made(cfg)
  local ok, ctx, why = pcall(ssl.newcontext, cfg)
  if ok then return ctx, why end
  if not expected(ctx) then error("raises: " .. tostring(ctx), 0) end
  return nil, ctx
end

function target.one(bytes)
  local d = draw.new(bytes)
  local mode = d:yes() and "client" or "server"
  local cfg = { mode = mode, protocol = "any" }
  if d:below(4) > 0 then
    cfg.key, cfg.certificate, cfg.cafile = pki.ec_server.key, pki.ec_server.cert, pki.root.cert
  end
  for _ = 1, d:below(6) + 1 do
    local record = d:pick(keys)
    if d:below(3) == 2 then
      cfg[record.key] = value(d, 0, record)
    else
      cfg[record.key] = proper(d, record)
    end
  end
  -- A name would be that of a file that is written, whichever it is.
  if type(cfg.keylog) == "string" then cfg.keylog = "/dev/null" end
  watch.call(ssl.cfg.problem, cfg)
  local ctx, why = made(cfg)
  if ctx then return use(ctx, cfg.mode) end
  assert(type(why) == "string" and why ~= "", "no message")
end

return target
