--- Lists of revoked certificates from bytes, and the verification of a certificate by them.

local der   = require "fuzz.der"
local pair  = require "spec.support.pair"
local pki   = require "spec.support.pki"
local ssl   = require "ssl"
local watch = require "fuzz.watch"

local target = { about = "CRLs from bytes, in a context that is used", mutate = der.mutate }

local server

-- No list in the corpus has a signature that is right, and nobody can make one: without a
-- valid list nobody is accepted.
local function refused(ctx)
  server = server or assert(ssl.newcontext(pair.server_config {
    key = pki.server.key, certificate = pki.server.cert }))
  local a, b = assert(ssl.engine(ctx)), assert(ssl.engine(server))
  for _ = 1, 4 do
    local ok, why = a:handshake()
    if ok then error("accepts what it cannot judge", 0) end
    assert(type(why) == "string" and why ~= "", "no message")
    b:feed(a:drain())
    b:handshake()
    a:feed(b:drain())
  end
end

function target.one(bytes)
  local ctx, why = watch.call(ssl.newcontext, pair.client_config { crl = ssl.der(bytes) })
  if not ctx then
    assert(type(why) == "string" and why ~= "", "no message")
    watch.call(ssl.newcontext, pair.client_config { crl = bytes })
    return
  end
  refused(ctx)
end

return target
