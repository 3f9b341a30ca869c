/*
 * A server's handshake that stops at the ClientHello, so that Lua can choose the context and
 * the protocol.
 *
 * OpenSSL has a stopping point there. The callback returns RETRY, and SSL_do_handshake returns
 * SSL_ERROR_WANT_CLIENT_HELLO_CB. Lua reads the copy of the ClientHello, decides, and calls
 * SSL_do_handshake again.
 */
#include <stdlib.h>

#include "lsf.h"

#define HELLO_SUCCESS 1
#define HELLO_ERROR 0
#define HELLO_RETRY (-1)

#define TLSEXT_OK 0
#define TLSEXT_FATAL 2
#define TLSEXT_NOACK 3

/*
 * Copy the parts of the ClientHello: they may be read only inside the callback. Returns 0
 * without memory.
 */
static int
keep(struct lsf_conn *c, SSL *ssl)
{
	unsigned int legacy = lsf_api.SSL_client_hello_get0_legacy_version(ssl);
	unsigned char version[2] = { (unsigned char)(legacy >> 8),
		(unsigned char)legacy };
	struct lsf_hello_item items[LSF_HELLO_WANTED + 2] = {
		{ LSF_HELLO_VERSION, version, 2 },
		{ LSF_HELLO_CIPHERS, NULL, 0 }
	};
	size_t n = 2, i;

	items[1].length = lsf_api.SSL_client_hello_get0_ciphers(ssl,
	    &items[1].data);
	for (i = 0; i < LSF_HELLO_WANTED; i++) {
		items[n].tag = lsf_hello_wanted[i];
		if (lsf_api.SSL_client_hello_get0_ext(ssl, items[n].tag,
			&items[n].data, &items[n].length))
			n++;
	}

	return lsf_hello_keep(c, items, n);
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
		lsf_hello_forget(c);
		*alert = c->hello.alert;
		return HELLO_ERROR;
	default:
		lsf_hello_forget(c);
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
	if (c != NULL && c->sessions.timeout > 0 && !lsf_session_reused(ssl)) {
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
