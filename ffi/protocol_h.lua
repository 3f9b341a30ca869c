--- Declarations: settings of the protocol (levels, key updates, post-handshake
-- authentication, early data, pre-shared keys, DANE) and their results.
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

/* The length of the whole message, whatever of it found room. */
size_t SSL_get_finished(const SSL *s, void *buf, size_t count);
size_t SSL_get_peer_finished(const SSL *s, void *buf, size_t count);
int SSL_export_keying_material(SSL *s, unsigned char *out, size_t olen,
                               const char *label, size_t llen,
                               const unsigned char *context, size_t contextlen,
                               int use_context);
]],

  optional = [[
/* A build may lack PSK. The hint is refused when it is too long. */
int SSL_CTX_use_psk_identity_hint(SSL_CTX *ctx, const char *hint);
void SSL_set_psk_client_callback(SSL *s,
                                 unsigned int (*callback)(SSL *, const char *,
                                                          char *, unsigned int,
                                                          unsigned char *,
                                                          unsigned int));
void SSL_set_psk_server_callback(SSL *s,
                                 unsigned int (*callback)(SSL *, const char *,
                                                          unsigned char *,
                                                          unsigned int));

/* DANE. The flags are those before; -1 or 0 for failure everywhere else. */
int SSL_CTX_dane_enable(SSL_CTX *ctx);
unsigned long SSL_CTX_dane_set_flags(SSL_CTX *ctx, unsigned long flags);
int SSL_dane_enable(SSL *s, const char *basedomain);
int SSL_dane_tlsa_add(SSL *s, uint8_t usage, uint8_t selector, uint8_t mtype,
                      const unsigned char *data, size_t dlen);
/* The depth at which a record matched, or -1. Borrowed from the connection. */
int SSL_get0_dane_tlsa(SSL *s, uint8_t *usage, uint8_t *selector,
                       uint8_t *mtype, const unsigned char **data,
                       size_t *dlen);

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
