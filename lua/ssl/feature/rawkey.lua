--- ssl.feature.rawkey: raw public keys in place of certificates (RFC 7250).
--
-- OpenSSL trusts no raw key by itself. The shim compares the peer's with the expected ones
-- (shim/verify.c), within the verification of the handshake, and refuses a certificate in
-- their place. So they are independent of DANE, whose records OpenSSL would use for both.

local ffi       = require "ffi"
local lib       = require "ssl.ffi.lib"
local errors    = require "ssl.base.errors"
local keyobject = require "ssl.credential.keyobject"
local material  = require "ssl.source.material"
local membio    = require "ssl.source.membio"
local password  = require "ssl.source.password"
local x509      = require "ssl.x509.certificate"
local C, K      = lib.C, lib.K

local rawkey = {
  --- Can this OpenSSL do it?
  supported = lib.has.SSL_CTX_set1_server_cert_type and lib.has.SSL_CTX_set1_client_cert_type
          and lib.has.SSL_set1_server_cert_type and lib.has.SSL_set1_client_cert_type
          and lib.has.X509_STORE_CTX_get0_rpk and lib.has.EVP_PKEY_eq
          and lib.has.SSL_get0_peer_rpk and lib.has.PEM_read_bio_PUBKEY
          and lib.has.d2i_PUBKEY and lib.has.i2d_PUBKEY or false,
}

local keys_t = ffi.typeof "lsf_EVP_PKEY *[?]"

-- State of a context -> its expected keys: `count`, `pointers`, and their handles.
local expected = setmetatable({}, { __mode = "k" })

-- A reference of one's own to a key that something else owns; nil for NULL.
local function share(pkey)
  if pkey == nil or C.EVP_PKEY_up_ref(pkey) ~= 1 then return nil end
  return keyobject.own(pkey)
end

