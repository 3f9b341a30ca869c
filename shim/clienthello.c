/*
 * A server's handshake that stops at the ClientHello, so that Lua can choose the context and
 * the protocol.
 *
 * OpenSSL has a stopping point there. The callback returns RETRY, and SSL_do_handshake returns
 * SSL_ERROR_WANT_CLIENT_HELLO_CB. Lua reads the copy of the ClientHello, decides, and calls
 * SSL_do_handshake again.
 */
#include <stdlib.h>
#include <string.h>

#include "lsf.h"

#define HELLO_SUCCESS 1
#define HELLO_ERROR 0
#define HELLO_RETRY (-1)

#define TLSEXT_OK 0
#define TLSEXT_FATAL 2
#define TLSEXT_NOACK 3

#define ITEM_HEAD 4

/* server_name, supported_groups, signature_algorithms, ALPN, versions */
static const unsigned int wanted[] = { 0, 10, 13, 16, 43 };

#define WANTED (sizeof(wanted) / sizeof(wanted[0]))

struct item {
	unsigned int tag;
	const unsigned char *data;
	size_t length;
};

static unsigned char *
append(unsigned char *p, const struct item *item)
{
	p[0] = (unsigned char)(item->tag >> 8);
	p[1] = (unsigned char)item->tag;
	p[2] = (unsigned char)(item->length >> 8);
	p[3] = (unsigned char)item->length;
	if (item->length > 0)
		memcpy(p + ITEM_HEAD, item->data, item->length);

	return p + ITEM_HEAD + item->length;
}

/* The copy is freed as soon as possible: a ClientHello may be as long as a message. */
static void
forget(struct lsf_conn *c)
{
	free(c->hello.copy);
	c->hello.copy = NULL;
	c->hello.copy_length = 0;
}

/*
 * Copy the parts of the ClientHello: they may be read only inside the callback. Every length
 * is that of a part of one handshake message, so it fits 16 bits. Returns 0 without
 * memory.
 */
static int
keep(struct lsf_conn *c, SSL *ssl)
{
	unsigned int legacy = lsf_api.SSL_client_hello_get0_legacy_version(ssl);
	unsigned char version[2] = { (unsigned char)(legacy >> 8),
		(unsigned char)legacy };
	struct item items[WANTED + 2] = { { LSF_HELLO_VERSION, version, 2 },
		{ LSF_HELLO_CIPHERS, NULL, 0 } };
	size_t n = 2, i, total = 0;
	unsigned char *p;

	items[1].length = lsf_api.SSL_client_hello_get0_ciphers(ssl,
	    &items[1].data);
	for (i = 0; i < WANTED; i++) {
		items[n].tag = wanted[i];
		if (lsf_api.SSL_client_hello_get0_ext(ssl, wanted[i],
			&items[n].data, &items[n].length))
			n++;
	}
	for (i = 0; i < n; i++)
		total += ITEM_HEAD + items[i].length;
	forget(c);
	if ((c->hello.copy = p = malloc(total)) == NULL)
		return 0;
	for (i = 0; i < n; i++)
		p = append(p, &items[i]);
	c->hello.copy_length = (uint32_t)total;

	return 1;
}

/*
 * ClientHello callback, on every context of ours. A connection that has a question
 * stops here until Lua has decided; a second ClientHello, after a
 * HelloRetryRequest, gets the same decision.
 */
int
lsf_client_hello(SSL *ssl, int *alert, void *arg)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	(void)arg;
	if (c == NULL)
		return HELLO_SUCCESS;
	switch (c->hello.state) {
	case LSF_HELLO_ASK:
		if (!keep(c, ssl))
			return HELLO_ERROR;
		c->hello.state = LSF_HELLO_ASKED;
		return HELLO_RETRY;
	case LSF_HELLO_ASKED:
		return HELLO_RETRY;
	case LSF_HELLO_REFUSE:
		forget(c);
		*alert = c->hello.alert;
		return HELLO_ERROR;
	default:
		forget(c);
		return HELLO_SUCCESS;
	}
}

/*
 * Acknowledge the server name where it was used (RFC 6066 section 3). Called for
 * clients without one too, and after the session was looked up or made. So this callback
 * also carries out a refusal, which get_session cannot express, ends an abandoned handshake,
 * and gives a new session the lifetime of the chosen context, where OpenSSL has used that of
 * the first context.
 */
int
lsf_servername(SSL *ssl, int *alert, void *arg)
{
	struct lsf_conn *c = lsf_conn_of(ssl);
	SSL_SESSION *session;

	(void)arg;
	if (c != NULL && c->sessions.timeout > 0 &&
	    !lsf_api.SSL_session_reused(ssl)) {
		session = lsf_api.SSL_get_session(ssl);
		(void)lsf_api.SSL_SESSION_set_timeout(session,
		    (long)c->sessions.timeout);
	}
	if (c != NULL && (c->hello.state == LSF_HELLO_REFUSE || c->no_io)) {
		*alert = c->hello.alert;
		return TLSEXT_FATAL;
	}

	return c != NULL && c->hello.sni_used ? TLSEXT_OK : TLSEXT_NOACK;
}
