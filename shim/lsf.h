/*
 * The shim: the functions that OpenSSL calls, and the BIO that carries bytes.
 *
 * WHY C. Lua drives OpenSSL through the FFI. Two things cannot be Lua:
 *   - Callbacks that OpenSSL calls while a Lua function is on the stack below. A Lua
 *     callback there ends the process if the caller was compiled. Its error unwinds
 *     OpenSSL's frames. It cannot yield.
 *   - The BIO, which OpenSSL calls for every record.
 * The shim has these two, and a few functions that Lua lacks and the FFI cannot declare
 * for every platform: the state of files (file.c), memory by the page (pages.c).
 *
 * C NEVER CALLS LUA. A callback answers from data that Lua has put into struct lsf_conn
 * (conn.h). Or it notes a question there and stops the handshake; then Lua answers between
 * two calls of OpenSSL (clienthello.c, pause.c).
 *
 * LINKING. The shim includes no header of OpenSSL and links to no OpenSSL. Lua passes the
 * functions of OpenSSL in struct lsf_api (api.h). So one binary serves every OpenSSL from
 * 1.1.1 on: a shared one, one that is static in the host, one that is not yet released.
 *
 * THE BIO (bio.c). Each connection has one struct lsf_conn, in Lua's memory. The data
 * pointer of the BIO leads to it.
 *   - Input. With `ahead` a read takes as much as a buffer holds, so that the header and
 *     the body of a record cost one system call; dirty() reports the bytes that wait.
 *     Without it bytes that OpenSSL has not asked for stay with the kernel, where an event
 *     loop sees them that watches the descriptor only.
 *   - Output goes directly to the kernel. Bytes that the kernel refuses are queued.
 *   - Buffers (buffer.c) come from a pool of the Lua state (bufferpool.c) and go back when
 *     they are empty. An idle connection has none.
 *   - With `by_lua` there is no descriptor: Lua feeds `in` and drains `out`, and `need` is
 *     the number of bytes that OpenSSL asked for.
 *
 * The contract of the BIO with libssl:
 *   - A write takes a whole record, unless more than LSF_QUEUE_LIMIT bytes wait. So OpenSSL
 *     never holds a half-written record, and a close_notify can always be queued. Above the
 *     limit a write is refused for now: a peer that demands answers and reads none of them
 *     must not make the queue grow.
 *   - A write that the transport refuses counts as taken. The error is Lua's, and OpenSSL
 *     does not get to know: it may have data of the peer's yet.
 *   - Output behind our close_notify, such as the answer to a key update, is dropped. The
 *     peer would take it for plaintext, or is gone.
 *   - FLUSH makes one attempt and answers 1, since libssl's own buffering filter loses the
 *     flag for "try again". The loop in Lua drains the rest.
 *   - EOF is true after the real end of the stream, when nothing is left to read.
 *   - Any other command answers 0. (1 would mean that kernel TLS is on.)
 *
 * STATE. After lsf_init the shim has no mutable static data: several Lua states may run on
 * several threads.
 *
 * FILES use each other in one direction, without circles. structure/shim_spec checks that.
 */
#ifndef LSF_H
#define LSF_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(_WIN32)
#define LSF_API __declspec(dllexport)
#else
#define LSF_API __attribute__((visibility("default")))
#endif

typedef struct lsf_bio BIO;
typedef struct lsf_bio_method BIO_METHOD;
typedef struct lsf_ssl SSL;
typedef struct lsf_ssl_session SSL_SESSION;
typedef struct lsf_dh DH;
typedef struct lsf_x509 X509;
typedef struct lsf_x509_store_ctx X509_STORE_CTX;
typedef struct lsf_asn1_time ASN1_TIME;
typedef struct lsf_x509_name X509_NAME;
typedef struct lsf_x509_crl X509_CRL;
typedef struct lsf_evp_pkey EVP_PKEY;
typedef struct lsf_x509_verify_param X509_VERIFY_PARAM;
typedef struct lsf_async_job ASYNC_JOB;
typedef struct lsf_engine ENGINE;
typedef struct lsf_evp_cipher EVP_CIPHER;
typedef struct lsf_evp_cipher_ctx EVP_CIPHER_CTX;
typedef struct lsf_evp_md EVP_MD;
typedef struct lsf_evp_mac_ctx EVP_MAC_CTX;
typedef struct lsf_hmac_ctx HMAC_CTX;
typedef struct lsf_ossl_param OSSL_PARAM;
struct stack_st;
struct stack_st_X509_CRL;

