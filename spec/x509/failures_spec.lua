-- Methods of certificates, and names of authorities, where a function of OpenSSL fails.

describe("a failure inside OpenSSL", function()
  local C       = require("ssl.ffi.lib").C
  local ssl     = require "ssl"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local queued  = require "spec.support.queued"
  local values  = require "spec.support.values"
  local pack    = values.pack

  -- Leaves an error in the queue, as OpenSSL's own failures do.
  local function queue_error()
    C.SSL_CTX_new(nil)
    assert.are_not.equal(0, tonumber(C.ERR_peek_error()))
  end

  -- f with a function of OpenSSL that returns `result`.
  local function without(name, result, f, ...)
    local real = C[name]
    C[name] = function() return result end
    local out = pack(pcall(f, ...))
    C[name] = real
    return unpack(out, 1, out.n)
  end

  after_each(function()
    assert.equal(0, tonumber(C.ERR_peek_error()))
  end)

  local TEXT = "error processing the certificate (unknown error)"

  -- What NULL is in the list.
  local NULL = {}

  for method, failures in pairs {
    pem              = { BIO_new = NULL, PEM_write_bio_X509 = 0 },
    pubkey           = { BIO_new = NULL, PEM_write_bio_PUBKEY = 0 },
    notbefore        = { BIO_new = NULL, ASN1_TIME_print = 0 },
    notafter         = { BIO_new = NULL, ASN1_TIME_print = 0 },
    serial           = { ASN1_INTEGER_to_BN = NULL, BN_bn2hex = NULL },
    getsignaturename = { OBJ_nid2sn = NULL },
    der              = { i2d_X509 = -1 },
    spki             = { i2d_X509_PUBKEY = -1 },
    subjecttext      = { BIO_new = NULL, X509_NAME_print_ex = -1 },
    issuertext       = { BIO_new = NULL, X509_NAME_print_ex = -1 },
    digest           = { X509_digest = 0 },
    spkidigest       = { i2d_X509_PUBKEY = -1, EVP_Digest = 0 },
  } do
    it("is reported by " .. method, function()
      local cert = assert(ssl.loadcertificate(process.read(pki.server.cert)))
      local before = pack(cert[method](cert))
      assert.is_string(before[1])
      for name, result in pairs(failures) do
        if result == NULL then result = nil end
        assert.same(pack(true, nil, TEXT), pack(without(name, result, cert[method], cert)))
      end
      assert.same(before, pack(cert[method](cert)))
    end)
  end

  it("leaves nothing queued where a text is loaded", function()
    local real = C.BIO_new_mem_buf
    C.BIO_new_mem_buf = queue_error
    local out = pack(pcall(ssl.loadcertificate, process.read(pki.server.cert)))
    C.BIO_new_mem_buf = real
    assert.same(pack(true, nil), out)
  end)

  it("is reported by getclientcas, and no name is empty", function()
    local server, client = pair.connected(
      { clientca = { pki.root.cert, pki.other.cert }, cafile = pki.root.cert, verify = "peer",
        protocol = "tlsv1_2" }) -- where every OpenSSL sends the names
    local before = client:getclientcas()
    assert.equal(2, #before)
    for _, conn in ipairs { server, client } do
      for name, result in pairs { BIO_new = NULL, X509_NAME_print_ex = -1 } do
        if result == NULL then result = nil end
        assert.same(pack(true, nil, "error reading a name (unknown error)"),
                    pack(without(name, result, conn.getclientcas, conn)))
      end
      assert.same(before, conn:getclientcas())
    end
    server:close()
    client:close()
  end)

  it("is not what a certificate without a time has", function()
    local cert = assert(ssl.loadcertificate(process.read(pki.server.cert)))
    for _, method in ipairs { "notbefore", "notafter" } do
      local real = C.ASN1_TIME_print
      C.ASN1_TIME_print = function() return 0 end
      local out = pack(without("ASN1_TIME_to_tm", 0, cert[method], cert))
      C.ASN1_TIME_print = real
      assert.same(pack(true, nil), out)
    end
  end)

  -- OpenSSL's allocator is that of the process, so the entry of a failure is put into the queue
  -- where a function is called that allocates.
  local function starving(name, f, ...)
    local real = C[name]
    C[name] = function(_, _, found)
      queued.memory()
      if name == "X509_get_ext_d2i" then found[0] = -1 end -- there is none, or no other
      return nil
    end
    local out = pack(pcall(f, ...))
    C[name] = real
    return unpack(out, 1, out.n)
  end

  local STARVED = "error processing the certificate (malloc failure)"

  for method, name in pairs {
    extensions = "X509_get_ext_d2i", pubkey = "X509_get0_pubkey", subjecttext = "BIO_new",
  } do
    it("for want of memory is no part that the certificate lacks: " .. method, function()
      local cert = assert(ssl.loadcertificate(process.read(pki.server.cert)))
      assert.same(pack(true, nil, STARVED), pack(starving(name, cert[method], cert)))
      assert.is_truthy(cert[method](cert))
      assert.equal("malloc failure", ssl.lasterror().reason)
    end)
  end

  it("for want of memory is not that of another name", function()
    local cert = assert(ssl.loadcertificate(process.read(pki.server.cert)))
    assert.same(pack(true, false, STARVED),
                pack(starving("X509_check_host", ssl.checkhostname, cert, "localhost")))
    assert.same(pack(true, true), pack(pcall(ssl.checkhostname, cert, "localhost")))
  end)

  it("for want of memory is not that of a text without a certificate", function()
    local pem = process.read(pki.server.cert)
    assert.same(pack(true, nil, STARVED),
                pack(starving("PEM_read_bio_X509", ssl.loadcertificate, pem)))
    assert.same(pack(true, nil), pack(pcall(ssl.loadcertificate, "no PEM")))
  end)

  it("for want of memory is not that of another issuer", function()
    local root = assert(ssl.loadcertificate(process.read(pki.root.cert)))
    local leaf = assert(ssl.loadcertificate(process.read(pki.server.cert)))
    local real = C.X509_verify_cert
    function C.X509_verify_cert()
      queued.memory()
      return 0
    end
    local out = pack(root:issued(leaf))
    C.X509_verify_cert = real
    assert.same(pack(nil, "out of memory"), out)
    assert.is_true(root:issued(leaf))
  end)
end)
