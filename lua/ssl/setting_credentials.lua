--- ssl.setting_credentials: the keys and certificates of a configuration.

local arg     = require "ssl.arg"
local context = require "ssl.context"
local setting = require "ssl.setting"

local function load_key(ctx, entry, level)
  local password = entry.password or nil
  local kind = type(password)
  if kind ~= "nil" and kind ~= "string" and kind ~= "function" then
    return false, "invalid password type"
  end
  local file = setting.text(entry.key, 2, "loadkey", level + 1)
  return context.loadkey(ctx, file, password)
end

-- A key, a certificate, or both, which then have to match.
local function load_pair(ctx, entry, level)
  if entry.key then
    local ok, message = load_key(ctx, entry, level + 1)
    if not ok then return false, message end
  end
  if not entry.certificate then return true end
  local file = setting.text(entry.certificate, 2, "loadcert", level + 1)
  local ok, message = context.loadcert(ctx, file)
  if not ok then return false, message end
  if entry.key and not context.checkkey(ctx) then
    return false, "private key does not match public key"
  end
  return true
end

--- The setter of `key`, `password`, `certificate` and `certificates`.
local function certificates(ctx, cfg, level)
  local entries = cfg.certificates
  if not entries then
    local ok, message = load_pair(ctx, cfg, level + 1)
    return ok, message
  end
  if type(entries) ~= "table" then
    setting.misuse(1, "ipairs", arg.expected("table", entries), level + 1)
  end
  for i, entry in ipairs(entries) do
    if type(entry) ~= "table" then
      setting.misuse(1, "newcontext", ("certificates[%d]: %s"):format(
             i, arg.expected("table", entry)), level + 1)
    end
    local ok, message = load_pair(ctx, entry, level + 1)
    if not ok then return false, message end
  end
  return true
end

return certificates