#include "api.h"

#define LSF_QUEUE_LIMIT 65536
/* A queue at its limit still takes one record of the largest size and an alert. */
#define LSF_BUFFER (LSF_QUEUE_LIMIT + 18432)
#define LSF_POOL_SPARES 8
#define LSF_KEYS 4096
#define LSF_VERDICTS 64
#define LSF_NOTED 8 /* bytes of a session for when it ends */
#define LSF_SESSIONS 8
#define LSF_TICKET_KEYS 16

/* Spare buffers of one Lua state, shared by its connections. */
struct lsf_pool {
	int references;
	int paused;  /* connections that stand still in a job; for specs */
	int process; /* the last that asked */
	int spares;
	unsigned char *spare[LSF_POOL_SPARES];
	unsigned char *mark; /* 0 in a process that has not asked yet */
};

struct lsf_verdict {
	int depth;
	int code;
};

/* Whether a server's handshake stops at the ClientHello, and how it goes on. */
enum lsf_hello {
	LSF_HELLO_PASS,
	LSF_HELLO_ASK,
	LSF_HELLO_ASKED,
	LSF_HELLO_ACCEPT,
	LSF_HELLO_REFUSE,
	LSF_HELLO_READ /* as ASK; the BIO stops, and not OpenSSL */
};

/* Requests that the peer may make once in an open session: bits. */
enum lsf_once {
	LSF_ONCE_HANDSHAKE = 1,
	LSF_ONCE_CERTIFICATE = 2
};

/* How far an orderly end has come. */
enum lsf_stage {
	LSF_STAGE_OPEN,
	LSF_STAGE_SHUT, /* SHUT_WR was done */
	LSF_STAGE_DONE  /* and the peer has everything, or never will */
};

/* The question for which a handshake stands still in a job. */
enum lsf_question {
	LSF_QUESTION_NONE,
	LSF_QUESTION_PSK_CLIENT,
	LSF_QUESTION_PSK_SERVER,
	LSF_QUESTION_VERIFY,
	LSF_QUESTION_SESSION,
	LSF_QUESTION_STATUS = 5
};

struct lsf_tickets;

/* A key of a server's tickets; of `hmac` and `aes` the first `size` bytes. */
struct lsf_ticket_key {
	unsigned char name[16];
	unsigned char hmac[32];
	unsigned char aes[32];
	uint32_t size; /* 16 or 32 */
};

/*
 * Longer than any key: the handshake fails, where 0 lets TLS 1.3 go on with
 * certificates.
 */
#define LSF_PSK_FAIL 0xffffffff

/*
 * The copy of a ClientHello: items of a tag, a length (both 16 bits, big-endian)
 * and that many bytes. Tags are extension types, and these two.
 */
#define LSF_HELLO_VERSION 0xfffe
#define LSF_HELLO_CIPHERS 0xffff

#include "conn.h"

/* api.c */
extern struct lsf_api lsf_api;

/* init.c */
extern BIO_METHOD *lsf_method;
LSF_API int lsf_init(const struct lsf_api *api);
struct lsf_conn *lsf_conn_of(const SSL *ssl);

/* bufferpool.c */
LSF_API struct lsf_pool *lsf_pool_new(void);
LSF_API void lsf_pool_free(struct lsf_pool *pool);
unsigned char *lsf_take(struct lsf_pool *pool);
void lsf_give(struct lsf_pool *pool, unsigned char *buffer);

/* pages.c */
/* Blocks from here on are the kernel's, in multiples of it. */
#define LSF_MAPPED (1 << 21)
void *lsf_map(size_t size);
void *lsf_remap(void *block, size_t old, size_t size);
void lsf_unmap(void *block, size_t size);

/* conn.c */
LSF_API BIO *lsf_conn_bio(struct lsf_conn *c, struct lsf_pool *pool, int fd);
LSF_API void lsf_conn_free(struct lsf_conn *c);
LSF_API void lsf_conn_finalize(struct lsf_conn *c);

/* buffer.c */
void lsf_empty(struct lsf_conn *c);
int lsf_in_room(struct lsf_conn *c);
void lsf_in_filled(struct lsf_conn *c, int n);
int lsf_in_own(struct lsf_conn *c);
int lsf_in_take(struct lsf_conn *c, char *to, int length);
int lsf_enqueue(struct lsf_conn *c, const char *data, size_t length);
void lsf_out_passed(struct lsf_conn *c, size_t n);
LSF_API int lsf_lend(struct lsf_conn *c, const char *p, size_t at, size_t n);
LSF_API int lsf_feed(struct lsf_conn *c, const char *p, size_t at, size_t n);
LSF_API int lsf_queued(const struct lsf_conn *c, unsigned char *to, double n);
LSF_API int lsf_dequeue(struct lsf_conn *c, unsigned char *to);
LSF_API int lsf_unread(const struct lsf_conn *c, unsigned char *to);
LSF_API void lsf_drained(struct lsf_conn *c, size_t length);

