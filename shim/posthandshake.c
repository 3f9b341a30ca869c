/*
 * Requests that a peer may make once after the handshake, where the configuration says
 * "once": a new handshake, and in TLS 1.3 the client's certificate. A peer that asks again
 * and again would make us sign and verify without end.
 */
#include "lsf.h"

#define VERSION_1_3 0x0304

/*
 * A handshake is done. OpenSSL checks the option at each request of the peer, and refuses
 * with the alert no_renegotiation.
 */
void
lsf_shaken(struct lsf_conn *c)
{
	if (c->posthandshake.shaken &&
	    (c->posthandshake.once & LSF_ONCE_HANDSHAKE) && c->ssl != NULL)
		lsf_no_renegotiation(c->ssl);
	c->posthandshake.shaken = 1;
}

/*
 * cert_cb of a client: the server asks for the certificate, in the handshake or later.
 * Returns 1 to go on, and 0 to end the session.
 */
int
lsf_certificate_asked(SSL *ssl, void *arg)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	(void)arg;
	if (c == NULL || !c->posthandshake.shaken ||
	    !(c->posthandshake.once & LSF_ONCE_CERTIFICATE) ||
	    lsf_api.SSL_version(ssl) != VERSION_1_3)
		return 1;
	c->posthandshake.again = c->posthandshake.asked;
	c->posthandshake.asked = 1;

	return !c->posthandshake.again;
}
