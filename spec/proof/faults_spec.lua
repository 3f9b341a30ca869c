-- The harness of script/faults finds what it looks for; and a small share of its failures.

describe("script/faults", function()
  local house     = require "spec.support.init"
  local process   = require "spec.support.process"
  local faults    = require "spec.proof.faults"
  local has       = require("ssl.ffi.lib").has
  local limits    = require "spec.support.limits"
  local needs     = require "spec.support.needs"
  local it        = needs.each(it, limits.takes_memory_functions, "functions for memory")

  local libraries
  setup(function() libraries = faults.compile(process.folder()) end)
  teardown(process.stop_all)

  local function findings(scenario, kind)
    local report = faults.run(libraries, scenario, { file = "spec.proof.planted", kind = kind })
    assert.is_true(report.planted + #report.findings > 0)
    local out = {}
    for i, finding in ipairs(report.findings) do
      out[i] = finding.point .. ": " .. finding.what
    end
    return table.concat(out, "\n"), report
  end

  it("finds nothing where nothing is wrong", function()
    local found, report = findings "no fault"
    assert.equal("", found)
    assert.equal(6, report.planted)
    assert.same({ X509_STORE_new = true, X509_STORE_set_flags = true }, report.reached)
    assert.same({ ["no store"] = 2, ["no flags"] = 4 }, report.refused)
  end)

  for scenario, what in pairs {
    ["a leak"]                 = "X509_STORE_set_flags #1 -> 0: leaks crypto/x509/",
    ["a stale error"]          = "EVP_get_digestbyname #1 -> NULL with an error: leaves an error",
    ["no message"]             = "EVP_get_digestbyname #1 -> NULL: fails without a message",
    ["an acceptance"]          = "EVP_get_digestbyname #1 -> NULL: ACCEPTED",
    ["a crash"]                = "EVP_get_digestbyname #1 -> NULL: ends the process",
    ["a failure that is kept"] = "EVP_get_digestbyname #1 -> NULL: the next one does not work",
  } do
    it(("finds %s that is planted"):format(scenario), function()
      local found = findings(scenario)
      assert.is_truthy(found:find(what, 1, true), found)
    end)
  end

  it("finds a failure of the system without its reason", function()
    local found = findings("a failure of the system without its reason", "system")
    assert.is_truthy(found:find(
      "send #1 -> ENOMEM: has another reason: refused: it did not work", 1, true), found)
    assert.is_falsy(found:find("EINTR", 1, true), found)
  end)

  it("notes which failures are ignored, and which change the result", function()
    local _, report = findings "a stale error"
    assert.same({ "EVP_get_digestbyname" }, { (next(report.changed)) })
  end)

  local function nothing(name, options)
    local report = faults.run(libraries, name, options)
    local found = {}
    for i, finding in ipairs(report.findings) do
      found[i] = finding.point .. ": " .. finding.what
    end
    assert.same({}, found)
    assert.same({}, report.changed)
    return report
  end

  it("finds nothing in a share of a refused server", function()
    local report = nothing("a server of an unknown authority, tlsv1_3", { each = 23 })
    assert.is_true(report.planted > 5)
  end)

  -- An error of the kernel, which the peer never heard of: a handshake waited for its answer.
  -- One with which the kernel ended the connection, and which only send returned: the reason
  -- was an end of the peer's.
  it("finds nothing where the first flight cannot be sent", function()
    local report = nothing("traffic of both ends, tlsv1_3", { kind = "system", only = "send#1" })
    assert.equal(10, report.planted)
    local named = 0
    for message in pairs(report.refused) do
      if message:find("client: not enough memory", 1, true) then named = named + 1 end
    end
    assert.equal(1, named)
  end)

  it("finds nothing where a certificate is loaded without memory", function()
    local STARVED = "error processing the certificate (malloc failure)"
    local report = nothing("the methods of a certificate", { kind = "memory", only = "1" })
    assert.equal(2, report.refused[STARVED])
  end)

  -- Once the verdict and the chain were those of a connection without a session.
  it("finds nothing where a session cannot be had", function()
    local report = nothing("the same after a resumption, tlsv1_2", { only = "SSL_get1_session" })
    assert.is_true(report.planted > 0)
  end)

  it("finds nothing in a share of the failures of OpenSSL's memory", function()
    local report = nothing("a server of an unknown authority, tlsv1_3",
                           { kind = "memory", each = house.share(1501, 4001, 4001) })
    assert.is_true(report.planted > 0)
  end)

  it("finds nothing in a share of the system's failures", function()
    local report = nothing("traffic of both ends, tlsv1_2",
                           { kind = "system", each = house.share(29, 97, 97) })
    assert.is_true(report.planted > 5)
  end)

  it("finds nothing where a wait of a handshake fails", function()
    local report = nothing("a client that waits with a limit, tlsv1_3",
                           { kind = "system", only = "poll#1" })
    assert.is_true(report.planted > 0)
  end)

  -- What script/faults found, and was mended: a scenario, and the functions whose failures
  -- were passed over there, or left something behind.
  for name, functions in pairs {
    ["a client on a list of revoked certificates, tlsv1_2"] = "X509_VERIFY_PARAM_set_flags",
    ["a client on a list in the file of authorities, tlsv1_3"] = "X509_STORE_set_flags",
    ["a server with a response for a revoked certificate, tlsv1_3"] =
      "SSL_get1_peer_certificate OCSP_response_status SSL_CTX_ctrl/65",
    ["a server whose certificate demands a response, tlsv1_2"] = "OBJ_obj2txt",
    ["a client without the certificate that a name demands, tlsv1_3"] =
      "SSL_CTX_callback_ctrl/53",
    ["a client of a version that a name refuses, tlsv1_3"] =
      "SSL_ctrl/123 SSL_ctrl/124 SSL_ctrl/55",
    ["a client below the lowest version, tlsv1_3"] = "SSL_CTX_ctrl/123",
    ["a context from memory, tlsv1_2"] = "X509_NAME_dup OPENSSL_sk_push",
    ["a session, exported and resumed, tlsv1_2"] =
      "i2d_SSL_SESSION SSL_set_session SSL_CTX_set_tlsext_ticket_key_evp_cb RAND_bytes"
      .. " SSL_get1_peer_certificate",
    ["a server of an unknown authority, tlsv1_3"] =
      "X509_digest EVP_Digest SSL_set_session_id_context SSL_CTX_use_PrivateKey",
  } do
    it(("finds nothing any more in: %s, %s"):format(name, functions), function()
      local report = nothing(name, { only = functions })
      for each in functions:gmatch "%S+" do
        -- Where it is lacking an older one is called.
        if has[each:match "^[%w_]+"] then assert.is_true(report.reached[each], each) end
      end
    end)
  end
end)