/* plainbuffer.c */
int lsf_reserve(struct lsf_conn *c, int room);
int lsf_set_aside(struct lsf_conn *c);
void lsf_aside_free(struct lsf_conn *c);
void lsf_plain_free(struct lsf_conn *c);
LSF_API void lsf_release(struct lsf_conn *c);

/* plaintext.c */
LSF_API int lsf_find(const struct lsf_conn *c, int byte, int from, int to);
LSF_API unsigned char *lsf_claim(struct lsf_conn *c, uint32_t serial, int n,
    int skip);
LSF_API void lsf_delivered(struct lsf_conn *c);
LSF_API void lsf_unclaim(struct lsf_conn *c, const unsigned char *p, int n);
LSF_API int lsf_deliver(struct lsf_conn *c, unsigned char *to, int n);
LSF_API void lsf_drop(struct lsf_conn *c);
void lsf_decrypted(struct lsf_conn *c, int n);
LSF_API int lsf_append(struct lsf_conn *c, const void *data, int n);

/* readwrite.c */
/* The longest record, and what SSL_get_error has no number for. */
#define LSF_RECORD 16384
#define LSF_ERROR_GONE 100   /* freed meanwhile */
#define LSF_ERROR_MEMORY 101 /* no room for a record */
LSF_API void lsf_clear_errors(void);
LSF_API int lsf_verdict(const struct lsf_conn *c, int rc);
LSF_API int lsf_shake(struct lsf_conn *c);
LSF_API void lsf_notify(struct lsf_conn *c);
LSF_API int lsf_read(struct lsf_conn *c);
LSF_API int lsf_hear(struct lsf_conn *c);
LSF_API int lsf_read_into(struct lsf_conn *c, unsigned char *to, int size);
LSF_API int lsf_write(struct lsf_conn *c, const unsigned char *data,
    size_t from, int n);
LSF_API int lsf_pending(const struct lsf_conn *c);
LSF_API int lsf_want(const struct lsf_conn *c);
LSF_API int lsf_shut(const struct lsf_conn *c);
LSF_API int lsf_same(const unsigned char *a, size_t at_a,
    const unsigned char *b, size_t at_b, size_t n);

/* hellocopy.c */
struct lsf_hello_item {
	unsigned int tag;
	const unsigned char *data;
	size_t length;
};
#define LSF_HELLO_WANTED 5
extern const unsigned int lsf_hello_wanted[LSF_HELLO_WANTED];
void lsf_hello_forget(struct lsf_conn *c);
int lsf_hello_keep(struct lsf_conn *c, const struct lsf_hello_item *items,
    size_t n);

/* hellorecord.c */
size_t lsf_hello_look(struct lsf_conn *c);

/* otherways.c */
int lsf_session_reused(const SSL *ssl);
void lsf_no_renegotiation(SSL *ssl);

/* bio.c */
LSF_API int lsf_hello_gather(struct lsf_conn *c);
int lsf_bio_read(BIO *bio, char *buffer, int length);
int lsf_bio_write(BIO *bio, const char *buffer, int length);
long lsf_bio_ctrl(BIO *bio, int command, long larg, void *parg);

/* descriptor.c */
long lsf_fd_read(struct lsf_conn *c, void *buffer, size_t length);
size_t lsf_fd_write(struct lsf_conn *c, const void *data, size_t length);
LSF_API int lsf_flush(struct lsf_conn *c);
LSF_API int lsf_wait(const struct lsf_conn *c, int events, double seconds);
long lsf_send(int fd, const void *data, size_t length);
LSF_API int lsf_nonblocking(int fd);
LSF_API int lsf_blocking(int fd);
enum lsf_family {
	LSF_FAMILY_OTHER,
	LSF_FAMILY_INET,
	LSF_FAMILY_INET6,
	LSF_FAMILY_UNIX
};
LSF_API int lsf_family(int fd); /* enum lsf_family */
LSF_API double lsf_now(void);
LSF_API double lsf_spent(void);
LSF_API const char *lsf_errno_word(int error);

