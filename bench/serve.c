/*
 * The connections of the far side.
 *
 * A subject connects and says in one plain line what it wants of the connection;
 * TLS follows on the same connection:
 *
 *	sink			take all ciphertext and look at none of it
 *	source BYTES RECORD LINE
 *				one record with the line "ready"; after the
 *				subject's next bytes BYTES of random letters in
 *				records of RECORD bytes, a LF at the end of each
 *				LINE bytes (0: none); close_notify
 *	flow BYTES RECORD LINE	the same, but encrypted while the subject receives
 *	echo			what comes goes back
 *	end [KIND]		nothing but the handshake; with a chain of "three", or
 *				"mutual": with a certificate of the subject
 *	ticket			the handshake, and one byte behind the tickets
 *	client [KIND]		the handshake as the client, which takes the tickets;
 *				"mutual" as above, "resumed": with the session of the
 *				first such connection
 *	hold			handshake as the client, then echo; many at a time
 *
 * Who begins with TLS at once gets answers in HTTP.
 *
 * The peer is to cost the subject nothing but the bytes: what it takes is dropped
 * in the kernel, and what a source gives is encrypted before it says "ready".
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"
#include "tls.h"

/* Events of one call of the kernel. */
#define EVENTS 64

static char scratch[MIB];
static SSL_CTX *server, *three, *judge, *client, *known, *holder;

/* Drop all that comes, in the kernel where that is possible. */
static void
drop(int fd)
{
	while (recv(fd, scratch, sizeof(scratch), MSG_TRUNC) > 0)
		;
}

static int
push(int fd, const char *data, size_t length)
{
	ssize_t n;

	while (length > 0) {
		n = send(fd, data, length > MIB ? MIB : length, 0);
		if (n <= 0)
			return -1;
		data += n;
		length -= (size_t)n;
	}

	return 0;
}

/* Random letters; writes up to seven bytes more than asked for. */
static void
letters(char *text, size_t length)
{
	static uint64_t x = 88172645463325252u;
	uint64_t eight;
	size_t i;

	for (i = 0; i < length; i += sizeof(eight)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		eight = (x & 0x0f0f0f0f0f0f0f0fu) + 0x6161616161616161u;
		memcpy(text + i, &eight, sizeof(eight));
	}
}

/* Write the text, as far as somebody takes it, and the end of the session. */
static void
give(SSL *ssl, size_t bytes, size_t record, size_t line)
{
	char text[RECORD + 8];
	size_t done, n, lf;

	for (done = 0; done < bytes; done += n) {
		n = bytes - done < record ? bytes - done : record;
		letters(text, n);
		if (line > 0) {
			lf = line - 1 - done % line;
			for (; lf < n; lf += line)
				text[lf] = '\n';
		}
		if (SSL_write(ssl, text, (int)n) != (int)n)
			return;
	}
	SSL_shutdown(ssl);
}

/* A BIO with room for that much, since growing to a gigabyte takes long. */
static BIO *
roomy(size_t bytes)
{
	BIO *memory = BIO_new(BIO_s_mem());
	BUF_MEM *block;

	BIO_get_mem_ptr(memory, &block);
	if (BUF_MEM_grow(block, bytes) != bytes)
		die("BUF_MEM_grow");
	BIO_reset(memory);

	return memory;
}

struct text {
	size_t bytes, record, line;
};

static struct text
wanted(const char *command)
{
	struct text t;

	if (sscanf(command, "%*s %zu %zu %zu", &t.bytes, &t.record, &t.line) !=
		3 ||
	    t.record == 0 || t.record > RECORD)
		die("source BYTES RECORD LINE");

	return t;
}

static void
source(SSL *ssl, int fd, const char *command)
{
	struct text t = wanted(command);
	BIO *memory = roomy(t.bytes + (t.bytes / t.record + 4) * 32);
	size_t ready, all;
	char *data;

	SSL_set0_wbio(ssl, memory);
	if (SSL_write(ssl, "ready\n", 6) != 6)
		die("SSL_write");
	ready = (size_t)BIO_get_mem_data(memory, &data);
	give(ssl, t.bytes, t.record, t.line);
	all = (size_t)BIO_get_mem_data(memory, &data);
	if (push(fd, data, ready) == 0 &&
	    recv(fd, scratch, sizeof(scratch), 0) > 0)
		push(fd, data + ready, all - ready);
}

static void
flow(SSL *ssl, const char *command)
{
	struct text t = wanted(command);

	if (SSL_write(ssl, "ready\n", 6) == 6 &&
	    SSL_read(ssl, scratch, RECORD) > 0)
		give(ssl, t.bytes, t.record, t.line);
}

/* 0 when there will be nothing more. */
static int
echo(SSL *ssl)
{
	int n = SSL_read(ssl, scratch, RECORD);

	if (n <= 0)
		return SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ;

	return SSL_write(ssl, scratch, n) == n;
}

/* Read the head of a request into `scratch`. */
static int
request(SSL *ssl)
{
	size_t have = 0;
	int n;

	do {
		n = SSL_read(ssl, scratch + have, RECORD);
		have += n > 0 ? (size_t)n : 0;
		scratch[have] = '\0';
	} while (n > 0 && strstr(scratch, "\r\n\r\n") == NULL);

	return n > 0;
}

