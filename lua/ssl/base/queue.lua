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

local text_t, int_t = ffi.typeof "const char *[1]", ffi.typeof "int[1]"

-- The alert of the peer's that the first entry is about, by the text that was added to it.
-- The reason does not tell: with LibreSSL it is the same for an alert of our own.
local function peers_alert()
  if not lib.has.ERR_peek_error_line_data then return nil end
  local text, line, flags = text_t(), int_t(), int_t()
  C.ERR_peek_error_line_data(text_t(), line, text, flags)
  if text[0] == nil then return nil end
  return tonumber(ffi.string(text[0]):match "^SSL alert number (%d+)$")
end

-- Queue -> the number of that alert, beside the queue since programs get its fields.
local heard = setmetatable({}, { __mode = "k" })

--- The peer's alert that is the reason of a queue.
-- @tparam {table,...} entries  of `take_all`
-- @treturn number|nil
function queue.heard(entries)
  return heard[entries]
end

--- The whole queue, which is empty afterwards.
-- @treturn {table,...}|nil  the cause first: `code`, `library`, `reason`; nil when
--   nothing was queued
function queue.take_all()
  local alert = peers_alert()
  local entries, code = {}, tonumber(C.ERR_get_error())
  if code == 0 then return nil end
  heard[entries] = alert
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
