--- PKCS#12 from bytes, with the right password and with others.

local bit   = require "bit"
local der   = require "fuzz.der"
local ssl   = require "ssl"
local watch = require "fuzz.watch"

-- How often a password is hashed stands in the bytes, and OpenSSL does what they say: two
-- thousand million times take an hour. Such an input says nothing about the library.
local MOST_ROUNDS = 100000

-- Is there an INTEGER between that and the largest?
local function endless(bytes)
  local at = 1
  while true do
    at = bytes:find("\2[\3-\8]", at)
    if not at then return false end
    local n, value = bytes:byte(at + 1), 0
    for i = at + 2, at + 1 + n do value = value * 256 + (bytes:byte(i) or 0) end
    if bit.band(bytes:byte(at + 2) or 0, 128) == 0 and value > MOST_ROUNDS then return true end
    at = at + 1
  end
end

local target = { about = "PKCS#12 from bytes, with several passwords", mutate = der.mutate }

local PASSWORDS = { false, "", "secret", "nul\0in it", ("long"):rep(300) }

function target.one(bytes)
  if endless(bytes) then return end
  for _, password in ipairs(PASSWORDS) do
    local ctx, why = watch.call(ssl.newcontext, {
      mode = "server", protocol = "any", pkcs12 = ssl.der(bytes), password = password or nil })
    assert(ctx or type(why) == "string" and why ~= "", "no message")
  end
end

return target
