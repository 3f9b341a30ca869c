--- ssl.resty.policy: how a handshake verifies, and with which context.
--
-- Two places may ask for verification: the program, by the third argument of sslhandshake,
-- and the configuration, which whoever installs this face has written. Where one of them
-- asks, the chain is verified; "none" of one does not weaken the other. What weakens it for all is
-- `verifyext` with "lsec_continue", and an `onverify` that accepts.

local ssl      = require "ssl"
local sessions = require "ssl.resty.sessions"

local contexts = ssl.contexts

local policy = {}

-- Words of `verify` other than "none". A nil among them is none of these: ssl.newcontext
-- refuses it.
local function demands(verify)
  if type(verify) ~= "table" then return verify and verify ~= "none" end
  for i = 1, #verify do
    if verify[i] ~= "none" then return true end
  end
  return false
end

-- The system's authorities, where the configuration says nothing else. A function of the
-- program may accept what they do not know.
local function authorities(cfg, given)
  if given.cafile or given.capath or given.systemca or given.dane or given.rawkeys then
    return true
  end
  local system, why = ssl.systemca()
  if not system then return given.onverify ~= nil or nil, why end
  cfg.cafile, cfg.capath = system.cafile, system.capath
  return true
end

-- The value of the key `verify`. A client with `psk` alone has to leave it out: with "none" any
-- certificate would do in place of the key.
local function verification(given, verified)
  if demands(given.verify) then return given.verify end
  if verified then return "peer" end
  return not (given.psk and given.verify == nil) and "none" or nil
end

-- The certificate of setclientcert takes the place of that of the configuration.
local function show(cfg, call)
  cfg.certificate, cfg.key = call.certificate, call.key
  cfg.certificates, cfg.pkcs12, cfg.password = false, false, false
end

-- What ssl.newcontext is to get, and whether the chain is verified.
local function configuration(given, call)
  local cfg = setmetatable({}, { __index = given })
  cfg.mode, cfg.protocol = "client", given.protocol or "any"
  local verified = call.verify or demands(given.verify) or given.onverify ~= nil
                or ssl.cfg.trusting(given, "client") ~= nil
  cfg.verify = verification(given, verified)
  cfg.onsession = given.onsession or sessions.remember
  if call.certificate then show(cfg, call) end
  if not verified then return cfg, false end
  if call.status then cfg.ocsp = given.ocsp or "request" end
  local ok, why = authorities(cfg, given)
  if not ok then return nil, why end
  return cfg, true
end

local function key_of(signature, name, verified)
  return ssl.digest(table.concat({ signature, verified and "verified" or "", name or "" }, "\0"))
end

-- A context; or nil and a message, and true for an argument error, which has no position then.
local function context_of(cfg)
  local ok, ctx, signature = pcall(contexts.of, cfg)
  if ok then return ctx, signature end
  if type(ctx) == "string" and ctx:find "^bad argument #" then return nil, ctx, true end
  error(ctx, 0)
end

-- With a configuration.
local function made(given, call)
  local cfg, verified = configuration(given, call)
  if not cfg then return nil, verified end
  local ctx, signature, mistaken = context_of(cfg)
  if not ctx then return nil, signature, mistaken end
  local name = given.servername or call.name
  return {
    context = ctx, name = name, verified = verified, asked = false,
    resume = given.resume ~= false and not given.onverify, sessions = given.sessions,
    key = key_of(signature, name, verified),
  }
end

-- What was found out about a configuration, which the program must not change. The stamps of
-- its files are looked at again after a second. A function of the configuration may refer to
-- it, and the weak key would not let both go: so what is over is removed.
local HOLD = 1
local known, due = setmetatable({}, { __mode = "k" }), 0

local function sweep(time)
  if time < due then return end
  due = time + HOLD
  for given, found in pairs(known) do
    if time >= found.till then known[given] = nil end
  end
end

local function knowledge(given)
  local found, time = known[given], ssl.monotonic()
  if not found or time >= found.till then
    sweep(time)
    found = { till = time + HOLD, policies = {},
              mark = next(given) == nil and "" or contexts.signature(given) }
    known[given] = found
  end
  return found
end

local function remembered(given, call)
  local policies = knowledge(given).policies
  local text = ("%s %s %s"):format(call.verify, call.status and true,
                                   call.name and "=" .. call.name or "")
  if policies[text] then return policies[text] end
  local found, why, mistaken = made(given, call)
  policies[text] = found
  return found, why, mistaken
end

--- The policy of one handshake.
-- @tparam table|userdata given  a configuration, or a context, which stays as it is
-- @tparam table call  of sslhandshake: `name`, `verify`, `status`; and `certificate` and
--   `key` of setclientcert
-- @treturn table  `context`; `name`, for SNI, and where `verified` demanded of the
--   certificate; `asked`: a context of the program has to have verified the chain; `key`:
--   what was verified under one key counts under that key only; `resume`
-- @treturn nil,string,boolean  the last is true for a value of a wrong type: the caller raises
function policy.of(given, call)
  if type(given) ~= "table" then
    return {
      context = given, name = call.name, verified = call.verify, asked = call.verify,
      resume = false, key = key_of(contexts.identity(given), call.name, call.verify),
    }
  end
  if call.certificate then return made(given, call) end
  return remembered(given, call)
end

--- A text for all that a configuration says, or for a context.
-- @treturn string
function policy.mark(given)
  if type(given) ~= "table" then return contexts.identity(given) end
  return knowledge(given).mark
end

--- The mistake in a configuration, or nil.
function policy.problem(given)
  return ssl.cfg.problem(given, "resty")
end

return policy
