--- ssl.functionid: who a function is, where policies are compared.
--
-- Two functions from one place in the source differ in what they enclose, and nobody
-- can look at that from another process. So a function is itself and no other: what
-- stands for it is random, and other processes never come to the same. Only the program
-- can say that functions of several processes judge alike: by a name for the policy, the
-- key `sessionid`. Such a name covers one function in each place of a policy, the first
-- that comes with it, for as long as the process lives: were it several, one process
-- could take the first of them for what to another process is the first. Others keep
-- identities of their own, and so does whatever else cannot be compared.

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"
local C   = lib.C

local functionid = {}

local LENGTH = 16

--- Bytes that nobody else comes by.
-- @treturn string  16 bytes
function functionid.random()
  local bytes = ffi.new("unsigned char[?]", LENGTH)
  if C.RAND_bytes(bytes, LENGTH) ~= 1 then error("ssl: OpenSSL has no random bytes", 0) end
  return ffi.string(bytes, LENGTH)
end

local WEAK_KEYS, WEAK_VALUES = { __mode = "k" }, { __mode = "v" }

-- Value -> its identity, as long as it lives.
local identities = setmetatable({}, WEAK_KEYS)

-- Name and place -> { function }. It stays when the function is gone: a later function
-- must not take over the sessions of an earlier one.
local covered = {}

--- Does the name of a policy cover this function? It does from now on, where it is the
-- first.
-- @tparam string name
-- @tparam string place  what the function is for
-- @tparam function value
-- @treturn boolean
function functionid.covered(name, place, value)
  local key = ("%d:%s%s"):format(#name, name, place)
  covered[key] = covered[key] or setmetatable({ value }, WEAK_VALUES)
  return rawequal(covered[key][1], value)
end

--- What stands for a value that is no text.
-- @param value  a function, or anything with an identity
-- @tparam string place  what it is for
-- @tparam string|false name  of the policy
-- @treturn string
function functionid.of(value, place, name)
  if name and type(value) == "function" and functionid.covered(name, place, value) then
    return "named"
  end
  identities[value] = identities[value] or functionid.random()
  return identities[value]
end

return functionid
