-- A session ends with the certificate of the peer that it was made with, with those above
-- it, and with the lists that they were looked up in: a resumed handshake does not look at
-- them again.

describe("a session made with a certificate that ends soon", function()
  local ffi      = require "ffi"
  local lib      = require "ssl.ffi.lib"
  local ssl      = require "ssl"
  local needs    = require "spec.support.needs"
  local limits   = require "spec.support.limits"
  local crls     = require "spec.support.made"
  local house    = require "spec.support.init"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local sessions = require "spec.support.sessions"
  local session  = require "ssl.session.object"
  local state    = require "ssl.io.state"
  local seal     = require "ssl.session.seal"
  local values   = require "spec.support.values"
  local x509     = require "ssl.x509"
  local C        = lib.C

  for _, text in ipairs {
    "int X509_set1_notAfter(void *, void *)", "int X509_sign(void *, void *, void *)",
    "void *X509_dup(void *)",
    "void *ASN1_TIME_set(void *, intptr_t)", "void ASN1_TIME_free(void *)",
    "unsigned long SSL_SESSION_get_ticket_lifetime_hint(void *)",
  } do
    local name = text:match "([%w_]+)%("
    ffi.cdef(text:gsub("%f[%w_]" .. name .. "%f[^%w_]", "spec_expiry_" .. name)
             .. (' __asm__("%s");'):format(name))
  end
  local X, S = lib.openssl.crypto, lib.openssl.ssl

  -- In seconds; a machine may be slow, and a session lasts two hours by itself.
  local SOON, SLOW = 3000, 1000

  -- The same certificate of root's with another end; a path.
  local function ending(path, seconds)
    local loaded = assert(ssl.loadcertificate(process.read(path)))
    local copy = X.spec_expiry_X509_dup(x509.pointer(loaded))
    local time = X.spec_expiry_ASN1_TIME_set(nil, os.time() + seconds)
    assert(X.spec_expiry_X509_set1_notAfter(copy, time) == 1)
    X.spec_expiry_ASN1_TIME_free(time)
    local bio = C.BIO_new_file(pki.root.key, "r")
    local key = C.PEM_read_bio_PrivateKey(bio, nil, nil, nil)
    C.BIO_free(bio)
    assert(X.spec_expiry_X509_sign(copy, key, C.EVP_get_digestbyname "SHA256") > 0)
    C.EVP_PKEY_free(key)
    local made = x509.own(ffi.cast("lsf_X509 *", copy))
    return process.write(process.folder() .. "/cert.pem", made:pem())
  end

  -- A list of root's that ends soon; a path.
  local function list_ending(seconds)
    local till = os.date("!%Y-%m-%d %H:%M:%S UTC", os.time() + seconds)
    return crls.crl { cert = pki.root.cert, key = pki.root.key, till = till }
  end

  after_each(process.stop_all)

  local function ends(s)
    return s:info "time" + s:info "timeout"
  end

  local function hint(s)
    local pointer = session.state(s).handle.session
    return tonumber(S.spec_expiry_SSL_SESSION_get_ticket_lifetime_hint(pointer))
  end

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local it = needs.each(it, limits.resumes[version], "sessions of " .. version)
      it("ends with that on a client, also after it was resumed", function()
        local limit = os.time() + SOON + SLOW
        local server = sessions.server { protocol = version, verify = "none",
                                         certificate = ending(pki.server.cert, SOON) }
        local client = sessions.client { protocol = version }
        local _, first = sessions.visit(server, client)
        assert.is_true(ends(first) <= limit)
        assert.is_true(ends(first) >= limit - 2 * SLOW)
        local resumed, second = sessions.visit(server, client, first)
        assert.is_true(resumed)
        assert.is_true(ends(second or first) <= limit)
      end)

      local function demanding(extra)
        extra.protocol = version
        return sessions.server(extra)
      end

      it("ends with that in a server's tickets, also in those of a resumption", function()
        local server = demanding {}
        local client = sessions.client { protocol = version,
                                         certificate = ending(pki.client.cert, SOON) }
        local _, first = sessions.visit(server, client)
        assert.is_true(hint(first) <= SOON)
        assert.is_true(hint(first) >= SOON - SLOW)
        local resumed, second = sessions.visit(server, client, first)
        assert.is_true(resumed)
        assert.is_true(hint(second or first) <= SOON)
      end)

      it("ends with that in a server's store", function()
        local limit = os.time() + SOON + SLOW
        local store = sessions.store()
        local seconds
        local put = store.put
        store.put = function(id, entry, conn, lasts)
          seconds = lasts
          put(id, entry, conn, lasts)
        end
        local client = sessions.client { protocol = version,
                                         certificate = ending(pki.client.cert, SOON) }
        sessions.visit(demanding { sessionstore = store }, client)
        assert.is_true(seconds <= SOON)
        for id, entry in pairs(store.rows) do
          local _, expires = seal.open(seal.keys { sessions.SECRET }, id, entry)
          assert.is_true(expires <= limit)
        end
      end)

      it("ends with that in OpenSSL's cache", function()
        local client = sessions.client { protocol = version, options = "no_ticket",
                                         certificate = ending(pki.client.cert, SOON) }
        local out = sessions.connect(demanding { earlydata = 1000, options = "no_ticket" }, client)
        local pointer = C.SSL_get_session(state.of(out.server).conn.ssl)
        assert.is_true(session.ends(pointer) <= os.time() + SOON)
        out.client:close()
        out.server:close()
      end)

      -- What else a verdict depends on: keys of the side that verifies.
      local DEPENDS = {
        ["an authority above the peer's certificate"] = function()
          return { cafile = ending(pki.root.cert, SOON) }
        end,
        ["the list of revoked certificates that the peer was looked up in"] = function()
          return { crl = list_ending(SOON) }
        end,
        ["the last of an issuer's lists"] = function()
          return { crl = { list_ending(SOON - 2 * SLOW), list_ending(SOON) } }
        end,
      }

      for i, what in ipairs(values.some(DEPENDS, 1)) do
        local keys = DEPENDS[what]
        local tried = house.crossed(i, version == "tlsv1_2" and 1 or 0) and it or function() end
        tried("ends with " .. what .. " on a client, also after it was resumed", function()
          local limit = os.time() + SOON + SLOW
          local extra = keys()
          extra.protocol = version
          local server = sessions.server { protocol = version, verify = "none" }
          local client = sessions.client(extra)
          local _, first = sessions.visit(server, client)
          assert.is_true(ends(first) <= limit)
          assert.is_true(ends(first) >= limit - 2 * SLOW)
          local resumed, second = sessions.visit(server, client, first)
          assert.is_true(resumed)
          assert.is_true(ends(second or first) <= limit)
          local imported = ssl.importsession((second or first):export() or first:export())
          assert.is_true(ends(imported) <= limit)
        end)

        tried("ends with " .. what .. " in a server's tickets, also in those of a resumption",
           function()
          local server = demanding(keys())
          local client = sessions.client { protocol = version }
          local _, first = sessions.visit(server, client)
          assert.is_true(hint(first) <= SOON)
          assert.is_true(hint(first) >= SOON - SLOW)
          local resumed, second = sessions.visit(server, client, first)
          assert.is_true(resumed)
          assert.is_true(hint(second or first) <= SOON)
        end)

        tried("ends with " .. what .. " in a server's store", function()
          local extra, store, seconds = keys(), sessions.store(), nil
          local put = store.put
          store.put = function(id, entry, conn, lasts)
            seconds = lasts
            put(id, entry, conn, lasts)
          end
          extra.sessionstore = store
          local server, client = demanding(extra), sessions.client { protocol = version }
          local _, first = sessions.visit(server, client)
          assert.is_true(seconds <= SOON)
          assert.is_true(sessions.visit(server, client, first))
          assert.is_true(seconds <= SOON)
        end)
      end

      it("lasts as ever where the end is far, and where it was passed over", function()
        local server = sessions.server { protocol = version, verify = "none" }
        local _, far = sessions.visit(server, sessions.client { protocol = version })
        assert.equal(7200, far:info "timeout")
        server = sessions.server { protocol = version, verify = "none",
                                   certificate = pki.expired.cert, key = pki.expired.key }
        local client = sessions.client { protocol = version, verifyext = "no_check_time" }
        local _, passed = sessions.visit(server, client)
        assert.equal(7200, passed:info "timeout")
        assert.is_true(sessions.visit(server, client, passed))
      end)
    end)
  end
end)
