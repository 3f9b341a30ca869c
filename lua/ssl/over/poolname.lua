--- ssl.over.poolname: names for nginx's pools of connections.
--
-- A pool of one, under a name that only one connection of this worker has, gives back this
-- connection or none.

local random = require "ssl.base.random"

-- Another copy of the library in this worker counts from 1, too. What is random tells the
-- copies apart.
local TOKEN = 16
local token

local names = 0

--- A name that nobody else has.
-- @treturn string
-- @raise when OpenSSL has no random bytes
return function()
  token = token or random(TOKEN):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  names = names + 1
  return ("ssl-%s-%d"):format(token, names)
end
