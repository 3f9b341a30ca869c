/* What the files of the yardstick have in common. */
#ifndef BENCH_YARDSTICK_H
#define BENCH_YARDSTICK_H

#include <openssl/ssl.h>

/* The clocks start. */
void begin(void);

/* Print the units, and what the clocks say. */
void report(double units);

/* So many messages of 64 bytes, there and back. */
void bounce(SSL *ssl, int amount);

/* Connections: one after another. */
void work_handshake(int amount, const char *kind);
void work_accept(int amount, const char *kind);

/* Connections: many at a time. */
void work_idle(int amount, const char *release);
void work_connections(int amount, const char *processes);
void work_busy(int amount, const char *rounds);

#endif
