--- What differs between OpenSSL's versions and no function of OpenSSL tells: numbers, and
-- what is refused or let through. Each version must still do exactly its own.

local openssl = require("ssl.ffi.lib").openssl

local version = openssl.major + openssl.minor / 100
local since_3, since_3_5 = version >= 3, version >= 3.05
local since_3_6, since_4 = version >= 3.06, version >= 4

return {
  -- PSK_MAX_IDENTITY_LEN less its NUL, and as the hint; PSK_MAX_PSK_LEN.
  psk_identity = since_3 and 255 or 127,
  psk_hint     = since_3 and 256 or 128,
  psk_key      = since_3 and 512 or 256,
  -- The exporter of TLS 1.2 takes the length 0 for a mistake.
  exporter_refuses_nothing = since_3,
  -- The lowest security level that refuses TLS 1.0, and the words of server and client.
  tls1_refused = since_3_5 and { level = 1, "unsupported protocol", "tlsv1 alert protocol version" }
    or since_3 and { level = 1, "no suitable signature algorithm", "tlsv1 alert internal error" }
    or { level = 3, "unsupported protocol", "tlsv1 alert protocol version" },
  -- The reasons where a key is wanted: PEM that has none, and that ends too soon.
  pem_without_key = since_3 and "unsupported" or "no start line",
  pem_cut_short   = since_3 and "unsupported" or "bad end line",
  ed25519_bits    = since_3 and 256 or 253,
  -- Names for XMPP's addresses and SRV records (RFC 6120, RFC 4985).
  oid_names = since_3,
  -- RC2 and others are in a provider that nobody has loaded.
  legacy_apart = since_3,
  -- A key's URI of a scheme that nobody knows.
  unknown_scheme = since_3_5 and "unsupported" or "unregistered scheme",
  -- A record that is none.
  no_record = since_4 and "bad record type" or "wrong version number",
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
