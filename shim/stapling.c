/*
 * Certificate status (RFC 6066 section 8): a server's stapled OCSP response.
 */
#include <string.h>

#include "lsf.h"

#define TLSEXT_OK 0
#define TLSEXT_FATAL 2
#define TLSEXT_NOACK 3

/* SSL_set_tlsext_status_ocsp_resp is a macro for this. */
#define SET_STATUS_RESPONSE 71

/* OpenSSL takes over a copy of its own kind of memory. */
static int
staple(SSL *ssl, const struct lsf_conn *c)
{
	void *copy;

	if (c->ocsp.response == NULL || c->ocsp.response_length == 0)
		return TLSEXT_NOACK;
	if ((copy = lsf_api.CRYPTO_malloc(c->ocsp.response_length, "", 0)) ==
	    NULL)
		return TLSEXT_FATAL;
	memcpy(copy, c->ocsp.response, c->ocsp.response_length);
	(void)lsf_api.SSL_ctrl(ssl, SET_STATUS_RESPONSE,
	    (long)c->ocsp.response_length, copy);

	return TLSEXT_OK;
}

/*
 * Status callback. On a client, which sent the request, Lua judges the stapled response, or
 * its absence, before this side sends its Finished; 0 ends the handshake. On a server it is
 * called when the certificate has been chosen: it staples the response that Lua has put
 * there before, or puts there now.
 */
int
lsf_status(SSL *ssl, void *arg)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	(void)arg;
	if (!lsf_api.SSL_is_server(ssl))
		return c != NULL &&
		    lsf_wait_for_answer(c, LSF_QUESTION_STATUS) &&
		    c->ask.accepted;
	if (c == NULL)
		return TLSEXT_NOACK;
	if (c->ocsp.ask &&
	    (!lsf_wait_for_answer(c, LSF_QUESTION_STATUS) || !c->ask.accepted))
		return TLSEXT_FATAL;

	return staple(ssl, c);
}
