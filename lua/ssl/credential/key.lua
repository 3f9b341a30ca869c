--- ssl.credential.key: private keys from files, texts, objects and stores, and their use by a
-- context.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local later     = require "ssl.base.later"
local arg       = require "ssl.base.arg"
local errors    = require "ssl.base.errors"
local keyuri    = later.module "ssl.credential.keyuri"
local material  = require "ssl.source.material"
local membio    = require "ssl.source.membio"
local password  = require "ssl.source.password"
local keyobject = require "ssl.credential.keyobject"
local C         = lib.C

local key = {}

local function read_pem(source, answer)
  local bio, reason = material.open(source)
  if not bio then return nil, reason end
  local held = keyobject.own(C.PEM_read_bio_PrivateKey(bio.membio, nil, shim.C.password,
                                                  answer))
  bio:free()
  return held
end

-- A key as it is; else an encrypted PKCS #8, which asks for its password.
local function read_der(bytes, answer)
  local held, reason = material.decode(bytes, C.d2i_AutoPrivateKey, keyobject.own)
  if held or not lib.has.d2i_PKCS8PrivateKey_bio then return held, reason end
  local bio = membio.read(bytes)
  if not bio then return nil, errors.reason() end
  held = keyobject.own(C.d2i_PKCS8PrivateKey_bio(bio.membio, nil, shim.C.password,
                                                    answer))
  local rest = membio.take(bio, held)
  if held and rest == "" then return held end
  if held then
    held:free()
    return nil, material.LEFT_OVER
  end
  if answer.asked ~= 0 then return nil, errors.reason() end
  return nil, reason
end

-- A handle of ssl.credential.keyobject, or nil and the reason. Only where there is a `uri` a
-- store is opened, and only a string without PEM in it is the name of a file.
local function read(source, given, uri)
  if keyobject.is(source) then return keyobject.share(source) end
  local bytes = material.bytes(source)
  return password.open(given, function(answer)
    if uri then return keyuri.read(uri, answer) end
    if bytes then return read_der(bytes, answer) end
    return read_pem(source, answer)
  end)
end

--- Have a context use a key.
-- @tparam table c  state of the context: it may have been freed meanwhile
-- @tparam cdata held  a handle of ssl.credential.keyobject, which is freed
-- @treturn true
-- @treturn nil,string  the reason
function key.use(c, held)
  errors.clear()
  local lost = c.handle:lost()
  local ok = not lost and C.SSL_CTX_use_PrivateKey(c.handle.raw, held.pkey) == 1
  if ok and c.rawkey then c.rawkey = c.rawkey .. keyobject.public(held.pkey) end
  held:free()
  if not ok then return nil, lost and "invalid context" or errors.reason() end
  errors.clear()
  return true
end

--- Load a private key into a context.
-- @tparam table c  state of the context
-- @param source  the name of a PEM file, PEM text, what ssl.der made, "store:URI", or
--   a key object
-- @tparam string|function|nil given  the password: see ssl.source.password
-- @treturn true
-- @treturn nil,string  the reason
function key.load(c, source, given)
  local held, reason = read(source, given, keyuri.uri(source))
  if not held then return nil, reason end
  return key.use(c, held)
end

--- Does the context's private key belong to its certificate? False without them.
function key.matches(c)
  errors.clear()
  local ok = C.SSL_CTX_check_private_key(c.handle.raw) == 1
  errors.clear()
  return ok
end

--- The key of the certificate, or of the kind, that a context was given last.
-- @treturn cdata  EVP_PKEY *, the context's; NULL for none
function key.current(c)
  return C.SSL_CTX_get0_privatekey(c.handle.raw)
end

-- The URI in `{ store = URI }`, the only form that opens a store.
local function store_of(form, level)
  local name = next(form)
  if name ~= "store" or next(form, name) ~= nil or type(form.store) ~= "string" then
    arg.fail(1, "string or { store = URI } expected, got another table", level + 1)
  end
  return form.store
end

-- The text may be untrusted, so it is never the name of a file or a store.
local function of_text(text)
  if not material.file(text) then return text end
  if keyuri.uri(text) then
    return nil, "a store is opened by ssl.loadkey { store = URI } only"
  end
  return material.der(text)
end

--- A private key as an object, to be used any number of times.
-- @tparam string|userdata|table source  PEM, or DER as bytes or by ssl.der: these never open a
--   file or a store, so the text may be untrusted; or `{ store = URI }` for a key in one of
--   OpenSSL's stores (ossl_store(7)), which only the program itself can choose
-- @tparam[opt] string|function given  the password; a function is called, without
--   arguments, only where one is needed, and may raise or yield
-- @treturn ssl.Key  methods `type` and `bits`; its `tostring` shows no more
-- @treturn nil,string  "error loading private key (REASON)"
-- @raise when an argument is of a wrong type
function key.object(...)
  local source, given = ...
  local uri
  if type(source) == "table" then
    uri = store_of(source, 1)
  elseif not material.bytes(source) then
    source = arg.string(source, 1)
  end
  if not password.valid(given) then arg.mismatch("string", given, 2) end
  local before = errors.newest
  local held, reason
  if not uri then source, reason = of_text(source) end
  if source then held, reason = read(source, given, uri) end
  if held then return keyobject.object(held) end
  local message = ("error loading private key (%s)"):format(reason)
  errors.note(before, message)
  return nil, message
end

return key
