-- DANE: the peer's certificate against TLSA records.

describe("ssl.dane", function()
  local house   = require "spec.support.init"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local certs   = require "spec.support.certs"
  local process = require "spec.support.process"
  local values  = require "spec.support.values"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.feature.dane").supported, "DANE")
  local pack    = values.pack

  local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
  end

  -- The data of a record, by OpenSSL's program: `selector` and `mtype` as numbers.
  local function data(path, selector, mtype)
    local der = "openssl x509 -outform der -in " .. process.quote(path)
    if selector == 1 then
      der = ("openssl x509 -noout -pubkey -in %s | openssl pkey -pubin -outform der")
            :format(process.quote(path))
    end
    local digest = ({ [0] = "", " | openssl dgst -sha256 -binary",
                      " | openssl dgst -sha512 -binary" })[mtype]
    return process.capture(der .. digest)
  end

  local server, client
  local function close()
    if server then server:close() end
    if client then client:close() end
  end
  after_each(close)

  -- A client that has no authority and trusts a certificate only by a TLSA record.
  local function wrap(client_extra, server_extra)
    local config = { dane = true, cafile = false }
    for key, value in pairs(client_extra or {}) do config[key] = value end
    close()
    server, client = pair.wrapped(server_extra or { certificate = pki.server.chain }, config)
  end

  local function shake()
    local _, at_client = pair.handshake(server, client)
    return at_client
  end

  local REFUSED = { false, "certificate verify failed" }

  it("computes records as the certificates of the specs have them", function()
    assert.equal(certs.der(read(pki.server.leaf)), data(pki.server.leaf, 0, 0))
    assert.equal(32, #data(pki.server.leaf, 1, 1))
    assert.equal(64, #data(pki.server.leaf, 1, 2))
  end)

  for at, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local function connect(record, client_extra, server_extra)
        local extra = { protocol = version }
        for key, value in pairs(client_extra or {}) do extra[key] = value end
        wrap(extra, server_extra)
        assert.same({ n = 1, true }, pack(client:setdane(record.host or "localhost")))
        assert.same({ n = 1, true }, pack(client:settlsa(unpack(record))))
        return shake()
      end

      for selector = 0, 1 do
        for mtype = 0, 2 do
          local name = ("%d %d"):format(selector, mtype)
          local tried = house.crossed(at, selector + mtype) and it or function() end

          tried("accepts the server's own certificate by 3 " .. name, function()
            local record = { 3, selector, mtype, data(pki.server.leaf, selector, mtype) }
            assert.same({ true }, connect(record))
            assert.is_true(client:getpeerverification())
            assert.same({ n = 5, 3, selector, mtype, record[4], 0 }, pack(client:gettlsa()))
          end)

          tried("accepts an authority in the server's chain by 2 " .. name, function()
            local record = { 2, selector, mtype, data(pki.intermediate.cert, selector, mtype) }
            assert.same({ true }, connect(record))
            assert.same({ n = 5, 2, selector, mtype, record[4], 1 }, pack(client:gettlsa()))
          end)

          tried("refuses another certificate by 3 " .. name, function()
            assert.same(REFUSED, connect { 3, selector, mtype,
                                           data(pki.client.leaf, selector, mtype) })
          end)
        end
      end

      it("refuses an authority that is not in the chain", function()
        assert.same(REFUSED, connect { 2, 0, 1, data(pki.other.cert, 0, 1) })
      end)

      it("asks 0 and 1 for a chain that is trusted as well", function()
        local root = { cafile = pki.root.cert }
        assert.same(REFUSED, connect { 1, 1, 1, data(pki.server.leaf, 1, 1) })
        assert.same({ true }, connect({ 1, 1, 1, data(pki.server.leaf, 1, 1) }, root))
        assert.same({ true }, connect({ 0, 0, 1, data(pki.root.cert, 0, 1) }, root))
        assert.same(REFUSED, connect({ 0, 0, 1, data(pki.other.cert, 0, 1) }, root))
      end)

      it("accepts a self-signed or expired certificate by usage 3 alone", function()
        for _, entry in ipairs { pki.selfsigned, pki.expired } do
          assert.same({ true }, connect({ 3, 0, 1, data(entry.cert, 0, 1) }, nil,
                                        { certificate = entry.cert, key = entry.key }))
        end
        assert.same(REFUSED, connect({ 2, 0, 1, data(pki.root.cert, 0, 1) }, nil,
                                     { certificate = pki.expired.cert }))
      end)

      it("needs one record that matches among several", function()
        wrap { protocol = version }
        client:setdane "localhost"
        assert.is_true(client:settlsa(3, 0, 1, ("x"):rep(32)))
        assert.is_true(client:settlsa(3, 1, 1, data(pki.server.leaf, 1, 1)))
        assert.is_true(client:settlsa(2, 0, 2, ("x"):rep(64)))
        assert.same({ true }, shake())
        assert.equal(1, (select(2, client:gettlsa())))
      end)

      it("checks the name too, by 2 and by 3", function()
        assert.same(REFUSED, connect { host = "other.test", 3, 1, 1,
                                       data(pki.server.leaf, 1, 1) })
        assert.same(REFUSED, connect { host = "other.test", 2, 1, 1,
                                       data(pki.intermediate.cert, 1, 1) })
      end)

      it("does not check it by 3 with no_ee_namechecks", function()
        local flags = { dane = { "no_ee_namechecks" } }
        assert.same({ true }, connect({ host = "other.test", 3, 1, 1,
                                        data(pki.server.leaf, 1, 1) }, flags))
        assert.same(REFUSED, connect({ host = "other.test", 2, 1, 1,
                                       data(pki.intermediate.cert, 1, 1) }, flags))
      end)

      describe("without a record", function()
        local function fall_back(name, cafile)
          wrap { protocol = version, cafile = cafile }
          assert.is_true(client:setdane(name))
          return shake()
        end

        it("accepts a trusted chain with the right name, and no record matched", function()
          assert.same({ true }, fall_back("localhost", pki.root.cert))
          assert.same({ n = 1 }, pack(client:gettlsa()))
        end)

        it("refuses an untrusted chain and a wrong name", function()
          assert.same(REFUSED, fall_back("localhost", pki.other.cert))
          assert.same(REFUSED, fall_back("other.test", pki.root.cert))
        end)
      end)

      it("fills in the server name, unless it was set", function()
        wrap { protocol = version, cafile = pki.root.cert }
        client:setdane "LOCALHOST."
        assert.same({ true }, shake())
        assert.equal("localhost", server:getsniname())

        wrap { protocol = version, cafile = pki.root.cert }
        client:sni "a.test"
        client:setdane "localhost"
        assert.same({ true }, shake())
        assert.equal("a.test", server:getsniname())
      end)
    end)
  end

  it("does not fail with verify = \"none\", but getpeerverification reports it", function()
    wrap { verify = "none" }
    client:setdane "localhost"
    client:settlsa(3, 1, 1, ("x"):rep(32))
    assert.same({ true }, shake())
    assert.is_false((client:getpeerverification()))
    assert.same({ n = 1 }, pack(client:gettlsa()))
  end)
end)
