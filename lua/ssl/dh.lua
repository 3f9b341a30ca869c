--- ssl.dh: Diffie-Hellman parameters from the user's function.
--
-- They are asked for before a server's handshake, because OpenSSL's callback can
-- neither raise nor yield. The group stays in the context's state, by the text it
-- came from, so that a function which answers the same every time costs one
-- decoding and not one a connection.

local lib    = require "ssl.ffi.lib"
local handle = require "ssl.ffi.handle"
local shim   = require "ssl.ffi.shim"
local err    = require "ssl.err"
local membio = require "ssl.membio"
local C      = lib.C

local dh = {}

local own = handle.type("lsf_DH *dh", "DH_free")

-- A text that claims to be encrypted would make OpenSSL prompt, were it not for
-- the callback.
local function decode(pem)
  err.clear()
  local bio = membio.read(pem)
  if not bio then return nil, err.reason "text too long" end
  local params = own(C.PEM_read_bio_DHparams(bio.membio, nil, shim.C.password,
                                             shim.password()))
  bio:free()
  if not params then return nil, err.reason() end
  err.clear()
  return params
end

--- Ask for the group of the next handshake.
-- @tparam table state  of the context; its `dhparam` is called as
--   `f(false, keylength)` and may raise or yield
-- @tparam number keylength
-- @return a handle (field `dh`) that the context keeps too; take a reference of
--   your own for what outlives it
-- @treturn nil,string  the reason
function dh.ask(state, keylength)
  local pem = state.dhparam(false, keylength)
  if type(pem) ~= "string" then return nil, "internal error" end
  if pem ~= state.dh_pem then
    local params, reason = decode(pem)
    if not params then return nil, reason end
    state.dh_pem, state.dh = pem, params
  end
  return state.dh
end

return dh
