--- Declarations: the shim, shim/lsf.h and shim/conn.h.
-- `structs` are C text for an anonymous ffi.typeof: member names and types as in
-- shim/conn.h, pointers as void * where Lua only passes them on. structure/abi_spec compares
-- offsets and sizes with the C compiler's.

return {
  headers = { "lsf.h" },

  types = {
    BIO = "opaque", SSL = "opaque", DH = "opaque", X509_STORE_CTX = "opaque",
    SSL_SESSION = "opaque", EVP_CIPHER_CTX = "opaque", EVP_MAC_CTX = "opaque",
    HMAC_CTX = "opaque", X509_VERIFY_PARAM = "opaque",
  },

  structs = {
    lsf_conn = [[
      lsf_SSL *ssl; void *pool;
      unsigned char *in;
      uint32_t in_beg, in_end, out_beg, out_end;
      unsigned char *out;
      double out_total, out_sent;
      int32_t plain_beg, plain_end;
      uint8_t claimed;
      int32_t plain_size;
      unsigned char *plain;
      void *aside;
      int32_t claims;
      uint32_t serial;
      int fd, in_error, out_error, pid;
      uint32_t need;
      uint8_t starved, in_eof, by_lua, in_lent, cork, accept_all, drop_output, no_io;
      uint8_t fd_blocking, may_block, hearing, ahead, asks_dirty, asks_fd, linger_stage;
      int32_t inside;
      uint8_t doomed;
      uint32_t sessions_made;
      struct {
        uint8_t state, alert, sni_used;
        uint32_t alpn_length;
        const unsigned char *alpn;
        lsf_DH *dh;
        uint32_t copy_length;
        unsigned char *copy;
      } hello;
      struct {
        uint8_t question, accepted, paused;
      } ask;
      struct {
        const char *hint;
        char *identity;
        unsigned char *key;
        uint32_t max_identity, max_key, key_length;
      } psk_call;
      struct {
        uint8_t go_on, ask, some_lists;
        int32_t denied;
        uint8_t proven;
        uint8_t again;
        uint32_t name_length;
        const char *name;
        uint32_t key_count;
        lsf_EVP_PKEY **keys;
        lsf_X509_STORE_CTX *store_ctx;
        int32_t depth;
        uint32_t count;
        struct { int depth, code; } *list;
        int64_t till;
      } verify;
      struct {
        void *made;
        const unsigned char *id;
        uint32_t id_length, timeout;
        lsf_SSL_SESSION *found;
        void *tickets;
      } sessions;
      struct {
        const unsigned char *response;
        uint32_t response_length;
        uint8_t ask;
      } ocsp;
      struct {
        char *lines;
        uint32_t length;
      } keylog;
      struct {
        uint16_t received, sent;
      } alerts;
      struct {
        uint8_t once, shaken, asked, again;
      } posthandshake;
    ]],
    lsf_password = [[
      const char *text; size_t length; int asked, too_long;
    ]],
    lsf_ticket_key = [[
      unsigned char name[16]; unsigned char hmac[32]; unsigned char aes[32];
      uint32_t size;
    ]],
  },

  -- struct lsf_api, in order: function -> its name in OpenSSL.
  api = {
    "BIO_get_new_index", "BIO_meth_new", "BIO_meth_set_read",
    "BIO_meth_set_write", "BIO_meth_set_ctrl", "BIO_new",
    "BIO_method_type", "BIO_set_data",
    "BIO_get_data", "BIO_set_init", "BIO_set_flags", "BIO_clear_flags",
    "SSL_free", "SSL_get_rbio", "SSL_do_handshake",
    "SSL_client_hello_get0_ext", "SSL_client_hello_get0_ciphers",
    "SSL_client_hello_get0_legacy_version", "ASYNC_get_current_job",
    "ASYNC_pause_job", "SSL_is_server", "SSL_ctrl", "CRYPTO_malloc",
    "SSL_get_ex_data_X509_STORE_CTX_idx", "X509_STORE_CTX_get_ex_data",
    "X509_STORE_CTX_get_error", "X509_STORE_CTX_get_error_depth", "DH_free",
    "ERR_set_mark", "ERR_pop_to_mark",
    "SSL_SESSION_free", "SSL_get_session", "SSL_session_reused",
    "SSL_SESSION_set_timeout", "SSL_version", "EVP_aes_128_cbc", "EVP_aes_256_cbc",
    "EVP_sha256", "EVP_CipherInit_ex", "RAND_bytes", "OPENSSL_cleanse",
    "EVP_MAC_CTX_set_params", "HMAC_Init_ex", "SSL_SESSION_set1_ticket_appdata",
    "SSL_SESSION_get_time", "SSL_SESSION_get_timeout", "SSL_SESSION_get0_peer",
    "X509_get0_notAfter", "ASN1_TIME_diff",
    "ERR_peek_error", "ERR_clear_error",
    "SSL_get_error", "SSL_read_ex", "SSL_write_ex", "SSL_pending",
    "SSL_want", "SSL_get_shutdown", "SSL_shutdown",
    "X509_STORE_CTX_set_error", "X509_STORE_CTX_get_current_cert",
    "X509_get_ext_by_NID", "X509_check_host", "SSL_set_options",
    "SSL_SESSION_get0_ticket_appdata", "X509_STORE_CTX_get0_param",
    "X509_VERIFY_PARAM_get_flags", "X509_get_issuer_name", "X509_STORE_CTX_get1_crls",
    "OPENSSL_sk_num", "OPENSSL_sk_value", "OPENSSL_sk_pop_free", "X509_CRL_free",
    "X509_CRL_get0_nextUpdate", "X509_STORE_CTX_get0_rpk", "EVP_PKEY_eq",
    "X509_VERIFY_PARAM_set_time",
  },

  -- Functions of that list that an OpenSSL may lack. Their pointer is NULL then.
  api_optional = {
    EVP_MAC_CTX_set_params = true, HMAC_Init_ex = true,
    SSL_client_hello_get0_ext = true, SSL_client_hello_get0_ciphers = true,
    SSL_client_hello_get0_legacy_version = true,
    ASYNC_get_current_job = true, ASYNC_pause_job = true,
    SSL_session_reused = true, SSL_set_options = true,
    SSL_SESSION_set1_ticket_appdata = true, SSL_SESSION_get0_ticket_appdata = true,
    X509_STORE_CTX_get0_rpk = true, EVP_PKEY_eq = true,
  },

  enums = {
    LSF_HELLO_PASS = 0, LSF_HELLO_ASK = 1, LSF_HELLO_ASKED = 2,
    LSF_HELLO_ACCEPT = 3, LSF_HELLO_REFUSE = 4, LSF_HELLO_READ = 5, LSF_HELLO_WANTED = 5,
    LSF_ONCE_HANDSHAKE = 1, LSF_ONCE_CERTIFICATE = 2,
    LSF_QUESTION_NONE = 0, LSF_QUESTION_PSK_CLIENT = 1,
    LSF_QUESTION_PSK_SERVER = 2, LSF_QUESTION_VERIFY = 3,
    LSF_QUESTION_SESSION = 4, LSF_SESSIONS = 8, LSF_TICKET_KEYS = 16,
    LSF_PSK_FAIL = 0xffffffff,
    LSF_HELLO_VERSION = 0xfffe, LSF_HELLO_CIPHERS = 0xffff,
    LSF_QUEUE_LIMIT = 65536, LSF_BUFFER = 83968, LSF_VERDICTS = 64, LSF_NOTED = 8,
    LSF_FAMILY_OTHER = 0, LSF_FAMILY_INET = 1, LSF_FAMILY_INET6 = 2, LSF_FAMILY_UNIX = 3,
    LSF_STAMP = 8, LSF_QUESTION_STATUS = 5, LSF_KEYS = 4096,
    LSF_RECORD = 16384, LSF_ERROR_GONE = 100, LSF_ERROR_MEMORY = 101,
  },

  required = [[
int lsf_init(const struct lsf_api *api);
int lsf_hello_gather(struct lsf_conn *c);

struct lsf_pool *lsf_pool_new(void);
void lsf_pool_free(struct lsf_pool *pool);

BIO *lsf_conn_bio(struct lsf_conn *c, struct lsf_pool *pool, int fd);
void lsf_conn_free(struct lsf_conn *c);
void lsf_conn_finalize(struct lsf_conn *c);
int  lsf_lend(struct lsf_conn *c, const char *data, size_t from, size_t length);
int  lsf_feed(struct lsf_conn *c, const char *data, size_t from, size_t length);
int  lsf_queued(const struct lsf_conn *c, unsigned char *to, double most);
int  lsf_dequeue(struct lsf_conn *c, unsigned char *to);
int  lsf_unread(const struct lsf_conn *c, unsigned char *to);
void lsf_drained(struct lsf_conn *c, size_t length);

void lsf_release(struct lsf_conn *c);
int  lsf_find(const struct lsf_conn *c, int byte, int from, int to);
unsigned char *lsf_claim(struct lsf_conn *c, uint32_t serial, int n, int skip);
void lsf_delivered(struct lsf_conn *c);
void lsf_unclaim(struct lsf_conn *c, const unsigned char *p, int n);
int  lsf_deliver(struct lsf_conn *c, unsigned char *to, int n);
void lsf_drop(struct lsf_conn *c);
int  lsf_append(struct lsf_conn *c, const void *data, int n);
void lsf_clear_errors(void);
int  lsf_verdict(const struct lsf_conn *c, int rc);
int  lsf_shake(struct lsf_conn *c);
void lsf_notify(struct lsf_conn *c);
int  lsf_read(struct lsf_conn *c);
int  lsf_hear(struct lsf_conn *c);
int  lsf_read_into(struct lsf_conn *c, unsigned char *to, int size);
int  lsf_write(struct lsf_conn *c, const unsigned char *data, size_t from, int n);
int  lsf_pending(const struct lsf_conn *c);
int  lsf_want(const struct lsf_conn *c);
int  lsf_shut(const struct lsf_conn *c);
int  lsf_same(const unsigned char *a, size_t at_a, const unsigned char *b, size_t at_b,
              size_t n);

int lsf_flush(struct lsf_conn *c);
int lsf_wait(const struct lsf_conn *c, int events, double seconds);
int lsf_linger(struct lsf_conn *c);
struct lsf_lingering *lsf_lingering_new(void);
int lsf_detach(struct lsf_lingering *l, struct lsf_conn *c);
int lsf_sweep(struct lsf_lingering *l, int most);
void lsf_lingering_free(struct lsf_lingering *l);
int lsf_process(struct lsf_pool *pool);
int lsf_foreign(const struct lsf_conn *c);
int lsf_nonblocking(int fd);
int lsf_blocking(int fd);
int lsf_family(int fd);
double lsf_now(void);
double lsf_spent(void);
const char *lsf_errno_word(int error);
int lsf_file_stamp(const char *path, double *stamp);
int lsf_folder_stamp(const char *path, int contents, uint64_t *stamp, double *newest);
int lsf_file_nul(const char *path);
int lsf_file_descriptor(void *file);
int lsf_file_read(int fd, void *buffer, int length, double offset);

int lsf_password(char *buffer, int size, int rwflag, void *u);
int lsf_verify(int ok, X509_STORE_CTX *store_ctx);
int lsf_client_hello(SSL *ssl, int *alert, void *arg);
int lsf_servername(SSL *ssl, int *alert, void *arg);
DH *lsf_tmp_dh(SSL *ssl, int is_export, int keylength);
int lsf_alpn_select(SSL *ssl, const unsigned char **out, unsigned char *outlen,
                    const unsigned char *in, unsigned int inlen, void *arg);

void lsf_info(const SSL *ssl, int where, int value);
int lsf_certificate_asked(SSL *ssl, void *arg);

void lsf_keylog(const SSL *ssl, const char *line);
void lsf_keys_wipe(struct lsf_conn *c);
int  lsf_keys_save(struct lsf_conn *c, const char *path);
int lsf_status(SSL *ssl, void *arg);

unsigned int lsf_psk_client(SSL *ssl, const char *hint, char *identity,
                            unsigned int max_identity, unsigned char *psk,
                            unsigned int max_psk);
unsigned int lsf_psk_server(SSL *ssl, const char *identity, unsigned char *psk,
                            unsigned int max_psk);

void lsf_verification_time(X509_VERIFY_PARAM *param, double seconds);
void lsf_session_limit(SSL_SESSION *session, double end);
void lsf_session_limit_by_peer(SSL_SESSION *session);

int lsf_ticket_made(SSL *ssl, void *arg);
int lsf_new_session(SSL *ssl, SSL_SESSION *session);
SSL_SESSION *lsf_take_session(struct lsf_conn *c);
SSL_SESSION *lsf_get_session(SSL *ssl, const unsigned char *id, int length, int *copy);

struct lsf_tickets *lsf_tickets_new(void);
void lsf_tickets_set(struct lsf_tickets *t, const struct lsf_ticket_key *keys, int count);
void lsf_tickets_use(struct lsf_conn *c, struct lsf_tickets *t);
void lsf_tickets_free(struct lsf_tickets *t);
int lsf_ticket_key_evp(SSL *ssl, unsigned char *name, unsigned char *iv,
                       EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc);
int lsf_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv,
                   EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc);
]],
}
