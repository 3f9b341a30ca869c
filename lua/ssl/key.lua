--- ssl.key: private keys and the passwords that open them.
--
-- The user's password function may raise or yield, so it does not run inside
-- OpenSSL. The key is read with a callback of the shim that has no password to
-- give: it notes that it was asked, and the decoding fails. Then the function is
-- called, with no C frame below and nothing held that could leak, and the key is
-- read again. Without a password the same callback makes sure that OpenSSL never
-- prompts on a terminal.
--
-- A password is handed over whole or not at all. No copy of it is made here;
-- OpenSSL wipes its own.

local lib  = require "ssl.ffi.lib"
local shim = require "ssl.ffi.shim"
local err  = require "ssl.err"
local C    = lib.C

local key = {}

-- Returns an EVP_PKEY of the caller's, or nil, the reason, and whether a password
-- was missing.
local function read(file, password)
  err.clear()
  local bio = C.BIO_new_file(file, "r")
  if bio == nil then return nil, err.reason() end
  local answer = shim.password(password)
  local pkey = C.PEM_read_bio_PrivateKey(bio, nil, shim.C.password, answer)
  C.BIO_free(bio)
  if pkey ~= nil then
    err.clear()
    return pkey
  end
  local reason = err.reason()
  if answer.too_long ~= 0 then
    reason = "password too long"
  elseif not password and answer.asked ~= 0 then
    return nil, "password required", true
  end
  return nil, reason
end

-- The context may have been freed while the user's function ran.
local function use(state, pkey)
  local ctx = state.handle.ctx
  local ok = ctx ~= nil and C.SSL_CTX_use_PrivateKey(ctx, pkey) == 1
  C.EVP_PKEY_free(pkey)
  if not ok then return nil, err.reason("invalid context") end
  err.clear()
  return true
end

--- Load a PEM private key into a context.
-- @tparam table state  of the context
-- @tparam string file  its name
-- @tparam string|function|nil password  a function is asked only for a key that
--   needs one; its errors are the caller's
-- @treturn true
-- @treturn nil,string  the reason
function key.load(state, file, password)
  local text = type(password) == "string" and password or nil
  local pkey, reason, missing = read(file, text)
  if missing and type(password) == "function" then
    text = password()
    -- OpenSSL's words for a wrong password: an empty one is not to be tried.
    if type(text) ~= "string" then return nil, "bad decrypt" end
    pkey, reason = read(file, text)
  end
  if not pkey then return nil, reason end
  return use(state, pkey)
end

--- Does the context's private key belong to its certificate? False without them.
function key.matches(state)
  err.clear()
  local ok = C.SSL_CTX_check_private_key(state.handle.ctx) == 1
  err.clear()
  return ok
end

return key
