-- Keys and certificates may be untrusted. With any byte cut off or changed, nothing crashes,
-- no error stays queued, and each refusal has a message.

describe("material under mutation", function()
  local mime     = require "mime"
  local ssl      = require "ssl"
  local house    = require "spec.support.init"
  local lib      = require "ssl.ffi.lib"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local made     = require "spec.support.made"
  local read     = made.read

  local EC = pki.ec_server

  local function refuses(what)
    return "^error loading " .. what .. " %([%w #.,:;%-/_'\"()]+%)$"
  end

  local function pem(label, der)
    local lines = mime.b64(der):gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
    return ("-----BEGIN %s-----\n%s\n-----END %s-----\n"):format(label, lines, label)
  end

  -- name -> the bytes, the key that takes them, and the noun of its errors
  local BINARY = {
    ["a certificate in DER"] = { made.der("x509", EC.cert), "certificate", "certificate" },
    ["an authority in DER"]  = { made.der("x509", pki.root.cert), "cafile", "CA locations" },
    ["names for clients in DER"] = { made.der("x509", EC.cert), "clientca", "client CA names" },
    ["a key in DER"]         = { made.der("pkey", EC.key), "key", "private key" },
    ["a traditional key in DER"] = { made.der("ec", EC.key), "key", "private key" },
    ["an encrypted key in DER"] = { made.encrypted(EC.key, "x"), "key", "private key" },
    ["a CRL in DER"]         = { made.der("crl", pki.root.crl), "crl", "CRL" },
    ["a PKCS#12"]            = { read(made.pkcs12 { cert = EC.cert, key = EC.key, password = "x",
                                                    "-iter", "1", "-maciter", "-macalg", "sha1" }),
                                 "pkcs12", "PKCS#12" },
    ["a PKCS#12 without MAC"] = { read(made.pkcs12 { cert = EC.cert, key = EC.key,
                                                     password = "x", "-iter", "1", "-nomac" }),
                                  "pkcs12", "PKCS#12" },
  }
  local TEXT = {
    ["a certificate in PEM"] = { read(EC.cert), "certificate", "certificate" },
    ["an authority in PEM"]  = { read(EC.cert), "cafile", "CA locations" },
    ["a key in PEM"]         = { read(EC.key), "key", "private key" },
    ["an encrypted key in PEM"] = { pem("ENCRYPTED PRIVATE KEY", made.encrypted(EC.key, "x")),
                                    "key", "private key" },
    ["a CRL in PEM"]         = { read(pki.root.crl), "crl", "CRL" },
  }
  process.stop_all()

  local function load(case, form)
    local ctx, message = ssl.newcontext { mode = "server", protocol = "any", password = "x",
                                          verify = "peer", [case[2]] = form }
    assert(tonumber(lib.C.ERR_peek_error()) == 0, "an error is queued")
    if not ctx then
      assert(message:find(refuses(case[3])), message)
    end
    return ctx ~= nil
  end

  -- A fixed sequence, so that a failure can be repeated.
  local seed
  before_each(function() seed = 12345 end)
  local function random(n)
    seed = (seed * 1103515245 + 12345) % 2^31
    return math.floor(seed / 2^31 * n)
  end

  local function changed(text)
    local at = random(#text) + 1
    local byte = string.char((text:byte(at) + 1 + random(255)) % 256)
    return text:sub(1, at - 1) .. byte .. text:sub(at + 1)
  end

  for what, case in pairs(BINARY) do
    it("refuses every beginning of " .. what, function()
      assert.is_true(case[2] == "pkcs12" or load(case, ssl.der(case[1])))
      for length = 0, #case[1] - 1, house.scale(1, 37) do
        assert.is_false(load(case, ssl.der(case[1]:sub(1, length))))
      end
    end)

    it("survives changed bytes in " .. what, function()
      for _ = 1, house.scale(200, 40) do load(case, ssl.der(changed(case[1]))) end
    end)
  end

  it("takes the PKCS#12 as it is", function()
    assert.is_true(load(BINARY["a PKCS#12"], BINARY["a PKCS#12"][1]))
  end)

  for what, case in pairs(TEXT) do
    it("refuses every beginning of " .. what, function()
      local text = case[1]:match "^%s*(.-)%s*$"
      -- A beginning that is no PEM yet would be the name of a file.
      for length = #"-----BEGIN X", #text - 1, house.scale(1, 37) do
        -- OpenSSL ignores missing dashes at the end of the last line.
        local whole = load(case, text:sub(1, length))
        assert(not whole or length >= #text - 5, length)
      end
    end)

    it("survives changed bytes in " .. what, function()
      for _ = 1, house.scale(200, 40) do
        local text = changed(case[1])
        if text:find("-----BEGIN ", 1, true) then load(case, text) end
      end
    end)
  end

  it("survives lines that never end, and texts of nothing but beginnings", function()
    for _, text in ipairs {
      "-----BEGIN " .. ("x"):rep(100000), ("-----BEGIN CERTIFICATE-----\n"):rep(500),
      "-----BEGIN CERTIFICATE-----\n" .. ("A"):rep(200000) .. "\n-----END CERTIFICATE-----\n",
      "-----BEGIN CERTIFICATE-----\0-----END CERTIFICATE-----\n",
      "-----BEGIN -----\n-----END -----\n",
    } do
      for _, case in pairs(TEXT) do assert.is_false(load(case, text)) end
    end
  end)
end)
