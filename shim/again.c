/*
 * What a peer may ask for once in a session that is up, where the configuration says so:
 * a handshake anew, and in TLS 1.3 the client's certificate. Whoever asks again wants
 * us to sign and to verify without end.
 */
#include "lsf.h"

#define OP_NO_RENEGOTIATION 0x40000000U
#define VERSION_1_3 0x0304

/*
 * A handshake is done. OpenSSL looks at the option whenever the peer asks, and answers
 * with the alert no_renegotiation.
 */
void
lsf_shaken(struct lsf_conn *c)
{
	if (c->shaken && (c->once & LSF_ONCE_HANDSHAKE) && c->ssl != NULL)
		(void)lsf_api.SSL_set_options(c->ssl, OP_NO_RENEGOTIATION);
	c->shaken = 1;
}

/*
 * cert_cb of a client: the server asks for the certificate, in the handshake or later.
 * Answers 1 to go on, and 0 for the end of the session.
 */
int
lsf_certificate_asked(SSL *ssl, void *arg)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	(void)arg;
	if (c == NULL || !c->shaken || !(c->once & LSF_ONCE_CERTIFICATE) ||
	    lsf_api.SSL_version(ssl) != VERSION_1_3)
		return 1;
	c->again = c->shown;
	c->shown = 1;

	return !c->again;
}
