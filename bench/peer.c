/*
 * The far side of every measurement:
 *
 *	peer [-s] CERTS COMMAND [ARGUMENT]...
 *
 * starts the command with BENCH_PORT and BENCH_CERTS in its environment, serves
 * it, and ends with its status when it ends. The peer runs on the first core it
 * may use and the command on the last one; with -s both run on the last.
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
 *	echo			what comes goes back
 *	end			nothing but the handshake
 *	hold			handshake as the client, then echo; many at a time
 *
 * Who begins with TLS at once gets answers in HTTP.
 *
 * The peer is to cost the subject nothing but the bytes: what it takes is dropped
 * in the kernel, and what it gives is encrypted before it says "ready".
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls.h"

static char scratch[MIB];
static SSL_CTX *server, *client;

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

/* Put the ciphertext of the whole source into what `ssl` writes to. */
static void
encrypt(SSL *ssl, size_t bytes, size_t record, size_t line)
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
			die("SSL_write");
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

static void
source(SSL *ssl, int fd, const char *command)
{
	BIO *memory;
	size_t bytes, record, line, ready, all;
	char *data;

	if (sscanf(command, "source %zu %zu %zu", &bytes, &record, &line) !=
		3 ||
	    record == 0 || record > RECORD)
		die("source BYTES RECORD LINE");
	memory = roomy(bytes + (bytes / record + 4) * 32);
	SSL_set0_wbio(ssl, memory);
	if (SSL_write(ssl, "ready\n", 6) != 6)
		die("SSL_write");
	ready = (size_t)BIO_get_mem_data(memory, &data);
	encrypt(ssl, bytes, record, line);
	all = (size_t)BIO_get_mem_data(memory, &data);
	if (push(fd, data, ready) == 0 &&
	    recv(fd, scratch, sizeof(scratch), 0) > 0)
		push(fd, data + ready, all - ready);
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
	SSL *ssl = shake(client, fd, 0);
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

static void
serve(int poller, int fd)
{
	char command[64];
	SSL *ssl;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	read_command(fd, command);
	if (strcmp(command, "hold") == 0) {
		hold(poller, fd);
		return;
	}
	ssl = SSL_new(server);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		die("SSL_new");
	if (SSL_accept(ssl) == 1) {
		if (strcmp(command, "http") == 0)
			http(ssl);
		else if (strncmp(command, "source", 6) == 0)
			source(ssl, fd, command);
		else if (strcmp(command, "echo") == 0)
			while (echo(ssl))
				;
		else
			drop(fd);
	}
	finish(ssl, fd);
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
	} while (SSL_pending(ssl) > 0);
}

/* Until the subject, which holds the other end of `life`, is gone. */
static void
serve_all(int listener, int life)
{
	struct epoll_event event = { .events = EPOLLIN };
	int poller = epoll_create1(EPOLL_CLOEXEC);
	int fd;

	event.data.ptr = NULL;
	epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
	event.data.ptr = &server;
	epoll_ctl(poller, EPOLL_CTL_ADD, life, &event);
	for (;;) {
		if (epoll_wait(poller, &event, 1, -1) != 1)
			continue;
		if (event.data.ptr == &server)
			return;
		if (event.data.ptr != NULL)
			answer_held(event.data.ptr);
		else if ((fd = accept(listener, NULL, NULL)) != -1)
			serve(poller, fd);
	}
}

/* The first or the last core of those we may use, for the calling process. */
static void
pin(int last)
{
	cpu_set_t allowed, one;
	int core = -1, i;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) == -1)
		return;
	for (i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &allowed) && (core == -1 || last))
			core = i;
	CPU_ZERO(&one);
	CPU_SET(core, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int
listen_anywhere(char port[16])
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, length) == -1 ||
	    listen(fd, 128) == -1 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) == -1)
		die("listen");
	snprintf(port, 16, "%d", ntohs(address.sin_port));

	return fd;
}

static void
many_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int
main(int argc, char **argv)
{
	int same = argc > 1 && strcmp(argv[1], "-s") == 0;
	int listener, life[2], status = 1;
	char port[16];
	pid_t subject;

	argv += 1 + same;
	if (argc < 3 + same)
		die("usage: peer [-s] CERTS COMMAND [ARGUMENT]...");
	many_descriptors();
	server = context(argv[0], 1);
	client = context(argv[0], 0);
	SSL_CTX_set_mode(client, SSL_MODE_RELEASE_BUFFERS);
	listener = listen_anywhere(port);
	setenv("BENCH_PORT", port, 1);
	setenv("BENCH_CERTS", argv[0], 1);
	if (pipe(life) == -1 || (subject = fork()) == -1)
		die("fork");
	if (subject == 0) {
		close(life[0]);
		pin(1);
		execvp(argv[1], argv + 1);
		die(argv[1]);
	}
	close(life[1]);
	signal(SIGPIPE, SIG_IGN);
	pin(same);
	serve_all(listener, life[0]);
	waitpid(subject, &status, 0);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
