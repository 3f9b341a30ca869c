--- ssl.feature.dh: Diffie-Hellman parameters from the program's function.
--
-- OpenSSL's callback can neither raise nor yield, and is called when DHE has been chosen for
-- good. So the function is called at the ClientHello, if its result may matter: both sides
-- have a suite with DHE, and not both have TLS 1.3. Without a result OpenSSL gets no
-- callback, and chooses among the other suites. The context's state keeps the group and its
-- text, so that a function with the same result each time costs one decoding and not one
-- for each connection.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local handle = require "ssl.ffi.handle"
local shim   = require "ssl.ffi.shim"
local errors = require "ssl.base.errors"
local membio = require "ssl.source.membio"
local C, K   = lib.C, lib.K

local dh = {}

-- The number of the IANA's registry in OpenSSL's id of a suite.
local SUITE = 0xffff

local DHE = { [K.NID_kx_dhe] = true, [K.NID_kx_dhe_psk or K.NID_kx_dhe] = true }

-- What a suite of TLS 1.3 has, which names no key exchange.
local ANY = K.NID_kx_any or K.NID_undef

local own = handle.type("lsf_DH *dh", "DH_free")

-- A text that claims to be encrypted would make OpenSSL prompt, were it not for
-- the callback.
local function decode(pem)
  errors.clear()
  local bio = membio.read(pem)
  if not bio then return nil, errors.reason "text too long" end
  local params = own(C.PEM_read_bio_DHparams(bio.membio, nil, shim.C.password,
                                             shim.password()))
  bio:free()
  if not params then return nil, errors.reason() end
  errors.clear()
  return params
end

local function set(list)
  local out = {}
  for _, item in ipairs(list) do out[item] = true end
  return out
end

--- Can the key exchange of this handshake be DHE?
-- @param ssl  SSL *, a server's, after a switch of contexts
-- @tparam table told  the ClientHello, from hello.describe
-- @treturn boolean
function dh.possible(ssl, told)
  local ciphers, stack = set(told.ciphers), C.SSL_get1_supported_ciphers(ssl)
  local dhe, tls13 = false, false
  for i = 0, C.OPENSSL_sk_num(stack) - 1 do
    local cipher = ffi.cast("const lsf_SSL_CIPHER *", C.OPENSSL_sk_value(stack, i))
    if ciphers[bit.band(C.SSL_CIPHER_get_id(cipher), SUITE)] then
      local exchange = C.SSL_CIPHER_get_kx_nid(cipher)
      dhe = dhe or DHE[exchange]
      tls13 = tls13 or exchange == ANY
    end
  end
  C.OPENSSL_sk_free(stack)
  return dhe and not (tls13 and set(told.versions).tlsv1_3) or false
end

--- Ask for the group of the next handshake.
-- @tparam table c  state of the context; its `dhparam` is called as
--   `f(false, keylength)` and may raise or yield
-- @tparam number keylength
-- @return a handle (field `dh`) that the context keeps too; a user that outlives the
--   context takes a reference of its own
-- @treturn nil,string  the reason; without a reason where the function returns nil
function dh.ask(c, keylength)
  local pem = c.dhparam(false, keylength)
  if pem == nil then return nil end
  if type(pem) ~= "string" then return nil, "internal error" end
  if pem ~= c.dh_pem then
    local params, reason = decode(pem)
    if not params then return nil, reason end
    c.dh_pem, c.dh = pem, params
  end
  return c.dh
end

return dh