/* linger.c */
struct lsf_lingering;
LSF_API int lsf_linger(struct lsf_conn *c);
void lsf_last_step(struct lsf_conn *c);
LSF_API struct lsf_lingering *lsf_lingering_new(void);
LSF_API int lsf_detach(struct lsf_lingering *l, struct lsf_conn *c);
LSF_API int lsf_sweep(struct lsf_lingering *l, int most);
LSF_API void lsf_lingering_free(struct lsf_lingering *l);

/* process.c */
unsigned char *lsf_mark_new(void);
void lsf_mark_free(unsigned char *mark);
LSF_API int lsf_process(struct lsf_pool *pool);
void lsf_use(struct lsf_conn *c);
LSF_API int lsf_foreign(const struct lsf_conn *c);

/* file.c */
#define LSF_STAMP 8
LSF_API int lsf_file_stamp(const char *path, double stamp[LSF_STAMP]);
LSF_API int lsf_file_nul(const char *path);
LSF_API int lsf_file_descriptor(void *file);
LSF_API int lsf_file_read(int fd, void *buffer, int length, double offset);

/* folder.c */
LSF_API int lsf_folder_stamp(const char *path, int contents, uint64_t *stamp,
    double *newest);

/* callbacks.c */
struct lsf_password {
	const char *text; /* NULL: not known yet */
	size_t length;
	int asked;
	int too_long;
};
LSF_API int lsf_password(char *buffer, int size, int rwflag, void *u);
LSF_API DH *lsf_tmp_dh(SSL *ssl, int is_export, int keylength);
LSF_API int lsf_alpn_select(SSL *ssl, const unsigned char **out,
    unsigned char *outlen, const unsigned char *in, unsigned int inlen,
    void *arg);

/* verify.c */
LSF_API int lsf_verify(int ok, X509_STORE_CTX *store_ctx);

/* clienthello.c */
LSF_API int lsf_client_hello(SSL *ssl, int *alert, void *arg);
LSF_API int lsf_servername(SSL *ssl, int *alert, void *arg);

/* alert.c */
LSF_API void lsf_info(const SSL *ssl, int where, int value);

/* posthandshake.c */
void lsf_shaken(struct lsf_conn *c);
LSF_API int lsf_certificate_asked(SSL *ssl, void *arg);

/* keylog.c */
LSF_API void lsf_keylog(const SSL *ssl, const char *line);
LSF_API void lsf_keys_wipe(struct lsf_conn *c);
LSF_API int lsf_keys_save(struct lsf_conn *c, const char *path);

/* stapling.c */
LSF_API int lsf_status(SSL *ssl, void *arg);

/* pause.c */
int lsf_wait_for_answer(struct lsf_conn *c, enum lsf_question question);
void lsf_abandon(struct lsf_conn *c);

/* psk.c */
LSF_API unsigned int lsf_psk_client(SSL *ssl, const char *hint, char *identity,
    unsigned int max_identity, unsigned char *psk, unsigned int max_psk);
LSF_API unsigned int lsf_psk_server(SSL *ssl, const char *identity,
    unsigned char *psk, unsigned int max_psk);

/* validity.c */
void lsf_validity_begins(struct lsf_conn *c);
void lsf_note_validity(struct lsf_conn *c, X509_STORE_CTX *store_ctx);
LSF_API void lsf_verification_time(X509_VERIFY_PARAM *param, double seconds);
LSF_API void lsf_session_limit(SSL_SESSION *session, double end);
LSF_API void lsf_session_limit_by_peer(SSL_SESSION *session);

/* session.c */
LSF_API int lsf_ticket_made(SSL *ssl, void *arg);
LSF_API int lsf_new_session(SSL *ssl, SSL_SESSION *session);
LSF_API SSL_SESSION *lsf_take_session(struct lsf_conn *c);
LSF_API SSL_SESSION *lsf_get_session(SSL *ssl, const unsigned char *id,
    int length, int *copy);
void lsf_sessions_free(struct lsf_conn *c);

/* ticket.c */
LSF_API struct lsf_tickets *lsf_tickets_new(void);
LSF_API void lsf_tickets_set(struct lsf_tickets *t,
    const struct lsf_ticket_key *keys, int count);
LSF_API void lsf_tickets_use(struct lsf_conn *c, struct lsf_tickets *t);
LSF_API void lsf_tickets_free(struct lsf_tickets *t);
LSF_API int lsf_ticket_key_evp(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc);
LSF_API int lsf_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc);

#endif
