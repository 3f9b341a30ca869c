--- ssl.base.queue: reads OpenSSL's error queue. Its functions are fields of ssl.base.errors.

local ffi  = require "ffi"
local lib  = require "ssl.ffi.lib"
local C, K = lib.C, lib.K

local queue = {}

--- OpenSSL's text for an alert.
-- @tparam number alert  0 to 255
-- @treturn string|nil  "unknown" where OpenSSL has none; nil in a host whose static OpenSSL
--   lacks the texts
function queue.alert_text(alert)
  return lib.has.SSL_alert_desc_string_long
     and ffi.string(C.SSL_alert_desc_string_long(alert)) or nil
end

-- The reason for a peer's alert is its number and an offset. Not every version has a
-- text for every alert that it knows.
local function alert_words(code)
  local alert = lib.error_reason(code) - K.SSL_AD_REASON_OFFSET
  if alert < 0 or alert > 255 then return end
  local text = queue.alert_text(alert)
  return text and text ~= "unknown" and "tlsv1 alert " .. text:lower() or nil
end

local function words(code)
  local errno = lib.system_errno(code)
  if errno then return ffi.string(C.strerror(errno)) end
  local reason = C.ERR_reason_error_string(code)
  if reason ~= nil then return ffi.string(reason) end
  local alert = alert_words(code)
  if alert then return alert end
  local library = C.ERR_lib_error_string(code)
  return ("%s error %08X"):format(library ~= nil and ffi.string(library) or "OpenSSL",
                                  code)
end

local function entry(code)
  local library = C.ERR_lib_error_string(code)
  return { code = code, library = library ~= nil and ffi.string(library) or nil,
           reason = words(code) }
end

--- The whole queue, which is empty afterwards.
-- @treturn {table,...}|nil  the cause first: `code`, `library`, `reason`; nil when
--   nothing was queued
function queue.take_all()
  local entries, code = {}, tonumber(C.ERR_get_error())
  if code == 0 then return nil end
  while code ~= 0 do
    entries[#entries + 1] = entry(code)
    code = tonumber(C.ERR_get_error())
  end
  return entries
end

-- Reasons below are what all libraries have in common, such as "EVP lib": a callee failed.
-- From 3.0 on such reasons have a bit of their own.
local FIRST_OWN_REASON, COMMON = 100, 2^18

--- The entry of a queue with the cause of a failure in TLS: libssl's first with a reason of
-- its own, else the first of all.
-- @tparam {table,...} entries  of `take_all`
-- @treturn table
function queue.cause(entries)
  for _, queued in ipairs(entries) do
    local reason = lib.error_reason(queued.code)
    if lib.error_library(queued.code) == K.ERR_LIB_SSL and reason >= FIRST_OWN_REASON
       and reason < COMMON then
      return queued
    end
  end
  return entries[1]
end

return queue
