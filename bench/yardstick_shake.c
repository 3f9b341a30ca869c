/* Connections of the yardstick, one after another. */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "tls.h"
#include "yardstick.h"

/* Handshakes before the clock starts. */
#define WARM 100

/*
 * Nothing is lost: end our half, and keep the descriptor until the peer has ended too
 * or its kernel has everything.
 */
static void
end_in_order(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char scratch[RECORD];
	int waiting = 1;

	shutdown(fd, SHUT_WR);
	while (recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT) != 0 &&
	    ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > 0)
		poll(&p, 1, 1);
}

static void
end(SSL *ssl, int fd, int abrupt)
{
	SSL_shutdown(ssl);
	if (!abrupt)
		end_in_order(fd);
	SSL_free(ssl);
	close(fd);
}

static const char *
far_end(const char *kind)
{
	if (is(kind, "three"))
		return "end three\n";

	if (is(kind, "resumed"))
		return "ticket\n";

	return is(kind, "mutual") ? "end mutual\n" : "end\n";
}

/* The session for the next one: a ticket is for one use. */
static void
take_session(SSL *ssl, SSL_SESSION **session)
{
	char byte;

	if (SSL_session_reused(ssl) != (*session != NULL))
		die("not resumed");
	if (SSL_read(ssl, &byte, 1) != 1)
		die("no ticket");
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(ssl);
}

/*
 * Kinds: "three" and "mutual" as in tls.h; "resumed"; "abrupt": without an end in
 * order; "bare": that, and nothing is verified.
 */
void
work_handshake(int amount, const char *kind)
{
	SSL_CTX *ctx = context_of(0, kind);
	SSL_SESSION *session = NULL;
	double units = amount, spent = 0, passed = 0, w, c;
	SSL *ssl;
	int fd, bare = is(kind, "bare"), abrupt = bare || is(kind, "abrupt");

	if (!bare)
		verify(ctx, SSL_VERIFY_PEER);
	for (amount += WARM; amount > 0; amount--) {
		fd = tell(far_end(kind));
		w = wall();
		c = cpu();
		ssl = over(ctx, fd);
		if (session != NULL)
			SSL_set_session(ssl, session);
		if (SSL_connect(ssl) != 1)
			die("the handshake");
		if (is(kind, "resumed"))
			take_session(ssl, &session);
		end(ssl, fd, abrupt);
		if (amount <= units) {
			spent += cpu() - c;
			passed += wall() - w;
		}
	}
	printf("%.0f %.9f %.9f\n", units, spent, passed);
}

static const char *
far_client(const char *kind)
{
	if (is(kind, "resumed"))
		return "client resumed\n";

	return is(kind, "mutual") ? "client mutual\n" : "client\n";
}

/* The server's side; the peer looks whether it was resumed. */
void
work_accept(int amount, const char *kind)
{
	SSL_CTX *ctx = context_of(1, kind);
	double units = amount, spent = 0, passed = 0, w, c;
	SSL *ssl;
	int fd;

	for (amount += WARM; amount > 0; amount--) {
		fd = tell(far_client(kind));
		w = wall();
		c = cpu();
		ssl = shake(ctx, fd, 1);
		end(ssl, fd, is(kind, "abrupt"));
		if (amount <= units) {
			spent += cpu() - c;
			passed += wall() - w;
		}
	}
	printf("%.0f %.9f %.9f\n", units, spent, passed);
}
