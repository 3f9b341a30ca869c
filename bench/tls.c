#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "tls.h"

void
die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

int
is(const char *kind, const char *word)
{
	return kind != NULL && strcmp(kind, word) == 0;
}

/* The path of a file of BENCH_CERTS, in static memory. */
static const char *
file(const char *name, const char *extension)
{
	static char path[4096];
	const char *certs = getenv("BENCH_CERTS");

	if (certs == NULL)
		die("BENCH_CERTS is not set");
	snprintf(path, sizeof(path), "%s/%s.%s", certs, name, extension);

	return path;
}

SSL_CTX *
context(int server)
{
	SSL_CTX *ctx = SSL_CTX_new(
	    server ? TLS_server_method() : TLS_client_method());

	if (ctx == NULL)
		die("SSL_CTX_new");
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384");

	return ctx;
}

static void
identify(SSL_CTX *ctx, const char *name)
{
	if (SSL_CTX_use_certificate_chain_file(ctx, file(name, "pem")) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, file(name, "key"),
		SSL_FILETYPE_PEM) != 1)
		die(name);
}

void
verify(SSL_CTX *ctx, int mode)
{
	if (SSL_CTX_load_verify_locations(ctx, file("root", "pem"), NULL) != 1)
		die("root.pem");
	SSL_CTX_set_verify(ctx, mode, NULL);
}

SSL_CTX *
context_of(int server, const char *kind)
{
	SSL_CTX *ctx = context(server);

	if (server)
		identify(ctx, is(kind, "three") ? "three" : "server");
	else if (is(kind, "mutual"))
		identify(ctx, "client");
	if (server && is(kind, "mutual"))
		verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);

	return ctx;
}

int
tell(const char *command)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	const char *port = getenv("BENCH_PORT");
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	address.sin_port = htons((uint16_t)atoi(port != NULL ? port : "0"));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		die("no peer: run me through the peer");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (write(fd, command, strlen(command)) == -1)
		die("write");

	return fd;
}

SSL *
over(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		die("SSL_new");

	return ssl;
}

SSL *
shake(SSL_CTX *ctx, int fd, int server)
{
	SSL *ssl = over(ctx, fd);

	if ((server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1)
		die("the handshake");

	return ssl;
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

double
cpu(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);

	return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double
wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
