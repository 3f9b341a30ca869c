describe("conn:setverifyname", function()
  local pair = require "spec.support.pair"
  local pki  = require "spec.support.pki"

  for _, protocol in ipairs(pair.versions) do
    describe("over " .. protocol, function()
      it("lets the named peer through", function()
        for _, name in ipairs { "localhost", "LOCALHOST.", "a.wild.test", "127.0.0.1",
                                "[::1]" } do
          local server, client = pair.wrapped(nil, pair.client_config { protocol = protocol })
          assert(client:setverifyname(name))
          local _, at_client = pair.handshake(server, client)
          assert.same({ true }, at_client)
          assert.is_nil(client:lasterror())
          client:close()
          server:close()
        end
      end)

      it("refuses any other, with an alert", function()
        for name, code in pairs { ["other.test"] = 62, ["a.b.wild.test"] = 62,
                                  ["127.0.0.2"] = 64 } do
          local server, client = pair.wrapped(nil, pair.client_config { protocol = protocol })
          assert(client:setverifyname(name))
          server:settimeout(0)
          client:settimeout(0)
          local ok, why
          repeat
            server:dohandshake()
            ok, why = client:dohandshake()
          until ok or why ~= "wantread"
          assert.equal("certificate verify failed", why)
          local error = client:lasterror()
          assert.same({ "certificate verify failed", code },
                      { error.message, error.verify.code })
          assert.matches("mismatch", error.verify.text)
          assert.is_true(error.verify.misnamed)
          local _, at_server = server:dohandshake()
          assert.matches("alert", at_server)
          client:close()
          assert.same(error, client:lasterror())
          server:close()
        end
      end)
    end)
  end

  it("returns the kind of a name, and its normal form", function()
    local _, client = pair.wrapped()
    assert.same({ "dns", "localhost" }, { client:setverifyname "LocalHost." })
    assert.same({ "ip", "::1" }, { client:setverifyname "[0::1]" })
  end)

  it("refuses a value that is no name", function()
    local _, client = pair.wrapped()
    assert.same({ nil, "the host name is empty" }, { client:setverifyname "" })
    assert.same({ nil, "the host name contains a wildcard" },
                { client:setverifyname "*.wild.test" })
    assert.has_error(function() client:setverifyname {} end)
  end)

  -- LibreSSL fails, and accepts nobody, where an address is taken back.
  it("demands the last name alone", function()
    local lib = require "ssl.ffi.lib"
    for _, names in ipairs {
      { "localhost", "a.wild.test" }, { "127.0.0.2", "127.0.0.1" }, { "other.test", "127.0.0.1" },
      lib.has.X509_VERIFY_PARAM_set1_ip and { "127.0.0.2", "localhost" } or nil,
    } do
      local server, client = pair.wrapped()
      for _, name in ipairs(names) do assert(client:setverifyname(name)) end
      local _, at_client = pair.handshake(server, client)
      assert.same({ true }, at_client)
      client:close()
      server:close()
    end
  end)

  it("puts a name in the place of an address, or refuses it and keeps the address", function()
    local lib = require "ssl.ffi.lib"
    local server, client = pair.wrapped()
    assert(client:setverifyname "127.0.0.1")
    local kind, why = client:setverifyname "localhost"
    if lib.has.X509_VERIFY_PARAM_set1_ip then
      assert.equal("dns", kind)
    else
      assert.same({ nil, "a name in place of an address (this OpenSSL cannot do it)" },
                  { kind, why })
    end
    local _, at_client = pair.handshake(server, client)
    assert.same({ true }, at_client)
    client:close()
    server:close()
  end)

  it("is too late after the handshake, and after the end", function()
    local server, client = pair.connected()
    assert.same({ nil, "not before the handshake" }, { client:setverifyname "x" })
    client:close()
    assert.is_nil(client:lasterror())
    assert.same({ nil, "not before the handshake" }, { client:setverifyname "x" })
    server:close()
  end)

  it("makes no difference where the chain is not verified", function()
    local server, client = pair.wrapped(
      { key = pki.other_server.key, certificate = pki.other_server.cert },
      { cafile = false, verify = "none" })
    assert(client:setverifyname "other.test")
    local _, at_client = pair.handshake(server, client)
    assert.same({ true }, at_client)
    client:close()
    server:close()
  end)
end)
