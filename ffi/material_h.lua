--- Declarations: keys, certificates and lists as bytes; issuers and purposes of certificates.
-- See ssl_h.lua for the rules.

return {
  headers = {
    "openssl/x509.h", "openssl/x509v3.h", "openssl/x509_vfy.h", "openssl/pem.h",
    "openssl/evp.h", "openssl/pkcs12.h", "openssl/store.h", "openssl/ui.h",
  },

  types = {
    X509 = "opaque", X509_CRL = "opaque", X509_NAME = "opaque",
    X509_STORE = "opaque", X509_STORE_CTX = "opaque",
    X509_VERIFY_PARAM = "opaque", X509_PURPOSE = "opaque",
    EVP_PKEY = "opaque", BIO = "opaque", PKCS12 = "opaque", EVP_MD = "opaque",
    OPENSSL_STACK = "opaque", OSSL_STORE_CTX = "opaque",
    OSSL_STORE_INFO = "opaque", UI_METHOD = "opaque",
  },

  required = [[
/* Trust settings, where the text has some, stay on the certificate. */
X509 *PEM_read_bio_X509_AUX(BIO *bp, X509 **x,
                            int (*callback)(char *, int, int, void *), void *u);
X509_CRL *PEM_read_bio_X509_CRL(BIO *bp, X509_CRL **x,
                                int (*callback)(char *, int, int, void *),
                                void *u);
/* *in is moved behind what was read. */
X509 *d2i_X509(X509 **a, const unsigned char **in, long len);
X509_CRL *d2i_X509_CRL(X509_CRL **a, const unsigned char **in, long len);
EVP_PKEY *d2i_AutoPrivateKey(EVP_PKEY **a, const unsigned char **pp, long length);
int  EVP_PKEY_up_ref(EVP_PKEY *pkey);
/* Takes a reference of its own. */
int  X509_STORE_add_crl(X509_STORE *xs, X509_CRL *x);

X509_NAME *X509_NAME_dup(const X509_NAME *a);
void X509_NAME_free(X509_NAME *a);
int  X509_NAME_get0_der(const X509_NAME *nm, const unsigned char **pder,
                        size_t *pderlen);
/* 0: yes. What it finds out is kept in both. */
int  X509_check_issued(X509 *issuer, X509 *subject);

/* -1 for a name that nothing has. What get0 returns is OpenSSL's own. */
int  X509_PURPOSE_get_by_sname(const char *sname);
X509_PURPOSE *X509_PURPOSE_get0(int idx);
int  X509_PURPOSE_get_id(const X509_PURPOSE *xp);
int  X509_PURPOSE_get_trust(const X509_PURPOSE *xp);
int  X509_VERIFY_PARAM_clear_flags(X509_VERIFY_PARAM *param, unsigned long flags);
int  X509_VERIFY_PARAM_set1_ip(X509_VERIFY_PARAM *param, const unsigned char *ip,
                               size_t iplen);
]],

  -- A host with a static OpenSSL may have only those that it uses.
  optional = [[
/* Public keys: what no certificate has around it. */
EVP_PKEY *PEM_read_bio_PUBKEY(BIO *bp, EVP_PKEY **x,
                              int (*cb)(char *, int, int, void *), void *u);
EVP_PKEY *d2i_PUBKEY(EVP_PKEY **a, const unsigned char **pp, long length);
int i2d_PUBKEY(const EVP_PKEY *a, unsigned char **pp);
/* Since 3.0: 1 for the same public key. */
int EVP_PKEY_eq(const EVP_PKEY *a, const EVP_PKEY *b);
/* Since 3.2. Borrowed; NULL where a certificate is verified. */
EVP_PKEY *X509_STORE_CTX_get0_rpk(const X509_STORE_CTX *ctx);

EVP_PKEY *d2i_PKCS8PrivateKey_bio(BIO *bp, EVP_PKEY **x,
                                  int (*cb)(char *, int, int, void *), void *u);

PKCS12 *d2i_PKCS12_bio(BIO *bp, PKCS12 **p12);
void PKCS12_free(PKCS12 *p12);
int  PKCS12_mac_present(const PKCS12 *p12);
int  PKCS12_verify_mac(PKCS12 *p12, const char *pass, int passlen);
/* Only asked for: with it PKCS12_verify_mac takes UTF-8. */
int PKCS12_key_gen_utf8(const char *pass, int passlen, unsigned char *salt, int saltlen,
                        int id, int iter, int n, unsigned char *out,
                        const EVP_MD *md_type);
/* Three new references, and a new stack; each NULL where there is none. */
int  PKCS12_parse(PKCS12 *p12, const char *pass, EVP_PKEY **pkey, X509 **cert,
                  STACK_OF(X509) **ca);

OSSL_STORE_CTX *OSSL_STORE_open(const char *uri, const UI_METHOD *ui_method,
                                void *ui_data,
                                OSSL_STORE_INFO *(*post_process)(OSSL_STORE_INFO *,
                                                                 void *),
                                void *post_process_data);
OSSL_STORE_INFO *OSSL_STORE_load(OSSL_STORE_CTX *ctx);
int  OSSL_STORE_expect(OSSL_STORE_CTX *ctx, int expected_type);
int  OSSL_STORE_eof(OSSL_STORE_CTX *ctx);
int  OSSL_STORE_close(OSSL_STORE_CTX *ctx);
/* A new reference; NULL for what is no private key. */
EVP_PKEY *OSSL_STORE_INFO_get1_PKEY(const OSSL_STORE_INFO *info);
void OSSL_STORE_INFO_free(OSSL_STORE_INFO *info);
UI_METHOD *UI_UTIL_wrap_read_pem_callback(int (*cb)(char *, int, int, void *),
                                          int rwflag);
void UI_destroy_method(UI_METHOD *ui_method);

/* Since 3.0. */
const char *EVP_PKEY_get0_type_name(const EVP_PKEY *key);
]],
}
