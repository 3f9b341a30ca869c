--- Declarations: settings of the protocol (levels, key updates, post-handshake
-- authentication, early data) and their results.
-- See ssl_h.lua for the rules.

return {
  headers = { "openssl/ssl.h" },

  types = {
    SSL = "opaque", SSL_CTX = "opaque", SSL_SESSION = "opaque", BIO = "opaque",
    EVP_PKEY = "opaque", OSSL_ECHSTORE = "opaque", OSSL_LIB_CTX = "opaque",
  },

  required = [[
uint64_t SSL_CTX_clear_options(SSL_CTX *ctx, uint64_t options);
/* Takes any number, and keeps 0 to 5. */
void SSL_CTX_set_security_level(SSL_CTX *ctx, int level);
int SSL_CTX_get_security_level(const SSL_CTX *ctx);
void SSL_CTX_set_post_handshake_auth(SSL_CTX *ctx, int val);

int SSL_version(const SSL *s);
int SSL_session_reused(const SSL *s);
int SSL_get_peer_signature_type_nid(const SSL *s, int *pnid);

/* Only notes it: the next call that drives the handshake sends it. */
int SSL_verify_client_post_handshake(SSL *s);

/* Early data. max is what tickets promise, recv_max what is tolerated. */
int SSL_CTX_set_max_early_data(SSL_CTX *ctx, uint32_t max_early_data);
int SSL_set_max_early_data(SSL *s, uint32_t max_early_data);
uint32_t SSL_SESSION_get_max_early_data(const SSL_SESSION *s);
int SSL_read_early_data(SSL *s, void *buf, size_t num, size_t *readbytes);
int SSL_write_early_data(SSL *s, const void *buf, size_t num, size_t *written);
int SSL_get_early_data_status(const SSL *s);
]],

  optional = [[
/* LibreSSL has none of these, and nothing behind its functions for early data. */
int SSL_key_update(SSL *s, int updatetype);
int SSL_CTX_set_recv_max_early_data(SSL_CTX *ctx, uint32_t recv_max_early_data);
int SSL_set_recv_max_early_data(SSL *s, uint32_t recv_max_early_data);
/* 0 and 1: records are not padded. */
int SSL_CTX_set_block_padding(SSL_CTX *ctx, size_t block_size);
int SSL_set_block_padding(SSL *ssl, size_t block_size);

/* From 3.0. Borrowed from the connection's context. */
const char *SSL_group_to_name(SSL *s, int id);

/* From 3.2: in which forms certificates come. A list of the context's is copied. */
int SSL_CTX_set1_server_cert_type(SSL_CTX *ctx, const unsigned char *val, size_t len);
int SSL_CTX_set1_client_cert_type(SSL_CTX *ctx, const unsigned char *val, size_t len);
int SSL_set1_server_cert_type(SSL *s, const unsigned char *val, size_t len);
int SSL_set1_client_cert_type(SSL *s, const unsigned char *val, size_t len);
EVP_PKEY *SSL_get0_peer_rpk(const SSL *s);
int SSL_CTX_set1_cert_comp_preference(SSL_CTX *ctx, int *algs, size_t len);
int SSL_set1_cert_comp_preference(SSL *ssl, int *algs, size_t len);
int SSL_CTX_compress_certs(SSL_CTX *ctx, int alg);

/* Encrypted ClientHello, from 4.0. A read adds to the store; set1 copies it. */
OSSL_ECHSTORE *OSSL_ECHSTORE_new(OSSL_LIB_CTX *libctx, const char *propq);
void OSSL_ECHSTORE_free(OSSL_ECHSTORE *es);
int OSSL_ECHSTORE_read_echconfiglist(OSSL_ECHSTORE *es, BIO *in);
int OSSL_ECHSTORE_read_pem(OSSL_ECHSTORE *es, BIO *in, int for_retry);
int OSSL_ECHSTORE_num_entries(const OSSL_ECHSTORE *es, int *numentries);
int OSSL_ECHSTORE_num_keys(OSSL_ECHSTORE *es, int *numkeys);
int SSL_CTX_set1_echstore(SSL_CTX *ctx, OSSL_ECHSTORE *es);
/* The names, NULL where there is none, are freed with CRYPTO_free. */
int SSL_ech_get1_status(SSL *s, char **inner_sni, char **outer_sni);
/* Only where a configuration was offered and rejected: it follows NULL after GREASE. */
int SSL_ech_get1_retry_config(SSL *s, unsigned char **ec, size_t *eclen);
]],
}
