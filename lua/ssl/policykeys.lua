--- ssl.policykeys: which keys of ssl.newcontext belong to the policy of a context.
--
-- A session made under one policy is never used under another (ssl.fingerprint). So
-- a key is `true`, part of the policy, unless nothing that a full handshake could refuse
-- depends on it; then its record in ssl.cfg_keys has the reason. What that list does not
-- know counts.

local list = require("ssl.cfg_keys").list

local keys = {}
for _, record in ipairs(list) do
  if not record.faces then keys[record.key] = record.policy end
end

local policykeys = { keys = keys }

--- Note in a context what it was asked for and this list does not know: ssl.fingerprint
-- takes a field of the state that it does not know into the policy.
-- @tparam table state  of the context
-- @tparam table asked  key -> value, all that were looked at
function policykeys.note(state, asked)
  for key, value in pairs(asked) do
    if keys[key] == nil and value then state["key " .. tostring(key)] = value end
  end
end

return policykeys
