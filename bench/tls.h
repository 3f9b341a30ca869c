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

/* A context of TLS 1.3 with AES-256-GCM; a server's has the certificate. */
SSL_CTX *context(const char *certs, int server);

/* Connect to the peer and tell it what to do; TLS comes next. */
int tell(const char *command);

/* A connection over fd with the handshake done, or the program ends. */
SSL *shake(SSL_CTX *ctx, int fd, int server);

/* User and system time of this process, and the time of day, in seconds. */
double cpu(void);
double wall(void);

/* End the program, with the words and OpenSSL's reason. */
void die(const char *what);

#endif
