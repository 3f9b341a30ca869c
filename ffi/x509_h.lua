--- Declarations: functions of <openssl/x509v3.h> and of the headers that it includes.
-- See ssl_h.lua for the rules. The result of a get0 or of a plain getter is borrowed. get1,
-- up_ref and the decoders return a reference that the caller frees.

return {
  headers = {
    "openssl/x509.h", "openssl/x509v3.h", "openssl/asn1.h", "openssl/pem.h",
    "openssl/bn.h", "openssl/objects.h",
  },

  types = {
    X509 = "opaque", X509_STORE = "opaque", X509_STORE_CTX = "opaque",
    X509_CRL = "opaque", X509_OBJECT = "opaque",
    X509_VERIFY_PARAM = "opaque", OPENSSL_STACK = "opaque", BIO = "opaque",
    X509_NAME = "opaque", X509_NAME_ENTRY = "opaque", EVP_PKEY = "opaque",
    EVP_MD = "opaque", BIGNUM = "opaque", ASN1_OBJECT = "opaque",
    ASN1_STRING = "opaque", ASN1_INTEGER = "opaque", ASN1_TIME = "opaque",
    ASN1_TYPE = "opaque", GENERAL_NAME = "opaque", GENERAL_NAMES = "opaque",
  },

  required = [[
X509 *PEM_read_bio_X509(BIO *bp, X509 **x,
                        int (*callback)(char *, int, int, void *), void *u);
int  PEM_write_bio_X509(BIO *bp, const X509 *x);
int  PEM_write_bio_PUBKEY(BIO *bp, const EVP_PKEY *x);
int  X509_up_ref(X509 *x);
void X509_free(X509 *x);

/* All of these borrow from the certificate. */
X509_NAME *X509_get_subject_name(const X509 *x);
X509_NAME *X509_get_issuer_name(const X509 *x);
ASN1_TIME *X509_get0_notBefore(const X509 *x);
ASN1_TIME *X509_get0_notAfter(const X509 *x);
ASN1_INTEGER *X509_get0_serialNumber(const X509 *x);
EVP_PKEY *X509_get0_pubkey(const X509 *x);
int X509_get_signature_nid(const X509 *x);
int X509_digest(const X509 *data, const EVP_MD *type, unsigned char *md,
                unsigned int *len);

int X509_CRL_digest(const X509_CRL *data, const EVP_MD *type, unsigned char *md,
                    unsigned int *size);

int X509_NAME_entry_count(const X509_NAME *name);
X509_NAME_ENTRY *X509_NAME_get_entry(const X509_NAME *name, int loc);
ASN1_OBJECT *X509_NAME_ENTRY_get_object(const X509_NAME_ENTRY *ne);
ASN1_STRING *X509_NAME_ENTRY_get_data(const X509_NAME_ENTRY *ne);

/* An extension, decoded; the caller frees it. NULL and crit -1: there is no
   (further) one. NULL and another crit: it does not decode. */
void *X509_get_ext_d2i(const X509 *x, int nid, int *crit, int *idx);
int X509_get_ext_by_NID(const X509 *x, int nid, int lastpos);
void GENERAL_NAMES_free(GENERAL_NAMES *a);
void *GENERAL_NAME_get0_value(const GENERAL_NAME *a, int *ptype);
int GENERAL_NAME_get0_otherName(const GENERAL_NAME *gen, ASN1_OBJECT **poid,
                                ASN1_TYPE **pvalue);

/* The length that the text has, whatever of it found room; -1 on failure. */
int OBJ_obj2txt(char *buf, int buf_len, const ASN1_OBJECT *a, int no_name);
int ASN1_STRING_length(const ASN1_STRING *x);
unsigned char *ASN1_STRING_get0_data(const ASN1_STRING *x);
/* -1 or the length of *out, which the caller frees with CRYPTO_free. */
int ASN1_STRING_to_UTF8(unsigned char **out, const ASN1_STRING *in);
int ASN1_TIME_print(BIO *fp, const ASN1_TIME *a);
/* NULL is now. */
int ASN1_TIME_diff(int *pday, int *psec, const ASN1_TIME *from, const ASN1_TIME *to);
/* -1, 0, 1; -2 when one of the times is none. */
int ASN1_TIME_to_tm(const ASN1_TIME *s, struct tm *tm);
BIGNUM *ASN1_INTEGER_to_BN(const ASN1_INTEGER *ai, BIGNUM *bn);
/* The caller frees it with CRYPTO_free. */
char *BN_bn2hex(const BIGNUM *a);
void BN_free(BIGNUM *a);

int X509_check_host(const X509 *x, const char *name, size_t len,
                    unsigned int flags, char **peername);
int X509_check_ip_asc(const X509 *x, const char *address, unsigned int flags);

int  X509_STORE_CTX_get_error_depth(const X509_STORE_CTX *ctx);
void X509_STORE_CTX_set_error(X509_STORE_CTX *ctx, int s);
X509 *X509_STORE_CTX_get_current_cert(const X509_STORE_CTX *ctx);
const char *X509_verify_cert_error_string(long n);

/* Where this build of OpenSSL looks for certificate authorities. */
const char *X509_get_default_cert_file(void);
const char *X509_get_default_cert_dir(void);
const char *X509_get_default_cert_file_env(void);
const char *X509_get_default_cert_dir_env(void);

int X509_VERIFY_PARAM_set_flags(X509_VERIFY_PARAM *p, unsigned long flags);
int X509_VERIFY_PARAM_set_purpose(X509_VERIFY_PARAM *p, int purpose);
int X509_VERIFY_PARAM_set_trust(X509_VERIFY_PARAM *p, int trust);
int X509_VERIFY_PARAM_set1_host(X509_VERIFY_PARAM *p, const char *name,
                                size_t len);
int X509_VERIFY_PARAM_set1_ip_asc(X509_VERIFY_PARAM *p, const char *address);
void X509_VERIFY_PARAM_set_hostflags(X509_VERIFY_PARAM *p, unsigned int flags);

/* add_cert takes a reference of its own; init borrows all three. */
X509_STORE *X509_STORE_new(void);
int  X509_STORE_add_cert(X509_STORE *xs, const X509 *x);
X509_STORE_CTX *X509_STORE_CTX_new(void);
void X509_STORE_CTX_free(X509_STORE_CTX *ctx);
int  X509_STORE_CTX_init(X509_STORE_CTX *ctx, X509_STORE *trust_store,
                         const X509 *target, STACK_OF(X509) *untrusted);
int  X509_verify_cert(X509_STORE_CTX *ctx);
int  X509_STORE_CTX_get_error(const X509_STORE_CTX *ctx);
]],
}
