--- ssl.base.functionid: the identity of a function, where policies are compared.
--
-- Two functions from one place in the source may have different upvalues, and another
-- process cannot look at these. So a function equals itself only: its identity is random,
-- and no other process has the same. Only the program can declare that functions of several
-- processes judge in the same way: by a name for the policy, the key `sessionid`. Such a name
-- covers one function in each place of a policy: the first that comes with it, for as long
-- as the process lives. With several functions under one name, two processes could mean
-- different ones. All other functions keep identities of their own, and so do other
-- values that cannot be compared.

local random = require "ssl.base.random"

local functionid = {}

--- An identity that nothing else has.
-- @treturn string  16 bytes
function functionid.unique()
  return random(16)
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
-- @tparam string place  the use of the function
-- @tparam function value
-- @treturn boolean
function functionid.covered(name, place, value)
  local key = ("%d:%s%s"):format(#name, name, place)
  covered[key] = covered[key] or setmetatable({ value }, WEAK_VALUES)
  return rawequal(covered[key][1], value)
end

--- The text that stands for a value of another type.
-- @param value  a function, or anything with an identity
-- @tparam string place  its use
-- @tparam string|false name  of the policy
-- @treturn string
function functionid.of(value, place, name)
  if name and type(value) == "function" and functionid.covered(name, place, value) then
    return "named"
  end
  identities[value] = identities[value] or functionid.unique()
  return identities[value]
end

return functionid
