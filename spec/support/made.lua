--- Keys and certificates of the specs in other wrappings, made by the openssl program and
-- by GnuTLS's certtool, in a folder that `process.stop_all` removes.
--
--   made.read(path)               the bytes of a file
--   made.der(kind, path)          "x509", "crl", "pkey", or a key in its older form, "rsa" or
--                                 "ec", as DER
--   made.encrypted(path, password)  a key in PKCS #8 under a password, as DER
--   made.pkcs12(options)          the path of a PKCS#12, of openssl's make
--   made.gnutls_pkcs12(options)   of GnuTLS's
--   made.crl(options)             the path of a CRL, of GnuTLS's make
--   made.settle(path)             wait until a cache would trust the state of a file

local filestamp = require "ssl.source.filestamp"
local house     = require "spec.support.init"
local process   = require "spec.support.process"
local socket    = require "socket"
local quote     = house.quote

local made = { read = process.read }

local function words(list)
  local out = {}
  for i, word in ipairs(list) do out[i] = quote(tostring(word)) end
  return table.concat(out, " ")
end

-- Run a command that writes a file, whose path it gets as last word.
local function make(list)
  local path = process.folder() .. "/made"
  list[#list + 1] = path
  local output = process.capture(words(list) .. " 2>&1; echo status $?")
  assert(output:find "status 0\n$", output)
  return path
end

function made.der(kind, path)
  local list = { "openssl", kind, "-in", path, "-outform", "DER" }
  if kind == "rsa" then list[#list + 1] = "-traditional" end
  list[#list + 1] = "-out"
  return made.read(make(list))
end

function made.encrypted(path, password)
  return made.read(make { "openssl", "pkcs8", "-topk8", "-in", path, "-outform", "DER",
                          "-passout", "pass:" .. password, "-out" })
end

--- @tparam table options  `cert`, `key`, `password`; `ca`: a file of further certificates;
--   and words for the program
function made.pkcs12(options)
  local list = { "openssl", "pkcs12", "-export", "-in", options.cert,
                 "-passout", "pass:" .. (options.password or "") }
  if options.key then
    list[#list + 1], list[#list + 2] = "-inkey", options.key
  else
    list[#list + 1] = "-nokeys"
  end
  if options.ca then list[#list + 1], list[#list + 2] = "-certfile", options.ca end
  for _, word in ipairs(options) do list[#list + 1] = word end
  list[#list + 1] = "-out"
  return make(list)
end

function made.gnutls_pkcs12(options)
  local list = { "certtool", "--to-p12", "--load-privkey", options.key,
                 "--load-certificate", options.cert, "--p12-name", "made", "--outder" }
  if options.password then
    list[#list + 1], list[#list + 2] = "--password", options.password
  end
  if options.ca then
    list[#list + 1], list[#list + 2] = "--load-ca-certificate", options.ca
  end
  for _, word in ipairs(options) do list[#list + 1] = word end
  list[#list + 1] = "--outfile"
  return make(list)
end

--- @tparam table options  `cert`, `key`: of the issuer; `revoked`: the file of a
--   certificate; `from`, `till`: dates before 2038, since GnuTLS knows no later ones where
--   time_t has 32 bits
function made.crl(options)
  local template = process.write(process.folder() .. "/template", ([[
crl_this_update_date = "%s"
crl_next_update_date = "%s"
crl_revocation_date = "%s"
crl_number = 7
]]):format(options.from or "2020-01-01 00:00:00", options.till or "2037-01-01 00:00:00",
           options.from or "2020-01-01 00:00:00"))
  local list = { "certtool", "--generate-crl", "--load-ca-privkey", options.key,
                 "--load-ca-certificate", options.cert, "--template", template }
  if options.revoked then
    list[#list + 1], list[#list + 2] = "--load-certificate", options.revoked
  end
  list[#list + 1] = "--outfile"
  return make(list)
end

--- Wait until the last change of a file is so long ago that its stamp tells the next one.
-- @tparam string path
function made.settle(path)
  local over = house.patience()
  while not filestamp.settled(path) do
    assert(not over(), path)
    socket.sleep(0.05)
  end
end

return made
