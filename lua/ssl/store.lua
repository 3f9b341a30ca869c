--- ssl.store: trust stores, read once and shared by contexts.
--
-- The bundle of a system is 140 certificates, and reading it takes as long as twenty
-- handshakes. So a store that came from files alone is kept, under a text that says
-- which files and in what state, and the next context that wants the same gets the
-- same store. Contexts never see each other through it: nothing is ever added to a
-- shared store or set on it, and a context that has more to say gets a copy first.
-- A certificate is in both then; only the lists are two.

local lib       = require "ssl.ffi.lib"
local handle    = require "ssl.ffi.handle"
local err       = require "ssl.err"
local filestamp = require "ssl.filestamp"
local C         = lib.C

local store = {}

local own = handle.type("lsf_X509_STORE *shared", "X509_STORE_free")

-- A bundle takes OpenSSL some 800 KB, and few programs have more than one.
local LIMIT = 4

-- A file written twice between two ticks of the system's clock, of some ms, looks the
-- same. Seconds after which that is sure not to happen any more.
local SETTLED = 2

local SEPARATOR = package.config:sub(1, 1) == "\\" and ";" or ":"

-- { name =, handle =, folder = }, last used first.
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
  local entry = { name = name, handle = own(shared), folder = path or false }
  table.insert(cache, 1, entry)
  cache[LIMIT + 1] = nil
  return entry
end

-- X509_STORE_add_* take references of their own.
local function copy(from, to)
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

--- The store of a context, to be changed: its own from now on.
-- @tparam table state  of the context
-- @treturn cdata  X509_STORE *, borrowed from the context
-- @raise without memory
function store.of(state)
  local ctx, entry = state.handle.ctx, state.store
  state.store = true
  if not entry or entry == true then return C.SSL_CTX_get_cert_store(ctx) end
  err.clear()
  local fresh = own(C.X509_STORE_new())
  local from = entry.handle.shared
  local ok = fresh and from ~= nil and copy(from, fresh.shared)
  if ok and entry.folder then
    ok = C.X509_STORE_load_locations(fresh.shared, nil, entry.folder) == 1
  end
  err.clear()
  if not ok then error("not enough memory", 0) end
  C.SSL_CTX_set1_cert_store(ctx, fresh.shared)
  fresh:free()
  return C.SSL_CTX_get_cert_store(ctx)
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
  if not name then store.of(state) end
  local ok = C.SSL_CTX_load_verify_locations(ctx, file, path) == 1
  state.store = ok and name and keep(name, ctx, path) or true
  return ok, false
end

return store
