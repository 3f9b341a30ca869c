--- ssl.feature.ech: Encrypted ClientHello (RFC 9849).
--
-- A client encrypts its first message, with the name of the server in it, by a key that the
-- server has published. An outer message carries it, with the public name of that key.
--
-- Where the server has not decrypted it, OpenSSL compares the certificate with the public
-- name, and then ends the handshake: no byte of data goes to that server. It may have sent
-- configurations for another try. They count only where its certificate was good for the
-- public name: otherwise anybody on the way could choose the key.

local ffi      = require "ffi"
local lib      = require "ssl.ffi.lib"
local handle   = require "ssl.ffi.handle"
local errors   = require "ssl.base.errors"
local material = require "ssl.source.material"
local membio   = require "ssl.source.membio"
local C, K     = lib.C, lib.K

local ech = {
  --- Can this OpenSSL do it?
  supported = lib.has.OSSL_ECHSTORE_new and lib.has.OSSL_ECHSTORE_read_pem
          and lib.has.OSSL_ECHSTORE_read_echconfiglist and lib.has.SSL_CTX_set1_echstore
          and lib.has.OSSL_ECHSTORE_num_entries and lib.has.OSSL_ECHSTORE_num_keys
          and lib.has.SSL_ech_get1_status and lib.has.SSL_ech_get1_retry_config or false,

  --- The value of the key `ech` for a client that has no configuration and pretends.
  GREASE = "grease",

  --- The hint for a failed handshake.
  AGAIN = "the server has not accepted the configuration of `ech`, and sent another one: the "
          .. "field `ech` of `lasterror` has it",
  REFUSED = "the server has not accepted the configuration of `ech`, and sent no other one",
}

local own = ech.supported and handle.type("lsf_OSSL_ECHSTORE *ech_store", "OSSL_ECHSTORE_free")

local count_t, names_t = ffi.typeof "int[1]", ffi.typeof "char *[2]"
local bytes_t, size_t  = ffi.typeof "unsigned char *[1]", ffi.typeof "size_t[1]"

local function new_store()
  errors.clear()
  return own(C.OSSL_ECHSTORE_new(nil, nil))
end

local function count(f, held)
  local out = count_t()
  return f(held.ech_store, out) == 1 and out[0] or 0
end

-- The reason where a store cannot be used, or nil. It is freed.
local function use(c, held, why)
  if not why and C.SSL_CTX_set1_echstore(c.handle.raw, held.ech_store) ~= 1 then
    why = errors.reason()
  end
  held:free()
  errors.clear()
  return why
end

--- Offer a configuration to servers, or pretend to.
-- @tparam table c  state of the context
-- @tparam string value  a list of configurations: bytes, base64 or PEM; or ech.GREASE
-- @treturn string|nil  the mistake in it
function ech.offer(c, value)
  if value == ech.GREASE then
    C.SSL_CTX_set_options(c.handle.raw, lib.options.ech_grease)
    return nil
  end
  local held = new_store()
  local bio = held and membio.read(value)
  if not bio then return errors.reason "the text is too long" end
  local read
  if material.pem(value) then
    read = C.OSSL_ECHSTORE_read_pem(held.ech_store, bio.membio, 0)
  else
    read = C.OSSL_ECHSTORE_read_echconfiglist(held.ech_store, bio.membio)
  end
  bio:free()
  local usable = read == 1 and count(C.OSSL_ECHSTORE_num_entries, held) > 0
  return use(c, held, not usable and "no list of configurations that can be used" or nil)
end

-- Add the keys of one source to a store. The reason where that fails, or nil.
local function add(held, source, for_retry)
  local bio, why = material.open(source)
  if not bio then return why end
  local before = count(C.OSSL_ECHSTORE_num_keys, held)
  errors.clear()
  local read = C.OSSL_ECHSTORE_read_pem(held.ech_store, bio.membio, for_retry)
  bio:free()
  if read ~= 1 then return errors.of_file(material.file(source) and source or nil) end
  if count(C.OSSL_ECHSTORE_num_keys, held) == before then return "no private key in it" end
end

--- Decrypt the first messages of clients.
-- @tparam table c  state of the context
-- @tparam table sources  of ssl.source.material: files, or texts, in PEM. A client that used
--   no key of them is told the first one
-- @treturn string|nil  the mistake in them
function ech.accept(c, sources)
  local held, why = new_store(), nil
  if not held then return errors.reason() end
  for i, source in ipairs(sources) do
    why = why or add(held, source, i == 1 and 1 or 0)
  end
  return use(c, held, why)
end

-- OpenSSL's answer -> ours. A server's GREASE is also a configuration that it does not know.
local ANSWERS = {}
if ech.supported then
  ANSWERS = {
    [K.SSL_ECH_STATUS_SUCCESS] = "accepted", [K.SSL_ECH_STATUS_BAD_NAME] = "accepted",
    [K.SSL_ECH_STATUS_GREASE] = "grease", [K.SSL_ECH_STATUS_GREASE_ECH] = "grease",
    [K.SSL_ECH_STATUS_FAILED] = "rejected", [K.SSL_ECH_STATUS_FAILED_ECH] = "rejected",
    [K.SSL_ECH_STATUS_FAILED_ECH_BAD_NAME] = "rejected",
  }
end

local function text_of(pointer)
  if pointer == nil then return nil end
  local text = ffi.string(pointer)
  C.CRYPTO_free(pointer, nil, 0)
  return text
end

local function retry_of(ssl)
  local bytes, length = bytes_t(), size_t()
  if C.SSL_ech_get1_retry_config(ssl, bytes, length) ~= 1 or bytes[0] == nil then return nil end
  local list = ffi.string(bytes[0], length[0])
  C.CRYPTO_free(bytes[0], nil, 0)
  return list
end

--- What became of it.
-- @tparam table st  a connection
-- @treturn table  `status`: "accepted", "rejected" or "grease"; `inner` and `outer`: the names
--   in both messages; `retry`: the list of configurations for another try, bytes
-- @treturn nil  it was not used
function ech.result(st)
  local ssl = st.conn.ssl
  if not ech.supported or ssl == nil then return nil end
  local names = names_t()
  local answer = C.SSL_ech_get1_status(ssl, names, names + 1)
  local out = { status = ANSWERS[answer], inner = text_of(names[0]), outer = text_of(names[1]) }
  if answer == K.SSL_ECH_STATUS_FAILED_ECH then out.retry = retry_of(ssl) end
  errors.clear()
  return out.status and out or nil
end

--- The handshake of a client with `ech` has failed: note the result with the failure.
-- @tparam table st
function ech.failed(st)
  local problem, result = st.problem, ech.result(st)
  if not problem or not result or result.status == "grease" then return end
  problem.ech = result
  if problem.reason == "ech required" then
    problem.hint = result.retry and ech.AGAIN or ech.REFUSED
  end
end

return ech
