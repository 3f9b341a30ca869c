/*
 * What OpenSSL asks. Each answers from data that Lua prepared.
 */
#include <stdlib.h>
#include <string.h>

#include "lsf.h"

#define TLSEXT_OK 0
#define TLSEXT_FATAL 2
#define TLSEXT_NOACK 3

/*
 * The connection behind an SSL: its BIO leads there. NULL for somebody else's SSL
 * on a context of ours, whose BIO has other data.
 */
struct lsf_conn *
lsf_conn_of(const SSL *ssl)
{
	BIO *bio = ssl != NULL ? lsf_api.SSL_get_rbio(ssl) : NULL;

	if (bio == NULL || lsf_api.BIO_method_type(bio) != lsf_type)
		return NULL;

	return lsf_api.BIO_get_data(bio);
}

/*
 * pem_password_cb. `u` is a struct lsf_password: without a text the question is
 * noted and the decoding fails, so that Lua asks the user and tries again. Never
 * prompts on a terminal. The whole password is handed over, NUL bytes included, or
 * nothing: one that does not fit is an error and not a shorter password.
 */
int
lsf_password(char *buffer, int size, int rwflag, void *u)
{
	struct lsf_password *p = u;

	(void)rwflag;
	p->asked = 1;
	if (p->text == NULL)
		return -1;
	if (p->length > (size_t)size) {
		p->too_long = 1;
		return -1;
	}
	memcpy(buffer, p->text, p->length);

	return (int)p->length;
}

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

/*
 * tmp_dh callback: the group that Lua asked the user for at the ClientHello, or
 * NULL where what the user answered is none, which fails the handshake.
 */
DH *
lsf_tmp_dh(SSL *ssl, int is_export, int keylength)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	(void)is_export;
	(void)keylength;

	return c != NULL ? c->dh : NULL;
}

/*
 * ALPN on a server (RFC 7301): the first of our protocols that the client offers
 * too. Without a list of ours nothing is negotiated; with one and no overlap the
 * handshake ends with no_application_protocol, as section 3.2 demands.
 */
int
lsf_alpn_select(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	struct lsf_conn *c = lsf_conn_of(ssl);
	uint32_t i, j;

	(void)arg;
	if (c == NULL || c->alpn == NULL)
		return TLSEXT_NOACK;
	for (i = 0; i < c->alpn_length; i += 1 + c->alpn[i]) {
		if (c->alpn[i] >= c->alpn_length - i)
			break;
		for (j = 0; j < inlen; j += 1 + in[j]) {
			if (in[j] != c->alpn[i] || j + 1 + in[j] > inlen ||
			    memcmp(in + j, c->alpn + i, 1 + in[j]) != 0)
				continue;
			*out = in + j + 1;
			*outlen = in[j];
			return TLSEXT_OK;
		}
	}

	return TLSEXT_FATAL;
}
