--- ssl.trust.store: trust stores, read once and shared by contexts.
--
-- The bundle of a system is 140 certificates, and reading it takes as long as twenty
-- handshakes. So a store that came from files alone is kept, under a text with the names
-- and states of the files, and the next context with the same files gets the same store.
-- Contexts do not affect each other through it: nothing is added to a shared store or set
-- on it, and a context that needs more gets a copy first. Both stores then refer to the same
-- certificates.
--
-- Connections share their context's store too (`settle`): a connection trusts what the
-- store holds when the connection is made, and a context that is changed later changes a
-- copy.
--
-- These stores do not search folders, because OpenSSL keeps certificates that it has found in
-- a folder for as long as the store lives. Connections get a copy that searches the folders.
-- Where the folders have changed since (ssl.source.folder), the next connection gets a new copy.
--
-- A context's `store` is false as long as nothing was read, and then
-- { handle, folders, shared, digest, view }: the store itself where it is `shared`, with
-- other contexts or with connections, its folders, and the copy that searches them.

local lib        = require "ssl.ffi.lib"
local handle     = require "ssl.ffi.handle"
local later      = require "ssl.base.later"
local errors     = require "ssl.base.errors"
local filestamp  = require "ssl.source.filestamp"
local folder     = later.module "ssl.source.folder"
local gcpressure = require "ssl.base.gcpressure"
local lru        = require "ssl.base.lru"
local material   = require "ssl.source.material"
local C, K       = lib.C, lib.K

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local store = {}

local own = handle.type("lsf_X509_STORE *shared", "X509_STORE_free")

-- A bundle takes OpenSSL some 800 KB, and few programs have more than one.
local LIMIT = 4

-- OpenSSL's memory for a certificate of the usual bundles, measured.
local CERTIFICATE_KB = 6

-- Can a connection have a store of its own? Else it verifies by the one that its context has
-- then, which is the copy that searches the folders.
local OWN = K.SSL_CTRL_SET_VERIFY_CERT_STORE ~= nil
-- Can the content of a store be copied? Else OpenSSL searches folders itself, and keeps what it
-- has found.
local APART = lib.has.X509_STORE_get0_objects

local NO_STORE = "error setting the store of authorities"

-- Shared stores, by name.
local cache = lru.new(LIMIT)

-- The text under which the store of a file is kept, for contexts with these folders; nil
-- where it is not to be kept.
local function name_of(file, path)
  local name = ("%q %q"):format(file or "", path or "")
  if not file then return name end
  local stamp = filestamp.settled(file)
  return stamp and name .. stamp or nil
end

-- At the end of a Lua state its handle may be finalized.
local function find(name)
  local entry = cache:get(name)
  return entry and entry.handle.shared ~= nil and entry or nil
end

local function keep(name, raw, path)
  local shared = C.SSL_CTX_get_cert_store(raw)
  if C.X509_STORE_up_ref(shared) ~= 1 then return false end
  local entry = { handle = own(shared), shared = true, folders = { path }, digest = false,
                  view = false }
  cache:put(name, entry)
  return entry
end

-- X509_STORE_add_* take references of their own.
local function copy_objects(from, to)
  local objects = C.X509_STORE_get0_objects(from)
  for i = 0, C.OPENSSL_sk_num(objects) - 1 do
    local element = C.OPENSSL_sk_value(objects, i)
    local cert, crl = C.X509_OBJECT_get0_X509(element), C.X509_OBJECT_get0_X509_CRL(element)
    local ok = cert == nil or C.X509_STORE_add_cert(to, cert) == 1
    ok = ok and (crl == nil or C.X509_STORE_add_crl(to, crl) == 1)
    if not ok then return false end
  end
  return true
end

-- A store with the content and the verification flags of this one.
local function copy(from)
  errors.clear()
  local fresh = own(C.X509_STORE_new())
  local ok = fresh and from ~= nil and copy_objects(from, fresh.shared)
  if ok then
    local flags = C.X509_VERIFY_PARAM_get_flags(C.X509_STORE_get0_param(from))
    ok = C.X509_STORE_set_flags(fresh.shared, flags) == 1
  end
  errors.clear()
  if not ok then error("not enough memory", 0) end
  return fresh
end

local function add_folder(to, path)
  return C.X509_STORE_load_locations(to, nil, path) == 1
end

-- The store that connections verify by: a copy that looks into the folders. A copy that was
-- made just after a change of the folders is replaced at the next look.
local function view(entry, base)
  local stamp, young, at = folder.stamp(table.concat(entry.folders, folder.SEPARATOR))
  local old = entry.view
  if old and old.handle.shared ~= nil and old.stamp == stamp
     and (not old.young or old.at == at) then
    return old.handle.shared
  end
  local fresh = copy(base)
  for _, path in ipairs(entry.folders) do
    if not add_folder(fresh.shared, path) then error("not enough memory", 0) end
  end
  entry.view = { handle = fresh, stamp = stamp, young = young, at = at }
  return fresh.shared
end

