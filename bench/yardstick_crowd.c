/* Connections of the yardstick, many at a time. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls.h"
#include "yardstick.h"

/* Connections of a process at the same time, and those before the clock starts. */
#define SIDES 8
#define WARM 50

/* Events of one call of the kernel. */
#define EVENTS 256

#define MESSAGE 64

static char message[MESSAGE];

static void
prepare_message(void)
{
	memset(message, 'c', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\n';
}

static void
many_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
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
void
work_idle(int amount, const char *release)
{
	SSL_CTX *ctx = context_of(1, NULL);
	double before = 0, start = wall();
	SSL *ssl;
	int i;

	many_descriptors();
	if (is(release, "1"))
		SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	for (i = 0; i < amount + 100; i++) {
		if (i == 100)
			before = resident();
		ssl = shake(ctx, tell("hold\n"), 1);
		bounce(ssl, 1);
	}
	printf("%d %.3f %.9f\n", amount, resident() - before, wall() - start);
}

static void
watch(int poller, int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN,
		.data = { .ptr = what } };

	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == -1)
		die("epoll_ctl");
}

struct visit {
	SSL *ssl;
	int fd;
	enum {
		SHAKING,
		ASKING,
		ENDING
	} phase;
};

/* 1: the step is done; 0: later. */
static int
done(SSL *ssl, int n)
{
	if (n > 0)
		return 1;
	if (SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ)
		die("a visit");

	return 0;
}

/* Handshake, a message and back, and an end in order. 1 when all is done. */
static int
go_on(struct visit *v)
{
	char answer[MESSAGE];
	ssize_t n;

	if (v->phase == SHAKING) {
		if (!done(v->ssl, SSL_connect(v->ssl)))
			return 0;
		if (SSL_write(v->ssl, message, MESSAGE) != MESSAGE)
			die("SSL_write");
		v->phase = ASKING;
	}
	if (v->phase == ASKING) {
		if (!done(v->ssl, SSL_read(v->ssl, answer, MESSAGE)))
			return 0;
		SSL_shutdown(v->ssl);
		shutdown(v->fd, SHUT_WR);
		v->phase = ENDING;
	}
	while ((n = recv(v->fd, answer, sizeof(answer), 0)) > 0)
		;
	if (n < 0)
		return 0;
	SSL_free(v->ssl);
	close(v->fd);

	return 1;
}

/* Visits of a process, of which some go on at the same time. */
struct visits {
	SSL_CTX *ctx;
	int poller;
	int amount, begun, ended;
};

/* One after another in this place, until one has to wait. A visit can end at
 * once, when the peer answers each step before the next. */
static void
visit(struct visits *all, struct visit *v)
{
	while (all->begun < all->amount) {
		all->begun++;
		v->fd = tell("echo\n");
		v->ssl = over(all->ctx, v->fd);
		v->phase = SHAKING;
		watch(all->poller, v->fd, v);
		if (!go_on(v))
			return;
		all->ended++;
	}
}

static void
visits(int amount, SSL_CTX *ctx, int poller)
{
	struct visits all = { ctx, poller, amount, 0, 0 };
	struct visit visiting[SIDES];
	struct epoll_event events[SIDES];
	int i, n;

	for (i = 0; i < SIDES; i++)
		visit(&all, &visiting[i]);
	while (all.ended < amount) {
		n = epoll_wait(poller, events, SIDES, -1);
		for (i = 0; i < n; i++) {
			if (!go_on(events[i].data.ptr))
				continue;
			all.ended++;
			visit(&all, events[i].data.ptr);
		}
	}
}

/* Pipes between the first process and the others. */
static int ready[2], start[2];

/* The others: ready, and on until all begin. */
static void
stand_ready(void)
{
	char byte = 0;

	if (write(ready[1], &byte, 1) != 1 || read(start[0], &byte, 1) != 1)
		die("a process");
}

static void
wait_for(int others)
{
	char byte;

	for (; others > 0; others--)
		if (read(ready[0], &byte, 1) != 1)
			die("a process");
}

static void
let_begin(int others)
{
	char byte = 0;

	for (; others > 0; others--)
		if (write(start[1], &byte, 1) != 1)
			die("a process");
}

static void
see_end(int others)
{
	int status;

	for (; others > 0; others--)
		if (wait(&status) == -1 || status != 0)
			die("a process");
}

/* Processes with one context, which begin together. */
void
work_connections(int amount, const char *processes)
{
	SSL_CTX *ctx = context_of(0, NULL);
	int others = processes != NULL ? atoi(processes) - 1 : 0;
	int poller, i, share = amount / (others + 1);
	pid_t child = 1;
	double w;

	prepare_message();
	verify(ctx, SSL_VERIFY_PEER);
	if (pipe(ready) == -1 || pipe(start) == -1)
		die("pipe");
	for (i = 0; i < others && child != 0; i++)
		if ((child = fork()) == -1)
			die("fork");
	poller = epoll_create1(0);
	visits(WARM, ctx, poller);
	if (child == 0) {
		stand_ready();
		visits(share, ctx, poller);
		_exit(0);
	}
	wait_for(others);
	w = wall();
	let_begin(others);
	visits(share, ctx, poller);
	see_end(others);
	w = wall() - w;
	printf("%d %.9f %.9f\n", share * (others + 1), w, w);
}

struct busy {
	SSL *ssl;
	double sent;
};

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
say(struct busy *b)
{
	b->sent = wall();
	if (SSL_write(b->ssl, message, MESSAGE) != MESSAGE)
		die("SSL_write");
}

/* The answers until there are so many; each but the last is followed by a message. */
static void
answers(int poller, double *late, int count, int held)
{
	struct epoll_event events[EVENTS];
	char answer[MESSAGE];
	struct busy *b;
	int got = 0, i, n;

	while (got < count) {
		n = epoll_wait(poller, events, EVENTS, -1);
		for (i = 0; i < n; i++) {
			b = events[i].data.ptr;
			if (!done(b->ssl, SSL_read(b->ssl, answer, MESSAGE)))
				continue;
			late[got++] = wall() - b->sent;
			if (got + held <= count)
				say(b);
		}
	}
}

/* Each of so many connections waits for the answer to a message, at any time. */
void
work_busy(int amount, const char *rounds)
{
	SSL_CTX *ctx = context_of(1, NULL);
	struct busy *all = calloc((size_t)amount, sizeof(*all));
	int i, poller = epoll_create1(0);
	int count = amount * (rounds != NULL ? atoi(rounds) : 1);
	double *late = calloc((size_t)count, sizeof(*late)), w, p99;

	many_descriptors();
	prepare_message();
	for (i = 0; i < amount; i++) {
		all[i].ssl = shake(ctx, tell("hold\n"), 1);
		bounce(all[i].ssl, 1);
		watch(poller, SSL_get_fd(all[i].ssl), &all[i]);
	}
	w = wall();
	for (i = 0; i < amount; i++)
		say(&all[i]);
	answers(poller, late, count, amount);
	w = wall() - w;
	qsort(late, (size_t)count, sizeof(*late), by_size);
	p99 = late[(size_t)((double)count * 0.99)];
	printf("%d %.9f %.9f\n", count, p99 * count, w);
}
