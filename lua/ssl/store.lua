--- ssl.store: trust stores, read once and shared by contexts.
--
-- The bundle of a system is 140 certificates, and reading it takes as long as twenty
-- handshakes. So a store that came from files alone is kept, under a text that says
-- which files and in what state, and the next context that wants the same gets the
-- same store. Contexts never see each other through it: nothing is ever added to a
-- shared store or set on it, and a context that has more to say gets a copy first.
-- A certificate is in both then; only the lists are two.
--
-- Connections have their context's store as well (`settle`): what they believe is
-- settled when they are made, and a context that is changed afterwards changes a copy.
--
-- A context's `store` is false as long as nothing was read, and then
-- { handle, folders, shared, digest }: the store itself where it is `shared`, with
-- other contexts or with connections, and the folders that it looks into.

local lib       = require "ssl.ffi.lib"
local handle    = require "ssl.ffi.handle"
local err       = require "ssl.err"
local filestamp = require "ssl.filestamp"
local C, K      = lib.C, lib.K

local store = {}

local own = handle.type("lsf_X509_STORE *shared", "X509_STORE_free")

-- A bundle takes OpenSSL some 800 KB, and few programs have more than one.
local LIMIT = 4

-- A file written twice between two ticks of the system's clock, of some ms, looks the
-- same. Seconds after which that is sure not to happen any more.
local SETTLED = 2

local SEPARATOR = package.config:sub(1, 1) == "\\" and ";" or ":"

-- Of shared stores, with a `name` each, last used first.
local cache = {}

-- A stamp, or nil when it is too young to be trusted. Its sixth number is the time of
-- the last change.
local function settled(path)
  local stamp = filestamp(path)
  local changed = stamp and tonumber(stamp:match "^%S+ %S+ %S+ %S+ %S+ (%S+)")
  return changed and changed + SETTLED <= os.time() and stamp or nil
end

-- What the store of these files is kept under; nil where it is not to be kept. A folder
-- counts with what it lists.
local function name_of(file, path)
  local parts = { ("%q %q"):format(file or "", path or "") }
  local function add(name)
    local stamp = parts and settled(name)
    parts = stamp and parts
    if parts then parts[#parts + 1] = stamp end
  end
  if file then add(file) end
  for folder in (path or ""):gmatch("[^" .. SEPARATOR .. "]+") do add(folder) end
  return parts and table.concat(parts, " ") or nil
end

local function find(name)
  for i, entry in ipairs(cache) do
    if entry.name == name and entry.handle.shared ~= nil then
      table.insert(cache, 1, table.remove(cache, i))
      return entry
    end
  end
end

local function keep(name, ctx, path)
  local shared = C.SSL_CTX_get_cert_store(ctx)
  if C.X509_STORE_up_ref(shared) ~= 1 then return false end
  local entry = { name = name, handle = own(shared), shared = true, folders = { path } }
  table.insert(cache, 1, entry)
  cache[LIMIT + 1] = nil
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

-- What is in it, the folders that it looks into, and the flags that it verifies with.
local function copy(entry, to)
  local from = entry.handle.shared
  if from == nil or not copy_objects(from, to) then return false end
  for _, folder in ipairs(entry.folders) do
    if C.X509_STORE_load_locations(to, nil, folder) ~= 1 then return false end
  end
  local flags = C.X509_VERIFY_PARAM_get_flags(C.X509_STORE_get0_param(from))
  return C.X509_STORE_set_flags(to, flags) == 1
end

--- The store of a context, to be changed: its own from now on.
-- @tparam table state  of the context
-- @treturn cdata  X509_STORE *, borrowed from the context
-- @raise without memory
function store.of(state)
  local ctx, entry = state.handle.ctx, state.store
  state.store = { handle = false, shared = false, digest = false,
                  folders = entry and { unpack(entry.folders) } or {} }
  if not entry or not entry.shared then return C.SSL_CTX_get_cert_store(ctx) end
  err.clear()
  local fresh = own(C.X509_STORE_new())
  local ok = fresh and copy(entry, fresh.shared)
  err.clear()
  if not ok then error("not enough memory", 0) end
  C.SSL_CTX_set1_cert_store(ctx, fresh.shared)
  fresh:free()
  return C.SSL_CTX_get_cert_store(ctx)
end

--- A connection begins, or goes on with this context: it has the store of now, and
-- whoever changes the context later gets a copy.
-- @tparam cdata ssl
-- @tparam table state  of the context
function store.settle(ssl, state)
  local ctx, entry = state.handle.ctx, state.store
  local current = C.SSL_CTX_get_cert_store(ctx)
  if not (entry and entry.shared) and lib.has.X509_STORE_get0_objects
     and C.X509_STORE_up_ref(current) == 1 then
    entry = entry or { folders = {}, digest = false }
    entry.handle, entry.shared = own(current), true
    state.store = entry
  end
  C.SSL_ctrl(ssl, K.SSL_CTRL_SET_VERIFY_CERT_STORE, 1, current)
end

--- Have a context believe what is in these files too.
-- @tparam table state  of the context
-- @tparam string|nil file  PEM
-- @tparam string|nil path  a folder with hashed names
-- @treturn boolean  false: the reason is in OpenSSL's queue
-- @treturn boolean  did nothing have to be read?
function store.load(state, file, path)
  local ctx = state.handle.ctx
  local name = not state.store and lib.has.X509_STORE_get0_objects and name_of(file, path)
  local entry = name and find(name)
  if entry then
    C.SSL_CTX_set1_cert_store(ctx, entry.handle.shared)
    state.store = entry
    return true, true
  end
  store.of(state)
  local ok = C.SSL_CTX_load_verify_locations(ctx, file, path) == 1
  table.insert(state.store.folders, path)
  state.store = ok and name and keep(name, ctx, path) or state.store
  return ok, false
end

return store
