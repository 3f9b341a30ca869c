--- Declarations: sessions and tickets, of <openssl/ssl.h>.
-- See ssl_h.lua for the rules.

return {
  headers = { "openssl/ssl.h" },

  types = {
    SSL = "opaque", SSL_CTX = "opaque", SSL_SESSION = "opaque",
    EVP_CIPHER_CTX = "opaque", EVP_MAC_CTX = "opaque", X509 = "opaque",
  },

  required = [[
/* get1 answers with a reference of the caller's; set takes one of its own. */
SSL_SESSION *SSL_get_session(const SSL *s);
SSL_SESSION *SSL_get1_session(SSL *s);
int SSL_set_session(SSL *s, SSL_SESSION *session);

/* 0: all that the context has in memory. */
void SSL_CTX_flush_sessions(SSL_CTX *ctx, long tm);
void SSL_SESSION_free(SSL_SESSION *session);
int SSL_SESSION_is_resumable(const SSL_SESSION *s);
int SSL_SESSION_has_ticket(const SSL_SESSION *s);
int SSL_SESSION_get_protocol_version(const SSL_SESSION *s);
unsigned char *SSL_SESSION_get_id(const SSL_SESSION *s, unsigned int *len);
unsigned char *SSL_SESSION_get0_id_context(const SSL_SESSION *s, unsigned int *len);
long SSL_SESSION_get_time(const SSL_SESSION *s);
long SSL_SESSION_get_timeout(const SSL_SESSION *s);
/* d2i moves the pointer to behind what it read. */
int i2d_SSL_SESSION(const SSL_SESSION *in, unsigned char **pp);
SSL_SESSION *d2i_SSL_SESSION(SSL_SESSION **a, const unsigned char **pp, long length);

/* Borrowed from the session: the peer's certificate, or NULL. */
/* The callback of the first keeps its reference when it answers 1. */
void SSL_CTX_sess_set_new_cb(SSL_CTX *ctx, int (*callback)(SSL *, SSL_SESSION *));
void SSL_CTX_sess_set_get_cb(SSL_CTX *ctx,
                             SSL_SESSION *(*callback)(SSL *, const unsigned char *,
                                                      int, int *));
long SSL_CTX_set_timeout(SSL_CTX *ctx, long t);
long SSL_CTX_get_timeout(const SSL_CTX *ctx);
int SSL_CTX_set_num_tickets(SSL_CTX *ctx, size_t num_tickets);
size_t SSL_CTX_get_num_tickets(const SSL_CTX *ctx);
int SSL_set_num_tickets(SSL *s, size_t num_tickets);
]],

  optional = [[
/* LibreSSL has neither. The data is borrowed from the session. */
int SSL_SESSION_get0_ticket_appdata(SSL_SESSION *ss, void **data, size_t *len);

/* From 3.0; before it there is a form with HMAC_CTX, set by SSL_CTX_callback_ctrl. */
int SSL_CTX_set_tlsext_ticket_key_evp_cb(SSL_CTX *ctx,
                                         int (*callback)(SSL *, unsigned char *,
                                                         unsigned char *,
                                                         EVP_CIPHER_CTX *,
                                                         EVP_MAC_CTX *, int));
]],
}
