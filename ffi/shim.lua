--- The shim, loaded and initialised with this process's OpenSSL.
--
--   shim.C         name without its lsf_ -> function
--   shim.K         its numbers
--   shim.conn()    a new struct lsf_conn, freed by its finalizer
--   shim.password(text)  a struct lsf_password; keep `text` alive beside it
--   shim.callback(name)  a callback as a pointer to hand to OpenSSL
--   shim.has       name -> true for each optional function that the shim was given
--   shim.ticket_keys(n)  an array of struct lsf_ticket_key
--   shim.pool      the buffers of this Lua state

local ffi          = require "ffi"
local lib          = require "ssl.ffi.lib"
local names        = require "ssl.ffi.names"
local search       = require "ssl.ffi.search"
local where        = require "ssl.ffi.where"
local declarations = require "ssl.ffi.shim_h"

local shim = { C = {}, K = declarations.enums, has = {} }

local file = where.find(lib.exported)
local path = file or "this process"
shim.path = path

local declare = names.declarer { declarations }
local loaded, library = true, ffi.C
if file then loaded, library = pcall(ffi.load, file) end
if not loaded then
  error(("ssl: the C shim %s does not load: %s"):format(path, library), 0)
end

local function check()
  local address = file and search.addresses(library, file) or lib.exported
  for name in names.each(declarations.required) do
    if not address(name) then
      error(("ssl: %s has no %s: it belongs to another version"):format(path, name), 0)
    end
  end
end
jit.off(check)
check()

setmetatable(shim.C, { __index = function(self, name)
  local private = declare("lsf_" .. name)
  local f = private and library[private]
  self[name] = f
  return f
end })

-- The functions that the shim calls. They go as addresses, so they need no declarations.
local function address(name)
  local p = lib.address(name)
  if not p and not declarations.api_optional[name] then
    error(("ssl: %s has no %s, which is needed"):format(lib.openssl.version, name), 0)
  end
  return p
end

local function initialise()
  local count = #declarations.api
  local api = ffi.new("struct { size_t size; void *f[" .. count .. "]; }")
  api.size = ffi.sizeof(api)
  for i, name in ipairs(declarations.api) do
    api.f[i - 1] = address(name)
    if declarations.api_optional[name] then shim.has[name] = api.f[i - 1] ~= nil end
  end
  if shim.C.init(api) ~= 1 then
    error(("ssl: %s was built for another version of these Lua files, or is in use "
           .. "with another OpenSSL in this process"):format(path), 0)
  end
end
jit.off(initialise)
initialise()

-- Held by every connection too, so the order of finalizers does not matter.
local pool_free = shim.C.pool_free
local pool_t = ffi.metatype(ffi.typeof "struct { void *lsf_pool; }", {
  __gc = function(self)
    pool_free(self.lsf_pool)
    self.lsf_pool = nil
  end,
})
local pool = pool_t(shim.C.pool_new())
shim.pool = pool

local conn_t = ffi.metatype(
  ffi.typeof("struct { " .. declarations.structs.lsf_conn .. " }"),
  { __gc = shim.C.conn_finalize })
local password_t = ffi.typeof("struct { " .. declarations.structs.lsf_password .. " }")

local ticket_keys_t = ffi.typeof("struct { " .. declarations.structs.lsf_ticket_key
                                 .. " }[?]")

function shim.ticket_keys(n)
  return ticket_keys_t(n)
end

function shim.conn()
  local conn = conn_t()
  conn.fd = -1
  return conn
end

--- Free a connection now, and spare the collector doing it again; but not below a call
-- that is in the middle of using it.
-- @treturn boolean  false: that call has to do it
function shim.free(conn)
  shim.C.conn_free(conn)
  if conn.doomed ~= 0 then return false end
  ffi.gc(conn, nil)
  return true
end

function shim.password(text)
  return password_t(text, text and #text or 0, 0, 0)
end

function shim.callback(name)
  return ffi.cast("void *", shim.C[name])
end

-- What is needed once is not kept.
for _, name in ipairs { "named", "names", "search", "shim_h", "where" } do
  package.loaded["ssl.ffi." .. name] = nil
end

return shim
