-- Everything comes back as it is, slowly read.
local ssl, contexts, upgrade = require "ssl", require "contexts", require "upgrade"
local conn = assert(ssl.wrap(upgrade.accept(), contexts.server))
assert(conn:dohandshake())
while true do
  local data = conn:receiveany(100000)
  if not data or not conn:send(data) then break end
end
conn:close()
