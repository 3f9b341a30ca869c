--- Declarations: functions of <openssl/ssl.h>.
-- This file only declares. A pointer argument is const if it is const in any version; a
-- result is never const. So one text serves 1.1.1 to 4.0: LuaJIT refuses to pass a const
-- result to a non-const argument.
-- `optional` has the functions that some versions lack; ask `lib.has` before calling.
-- A prototype has the form that the head of names.lua describes.

return {
  headers = { "openssl/ssl.h", "openssl/async.h" },

  types = {
    SSL = "opaque", SSL_CTX = "opaque", SSL_METHOD = "opaque",
    SSL_CIPHER = "opaque", SSL_SESSION = "opaque", SSL_COMP = "opaque",
    COMP_METHOD = "opaque", X509_STORE = "opaque", X509_STORE_CTX = "opaque",
    X509_VERIFY_PARAM = "opaque", OPENSSL_INIT_SETTINGS = "opaque",
    BIO = "opaque", X509 = "opaque", EVP_PKEY = "opaque", DH = "opaque",
    OPENSSL_STACK = "opaque",
  },

  required = [[
int OPENSSL_init_ssl(uint64_t opts, const OPENSSL_INIT_SETTINGS *settings);
SSL_METHOD *TLS_method(void);

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method);
void SSL_CTX_free(SSL_CTX *ctx);
long SSL_CTX_ctrl(SSL_CTX *ctx, int cmd, long larg, void *parg);
long SSL_CTX_callback_ctrl(SSL_CTX *ctx, int cmd, void (*callback)(void));
uint64_t SSL_CTX_set_options(SSL_CTX *ctx, uint64_t options);
uint64_t SSL_CTX_get_options(const SSL_CTX *ctx);
int SSL_CTX_get_security_level(const SSL_CTX *ctx);

/* File names are the C library's: NUL ends them. */
int SSL_CTX_use_certificate_chain_file(SSL_CTX *ctx, const char *file);
int SSL_CTX_use_certificate(SSL_CTX *ctx, X509 *x);
int SSL_CTX_use_PrivateKey(SSL_CTX *ctx, EVP_PKEY *pkey);
int SSL_CTX_check_private_key(const SSL_CTX *ctx);
/* What PEM_def_callback, which prompts on the terminal without it, answers. */
void SSL_CTX_set_default_passwd_cb_userdata(SSL_CTX *ctx, void *u);
EVP_PKEY *SSL_CTX_get0_privatekey(const SSL_CTX *ctx);

int SSL_CTX_load_verify_locations(SSL_CTX *ctx, const char *file,
                                  const char *path);
X509_STORE *SSL_CTX_get_cert_store(const SSL_CTX *ctx);
/* Takes a reference of its own. */
void SSL_CTX_set1_cert_store(SSL_CTX *ctx, X509_STORE *store);
/* Takes the stack and the names in it over. Borrowed: a server's own, or what a
   client was told. */
void SSL_CTX_set_client_CA_list(SSL_CTX *ctx, STACK_OF(X509_NAME) *name_list);
STACK_OF(X509_NAME) *SSL_get_client_CA_list(const SSL *s);
X509_VERIFY_PARAM *SSL_CTX_get0_param(SSL_CTX *ctx);
void SSL_CTX_set_verify(SSL_CTX *ctx, int mode,
                        int (*callback)(int, X509_STORE_CTX *));
int  SSL_CTX_get_verify_mode(const SSL_CTX *ctx);
void SSL_CTX_set_verify_depth(SSL_CTX *ctx, int depth);
int  SSL_CTX_get_verify_depth(const SSL_CTX *ctx);

int SSL_CTX_set_cipher_list(SSL_CTX *ctx, const char *list);
int SSL_CTX_set_ciphersuites(SSL_CTX *ctx, const char *list);
/* Both lists in one. It is the context's own; a cipher lives for ever. */
STACK_OF(SSL_CIPHER) *SSL_CTX_get_ciphers(const SSL_CTX *ctx);
uint32_t SSL_CIPHER_get_id(const SSL_CIPHER *c);
int SSL_CTX_set_session_id_context(SSL_CTX *ctx, const unsigned char *sid,
                                   unsigned int len);
int SSL_set_session_id_context(SSL *ssl, const unsigned char *sid, unsigned int len);
int SSL_CTX_set_alpn_protos(SSL_CTX *ctx, const unsigned char *protos,
                            unsigned int protos_len); /* 0: success */
void SSL_CTX_set_alpn_select_cb(SSL_CTX *ctx,
                                int (*callback)(SSL *, const unsigned char **,
                                                unsigned char *,
                                                const unsigned char *,
                                                unsigned int, void *),
                                void *arg);
void SSL_get0_alpn_selected(const SSL *s, const unsigned char **data,
                            unsigned int *len);
void SSL_CTX_set_keylog_callback(SSL_CTX *ctx,
                                 void (*cb)(const SSL *, const char *));
void SSL_CTX_set_info_callback(SSL_CTX *ctx, void (*callback)(const SSL *, int, int));

/* A connection. SSL_set_bio takes over both references. */
SSL *SSL_new(SSL_CTX *ctx);
void SSL_free(SSL *s);
/* A new stack, or NULL when no protocol version or no cipher is left. */
STACK_OF(SSL_CIPHER) *SSL_get1_supported_ciphers(SSL *s);
void SSL_set_security_level(SSL *s, int level);
SSL_CTX *SSL_set_SSL_CTX(SSL *s, SSL_CTX *ctx);
void SSL_set_bio(SSL *s, BIO *rbio, BIO *wbio);
BIO *SSL_get_rbio(const SSL *s);
void SSL_set_connect_state(SSL *s);
void SSL_set_accept_state(SSL *s);
long SSL_ctrl(SSL *s, int cmd, long larg, void *parg);
uint64_t SSL_set_options(SSL *s, uint64_t options);
uint64_t SSL_clear_options(SSL *s, uint64_t options);
uint64_t SSL_get_options(const SSL *s);
void SSL_set_verify(SSL *s, int mode, int (*callback)(int, X509_STORE_CTX *));
int  SSL_get_verify_mode(const SSL *s);
void SSL_set_verify_depth(SSL *s, int depth);
X509_VERIFY_PARAM *SSL_get0_param(SSL *s);
void SSL_set_tmp_dh_callback(SSL *s, DH *(*callback)(SSL *, int, int));

int SSL_do_handshake(SSL *s);
int SSL_read_ex(SSL *s, void *buf, size_t num, size_t *read);
int SSL_write_ex(SSL *s, const void *buf, size_t num, size_t *written);
int SSL_shutdown(SSL *s);
int SSL_get_shutdown(const SSL *s);
void SSL_set_shutdown(SSL *s, int mode);
int SSL_get_error(const SSL *s, int ret);
int SSL_want(const SSL *s);
int SSL_pending(const SSL *s);

const char *SSL_get_version(const SSL *s);
const char *SSL_get_servername(const SSL *s, int type);
SSL_CIPHER *SSL_get_current_cipher(const SSL *s);
char *SSL_CIPHER_description(const SSL_CIPHER *c, char *buf, int size);
int SSL_CIPHER_get_bits(const SSL_CIPHER *c, int *algorithm_bits);
int SSL_CIPHER_get_kx_nid(const SSL_CIPHER *c);
COMP_METHOD *SSL_get_current_compression(const SSL *s);
const char *SSL_COMP_get_name(const COMP_METHOD *c);

/* The chains are the connection's own: up_ref what is kept. */
STACK_OF(X509) *SSL_get_peer_cert_chain(const SSL *s);
STACK_OF(X509) *SSL_get0_verified_chain(const SSL *s);
X509 *SSL_get_certificate(const SSL *s);
long SSL_get_verify_result(const SSL *s);

]],

  optional = [[
/* Only words: a host with a static OpenSSL that does not use them lacks it. */
const char *SSL_alert_desc_string_long(int value);
/* While a handshake is under way: the suite that was chosen. */
SSL_CIPHER *SSL_get_pending_cipher(const SSL *s);

/* LibreSSL has none of these. */
int ASYNC_is_capable(void);
void SSL_CTX_set_cert_cb(SSL_CTX *c, int (*cb)(SSL *ssl, void *arg), void *arg);
int SSL_CTX_set_session_ticket_cb(SSL_CTX *ctx, int (*generate)(SSL *, void *),
                                  int (*decrypt)(SSL *, SSL_SESSION *,
                                                 const unsigned char *, size_t, int,
                                                 void *), void *arg);
void SSL_CTX_set_client_hello_cb(SSL_CTX *ctx,
                                 int (*callback)(SSL *, int *, void *),
                                 void *arg);
int SSL_in_init(const SSL *s);

/* One of these two: the second is only a macro from 3.0 on. */
X509 *SSL_get1_peer_certificate(const SSL *s);
X509 *SSL_get_peer_certificate(const SSL *s);

/* What a store holds in memory; borrowed, and counted only. */
STACK_OF(X509_OBJECT) *X509_STORE_get0_objects(const X509_STORE *xs);
]],
}
