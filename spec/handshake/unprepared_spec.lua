-- A handshake whose beginning failed inside OpenSSL goes no further.

describe("a connection that could not be prepared", function()
  local C        = require("ssl.ffi.lib").C
  local needs    = require "spec.support.needs"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local sessions = require "spec.support.sessions"
  local ssl      = require "ssl"
  local pack     = require("spec.support.values").pack

  local REASON = "the handshake could not begin (OpenSSL computes no SHA-256 (unknown error))"

  local function cfg(of, extra)
    local out = of {}
    for key, value in pairs(extra) do out[key] = value end
    return out
  end

  -- f with a function of OpenSSL that fails.
  local function without(name, f, ...)
    local real = C[name]
    C[name] = function() return 0 end
    local out = pack(pcall(f, ...))
    C[name] = real
    return unpack(out, 1, out.n)
  end

  -- Bytes between two engines, until neither has any.
  local function talk(a, b)
    repeat
      a:handshake()
      b:handshake()
      local from_a, from_b = a:drain(), b:drain()
      if from_a ~= "" then b:feed(from_a) end
      if from_b ~= "" then a:feed(from_b) end
    until from_a == "" and from_b == ""
  end

  for _, version in ipairs(pair.versions) do
    it("does not forget what a name demands of clients, over " .. version, function()
      local strict = assert(ssl.newcontext(cfg(pair.server_config, {
        protocol = version, verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.cert })))
      local open = assert(ssl.newcontext(cfg(pair.server_config, {
        protocol = version, verify = "none" })))
      local server = assert(ssl.engine(open))
      server:connection():sni({ localhost = strict }, true)
      assert(require("ssl.context").setdepth(open, 3))
      local client = assert(ssl.engine { mode = "client", protocol = version, verify = "none" })
      client:connection():sni "localhost"
      client:handshake()
      server:feed(client:drain())
      local results = pack(without("EVP_Digest", server.handshake, server))
      assert.same(pack(true, nil, REASON), results)
      talk(server, client)
      local done, why = server:handshake()
      assert.is_falsy(done)
      assert.equal(REASON, why)
    end)

    it("does not resume a session past a name, over " .. version, function()
      needs.resumption(version)
      local server = sessions.server { protocol = version }
      local client = sessions.client { protocol = version }
      local _, session = sessions.visit(server, client)
      local engine = assert(ssl.engine(client.context))
      local conn = engine:connection()
      conn:setsession(session)
      assert(conn:setverifyname "elsewhere.test")
      local results = pack(without("EVP_Digest", engine.handshake, engine))
      assert.same(pack(true, nil, REASON), results)
      local done, why = engine:handshake()
      assert.is_falsy(done)
      assert.equal(REASON, why)
    end)
  end

  it("does not forget an earlier name where a later one could not be set", function()
    local conn = assert(ssl.engine { mode = "client", protocol = "any", verify = "peer",
                                     cafile = pki.root.cert, servername = "elsewhere.test" })
                 :connection()
    local raised, kind = without("X509_VERIFY_PARAM_set1_ip_asc", conn.setverifyname, conn,
                                 "127.0.0.1")
    assert.is_true(raised)
    assert.is_nil(kind)
    local done = conn:dohandshake()
    assert.is_falsy(done)
    assert.equal("failed", require("ssl.io.state").of(conn).phase)
  end)
end)
