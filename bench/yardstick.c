/*
 * The works of bench/subject.lua as a C programmer would write them, with plain
 * blocking sockets and nothing tuned:
 *
 *	yardstick WORK AMOUNT [PARAMETER]
 *
 * Prints the units done, what they cost (seconds of CPU; KiB for `idle`), and the
 * time of day that passed.
 */
#define _GNU_SOURCE
#include <sys/resource.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls.h"

static const char *certs;
static double cpu_before, wall_before;

static void
begin(void)
{
	wall_before = wall();
	cpu_before = cpu();
}

static void
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

	snprintf(command, sizeof(command), "source %zu %d %d\n", bytes, record,
	    line);
	ssl = shake(context(certs, 0), tell(command), 0);
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
work_send(int amount, int piece)
{
	static char data[RECORD];
	SSL *ssl = shake(context(certs, 0), tell("sink\n"), 0);

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
work_receive(int amount, int unused)
{
	SSL *ssl = source((size_t)(amount + 8) * MIB, RECORD, 0);

	(void)unused;
	read_all(ssl, 8 * MIB);
	begin();
	read_all(ssl, (size_t)amount * MIB);
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
work_lines(int amount, int record)
{
	static char data[RECORD + LINE];
	int warm = amount / 10;
	SSL *ssl = source((size_t)(amount + 2 * warm) * LINE, record, LINE);
	size_t held = 0;

	count_lines(ssl, warm, data, &held);
	begin();
	count_lines(ssl, amount, data, &held);
	report(amount);
}

static void
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
work_pingpong(int amount, int unused)
{
	SSL *ssl = shake(context(certs, 0), tell("echo\n"), 0);

	(void)unused;
	bounce(ssl, 200);
	begin();
	bounce(ssl, amount);
	report(amount);
}

/* parameter 1: verify the chain. */
static void
work_handshake(int amount, int verify)
{
	SSL_CTX *ctx = context(certs, 0);
	double spent = 0, passed = 0;
	char root[4096];
	SSL *ssl;
	int fd, i;

	snprintf(root, sizeof(root), "%s/root.pem", certs);
	if (verify) {
		SSL_CTX_load_verify_locations(ctx, root, NULL);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	}
	for (i = -5; i < amount; i++) {
		fd = tell("end\n");
		begin();
		ssl = shake(ctx, fd, 0);
		SSL_shutdown(ssl);
		SSL_free(ssl);
		close(fd);
		if (i >= 0) {
			spent += cpu() - cpu_before;
			passed += wall() - wall_before;
		}
	}
	printf("%d %.9f %.9f\n", amount, spent, passed);
}

static double
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, pages = 0;

	if (f == NULL || fscanf(f, "%ld %ld", &size, &pages) != 2)
		die("/proc/self/statm");
	fclose(f);

	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* Connections of a server that were opened, used once, and lie there. */
static void
work_idle(int amount, int release)
{
	SSL_CTX *ctx = context(certs, 1);
	struct rlimit limit;
	double before = 0;
	SSL *ssl;
	int i;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (release)
		SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	wall_before = wall();
	for (i = 0; i < amount + 100; i++) {
		if (i == 100)
			before = resident();
		ssl = shake(ctx, tell("hold\n"), 1);
		bounce(ssl, 1);
	}
	printf("%d %.3f %.9f\n", amount, resident() - before,
	    wall() - wall_before);
}

static const struct {
	const char *name;
	void (*run)(int amount, int parameter);
} works[] = {
	{ "send", work_send },
	{ "receive", work_receive },
	{ "all", work_receive },
	{ "lines", work_lines },
	{ "pingpong", work_pingpong },
	{ "handshake", work_handshake },
	{ "idle", work_idle },
};

int
main(int argc, char **argv)
{
	size_t i;

	certs = getenv("BENCH_CERTS");
	if (argc < 3 || certs == NULL)
		die("usage: peer CERTS yardstick WORK AMOUNT [PARAMETER]");
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(argv[1], works[i].name) != 0)
			continue;
		works[i].run(atoi(argv[2]), argc > 3 ? atoi(argv[3]) : 0);
		return 0;
	}
	die("no such work");
}