/* One answer after another, until a client says close. */
static void
http(SSL *ssl)
{
	static const char next[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Length: 6\r\n"
				   "Content-Type: text/plain\r\n"
				   "\r\n"
				   "hello\n";
	static const char last[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Length: 6\r\n"
				   "Connection: close\r\n"
				   "\r\n"
				   "hello\n";

	while (request(ssl)) {
		if (strcasestr(scratch, "\r\nconnection: close") != NULL) {
			SSL_write(ssl, last, sizeof(last) - 1);
			break;
		}
		SSL_write(ssl, next, sizeof(next) - 1);
	}
	SSL_shutdown(ssl);
}

/* The plain line, without its LF; "http" where there is none. */
static void
read_command(int fd, char command[64])
{
	size_t n = 0;

	if (recv(fd, command, 1, MSG_PEEK) == 1 && command[0] == 0x16) {
		strcpy(command, "http");
		return;
	}
	while (n < 63 && recv(fd, command + n, 1, 0) == 1 && command[n] != '\n')
		n++;
	command[n] = '\0';
}

static void
hold(int poller, int fd)
{
	SSL *ssl = shake(holder, fd, 0);
	struct epoll_event event = { .events = EPOLLIN,
		.data = { .ptr = ssl } };

	SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == -1)
		die("epoll_ctl");
}

static void
finish(SSL *ssl, int fd)
{
	shutdown(fd, SHUT_WR);
	drop(fd);
	SSL_free(ssl);
	close(fd);
}

/* What the first connection leaves is offered by all others. */
static void
resume(SSL *ssl)
{
	static SSL_SESSION *kept;

	if (kept != NULL && SSL_set_session(ssl, kept) != 1)
		die("SSL_set_session");
	if (SSL_connect(ssl) != 1)
		die("the handshake");
	if (kept != NULL && !SSL_session_reused(ssl))
		die("the subject did not resume");
	while (SSL_read(ssl, scratch, RECORD) > 0)
		;
	if (kept == NULL)
		kept = SSL_get1_session(ssl);
	/* A session that was not ended in order is not resumed again. */
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

static void
as_client(int fd, const char *kind)
{
	SSL *ssl = over(is(kind, "mutual") ? known : client, fd);

	if (is(kind, "resumed"))
		resume(ssl);
	else if (SSL_connect(ssl) == 1)
		while (SSL_read(ssl, scratch, RECORD) > 0)
			;
	finish(ssl, fd);
}

static SSL_CTX *
server_of(const char *command)
{
	if (is(command, "end three"))
		return three;

	return is(command, "end mutual") ? judge : server;
}

static void
as_server(int fd, const char *command)
{
	SSL *ssl = over(server_of(command), fd);

	if (SSL_accept(ssl) == 1) {
		if (is(command, "http"))
			http(ssl);
		else if (strncmp(command, "source", 6) == 0)
			source(ssl, fd, command);
		else if (strncmp(command, "flow", 4) == 0)
			flow(ssl, command);
		else if (is(command, "echo"))
			while (echo(ssl))
				;
		else if (is(command, "ticket"))
			SSL_write(ssl, "x", 1);
		/* Subjects exist that send nothing more when the peer has ended. */
		else if (is(command, "sink"))
			drop(fd);
	}
	finish(ssl, fd);
}

static void
serve(int poller, int fd)
{
	char command[64];
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	read_command(fd, command);
	if (is(command, "hold"))
		hold(poller, fd);
	else if (strncmp(command, "client", 6) == 0)
		as_client(fd, command[6] == ' ' ? command + 7 : NULL);
	else
		as_server(fd, command);
}

static void
answer_held(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	do {
		if (!echo(ssl)) {
			SSL_free(ssl);
			close(fd);
			return;
		}
	} while (SSL_has_pending(ssl));
}

void
serve_all(int listener, int life)
{
	struct epoll_event event = { .events = EPOLLIN }, events[EVENTS];
	int poller = epoll_create1(EPOLL_CLOEXEC);
	int fd, i, n;

	event.data.ptr = NULL;
	epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
	event.data.ptr = &server;
	epoll_ctl(poller, EPOLL_CTL_ADD, life, &event);
	for (;;) {
		n = epoll_wait(poller, events, EVENTS, -1);
		for (i = 0; i < n; i++) {
			if (events[i].data.ptr == &server)
				return;
			if (events[i].data.ptr != NULL)
				answer_held(events[i].data.ptr);
			else if ((fd = accept(listener, NULL, NULL)) != -1)
				serve(poller, fd);
		}
	}
}

void
prepare(const char *certs)
{
	setenv("BENCH_CERTS", certs, 1);
	server = context_of(1, NULL);
	three = context_of(1, "three");
	judge = context_of(1, "mutual");
	client = context_of(0, NULL);
	known = context_of(0, "mutual");
	holder = context_of(0, NULL);
	SSL_CTX_set_mode(holder, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(holder, 1);
}
