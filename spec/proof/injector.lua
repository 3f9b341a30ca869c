--- Makes the n-th call of a function of OpenSSL or of the shim fail.
--
-- All of OpenSSL is reached through `C` of ffi/lib.lua, and the shim through `C` of
-- ffi/shim.lua. Both tables get functions of Lua, which count. A function whose second
-- argument is a command (SSL_ctrl) counts as one function for each command.
--
--   injector.install()            before any other file of the library is loaded
--   injector.count(f)             runs f; the calls in order of first use: { { name, n } ... }
--   injector.fail(point, f)       runs f with a failure at point: { name, n, result, queued }
--   injector.points(calls, only)  the failures, in order; only: of kinds.wanted
--   injector.describe(point)      in words

local ffi   = require "ffi"
local kinds = require "spec.proof.kinds"

local injector = {}

-- Functions that get a command.
local COMMANDS = { SSL_ctrl = true, SSL_CTX_ctrl = true, BIO_ctrl = true,
                   SSL_CTX_callback_ctrl = true }

-- While nil, nothing is counted.
local counts, order, armed
local results = {}

ffi.cdef [[
typedef struct { unsigned long error; const char *string; } proof_ERR_STRING;
int proof_ERR_load_strings(int lib, proof_ERR_STRING *str) __asm__("ERR_load_strings");
]]

injector.REASON = "a planted fault"

-- ERR_LIB_USER, and a reason of its own.
local LIBRARY, NUMBER = 128, 777
local texts

local queue_error

ffi.cdef [[
void proof_ERR_new(void) __asm__("ERR_new");
void proof_ERR_set_error(int lib, int reason, const char *format, ...) __asm__("ERR_set_error");
void proof_ERR_put_error(int lib, int f, int reason, const char *file, int line)
  __asm__("ERR_put_error");
]]

-- How an error gets into the queue: 3.0 has another way.
local function prepare(lib)
  local crypto = lib.openssl.crypto
  texts = ffi.new "proof_ERR_STRING[2]" -- the second ends the list
  texts[0].error, texts[0].string = NUMBER, injector.REASON
  assert(crypto.proof_ERR_load_strings(LIBRARY, texts) == 1)
  if lib.address "ERR_set_error" then
    function queue_error()
      crypto.proof_ERR_new()
      crypto.proof_ERR_set_error(LIBRARY, NUMBER, nil)
    end
  else
    function queue_error() crypto.proof_ERR_put_error(LIBRARY, 0, NUMBER, "", 0) end
  end
end

-- Count a call. The result of a planted failure, in a table; nil: call the function.
local function called(name)
  local n = (counts[name] or 0) + 1
  counts[name] = n
  if order then order[#order + 1] = { name = name, n = n } end
  if armed and armed.name == name and armed.n == n then
    local point = armed
    armed = nil
    point.fired = true
    if point.queued then queue_error() end
    return point
  end
end

local function wrapper(name, f, list)
  if #list == 0 then return f end
  local commands = COMMANDS[name]
  if not commands then results[name] = list end
  return function(...)
    if not counts then return f(...) end
    local as = name
    if commands then
      as = ("%s/%d"):format(name, (select(2, ...)))
      results[as] = results[as] or kinds.of_command(as) or list
    end
    local point = called(as)
    if point then return point.result end
    return f(...)
  end
end
-- Where such a function is compiled into its caller, a result that was planted leaves an array
-- of the caller's unused: LuaJIT 2.1.0-beta3 makes such an array late, without its length.
jit.off(wrapper, true)

-- Functions that are asked for later are wrapped then.
local function wrap_table(functions, prefix, failures)
  local meta = getmetatable(functions)
  local find = meta.__index
  for name in pairs(functions) do functions[name] = nil end
  meta.__index = function(self, name)
    local f = find(self, name)
    if type(f) ~= "cdata" and type(f) ~= "function" then return f end
    f = wrapper(prefix .. name, f, failures(name, f))
    rawset(self, name, f)
    return f
  end
end

--- Wrap both tables.
function injector.install()
  assert(not package.loaded["ssl.base.errors"], "the library is loaded already")
  local lib = require "ssl.ffi.lib"
  local shim = require "ssl.ffi.shim"
  prepare(lib)
  wrap_table(lib.C, "", kinds.of_openssl)
  -- A callback is a pointer, and no function of Lua.
  local address = setmetatable({}, { __index = getmetatable(shim.C).__index })
  function shim.callback(name) return ffi.cast("void *", address[name]) end
  wrap_table(shim.C, "lsf_", kinds.of_shim)
end

local function run(f)
  counts = {}
  local ok, value = pcall(f)
  counts, order, armed = nil, nil, nil
  return ok, value
end

--- Run f, and note each call that can fail.
-- @treturn {table,...}  `name` and `n` of each, in order
-- @return whether it returned, and its result or its error
function injector.count(f)
  local list = {}
  order = list
  local ok, value = run(f)
  return list, ok, value
end

--- Run f with one failure.
-- @tparam table point  `name`, `n`, `result`, `queued`; gets `fired`
function injector.fail(point, f)
  armed = point
  return run(f)
end

--- All failures of all calls.
function injector.points(calls, only)
  local out = {}
  for _, call in ipairs(calls) do
    for _, result in ipairs(kinds.wanted(only, call) and results[call.name] or {}) do
      -- The shim queues nothing itself.
      for _, queued in ipairs(call.name:find "^lsf_" and { false } or { false, true }) do
        out[#out + 1] = { name = call.name, n = call.n, result = result, queued = queued }
      end
    end
  end
  return out
end

function injector.describe(point)
  local result = type(point.result) == "cdata" and ffi.istype("void *", point.result)
                 and "NULL" or tostring(point.result):gsub("cdata<.->: ", "")
  return ("%s #%d -> %s%s"):format(point.name, point.n, result,
                                   point.queued and " with an error" or "")
end

--- For a child of this process.
function injector.stop()
  counts, order, armed = nil, nil, nil
end

return injector
