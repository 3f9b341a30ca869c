--- Declarations: functions of libcrypto, except those about certificates.
-- See ssl_h.lua for the rules.

return {
  headers = {
    "openssl/crypto.h", "openssl/err.h", "openssl/bio.h", "openssl/pem.h",
    "openssl/evp.h", "openssl/dh.h", "openssl/rand.h", "openssl/objects.h",
    "openssl/ec.h", "openssl/hmac.h",
  },

  types = {
    BIO = "opaque", BIO_METHOD = "opaque", EVP_PKEY = "opaque", DH = "opaque",
    EVP_MD = "opaque", ENGINE = "opaque", OPENSSL_STACK = "opaque",
    EC_builtin_curve = "opaque",
    OSSL_LIB_CTX = "opaque", OPENSSL_INIT_SETTINGS = "opaque",
  },

  required = [[
int OPENSSL_init_crypto(uint64_t opts, const OPENSSL_INIT_SETTINGS *settings);
unsigned long OpenSSL_version_num(void);
const char *OpenSSL_version(int type);
void CRYPTO_free(void *ptr, const char *file, int line);

/* The queue is the thread's. Zero when it is empty. */
unsigned long ERR_get_error(void);
unsigned long ERR_peek_error(void);
void ERR_clear_error(void);
const char *ERR_reason_error_string(unsigned long e);
const char *ERR_lib_error_string(unsigned long e);

/* BIO_new_mem_buf reads the buffer in place: keep it alive until BIO_free. */
BIO *BIO_new(const BIO_METHOD *type);
int  BIO_free(BIO *a);
BIO_METHOD *BIO_s_mem(void);
BIO *BIO_new_mem_buf(const void *buf, int len);
BIO *BIO_new_file(const char *filename, const char *mode);
long BIO_ctrl(BIO *bp, int cmd, long larg, void *parg);
void BIO_set_data(BIO *a, void *ptr);
void BIO_set_init(BIO *a, int init);

EVP_PKEY *PEM_read_bio_PrivateKey(BIO *bp, EVP_PKEY **x,
                                  int (*callback)(char *, int, int, void *),
                                  void *u);
DH *PEM_read_bio_DHparams(BIO *bp, DH **x,
                          int (*callback)(char *, int, int, void *), void *u);
void EVP_PKEY_free(EVP_PKEY *pkey);
int  DH_up_ref(DH *dh);
void DH_free(DH *dh);

EVP_MD *EVP_get_digestbyname(const char *name);
int RAND_bytes(unsigned char *buf, int num);
void OPENSSL_cleanse(void *ptr, size_t len);

const char *OBJ_nid2sn(int n);
const char *OBJ_nid2ln(int n);

int EVP_Digest(const void *data, size_t count, unsigned char *md,
               unsigned int *size, const EVP_MD *type, ENGINE *impl);

/* Stacks hold what they hold: see who owns the elements at each caller. */
int   OPENSSL_sk_num(const OPENSSL_STACK *st);
void *OPENSSL_sk_value(const OPENSSL_STACK *st, int i);
OPENSSL_STACK *OPENSSL_sk_new_null(void);
int   OPENSSL_sk_push(OPENSSL_STACK *st, const void *data);
void  OPENSSL_sk_free(OPENSSL_STACK *st);
]],

  optional = [[
/* The text that was added to the first entry of the queue, "" for none. */
unsigned long ERR_peek_error_line_data(const char **file, int *line, const char **data,
                                       int *flags);

/* What LibreSSL calls those of stacks. */
int   sk_num(const OPENSSL_STACK *st);
void *sk_value(const OPENSSL_STACK *st, int i);
OPENSSL_STACK *sk_new_null(void);
int   sk_push(OPENSSL_STACK *st, void *data);
void  sk_free(OPENSSL_STACK *st);

/* From 3.0 on. */
EVP_MD *EVP_MD_fetch(OSSL_LIB_CTX *ctx, const char *algorithm, const char *properties);
void EVP_MD_free(EVP_MD *md);

/* 3.0 renamed these; the old names are macros there. */
int EVP_PKEY_get_id(const EVP_PKEY *pkey);
int EVP_PKEY_id(const EVP_PKEY *pkey);
int EVP_PKEY_get_bits(const EVP_PKEY *pkey);
int EVP_PKEY_bits(const EVP_PKEY *pkey);
int EVP_PKEY_get_base_id(const EVP_PKEY *pkey);
int EVP_PKEY_base_id(const EVP_PKEY *pkey);

/* From 3.0. NULL for the library's own context. */
int EVP_default_properties_is_fips_enabled(OSSL_LIB_CTX *libctx);

/* Of a static host, what it uses. The second answers md, or NULL. */
int CRYPTO_memcmp(const void *in_a, const void *in_b, size_t len);
unsigned char *HMAC(const EVP_MD *evp_md, const void *key, int key_len,
                    const unsigned char *data, size_t data_len,
                    unsigned char *md, unsigned int *md_len);

/* A build may lack elliptic curves. */
size_t EC_get_builtin_curves(EC_builtin_curve *r, size_t nitems);
]],
}
