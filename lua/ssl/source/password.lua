--- ssl.source.password: opens keys and certificates that may need a password.
--
-- The program's password function may raise or yield, so it does not run inside
-- OpenSSL. The input is read with a callback of the shim that has no password: it notes
-- that it was called, and the decoding fails. Then the function is called, with no C frame
-- below and no memory that an error could leak, and the input is read again. Without a
-- password the same callback prevents that OpenSSL prompts on a terminal.
--
-- A password is passed whole or not at all. No copy of it is made here; OpenSSL wipes its
-- own.

local ffi    = require "ffi"
local shim   = require "ssl.ffi.shim"
local errors = require "ssl.base.errors"

local password = {
  --- For functions of OpenSSL that read public things: without a password they would ask at
  -- the terminal where a text claims to be encrypted.
  NONE = ffi.new "char[1]",
}

-- The result of `try`; or nil, the reason, and true where a password was missing.
local function attempt(try, text)
  errors.clear()
  local answer = shim.password(text)
  local value, reason = try(answer, text)
  if value then
    errors.clear()
    return value
  end
  reason = reason or errors.reason()
  errors.clear()
  if answer.too_long ~= 0 then return nil, "password too long" end
  if not text and answer.asked ~= 0 then return nil, "password required", true end
  return nil, reason
end

--- Is this a password, a function that returns one, or nil?
function password.valid(value)
  local kind = type(value)
  return kind == "nil" or kind == "string" or kind == "function"
end

--- Open something.
-- @tparam string|function|nil given  a function is called only where a password is
--   needed; its errors go to the caller
-- @tparam function try  try(answer, text): `answer` goes to OpenSSL behind the shim's
--   callback, `text` is the password, if there is one; returns what it opened, or nil
--   and the reason, or nil alone where OpenSSL's queue has it
-- @return the result of `try`
-- @treturn nil,string  the reason
function password.open(given, try)
  local text = type(given) == "string" and given or nil
  local value, reason, missing = attempt(try, text)
  if missing and type(given) == "function" then
    text = given()
    -- OpenSSL's text for a wrong password: an empty one is not to be tried.
    if type(text) ~= "string" then return nil, "bad decrypt" end
    value, reason = attempt(try, text)
  end
  if not value then return nil, reason end
  return value
end

return password
