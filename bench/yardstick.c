/*
 * The works of bench/subject.lua as a C programmer would write them, with plain
 * blocking sockets and nothing tuned:
 *
 *	yardstick WORK AMOUNT [PARAMETER] [flow]
 *
 * Prints the units done, what they cost (seconds of CPU; KiB for `idle`), and the
 * time of day that passed. With the last word the peer encrypts while it is read.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls.h"
#include "yardstick.h"

static const char *kind_of_source = "source";
static double cpu_before, wall_before;

void
begin(void)
{
	wall_before = wall();
	cpu_before = cpu();
}

void
report(double units)
{
	double spent = cpu() - cpu_before;

	printf("%.0f %.9f %.9f\n", units, spent, wall() - wall_before);
}

/* A connection that the peer feeds, with the peer waiting for us to begin. */
static SSL *
source(size_t bytes, int record, int line)
{
	char command[64], ready[6];
	SSL *ssl;

	snprintf(command, sizeof(command), "%s %zu %d %d\n", kind_of_source,
	    bytes, record, line);
	ssl = shake(context(0), tell(command), 0);
	if (SSL_read(ssl, ready, sizeof(ready)) != sizeof(ready))
		die("not ready");
	if (SSL_write(ssl, "go\n", 3) != 3)
		die("go");

	return ssl;
}

static void
write_all(SSL *ssl, const char *data, size_t bytes, size_t piece)
{
	for (; bytes >= piece; bytes -= piece)
		if (SSL_write(ssl, data, (int)piece) != (int)piece)
			die("SSL_write");
}

static void
work_send(int amount, const char *size)
{
	static char data[RECORD];
	SSL *ssl = shake(context(0), tell("sink\n"), 0);
	int piece = size != NULL ? atoi(size) : 0;

	memset(data, 'x', sizeof(data));
	piece = piece > 0 && piece < RECORD ? piece : RECORD;
	write_all(ssl, data, 8 * MIB, (size_t)piece);
	begin();
	write_all(ssl, data, (size_t)amount * MIB, (size_t)piece);
	report(amount);
}

static void
read_all(SSL *ssl, size_t bytes)
{
	char data[RECORD];
	int n;

	while (bytes > 0) {
		n = SSL_read(ssl, data,
		    (int)(bytes < sizeof(data) ? bytes : sizeof(data)));
		if (n <= 0)
			die("SSL_read");
		bytes -= (size_t)n;
	}
}

static void
work_receive(int amount, const char *unused)
{
	SSL *ssl = source((size_t)(amount + 32) * MIB, RECORD, 0);

	(void)unused;
	read_all(ssl, 32 * MIB);
	begin();
	read_all(ssl, (size_t)amount * MIB);
	report(amount);
}

/* Many small pieces, put together by hand, as one record. */
static void
work_sendv(int amount, const char *unused)
{
	static char piece[64][100], data[sizeof(piece)];
	SSL *ssl = shake(context(0), tell("sink\n"), 0);
	int i, k;

	(void)unused;
	memset(piece, 'x', sizeof(piece));
	for (i = -200; i < amount; i++) {
		if (i == 0)
			begin();
		for (k = 0; k < 64; k++)
			memcpy(data + k * sizeof(piece[0]), piece[k],
			    sizeof(piece[0]));
		write_all(ssl, data, sizeof(data), sizeof(data));
	}
	report(amount);
}

static void
step(SSL *ssl)
{
	int rc = SSL_do_handshake(ssl);

	if (rc != 1 && SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ)
		die("the handshake");
}

/* Both ends in this process, through memory. */
static void
work_enginepair(int amount, const char *unused)
{
	static char data[RECORD], back[RECORD];
	SSL *a = SSL_new(context(0)), *b = SSL_new(context_of(1, NULL));
	BIO *to_a = BIO_new(BIO_s_mem()), *to_b = BIO_new(BIO_s_mem());
	size_t bytes, got;

	(void)unused;
	BIO_up_ref(to_a);
	BIO_up_ref(to_b);
	SSL_set_bio(a, to_a, to_b);
	SSL_set_bio(b, to_b, to_a);
	BIO_set_mem_eof_return(to_a, -1);
	BIO_set_mem_eof_return(to_b, -1);
	SSL_set_connect_state(a);
	SSL_set_accept_state(b);
	while (!SSL_is_init_finished(a) || !SSL_is_init_finished(b)) {
		step(a);
		step(b);
	}
	memset(data, 'x', sizeof(data));
	for (bytes = 0; bytes < (size_t)(amount + 8) * MIB; bytes += RECORD) {
		if (bytes == 8 * MIB)
			begin();
		write_all(a, data, RECORD, RECORD);
		if (SSL_read_ex(b, back, RECORD, &got) != 1 || got != RECORD)
			die("SSL_read_ex");
	}
	report(amount);
}

/* Lines found and passed over; the rest of one moves to the front. */
static void
count_lines(SSL *ssl, int amount, char *data, size_t *held)
{
	char *beg, *lf;
	int n;

	while (amount > 0) {
		n = SSL_read(ssl, data + *held, RECORD);
		if (n <= 0)
			die("SSL_read");
		*held += (size_t)n;
		beg = data;
		while ((lf = memchr(beg, '\n', *held)) != NULL) {
			*held -= (size_t)(lf + 1 - beg);
			beg = lf + 1;
			amount--;
		}
		memmove(data, beg, *held);
	}
}

static void
work_lines(int amount, const char *record)
{
	static char data[RECORD + LINE];
	int warm = amount / 10;
	SSL *ssl = source((size_t)(amount + 2 * warm) * LINE,
	    record != NULL ? atoi(record) : RECORD, LINE);
	size_t held = 0;

	count_lines(ssl, warm, data, &held);
	begin();
	count_lines(ssl, amount, data, &held);
	report(amount);
}

void
bounce(SSL *ssl, int amount)
{
	char message[64];
	int n, have;

	memset(message, 'p', sizeof(message));
	message[sizeof(message) - 1] = '\n';
	for (; amount > 0; amount--) {
		if (SSL_write(ssl, message, sizeof(message)) <= 0)
			die("SSL_write");
		for (have = 0; have < (int)sizeof(message); have += n)
			if ((n = SSL_read(ssl, message,
				 (int)sizeof(message) - have)) <= 0)
				die("SSL_read");
	}
}

static void
work_pingpong(int amount, const char *unused)
{
	SSL *ssl = shake(context(0), tell("echo\n"), 0);

	(void)unused;
	bounce(ssl, 200);
	begin();
	bounce(ssl, amount);
	report(amount);
}

static const struct {
	const char *name;
	void (*run)(int amount, const char *parameter);
} works[] = {
	{ "send", work_send },
	{ "receive", work_receive },
	{ "all", work_receive },
	{ "receiveinto", work_receive },
	{ "sendfrom", work_send },
	{ "sendv", work_sendv },
	{ "enginepair", work_enginepair },
	{ "lines", work_lines },
	{ "pingpong", work_pingpong },
	{ "handshake", work_handshake },
	{ "accept", work_accept },
	{ "idle", work_idle },
	{ "connections", work_connections },
	{ "busy", work_busy },
};

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 3)
		die("usage: peer CERTS yardstick WORK AMOUNT [PARAMETER]");
	if (strcmp(argv[argc - 1], "flow") == 0)
		kind_of_source = argv[--argc];
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(argv[1], works[i].name) != 0)
			continue;
		works[i].run(atoi(argv[2]), argc > 3 ? argv[3] : NULL);
		return 0;
	}
	die("no such work");

	return 1;
}
