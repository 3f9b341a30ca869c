--- Makes fuzz/corpus/: objects and flights as they are. script/fuzz --seeds runs it.
--
-- What libFuzzer has found new beside them is added by `script/fuzz --keep TARGET`.

package.path = "./?.lua;" .. package.path

local made      = require "spec.support.made"
local house     = require "spec.support.init"
local pair      = require "spec.support.pair"
local pki       = require "spec.support.pki"
local responses = require "spec.support.ocsp"
local ssl       = require "ssl"

local function write(target, name, bytes)
  local folder = "fuzz/corpus/" .. target
  assert(house.run("mkdir -p " .. folder))
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(bytes)
  file:close()
end

-- The certificates of the specs, but for those that are large or like another one.
for name, entry in pairs { server = pki.server, odd = pki.odd, nul = pki.nul, root = pki.root,
                           cn_only = pki.cn_only, negative = pki.serial_negative } do
  write("x509", name, made.der("x509", entry.cert))
end

-- Decisions of the harness `engine`: each version and each pair of contexts, then data both
-- ways, and the end.
local VERSIONS, VARIANTS = 3, 6
for version = 0, VERSIONS - 1 do
  for variant = 0, VARIANTS - 1 do
    write("engine", ("traffic_%d_%d"):format(version, variant), string.char(
      version, variant, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 97, 98, 99, 3, 1, 0, 100, 0, 0, 5, 0, 5, 1,
      14, 0, 0, 0))
  end
end

-- Decisions of the harnesses that compare with a model: any bytes are some, and enough of them
-- meet what few do not.
local DECISIONS, LENGTH = 6, 160

local function decisions(target)
  local state = 1
  for i = 1, DECISIONS do
    local bytes = {}
    for at = 1, LENGTH do
      state = (state * 16807) % 2147483647
      bytes[at] = string.char(math.floor(state / 65536) % 256)
    end
    write(target, "random_" .. i, table.concat(bytes))
  end
end

for _, target in ipairs { "resume", "send", "timers" } do decisions(target) end

-- A response is about a certificate and of an authority: they belong to it, and the time at
-- which it is fresh.
local now = os.time()

local function store(path, bytes)
  assert(house.run "mkdir -p fuzz/fixtures")
  local file = assert(io.open("fuzz/fixtures/" .. path, "wb"))
  file:write(bytes)
  file:close()
end

store("cert.der", made.der("x509", pki.ec_server.cert))
store("issuer.der", made.der("x509", pki.ec_root.cert))
local results = {}
for i, recipe in ipairs { { status = "good" }, { status = "revoked", reason = 4 },
                          { status = "unknown", till = false },
                          { status = "good", bare = true } } do
  recipe.cert, recipe.issuer, recipe.signer = pki.ec_server.cert, pki.ec_root.cert, pki.ec_root
  -- Another time each, by which the harness tells them apart.
  recipe.from = -60 * i
  local bytes = responses.make(recipe)
  local word, details = ssl.ocsp.check(bytes, ssl.loadcertificate(made.read(recipe.cert)),
                                       ssl.loadcertificate(made.read(recipe.issuer)))
  assert(word == recipe.status, details)
  results[#results + 1] = ("    [%q] = true,\n"):format(word .. " " .. details.thisupdate)
  write("ocsp", recipe.status .. i, bytes)
end
store("ocsp.lua", ([[
-- Made by fuzz/seeds.lua: when the responses of fuzz/corpus/ocsp/ are fresh, and all that
-- their authority has signed.
return {
  time = %d,
  results = {
%s  },
}
]]):format(now, table.concat(results)))

for name, path in pairs { root = pki.root.crl, gnutls = made.crl { cert = pki.ec_root.cert,
                          key = pki.ec_root.key } } do
  -- Without a signature that is right: where the seeds were made the authority would be trusted.
  write("crl", name, made.der("crl", path):sub(1, -9) .. ("\0"):rep(8))
end

for name, options in pairs {
  plain = { cert = pki.ec_server.cert, key = pki.ec_server.key, password = "secret", "-iter", "1" },
  chain = { cert = pki.ec_server.cert, key = pki.ec_server.key, ca = pki.ec_root.cert,
            "-iter", "1" },
  no_mac = { cert = pki.ec_server.cert, key = pki.ec_server.key, "-nomac", "-keypbe", "NONE",
             "-certpbe", "NONE" },
} do
  write("pkcs12", name, made.read(made.pkcs12(options)))
end

-- Sessions: what is in the envelope of an export.
for _, version in ipairs(pair.versions) do
  local a = assert(ssl.engine(pair.client_config { protocol = version,
                                                   cafile = pki.ec_root.cert }))
  local b = assert(ssl.engine(pair.server_config { protocol = version, key = pki.ec_server.key,
                                                   certificate = pki.ec_server.cert }))
  for _ = 1, 4 do
    a:handshake()
    b:feed(a:drain())
    b:handshake()
    a:feed(b:drain())
  end
  b:write "x"
  a:feed(b:drain())
  a:read()
  write("session", version, assert(a:connection():getsession():export()):sub(38, -17))
end

-- Decisions of the harness `lifecycle`: walks of any steps, for each kind and each version.
local WALKS, STEPS, KINDS = 10, 150, 5
local x = 1
for walk = 0, WALKS - 1 do
  local bytes = { walk % KINDS, math.floor(walk / KINDS), walk % 2 }
  for i = #bytes + 1, STEPS do
    x = x * 16807 % (2 ^ 31 - 1)
    bytes[i] = math.floor(x / 256) % 256
  end
  write("lifecycle", "walk_" .. walk, string.char(unpack(bytes)))
end

require("spec.support.process").stop_all()
