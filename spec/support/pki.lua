--- The certificates of the specs: made once a build folder, by make-pki.
--
-- Every field below is the path of a PEM file unless it says otherwise. Where
-- an entry has a `key`, it belongs to the entry's `cert`. "localhost" means SAN
-- DNS localhost, DNS *.wild.test, IP 127.0.0.1 and IP ::1.
--
--   root           cert, key: RSA authority, issuer of all that names no other
--                  crl: its list, with `revoked` on it
--                  with_crl: cert and crl in one file
--                  capath: a folder with cert, by hash
--   intermediate   cert, key: RSA authority below root
--   ec_root        cert, key: P-256 authority, independent of root
--   other          cert, key: RSA authority that nobody should trust
--
--   server         cert, key: P-256, localhost, serverAuth. Not RSA: under valgrind half
--                  of a handshake's time would be one RSA signature
--                  leaf: the same name and key, issued by intermediate
--                  chain: leaf and intermediate in one file
--                  encrypted_key: key under AES-256; password: "foobar"
--   rsa_server     RSA 2048, and otherwise as server
--   ec_server      cert, key: P-256, localhost, issued by ec_root
--   other_server   cert, key: localhost, issued by other
--   selfsigned     cert, key: localhost (the DNS name alone)
--   expired        cert, key: localhost, ended yesterday
--
--   client         cert, key: RSA 2048, clientAuth
--                  leaf, chain: as for server
--   ec_client      cert, key: P-256, clientAuth
--   revoked        cert, key: P-256, clientAuth, on root.crl
--   wrong_usage    cert, key: P-256, serverAuth only: no client
--
--   cn_only        cert, key: CN cn.only.test and no SAN
--   odd            cert, key: a SAN of every kind; make-pki lists them
--   nul            cert, key: SAN DNS "localhost\0.evil.test"
--   huge           cert, key: 4001 SANs, localhost and host00001.huge.test on;
--                  85 KB of DER
--   serial_zero, serial_ff01, serial_negative
--                  cert, key: serial 0, 0xFF01, -5
--
--   dh             ffdhe2048; weak512: DH parameters
--   dir            the folder of it all

local house = require "spec.support.init"

local quote = house.quote

local RECIPE = "spec/support/make-pki"

local function run(command)
  local pipe = assert(io.popen(command .. " && echo && echo done"))
  local output = pipe:read "*a"
  pipe:close()
  local result = output:match "^(.-)\n?\ndone\n$"
  if not result then error("failed: " .. command .. "\n" .. output, 0) end
  return result
end

local function valid(dir)
  local command = ("openssl x509 -checkend 86400 -noout -in %s >/dev/null 2>&1")
  return house.run(command:format(quote(dir .. "/root.pem")))
end

-- Made aside and renamed, so that a half-made set is never seen. A rename onto
-- a folder that has files fails: then another run was first, and its set is as
-- good as ours.
local function make(base, dir)
  local aside = run(("mkdir -p %s && mktemp -d %s"):format(
    quote(base), quote(base .. "/making.XXXXXX")))
  run(("chmod 755 %s && sh %s %s"):format(quote(aside), RECIPE, quote(aside)))
  if not os.rename(aside, dir) then run("rm -rf " .. quote(aside)) end
end

local function folder()
  local base = house.build .. "/pki"
  -- Named after the recipe: another recipe, another folder.
  local dir = base .. "/" .. run("cksum <" .. RECIPE .. " | tr ' ' -")
  if not valid(dir) then
    local spare = os.tmpname() -- for its name alone
    os.remove(spare)
    local old = spare:gsub(".*/", base .. "/old.")
    os.rename(dir, old)
    make(base, dir)
    run("rm -rf " .. quote(old))
  end
  if not valid(dir) then error("no usable certificates in " .. dir, 0) end
  return dir
end

local dir = folder()

local function file(name) return dir .. "/" .. name end

local function pair(cert, key, more)
  local entry = more or {}
  entry.cert, entry.key = file(cert .. ".pem"), file((key or cert) .. ".key")
  return entry
end

local pki = {
  dir  = dir,
  root = pair("root", nil, {
    crl      = file "root_crl.pem",
    with_crl = file "root_with_crl.pem",
    capath   = file "capath",
  }),
  server = pair("server", nil, {
    leaf          = file "server_leaf.pem",
    chain         = file "chain.pem",
    encrypted_key = file "server_encrypted.key",
    password      = "foobar",
  }),
  rsa_server = pair("rsa_server", nil, {
    leaf          = file "rsa_server_leaf.pem",
    chain         = file "rsa_server_chain.pem",
    encrypted_key = file "rsa_server_encrypted.key",
    password      = "foobar",
  }),
  client = pair("client", nil, {
    leaf  = file "client_leaf.pem",
    chain = file "client_chain.pem",
  }),
  dh = { ffdhe2048 = file "dh2048.pem", weak512 = file "dh512.pem" },
}

for _, name in ipairs { "intermediate", "ec_root", "other", "ec_server",
                        "ec_client", "revoked", "wrong_usage" } do
  pki[name] = pair(name)
end

for _, name in ipairs { "other_server", "selfsigned", "expired", "cn_only", "odd",
                        "nul", "huge", "serial_zero", "serial_ff01",
                        "serial_negative" } do
  pki[name] = pair(name, "server")
end

return pki
