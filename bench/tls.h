/*
 * What the peer and the yardstick have in common: contexts, sockets, clocks.
 * Both link OpenSSL; neither is part of the library.
 */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include <stddef.h>

#include <openssl/ssl.h>

#define RECORD 16384
#define LINE 100
#define MIB (1 << 20)

/* A context of TLS 1.3 with AES-256-GCM. */
SSL_CTX *context(int server);

/*
 * A context with the files of a kind: a server's has a certificate, of a chain of
 * three with the kind "three"; with "mutual" a client has one too, and the server
 * asks for it and verifies.
 */
SSL_CTX *context_of(int server, const char *kind);

/* Verify the other side's chain. */
void verify(SSL_CTX *ctx, int mode);

/* Connect to the peer and tell it what to do; TLS comes next. */
int tell(const char *command);

/* A new session over fd, before its handshake. */
SSL *over(SSL_CTX *ctx, int fd);

/* A connection over fd with the handshake done, or the program ends. */
SSL *shake(SSL_CTX *ctx, int fd, int server);

/* Is it this word? No word is none. */
int is(const char *kind, const char *word);

/* User and system time of this process, and the time of day, in seconds. */
double cpu(void);
double wall(void);

/* End the program, with the words and OpenSSL's reason. */
void die(const char *what);

#endif
