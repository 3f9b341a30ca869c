--- Scenarios with a fault each, which the harness has to find: for spec/proof/faults_spec.lua.

local ffi = require "ffi"
local lib = require "ssl.ffi.lib"
local C   = lib.C

local list = {}

local function add(name, run, refuses)
  list[#list + 1] = { name = name, run = run, refuses = refuses }
end

local function flags(store)
  return C.X509_STORE_set_flags(store, 0) == 1
end

add("no fault", function()
  local store = C.X509_STORE_new()
  if store == nil then
    C.ERR_clear_error()
    error("no store", 0)
  end
  local ok = flags(store)
  C.X509_STORE_free(store)
  C.ERR_clear_error()
  if not ok then error("no flags", 0) end
  return { "made" }
end)

add("a leak", function()
  local store = C.X509_STORE_new()
  local ok = store ~= nil and flags(store)
  C.ERR_clear_error()
  if not ok then error("no store", 0) end
  C.X509_STORE_free(store)
  return { "made" }
end)

add("a stale error", function()
  local digest = C.EVP_get_digestbyname "SHA256"
  return { tostring(digest ~= nil) }
end)

add("no message", function()
  local digest = C.EVP_get_digestbyname "SHA256"
  C.ERR_clear_error()
  if digest == nil then error("", 0) end
  return { "made" }
end)

add("an acceptance", function()
  local digest = C.EVP_get_digestbyname "SHA256"
  C.ERR_clear_error()
  return { accepted = digest == nil }
end, "client")

add("a crash", function()
  local digest = C.EVP_get_digestbyname "SHA256"
  C.ERR_clear_error()
  return { ffi.cast("const char *", digest)[0] }
end)

local kept

add("a failure that is kept", function()
  if kept == nil then kept = C.EVP_get_digestbyname "SHA256" ~= nil end
  kept = kept and C.EVP_get_digestbyname "SHA256" ~= nil
  C.ERR_clear_error()
  if not kept then error("no digest", 0) end
  return { "made" }
end)

add("a failure of the system without its reason", function()
  local server, client = require("spec.support.pair").wrapped()
  server:settimeout(0)
  client:settimeout(0)
  local _, word = client:dohandshake()
  server:close()
  client:close()
  if word ~= "wantread" then error("it did not work", 0) end
  return { word }
end)

local planted = { list = list }

function planted.find(name)
  for _, scenario in ipairs(list) do
    if scenario.name == name then return scenario end
  end
end

return planted
