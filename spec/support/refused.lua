--- Tests that this OpenSSL cannot pass because it lacks what they use.
--
-- The library refuses by name what its OpenSSL cannot do: a key of ssl.newcontext, a version
-- of the protocol. A test that ends with such a refusal is skipped, and the refusal is the
-- reason. OpenSSL itself is asked first: where it has the functions, the library's refusal
-- is a defect, and the test has failed.

local lib = require "ssl.ffi.lib"

local has = lib.has
local can_pause = has.ASYNC_is_capable and lib.C.ASYNC_is_capable() == 1

local refused = {}

-- What each key takes.
local KEYS = {
  onverify = can_pause, ocsp = can_pause, ocspresponse = can_pause,
  sessionstore = can_pause,
  PSK = can_pause and has.SSL_set_psk_server_callback,
  dane = has.SSL_CTX_dane_enable,
  earlydata = has.SSL_CTX_set_recv_max_early_data,
  keylog = has.SSL_CTX_set_keylog_callback,
  keyupdate = has.SSL_key_update,
  padding = has.SSL_CTX_set_block_padding,
  posthandshakeauth = has.SSL_CTX_set_cert_cb,
  sigalgs = lib.K.SSL_CTRL_SET_SIGALGS_LIST or false,
  clientsigalgs = lib.K.SSL_CTRL_SET_CLIENT_SIGALGS_LIST or false,
}
KEYS.psk = KEYS.PSK

--- Can this OpenSSL do what a key asks for?
-- @tparam string key
function refused.can(key)
  return KEYS[key] and true or false
end

-- Versions that an OpenSSL may lack. Every one has the others.
local OLD = { sslv3 = true, tlsv1 = true, tlsv1_1 = true }

local function speaks(protocol)
  return not OLD[protocol] or require("ssl.config").protocols[protocol]
end

--- The reason to skip a test, or nil: its failure is one.
-- @tparam string text  of the failure
function refused.reason(text)
  local key = text:match "invalid (%a+) %(this OpenSSL cannot do it%)"
              or text:match "invalid (%a+) configuration %(this OpenSSL cannot do it%)"
              or text:find("this OpenSSL cannot update keys", 1, true) and "keyupdate"
  if key and KEYS[key] ~= nil and not refused.can(key) then
    return ("%s: not with %s"):format(key:lower(), lib.openssl.version)
  end
  local protocol = text:match "invalid protocol %(([%w_]+)%): [^\n]+ cannot speak it"
  if protocol and not speaks(protocol) then
    return ("the protocol %s: not with %s"):format(protocol, lib.openssl.version)
  end
  return nil
end

-- The line of a spec that called, for a failure that is thrown again.
local function place()
  local level, info = 3, debug.getinfo(3, "Sl")
  while info and not info.short_src:find "_spec%.lua$" do
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  return info and ("%s:%d: "):format(info.short_src, info.currentline) or ""
end

local function located(problem)
  local kind = type(problem) == "table" and getmetatable(problem) or {}
  if kind.__type ~= "pending" and type(problem) == "table"
     and type(problem.message) == "string" then
    problem.message = place() .. problem.message
  end
  return problem
end

--- Have busted skip such tests. Nothing changes where this OpenSSL lacks nothing.
function refused.watch(busted)
  local complete = speaks "tlsv1"
  for _, there in pairs(KEYS) do complete = complete and there end
  -- Outside of busted (spec/proof/child.lua) there are no tests.
  if complete or not busted.subscribe then return end
  busted.subscribe({ "test", "start" }, function(element)
    local test = element.run
    function element.run()
      local ok, problem = xpcall(test, located)
      if ok then return end
      local reason = refused.reason(tostring(problem))
      if reason then getfenv(test).pending(reason) end
      error(problem, 0)
    end
    return nil, true
  end)
end

return refused
