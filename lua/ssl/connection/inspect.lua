--- ssl.connection.inspect: the methods that return the results of a finished handshake.
--
-- Each returns `nil, "closed"` on a connection that is not connected.

local arg     = require "ssl.base.arg"
local binding = require "ssl.connection.binding"
local dane    = require "ssl.feature.dane"
local info    = require "ssl.connection.info"
local own     = require "ssl.x509.ownchain"
local peer    = require "ssl.x509.chains"
local state   = require "ssl.io.state"

local methods, connected = state.class.methods, state.connected

--- Facts about the connection: one by name, or all in a table.
-- @tparam[opt] string field  see docs/connection.md
function methods:info(field)
  local st = connected(self)
  if not st then return nil, "closed" end
  if field then return (info.field(st, field)) end
  return info.fields(st)
end

--- Certificate n of the chain that the peer sent.
-- @tparam[opt=1] number n  1 is the peer's own
function methods:getpeercertificate(n)
  local st = connected(self)
  if not st then return nil, "closed" end
  n = n == nil and 1 or arg.integer(n, 2)
  if n < 1 or n ~= n then return nil, "invalid certificate index" end
  return peer.certificate(st, n)
end

--- The chain as the peer sent it, its own certificate first.
function methods:getpeerchain()
  local st = connected(self)
  if not st then return nil, "closed" end
  return peer.chain(st)
end

--- Certificate n of the own chain, sent or not.
-- @tparam[opt=1] number n  1 is the leaf
function methods:getlocalcertificate(n)
  local st = connected(self)
  if not st then return nil, "closed" end
  n = n == nil and 1 or arg.integer(n, 2)
  if n < 1 or n ~= n then return nil, "invalid certificate index" end
  return own.certificate(st, n)
end

--- The own chain as configured, leaf first.
function methods:getlocalchain()
  local st = connected(self)
  if not st then return nil, "closed" end
  return own.chain(st)
end

--- The TLSA record that the peer was accepted for: its fields as given to settlsa,
-- and the depth in the chain at which it matched; nil when there was none.
function methods:gettlsa()
  local st = connected(self)
  if not st then return nil, "closed" end
  return dane.matched(st)
end

--- The last Finished message that was sent.
function methods:getfinished()
  local st = connected(self)
  if not st then return nil, "closed" end
  return binding.finished(st)
end

--- The last Finished message that was received.
function methods:getpeerfinished()
  local st = connected(self)
  if not st then return nil, "closed" end
  return binding.peer_finished(st)
end

--- Keying material that only the two ends can make.
-- @tparam string label
-- @tparam number length  in bytes
-- @tparam[opt] string given  the context: up to TLS 1.2 nil and "" differ
function methods:exportkeyingmaterial(...)
  local label, length, given = ...
  local st = connected(self)
  if not st then return nil, "closed" end
  label, length = arg.string(label, 2), arg.integer(length, 3)
  given = arg.optstring(given, nil, 4)
  if not (length >= 0 and length <= binding.LONGEST) then
    arg.fail(3, ("length not in the range 0 to %d"):format(binding.LONGEST))
  end
  local material = binding.export(st, label, length, given)
  if not material then return nil, "error exporting keying material" end
  return material
end

return methods
