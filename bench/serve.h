/* The connections of the far side. */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

/* Make the contexts, with the files of that folder. */
void prepare(const char *certs);

/* Serve until the other end of `life`, which the subject holds, is gone. */
void serve_all(int listener, int life);

#endif
