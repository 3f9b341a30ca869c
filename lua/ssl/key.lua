--- ssl.key: private keys from whatever holds them, and what a context does with them.

local lib      = require "ssl.ffi.lib"
local shim     = require "ssl.ffi.shim"
local arg      = require "ssl.arg"
local err      = require "ssl.err"
local keystore = require "ssl.keystore"
local material = require "ssl.material"
local membio   = require "ssl.membio"
local password = require "ssl.password"
local pkey     = require "ssl.pkey"
local C        = lib.C

local key = {}

local function read_pem(source, answer)
  local bio, reason = material.open(source)
  if not bio then return nil, reason end
  local held = pkey.own(C.PEM_read_bio_PrivateKey(bio.membio, nil, shim.C.password,
                                                  answer))
  bio:free()
  return held
end

-- A key as it is; else an encrypted PKCS #8, which asks for its password.
local function read_der(bytes, answer)
  local held, reason = material.decode(bytes, C.d2i_AutoPrivateKey, pkey.own)
  if held or not lib.has.d2i_PKCS8PrivateKey_bio then return held, reason end
  local bio = membio.read(bytes)
  held = bio and pkey.own(C.d2i_PKCS8PrivateKey_bio(bio.membio, nil, shim.C.password,
                                                    answer))
  local rest = membio.take(bio, held)
  if held and rest == "" then return held end
  if held then
    held:free()
    return nil, material.LEFT_OVER
  end
  if answer.asked ~= 0 then return nil, err.reason() end
  return nil, reason
end

-- A handle of ssl.pkey, or nil and the reason.
local function read(source, given)
  if pkey.is(source) then return pkey.share(source) end
  local bytes, uri = material.bytes(source), keystore.uri(source)
  return password.open(given, function(answer)
    if bytes then return read_der(bytes, answer) end
    if uri then return keystore.read(uri, answer) end
    return read_pem(source, answer)
  end)
end

--- Have a context use a key.
-- @tparam table state  of the context: it may have been freed meanwhile
-- @tparam cdata held  a handle of ssl.pkey, which is freed
-- @treturn true
-- @treturn nil,string  the reason
function key.use(state, held)
  local ctx = state.handle.ctx
  err.clear()
  local ok = ctx ~= nil and C.SSL_CTX_use_PrivateKey(ctx, held.pkey) == 1
  held:free()
  if not ok then return nil, err.reason "invalid context" end
  err.clear()
  return true
end

--- Load a private key into a context.
-- @tparam table state  of the context
-- @param source  the name of a PEM file, PEM text, what ssl.der made, "store:URI", or
--   a key object
-- @tparam string|function|nil given  the password: see ssl.password
-- @treturn true
-- @treturn nil,string  the reason
function key.load(state, source, given)
  local held, reason = read(source, given)
  if not held then return nil, reason end
  return key.use(state, held)
end

--- Does the context's private key belong to its certificate? False without them.
function key.matches(state)
  err.clear()
  local ok = C.SSL_CTX_check_private_key(state.handle.ctx) == 1
  err.clear()
  return ok
end

--- The key of the certificate, or of the kind, that a context was given last.
-- @treturn cdata  EVP_PKEY *, the context's; NULL for none
function key.current(state)
  return C.SSL_CTX_get0_privatekey(state.handle.ctx)
end

--- A private key as an object, to be used any number of times.
-- @tparam string|userdata text  PEM, or DER as bytes or by ssl.der, or "store:URI"
-- @tparam[opt] string|function given  the password; a function is called, without
--   arguments, only where one is needed, and may raise or yield
-- @treturn userdata  methods `type` and `bits`; a string of it shows no more
-- @treturn nil,string  "error loading private key (REASON)"
-- @raise when an argument is of a wrong type
function key.object(...)
  local text, given = ...
  if not material.bytes(text) then text = arg.string(text, 1) end
  if not password.valid(given) then arg.mismatch("string", given, 2) end
  if material.file(text) and not keystore.uri(text) then text = material.der(text) end
  local before = err.newest
  local held, reason = read(text, given)
  if held then return pkey.object(held) end
  local message = ("error loading private key (%s)"):format(reason)
  err.note(before, message)
  return nil, message
end

return key
