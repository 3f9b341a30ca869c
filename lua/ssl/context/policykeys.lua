--- ssl.context.policykeys: which keys of ssl.newcontext belong to the policy of a context.
--
-- A session made under one policy is never used under another (ssl.session.fingerprint). So a key
-- is `true`, part of the policy, if a full handshake can fail because of it. For any other
-- key its record in ssl.context.keys has the reason. A key that is not in that list is part of
-- the policy.

local list = require("ssl.context.keys").list

local keys = {}
for _, record in ipairs(list) do
  if not record.faces then keys[record.key] = record.policy end
end

local policykeys = { keys = keys }

--- Note the keys that were read and are not in this list as fields of the context's state.
-- ssl.session.fingerprint takes unknown fields of the state into the policy.
-- @tparam table state  of the context
-- @tparam table asked  key -> value, all that were read
function policykeys.note(state, asked)
  for key, value in pairs(asked) do
    if keys[key] == nil and value then state["key " .. tostring(key)] = value end
  end
end

return policykeys
