--- Declarations: functions for trust stores that x509_h.lua does not have.
-- See ssl_h.lua for the rules.

return {
  headers = { "openssl/x509_vfy.h" },

  types = { X509_STORE = "opaque" },

  required = [[
int X509_STORE_up_ref(X509_STORE *xs);
int X509_STORE_load_locations(X509_STORE *xs, const char *file, const char *dir);
]],
}