--- The store of a context with what was read into it, and without what was found in folders.
-- @tparam table c  state of the context
-- @treturn cdata  X509_STORE *, borrowed from the context
function store.content(c)
  local entry = c.store
  if entry and entry.shared then return entry.handle.shared end
  return C.SSL_CTX_get_cert_store(c.handle.raw)
end

--- The store of a context, to be changed: its own from now on.
-- @tparam table c  state of the context
-- @treturn cdata  X509_STORE *, borrowed from the context
-- @raise without memory
function store.of(c)
  local raw, entry = c.handle.raw, c.store
  c.store = { handle = false, shared = false, digest = false, view = false,
                  folders = entry and { unpack(entry.folders) } or {} }
  if not entry or not entry.shared then return C.SSL_CTX_get_cert_store(raw) end
  local fresh = copy(entry.handle.shared)
  C.SSL_CTX_set1_cert_store(raw, fresh.shared)
  fresh:free()
  return C.SSL_CTX_get_cert_store(raw)
end

-- Have a connection verify by a store; does that search folders? What completes the own chain
-- may be there, too.
local function use(ssl, raw, current, searches)
  if OWN then
    if searches then
      errors.must(C.SSL_ctrl(ssl, K.SSL_CTRL_SET_CHAIN_CERT_STORE, 1, current), NO_STORE)
    end
    errors.must(C.SSL_ctrl(ssl, K.SSL_CTRL_SET_VERIFY_CERT_STORE, 1, current), NO_STORE)
  elseif C.SSL_CTX_get_cert_store(raw) ~= current then
    C.SSL_CTX_set1_cert_store(raw, current)
  end
end

--- A connection begins, or is switched to this context: it gets the context's present
-- store, and later changes of the context go into a copy.
-- @tparam cdata ssl
-- @tparam table c  state of the context
function store.settle(ssl, c)
  local current, entry = store.content(c), c.store
  if APART and not (entry and entry.shared) and C.X509_STORE_up_ref(current) == 1 then
    entry = entry or { folders = {}, digest = false, view = false }
    entry.handle, entry.shared = own(current), true
    c.store = entry
  end
  local searches = APART and entry and entry.folders[1]
  use(ssl, c.handle.raw, searches and view(entry, current) or current, searches)
end

--- Before a connection begins: where a folder has changed the context verifies by
-- something else, and its fingerprint has to be made anew.
-- @tparam table c  state of the context
function store.look(c)
  local entry = c.store
  if not entry or not entry.folders[1] then return end
  local paths = table.concat(entry.folders, folder.SEPARATOR)
  -- The sessions of a server may be for servers on other machines, too.
  local seen = c.mode == "server" and folder.contents(paths) or folder.stamp(paths)
  if seen ~= c.folders_seen then c.folders_seen, c.fingerprint = seen, false end
end

-- In OpenSSL's order. Only the first folder that there is can fail: without a name.
local function read(raw, file, path)
  if not APART or not path then return C.SSL_CTX_load_verify_locations(raw, file, path) == 1 end
  if file and C.SSL_CTX_load_verify_locations(raw, file, nil) ~= 1 then return false end
  local try = own(C.X509_STORE_new())
  local ok = try and add_folder(try.shared, path)
  if try then try:free() end
  return ok
end

-- Let a context trust the certificates in these files too. First result false: the reason is
-- in OpenSSL's queue, or the third result. The second: did nothing have to be read?
local function load(c, file, path)
  local raw = c.handle.raw
  local name = not c.store and APART and name_of(file, path)
  local entry = name and find(name)
  if entry then
    C.SSL_CTX_set1_cert_store(raw, entry.handle.shared)
    c.store = entry
    return true, true
  end
  local nul = file and material.nul(file)
  if nul then return false, false, nul end
  store.of(c)
  local ok = read(raw, file, path)
  if path then table.insert(c.store.folders, path) end
  c.store = ok and name and keep(name, raw, path) or c.store
  return ok, false
end

-- Certificates and CRLs in memory; those of a folder are read later.
local function stored(raw)
  if not lib.has.X509_STORE_get0_objects then return 0 end
  return C.OPENSSL_sk_num(C.X509_STORE_get0_objects(C.SSL_CTX_get_cert_store(raw)))
end

--- Load CA certificates and CRLs.
-- @tparam table c  state of the context
-- @tparam string|nil file  PEM
-- @tparam string|nil path  a folder with hashed names
-- @treturn true
-- @treturn nil,string  the reason
function store.locations(c, file, path)
  local raw = c.handle.raw
  errors.clear()
  local before = stored(raw)
  local ok, shared, why = load(c, file, path)
  local reason = not ok and (why or errors.of_file(file, "no CA file or folder given"))
  errors.clear()
  -- Certificates of a folder are not in the store before they are needed.
  if path then c.folders = ("%s%q"):format(c.folders or "", path) end
  if not shared then gcpressure.took(CERTIFICATE_KB * (stored(raw) - before)) end
  if not ok then return nil, reason end
  return true
end

return store
