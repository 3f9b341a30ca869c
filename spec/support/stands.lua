--- Servers for the examples of the cookbook that no package of script/bootstrap has: programs in
-- Python, in spec/support/stands/, which speak as much of a protocol as an example needs.
--
--   local port = stands.start "api"

local pki     = require "spec.support.pki"
local process = require "spec.support.process"

local stands = {}

local root = process.capture "pwd":gsub("\n", "")

--- Start one, with the certificate of `pki.server`.
-- @tparam string name  of its file
-- @treturn number  its port
function stands.start(name)
  local port = process.free_port()
  process.start {
    process.python, ("%s/spec/support/stands/%s.py"):format(root, name), port, pki.server.chain,
    pki.server.key, pki.root.cert, port = port,
  }:wait_port()
  return port
end

return stands
