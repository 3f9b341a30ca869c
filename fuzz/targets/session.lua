--- Sessions from bytes: those of `export` in their envelope, whose digest is put right, then
-- offered to a server; and bytes of any form.

local bit         = require "bit"
local der         = require "fuzz.der"
local fingerprint = require "ssl.session.fingerprint"
local limits      = require "spec.support.limits"
local pair        = require "spec.support.pair"
local pki         = require "spec.support.pki"
local ssl         = require "ssl"
local watch       = require "fuzz.watch"

local target = { about = "imported sessions, offered to a server", mutate = der.mutate }

local MARK, CHECK = "LSFS\1", 16

local function context(mode, extra)
  return assert(ssl.newcontext(mode == "server"
    and pair.server_config { key = pki.ec_server.key, certificate = pki.ec_server.cert }
    or pair.client_config(extra)))
end

-- Sessions of the versions that this OpenSSL resumes.
local client = context("client", { cafile = pki.ec_root.cert, protocol = limits.resuming })
local server = context "server"

local function shake(session)
  local a, b = assert(ssl.engine(client)), assert(ssl.engine(server))
  local conn = a:connection()
  if session then watch.call(conn.setsession, conn, session) end
  local ok, there, why
  for _ = 1, 6 do
    ok, why = a:handshake()
    b:feed(a:drain())
    there = b:handshake()
    a:feed(b:drain())
  end
  if there then
    b:write "x"
    a:feed(b:drain())
    a:read()
  end
  return ok, why, conn
end

-- The policy of this client, which an attacker would have to know.
local policy

local function own_policy()
  if policy then return policy end
  local _, _, conn = shake()
  policy = assert(assert(conn:getsession()):export()):sub(#MARK + 1, #MARK + 32)
  return policy
end

local function envelope(bytes)
  local text = MARK .. own_policy() .. bytes
  return text .. fingerprint.digest(text):sub(1, CHECK)
end

local FIELDS = { "protocol", "id", "time", "timeout", "ticket", "singleuse", "resumable" }

function target.one(bytes)
  assert(bytes == "" or not watch.call(ssl.importsession, bytes), "no envelope")
  local session, why = watch.call(ssl.importsession, envelope(bytes))
  if not session then return assert(why == "malformed session") end
  for _, field in ipairs(FIELDS) do session:info(field) end
  tostring(session)
  local text = session:export()
  if text then assert(ssl.importsession(text), "an export is malformed") end
  if bit.band(#bytes, 3) ~= 0 then return end
  local ok, message, conn = shake(session)
  assert(ok or type(message) == "string", "no message")
  -- The server has never seen it.
  if ok and conn:resumed() then error("resumes a session that was made up", 0) end
end

return target
