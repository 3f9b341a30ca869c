--- An OpenSSL that lacks functions: the system's, with some names hidden from the library.
--
-- With the names in SSL_SPEC_LACKS, spec/support/init.lua hides them before the library is
-- loaded. So every spec can run as on such an OpenSSL, and a clean clone tests the other ways
-- to what LibreSSL and reduced builds lack.
--
--   lacking.run({ "SSL_CTX_set_client_hello_cb" }, { "spec/handshake/sni_spec.lua" })

local ffi     = require "ffi"
local process = require "spec.support.process"

local lacking = {}

-- What has no other way in LibreSSL, and is not required.
lacking.libressl = {
  "ASYNC_is_capable", "ASYNC_get_current_job", "ASYNC_pause_job", "SSL_CTX_set_cert_cb",
  "SSL_CTX_set_client_hello_cb", "SSL_client_hello_get0_ext", "SSL_client_hello_get0_ciphers",
  "SSL_client_hello_get0_legacy_version", "SSL_in_init", "SSL_get_pending_cipher",
  "SSL_CTX_dane_enable", "SSL_CTX_dane_set_flags", "SSL_dane_enable", "SSL_dane_tlsa_add",
  "SSL_get0_dane_tlsa", "SSL_CTX_use_psk_identity_hint", "SSL_set_psk_client_callback",
  "SSL_set_psk_server_callback", "SSL_SESSION_get0_ticket_appdata",
  "SSL_SESSION_set1_ticket_appdata", "SSL_CTX_set_session_ticket_cb",
  "SSL_CTX_set_block_padding", "SSL_set_block_padding", "SSL_key_update",
  "SSL_CTX_set_recv_max_early_data", "SSL_set_recv_max_early_data", "SSL_group_to_name",
  "OSSL_STORE_open", "EVP_PKEY_get0_type_name",
}

--- Those of the process, as an array; empty where nothing is hidden.
function lacking.names()
  local out = {}
  for name in (os.getenv "SSL_SPEC_LACKS" or ""):gmatch "%S+" do out[#out + 1] = name end
  return out
end

-- A library without the names, which the library looks up under private names.
local function without(library, hidden)
  return setmetatable({}, { __index = function(_, name)
    if hidden[name:gsub("^lsf_", "")] then error("undefined symbol: " .. name, 0) end
    return library[name]
  end })
end

local function address_without(address, hidden)
  return function(name)
    if not hidden[name] then return address(name) end
  end
end

--- Hide the names from the library, which is not loaded yet.
function lacking.hide(names)
  local hidden = {}
  for _, name in ipairs(names) do hidden[name] = true end
  assert(not package.loaded["ssl.ffi.lib"], "the library is loaded already")
  local search = require "ssl.ffi.search"
  local find = search.find
  function search.find(...)
    local found = find(...)
    for _, part in ipairs { "ssl", "crypto" } do
      if found[part] ~= ffi.C then found[part] = without(found[part], hidden) end
      found[part .. "_address"] = address_without(found[part .. "_address"], hidden)
    end
    return found
  end
  local lib = require "ssl.ffi.lib"
  for _, name in ipairs(names) do assert(not lib.has[name], name) end
end

--- Run specs in a process of their own, on an OpenSSL without the names.
-- @tparam {string,...} names
-- @tparam {string,...} files
-- @treturn boolean  did they pass?
-- @treturn number  how many tests passed; a skipped one has not
-- @treturn string  the output
function lacking.run(names, files)
  local words = {}
  for i, file in ipairs(files) do words[i] = process.quote(file) end
  local output = process.capture(("env -u SSL_SPEC_TALLY SSL_SPEC_LACKS=%s luajit "
    .. "\"$(command -v busted)\" --ignore-lua %s 2>&1 </dev/null; echo \"status $?\""):format(
    process.quote(table.concat(names, " ")), table.concat(words, " ")))
  local count = 0
  for passed in output:gmatch "%s(%d+) passed, %d+ failed" do count = count + passed end
  return output:find "\nstatus 0\n$" ~= nil, count, output
end

return lacking
