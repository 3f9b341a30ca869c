--- Declarations: certificates as bytes and text, and their extensions.
-- See ssl_h.lua for the rules.

return {
  headers = { "openssl/x509.h", "openssl/objects.h", "openssl/evp.h" },

  types = {
    X509 = "opaque", X509_PUBKEY = "opaque", X509_NAME = "opaque",
    X509_EXTENSION = "opaque", ASN1_OBJECT = "opaque", ASN1_STRING = "opaque",
    ASN1_OCTET_STRING = "opaque", BIO = "opaque", EVP_MD = "opaque",
    ENGINE = "opaque",
  },

  required = [[
/* The length, or below 0. With *out NULL memory is made for it, which the caller
   frees with CRYPTO_free. */
int i2d_X509(X509 *a, unsigned char **out);
int i2d_X509_PUBKEY(X509_PUBKEY *a, unsigned char **out);
/* Borrowed, as all that follow. */
X509_PUBKEY *X509_get_X509_PUBKEY(const X509 *x);
int X509_get_ext_count(const X509 *x);
X509_EXTENSION *X509_get_ext(const X509 *x, int loc);
ASN1_OBJECT *X509_EXTENSION_get_object(X509_EXTENSION *ex);
ASN1_OCTET_STRING *X509_EXTENSION_get_data(X509_EXTENSION *ne);
int X509_EXTENSION_get_critical(const X509_EXTENSION *ex);

int X509_NAME_print_ex(BIO *out, const X509_NAME *nm, int indent,
                       unsigned long flags); /* -1: failure */
/* The digest's NID is 0 where the signature has no digest of its own. */
int X509_get_signature_info(X509 *x, int *mdnid, int *pknid, int *secbits,
                            uint32_t *flags);

/* 0 for an identifier that OpenSSL has no number for. */
int OBJ_txt2nid(const char *s);
]],

  optional = [[
int X509_print_ex(BIO *bp, X509 *x, unsigned long nmflag, unsigned long cflag);
]],
}
