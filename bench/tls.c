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

static const char *
file(const char *certs, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", certs, name);

	return path;
}

SSL_CTX *
context(const char *certs, int server)
{
	SSL_CTX *ctx = SSL_CTX_new(
	    server ? TLS_server_method() : TLS_client_method());

	if (ctx == NULL)
		die("SSL_CTX_new");
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384");
	if (!server)
		return ctx;
	if (SSL_CTX_use_certificate_chain_file(ctx,
		file(certs, "server.pem")) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, file(certs, "server.key"),
		SSL_FILETYPE_PEM) != 1)
		die("the certificate");

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
shake(SSL_CTX *ctx, int fd, int server)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		die("SSL_new");
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
