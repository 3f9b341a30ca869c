--- What differs between OpenSSL's versions and no function of OpenSSL tells: numbers, and
-- what is refused or let through. Each version must still do exactly its own, and LibreSSL,
-- which has the interface of 1.1.

local openssl = require("ssl.ffi.lib").openssl

local libressl = openssl.libressl ~= nil
local version = openssl.major + openssl.minor / 100
local since_3, since_3_5 = version >= 3, version >= 3.05
local since_3_2 = version >= 3.02
local since_3_6 = version >= 3.06

-- From 3.2 to 3.4 the length of a record is looked at before its type and version, as in early
-- releases of 3.5, and not in 3.5.9.
local looks_at_length_first = since_3_2 and version < 3.05

return {
  -- The last free 1.1.1 reads a NULL where a PKCS#12 has a part without contents (CVE-2024-0727).
  takes_any_pkcs12 = since_3 or libressl,
  -- A program's own functions of memory may be set, as script/faults does.
  takes_memory_functions = not libressl,
  -- How the version begins.
  brand = libressl and "LibreSSL" or "OpenSSL",
  -- So many options at least.
  options = libressl and 40 or 45,
  -- Lists of ciphers up to TLS 1.2 that have none. LibreSSL takes those of TLS 1.3 there.
  no_ciphers = libressl and { "NO-SUCH", "" } or { "NO-SUCH", "", "TLS_AES_128_GCM_SHA256" },
  -- openssl.cnf has a part for TLS.
  configures_tls = not libressl,
  -- The curve of RFC 7748 for the key exchange.
  x448 = not libressl,
  -- PSK_MAX_IDENTITY_LEN less its NUL, and as the hint; PSK_MAX_PSK_LEN.
  psk_identity = since_3 and 255 or 127,
  psk_hint     = since_3 and 256 or 128,
  psk_key      = since_3 and 512 or 256,
  -- The exporter of TLS 1.2 takes the length 0 for a mistake.
  exporter_refuses_nothing = since_3,
  exporter_refuses_nothing_13 = libressl,
  -- The lowest security level that refuses TLS 1.0, and the words of server and client.
  tls1_refused = since_3_2 and { level = 1, "unsupported protocol", "tlsv1 alert protocol version" }
    or since_3 and { level = 1, "no suitable signature algorithm", "tlsv1 alert internal error" }
    or { level = 3, "unsupported protocol", "tlsv1 alert protocol version" },
  -- The reasons where a key is wanted: PEM that has none, and that ends too soon.
  pem_without_key = since_3 and "unsupported" or "no start line",
  pem_cut_short   = since_3 and "unsupported" or "bad end line",
  ed25519         = libressl and "Ed25519" or "ED25519",
  ed25519_bits    = since_3 and 256 or 253,
  -- ASN1_STRING_to_UTF8 takes a NumericString.
  converts_numeric = not libressl,
  -- Names for XMPP's addresses and SRV records (RFC 6120, RFC 4985).
  oid_names = since_3,
  -- RC2 and others are in a provider that nobody has loaded.
  legacy_apart = since_3,
  -- PBKDF2 takes NULL for a password.
  derives_from_nothing = not libressl,
  -- A key's URI of a scheme that nobody knows.
  unknown_scheme = since_3_2 and "unsupported" or "unregistered scheme",
  -- A record that is none.
  no_record = since_3_5 and "bad record type" or since_3_2 and "packet length too long"
    or libressl and "tlsv1 alert protocol version" or "wrong version number",
  -- The words of a cipher's description: an encryption, and what TLS 1.3 leaves open.
  chacha20 = libressl and "ChaCha20-Poly1305" or "CHACHA20/POLY1305(256)",
  any_13   = libressl and "TLSv1.3" or "any",
  -- Bytes that are no TLS at all, at the handshake: from a server, and an HTTP request.
  no_tls       = libressl and "tlsv1 alert protocol version" or "wrong version number",
  -- The same from a server, whose fourth and fifth byte would be the length of a record that is
  -- too large, as in the answer of HTTP.
  no_tls_long  = libressl and "tlsv1 alert protocol version"
    or looks_at_length_first and "packet length too long" or "wrong version number",
  http_request = libressl and "tlsv1 alert protocol version" or "http request",
  -- These words say that it is no TLS, and nothing else.
  tells_no_tls = not libressl,
  -- A client waits for what comes behind the alert user_canceled.
  ignores_user_canceled = libressl,
  -- Records without plaintext that one call reads before it says "want read".
  records_passed = libressl and 3 or 1,
  -- A record that cannot be decrypted is answered with an alert.
  alerts_bad_record = { tlsv1_2 = true, tlsv1_3 = not libressl },
  -- Some failures have no reason.
  says_unknown = libressl,
  -- A server takes an alert before the ClientHello for one.
  hears_any_alert = libressl,
  -- A server that refuses an unknown name.
  name_refused = { tlsv1_2 = libressl and "clienthello tlsext" or "callback failed",
                   tlsv1_3 = libressl and "tlsv1 unrecognized name" or "callback failed" },
  -- A client sends an address in the place of a name.
  sends_addresses = not libressl,
  -- The findings about a certificate alone whose authority is not there.
  unknown_authority = libressl and { "unable to get local issuer certificate" }
    or { "unable to get local issuer certificate", "unable to verify the first certificate" },
  -- A client hears of a ticket that comes with a resumption.
  reports_renewed_tickets = not libressl,
  -- A certificate may be read whose times are none.
  reads_broken_times = not libressl,
  -- The anchor is an authority whose own issuer is not there.
  anchor_without_issuer = libressl and "unable to get local issuer certificate"
    or "unable to get issuer certificate",
  -- The alert about another name than the one that was asked for.
  misnamed_alert = libressl
    and { code = 46, text = "certificate unknown", reason = "sslv3 alert certificate unknown" }
    or { code = 42, text = "bad certificate", reason = "sslv3 alert bad certificate" },
  -- A server's words where a client with OpenSSL does not know its authority.
  openssl_refuses = { tlsv1_2 = "tlsv1 alert unknown ca",
    tlsv1_3 = libressl and "sslv3 alert unexpected message" or "tlsv1 alert unknown ca" },
  -- A server's words: versions that do not meet, the client's higher or lower; no certificate
  -- in TLS 1.3; and no group in TLS 1.3, of which LibreSSL's client hears nothing.
  version_too_high  = libressl and "parse tlsext" or "unsupported protocol",
  version_too_low   = libressl and "wrong version number" or "unsupported protocol",
  no_certificate_13 = libressl and "missing rsa certificate" or "no suitable signature algorithm",
  no_group_13       = libressl and "unknown failure occurred" or "no suitable key share",
  silent_without_group_13 = libressl,
  -- LibreSSL resumes nothing in TLS 1.3, and tells no alerts of its own in it.
  resumes = { tlsv1_2 = true, tlsv1_3 = not libressl },
  resumed_versions = libressl and { "tlsv1_2" } or { "tlsv1_2", "tlsv1_3" },
  -- The protocol where sessions are what matters and no version is.
  resuming = libressl and "tlsv1_2" or "any",
  extended_master_secret = not libressl,
  -- What certificates for TLS can be made of, beyond RSA and the curves of NIST.
  key_kinds = { ed25519 = not libressl },
  tells_shown_certificate = not libressl,
  -- Ours against ours, where nothing is asked for: by RSA, and by P-256 in each version.
  signature_rsa = libressl and "rsa_pss_rsae_sha512" or "rsa_pss_rsae_sha256",
  signature_pss = libressl and "rsa_pss_pss_sha512" or "rsa_pss_pss_sha256",
  signature_p256 = { tlsv1_2 = libressl and "ecdsa_secp521r1_sha512" or "ecdsa_secp256r1_sha256",
                     tlsv1_3 = "ecdsa_secp256r1_sha256" },
  tells_own_alerts = { tlsv1_2 = true, tlsv1_3 = not libressl },
  openssl_refuses_name = { tlsv1_2 = "sslv3 alert bad certificate",
    tlsv1_3 = libressl and "sslv3 alert unexpected message" or "sslv3 alert bad certificate" },
  -- A client whose level takes no key of the server's.
  weak_key = libressl and "sslv3 alert illegal parameter"
    or "certificate verify failed (EE certificate key too weak)",
  -- Servers name authorities to their clients, and the protocol where that matters.
  names_authorities = { tlsv1_2 = true, tlsv1_3 = not libressl },
  naming = libressl and "tlsv1_2" or "any",
  -- The depth of a forged signature counts from the certificate that was to have made it.
  forged_depth = libressl and 1 or 0,
  -- A server sends no staple that is not about its own certificate, or no response at all.
  staples_checked = since_3_6,
  -- The root itself needs no list of revoked certificates.
  root_needs_no_crl = since_3_6,
  -- With x509_strict an authority has to have a key usage.
  strict_key_usage = since_3,
  -- The findings about the certificate beyond the depth.
  too_long = since_3 and { "certificate chain too long", "unable to get local issuer certificate" }
             or { "certificate chain too long" },
}