-- The text of a PEM file, or PEM text as it is.
local function text_of(source)
  local bio, why = material.open(source)
  if not bio then return nil, why end
  bio:free()
  if material.pem(source) then return source end
  local file = io.open(source, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  return text, "the file cannot be read"
end

-- A line that begins or ends a block: its place, the word, the label, and where it is over.
local LINE = "()%-%-%-%-%-(%u+) ([^\n]-)%-%-%-%-%-()"
local CUT  = "a block of it is cut off"

-- The blocks with public keys in a PEM text. Where any block is cut off, keys may be lost.
local function blocks(text)
  local list, open, start, behind = {}, nil, nil, 1
  for from, word, label, over in text:gmatch(LINE) do
    if word == "BEGIN" and not open then
      open, start = label, from
    elseif word == "END" and label == open then
      if label == "PUBLIC KEY" then list[#list + 1] = text:sub(start, over - 1) end
      open = nil
    elseif word == "BEGIN" or word == "END" then
      return nil, CUT
    end
    behind = over
  end
  if open or text:find("%-%-%-%-%-[BE][EN][GD]", behind) then return nil, CUT end
  return list
end

-- The public keys in a PEM file or text. Each is read by itself: OpenSSL's reason for "no
-- further key" is the one that it also has for a damaged key.
local function read_pem(source)
  local text, why = text_of(source)
  if not text then return nil, why end
  local parts, cut = blocks(text)
  if not parts then return nil, cut end
  local list = {}
  for _, block in ipairs(parts) do
    errors.clear()
    local bio = membio.read(block)
    local one = bio and keyobject.own(C.PEM_read_bio_PUBKEY(bio.membio, nil, nil, password.NONE))
    if bio then bio:free() end
    if not one then return nil, errors.reason() end
    list[#list + 1] = one
  end
  errors.clear()
  return list
end

-- The keys of one source.
local function read(source)
  if x509.is(source) then return { share(C.X509_get0_pubkey(x509.pointer(source))) } end
  if keyobject.is(source) then return { keyobject.share(source) } end
  local bytes = material.bytes(source)
  if not bytes then return read_pem(source) end
  local one, why = material.decode(bytes, C.d2i_PUBKEY, keyobject.own)
  return one and { one } or nil, why
end

--- Objects that `expect` takes beside files, texts and DER.
rawkey.objects = {
  is    = function(value) return x509.is(value) or keyobject.is(value) end,
  adopt = function(value) return x509.adopt(value) or keyobject.adopt(value) end,
}

-- The types of certificates that one side shows and the other takes, in order. The key that
-- a context shows is noted where it is loaded (ssl.credential.key).
local function types(first, second)
  return second and string.char(first, second) or string.char(first)
end

-- Give a context, or a connection, the types for what it shows or for what it takes.
local SETTERS = {
  context    = { server = "SSL_CTX_set1_server_cert_type",
                 client = "SSL_CTX_set1_client_cert_type" },
  connection = { server = "SSL_set1_server_cert_type", client = "SSL_set1_client_cert_type" },
}

local function set_types(kind, object, whose, list)
  return C[SETTERS[kind][whose]](object, list, list and #list or 0) == 1
end

local OTHER = { server = "client", client = "server" }

--- Demand a raw key of the peer, one of these.
-- @tparam table c  state of the context
-- @tparam table sources  of ssl.source.material
-- @treturn true
-- @treturn nil,string  the reason
function rawkey.expect(c, sources)
  local handles, texts = {}, {}
  for _, source in ipairs(sources) do
    local some, why = read(source)
    if not some then return nil, why end
    if not some[1] then return nil, "no public key in it" end
    for _, held in ipairs(some) do
      handles[#handles + 1], texts[#texts + 1] = held, keyobject.public(held.pkey)
    end
  end
  errors.clear()
  if not set_types("context", c.handle.raw, OTHER[c.mode], types(K.TLSEXT_cert_type_rpk)) then
    return nil, errors.reason()
  end
  local pointers = keys_t(#handles)
  for i, held in ipairs(handles) do pointers[i - 1] = held.pkey end
  expected[c] = { count = #handles, pointers = pointers, handles = handles }
  table.sort(texts)
  c.rawkeys = table.concat(texts)
  return true
end

--- Show the raw key in place of the certificate, to peers that take it.
-- @tparam table c  state of the context
-- @tparam boolean alone  there is no certificate for the others
-- @treturn true
-- @treturn nil,string  the reason
function rawkey.show(c, alone)
  local list = types(K.TLSEXT_cert_type_rpk, not alone and K.TLSEXT_cert_type_x509 or nil)
  errors.clear()
  if not set_types("context", c.handle.raw, c.mode, list) then return nil, errors.reason() end
  c.rawtypes, c.rawkey = list, ""
  return true
end

--- A connection takes the expected keys of its context.
-- @tparam table st
-- @tparam table c  the context's state, which keeps the keys alive
function rawkey.apply(st, _, c)
  local conn, keys = st.conn, c.rawkeys and expected[c]
  conn.verify.key_count = keys and keys.count or 0
  conn.verify.keys = keys and keys.pointers or nil
end

--- Another context: a server's connection takes its types, too.
function rawkey.switch(st, _, c)
  local ssl = st.conn.ssl
  local expects = c.rawkeys and types(K.TLSEXT_cert_type_rpk) or nil
  if not (set_types("connection", ssl, "client", expects)
          and set_types("connection", ssl, "server", c.rawtypes or nil)) then
    errors.raise("error setting the types of certificates: " .. errors.reason())
  end
end

--- Has the peer shown a raw key that was not accepted? OpenSSL aborts such a handshake; its
-- client does not up to 3.2.3, 3.3.2 and 3.4.0 (CVE-2024-12797).
-- @tparam table st  a connection whose handshake OpenSSL takes for done
-- @treturn boolean
function rawkey.unproven(st)
  local conn = st.conn
  local ssl = conn.ssl
  return conn.verify.key_count > 0 and conn.verify.proven == 0
     and C.SSL_session_reused(ssl) == 0 and C.SSL_get0_peer_rpk(ssl) ~= nil
     and bit.band(C.SSL_get_verify_mode(ssl), K.SSL_VERIFY_PEER) ~= 0
end

--- The raw key by which the peer has shown itself.
-- @tparam table st  a connection
-- @treturn string|nil  PEM; nil where it has shown none
function rawkey.of_peer(st)
  if not rawkey.supported then return nil end
  local pkey = C.SSL_get0_peer_rpk(st.conn.ssl)
  if pkey == nil then return nil end
  local bio = membio.new()
  return membio.take(bio, bio and C.PEM_write_bio_PUBKEY(bio.membio, pkey) == 1)
end

return rawkey
