--- OCSP responses from bytes: judged, and stapled. Nobody but the authority can sign: a
-- result is one of those that the seeds have (fuzz/fixtures/).

local corpus  = require "fuzz.corpus"
local der     = require "fuzz.der"
local pair    = require "spec.support.pair"
local pki     = require "spec.support.pki"
local signed  = require "fuzz.fixtures.ocsp"
local ssl     = require "ssl"
local watch   = require "fuzz.watch"

local target = { about = "OCSP responses from bytes, judged and stapled", mutate = der.mutate }

local function load(name)
  return assert(ssl.loadcertificate(ssl.der(corpus.read("fuzz/fixtures/" .. name))))
end

local cert, issuer = load "cert.der", load "issuer.der"

local function judge(bytes, options)
  local word, details = watch.call(ssl.ocsp.check, bytes, cert, issuer, options)
  if not word then
    assert(type(details) == "string" and details ~= "", "no message")
  elseif not signed.results[word .. " " .. details.thisupdate] then
    error("nobody has signed: " .. word, 0)
  end
end

function target.one(bytes)
  judge(bytes, { time = signed.time })
  judge(bytes, { time = signed.time, leeway = 2 ^ 31, maxage = 2 ^ 40 })
  judge(bytes, { time = signed.time, responder = cert })
  judge(bytes, { time = signed.time, request = bytes })
  judge(bytes)
  local ctx, why = watch.call(ssl.newcontext, pair.server_config {
    key = pki.ec_server.key, certificate = pki.ec_server.cert, ocspresponse = bytes })
  assert(ctx or type(why) == "string" and why ~= "", "no message")
end

return target
