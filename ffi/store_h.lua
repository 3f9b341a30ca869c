--- Declarations: functions for trust stores, which every context has.
-- See ssl_h.lua for the rules.

return {
  headers = { "openssl/x509.h", "openssl/x509_vfy.h" },

  types = {
    X509 = "opaque", X509_CRL = "opaque", X509_OBJECT = "opaque", X509_STORE = "opaque",
    X509_VERIFY_PARAM = "opaque",
  },

  required = [[
int X509_STORE_up_ref(X509_STORE *xs);
void X509_STORE_free(X509_STORE *xs);
int X509_STORE_load_locations(X509_STORE *xs, const char *file, const char *dir);
int X509_STORE_set_flags(X509_STORE *store, unsigned long flags);
X509_VERIFY_PARAM *X509_STORE_get0_param(X509_STORE *xs);
unsigned long X509_VERIFY_PARAM_get_flags(const X509_VERIFY_PARAM *param);
void X509_CRL_free(X509_CRL *a);

/* What a store holds: NULL where the object is something else. */
X509 *X509_OBJECT_get0_X509(const X509_OBJECT *a);
X509_CRL *X509_OBJECT_get0_X509_CRL(const X509_OBJECT *a);
/* The certificate, and the trust settings that a "TRUSTED CERTIFICATE" has with it. */
int i2d_X509_AUX(X509 *a, unsigned char **pp);
]],
}
