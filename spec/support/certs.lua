--- Certificates made to measure: for what a public key infrastructure would
-- rather not contain. All share one EC key, are self-signed, and are kept in the
-- build folder under a hash of their recipe.
--
--   certs.make { subject = "CN = a.test", extensions = "subjectAltName = DNS:a" }
--     `subject` and `extensions` are lines of OpenSSL configuration sections,
--     `sections` whole sections that they refer to, `mask` the string_mask,
--     `serial` a number as openssl takes it
--   certs.san(names)          a certificate with this subjectAltName
--   certs.key()               the file of their key
--   certs.forged(path)        the first certificate of a file, with another signature
--   certs.der(pem), certs.pem(der)
--   certs.patch(pem, old, new)  the same with other bytes of the same length; the
--                               signature is no longer right, which load never asks
--   certs.validity(pem, from, till)  other UTCTimes ("261123125451Z")

local house = require "spec.support.init"
local mime  = require "mime"
local bit   = require "bit"

local certs = {}

local folder = house.build .. "/certs"

local CONFIG = [[
[req]
prompt = no
utf8 = yes
string_mask = %s
distinguished_name = subject
x509_extensions = extensions
[subject]
%s
[extensions]
%s
%s
]]

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1; echo \"status $?\""))
  local output = pipe:read "*a"
  pipe:close()
  assert(output:find("status 0\n", 1, true), command .. "\n" .. output)
end

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

-- FNV, twice with different beginnings: 64 bits are enough to tell recipes apart.
local function hash(text)
  local a, b = bit.tobit(2166136261), bit.tobit(40389)
  for i = 1, #text do
    local c = text:byte(i)
    a = bit.bxor(a, c)
    a = bit.tobit(a + bit.lshift(a, 1) + bit.lshift(a, 4) + bit.lshift(a, 7)
                    + bit.lshift(a, 8) + bit.lshift(a, 24))
    b = bit.bxor(bit.rol(b, 5), c) + i
  end
  return bit.tohex(a) .. bit.tohex(b)
end

-- Several processes may make the same file: each writes its own, and the first stays, since
-- certificates may have been made with that key.
local function make_once(path, command)
  local text = read(path)
  if text then return text end
  local mine = os.tmpname()
  run(command:gsub("OUT", "'" .. mine .. "'"))
  local made = read(mine)
  write(path .. mine:match "[^/]+$", made)
  local own = path .. mine:match "[^/]+$"
  house.run(("ln '%s' '%s' 2>/dev/null"):format(own, path))
  os.remove(own)
  os.remove(mine)
  return assert(read(path))
end

--- The file of the key that they share.
function certs.key()
  run("mkdir -p '" .. folder .. "'")
  local path = folder .. "/ec.key"
  make_once(path, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"
                  .. " -pkeyopt ec_param_enc:named_curve -out OUT")
  return path
end

--- A certificate.
-- @treturn string  PEM
function certs.make(recipe)
  local config = CONFIG:format(recipe.mask or "default", recipe.subject or "CN = a.test",
                               recipe.extensions or "", recipe.sections or "")
  local serial = recipe.serial or "4660"
  local base = folder .. "/" .. hash(config .. serial)
  local made = read(base .. ".pem")
  if made then return made end
  local private = certs.key()
  write(base .. ".cnf", config)
  return make_once(base .. ".pem",
    ("openssl req -x509 -new -sha256 -days 3650 -key '%s' -config '%s.cnf' -set_serial %s"
     .. " -out OUT"):format(private, base, serial))
end

--- A certificate with alternative names.
-- @tparam string names  as in "DNS:a.test, IP:127.0.0.1"
-- @tparam[opt] string sections
function certs.san(names, sections)
  return certs.make { extensions = "subjectAltName = " .. names, sections = sections }
end

--- The bytes of the first certificate in a PEM text.
function certs.der(pem)
  return (mime.unb64(pem:match "%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-(.-)%-%-%-%-%-"
                        :gsub("%s", "")))
end

--- Bytes as PEM, whatever they are.
function certs.pem(der)
  local lines = (mime.b64(der) or ""):gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
  return "-----BEGIN CERTIFICATE-----\n" .. lines .. "\n-----END CERTIFICATE-----\n"
end

--- Every occurrence of some bytes replaced by as many others.
function certs.patch(pem, old, new)
  assert(#old == #new, "a patch keeps the length")
  local der, from, count = certs.der(pem), 1, 0
  while true do
    local first, last = der:find(old, from, true)
    if not first then break end
    der = der:sub(1, first - 1) .. new .. der:sub(last + 1)
    from, count = last + 1, count + 1
  end
  assert(count > 0, "nothing to patch")
  return certs.pem(der)
end

--- A certificate that its issuer did not sign.
-- @tparam string path  of a certificate whose signature ends the file
-- @treturn string  PEM
function certs.forged(path)
  local der = certs.der(read(path))
  local last = der:byte(#der)
  return certs.pem(der:sub(1, -2) .. string.char(bit.bxor(last, 1)))
end

--- Another validity period.
function certs.validity(pem, from, till)
  local der = certs.der(pem)
  local first, _, a, b = der:find "\23\13(............Z)\23\13(............Z)"
  assert(first, "no pair of UTCTimes")
  assert(#from == #a and #till == #b, "a patch keeps the length")
  return certs.pem(der:sub(1, first - 1) .. "\23\13" .. from .. "\23\13" .. till
                   .. der:sub(first + 30))
end

return certs
