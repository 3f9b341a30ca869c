/*
 * Verification of the peer's chain: what OpenSSL finds, and what comes of it.
 */
#include <stdlib.h>

#include "lsf.h"

/*
 * A resumed handshake verifies nothing, so what was found goes with the session, into
 * tickets and stores too: depth and code of each, two bytes each, the high one first.
 */
static void
note_in_session(const struct lsf_conn *c, SSL *ssl)
{
	unsigned char data[4 * LSF_VERDICTS], *at = data;
	SSL_SESSION *session = lsf_api.SSL_get_session(ssl);
	uint32_t i;

	if (session == NULL)
		return;
	for (i = 0; i < c->verdicts; i++) {
		*at++ = (unsigned char)(c->verdict[i].depth >> 8);
		*at++ = (unsigned char)c->verdict[i].depth;
		*at++ = (unsigned char)(c->verdict[i].code >> 8);
		*at++ = (unsigned char)c->verdict[i].code;
	}
	(void)lsf_api.SSL_SESSION_set1_ticket_appdata(session, data,
	    (size_t)(at - data));
}

static void
remember(struct lsf_conn *c, SSL *ssl, int depth, int code)
{
	if (c->verdict == NULL)
		c->verdict = calloc(LSF_VERDICTS, sizeof(*c->verdict));
	if (c->verdict == NULL || c->verdicts == LSF_VERDICTS)
		return;
	c->verdict[c->verdicts].depth = depth;
	c->verdict[c->verdicts++].code = code;
	note_in_session(c, ssl);
}

/*
 * Verify callback, once for each certificate and each error. Where the user has a
 * function for it, that decides, and what cannot be asked is denied. Else, where the
 * connection is tolerant (LuaSec's lsec_continue), an error is collected and
 * verification goes on; getpeerverification reports it. OpenSSL forgets the depth of
 * the error that it ends with, so that is noted.
 */
int
lsf_verify(int ok, X509_STORE_CTX *store_ctx)
{
	int index = lsf_api.SSL_get_ex_data_X509_STORE_CTX_idx();
	SSL *ssl = lsf_api.X509_STORE_CTX_get_ex_data(store_ctx, index);
	struct lsf_conn *c = lsf_conn_of(ssl);

	if (c != NULL && (!ok || c->ask_verify))
		c->verify_depth = lsf_api.X509_STORE_CTX_get_error_depth(
		    store_ctx);
	if (c != NULL && c->ask_verify) {
		c->store_ctx = store_ctx;
		return lsf_answered(c, LSF_QUESTION_VERIFY) && c->accepted;
	}
	if (ok || c == NULL || !c->tolerant)
		return ok;
	remember(c, ssl, lsf_api.X509_STORE_CTX_get_error_depth(store_ctx),
	    lsf_api.X509_STORE_CTX_get_error(store_ctx));

	return 1;
}
