/*
 * What OpenSSL asks. Each answers from data that Lua prepared.
 */
#include <stdlib.h>
#include <string.h>

#include "lsf.h"

#define EXT_SERVER_NAME 0

#define HELLO_SUCCESS 1
#define HELLO_ERROR 0
#define HELLO_RETRY (-1)

#define TLSEXT_OK 0
#define TLSEXT_NOACK 3

static struct lsf_conn *
conn_of(const SSL *ssl)
{
	BIO *bio = ssl != NULL ? lsf_api.SSL_get_rbio(ssl) : NULL;

	return bio != NULL ? lsf_api.BIO_get_data(bio) : NULL;
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

static void
remember(struct lsf_conn *c, int depth, int code)
{
	if (c->verdict == NULL)
		c->verdict = calloc(LSF_VERDICTS, sizeof(*c->verdict));
	if (c->verdict == NULL || c->verdicts == LSF_VERDICTS)
		return;
	c->verdict[c->verdicts].depth = depth;
	c->verdict[c->verdicts++].code = code;
}

/*
 * Verify callback. Where the connection is tolerant (LuaSec's lsec_continue) an
 * error is collected and verification goes on; getpeerverification reports it.
 */
int
lsf_verify(int ok, X509_STORE_CTX *store_ctx)
{
	int index = lsf_api.SSL_get_ex_data_X509_STORE_CTX_idx();
	SSL *ssl = lsf_api.X509_STORE_CTX_get_ex_data(store_ctx, index);
	struct lsf_conn *c = conn_of(ssl);

	if (ok || c == NULL || !c->tolerant)
		return ok;
	remember(c, lsf_api.X509_STORE_CTX_get_error_depth(store_ctx),
	    lsf_api.X509_STORE_CTX_get_error(store_ctx));

	return 1;
}

/*
 * Keep what the client said: the extensions may be read only in here.
 * Returns 0 without memory.
 */
static int
copy_name(struct lsf_conn *c, SSL *ssl)
{
	const unsigned char *data;
	size_t length;

	free(c->name);
	c->name = NULL;
	c->name_length = 0;
	if (!lsf_api.SSL_client_hello_get0_ext(ssl, EXT_SERVER_NAME, &data,
		&length) || length == 0)
		return 1;
	if ((c->name = malloc(length)) == NULL)
		return 0;
	memcpy(c->name, data, length);
	c->name_length = (uint32_t)length;

	return 1;
}

/*
 * ClientHello callback, on every server context of ours. A connection that has a
 * question stops here with SSL_ERROR_WANT_CLIENT_HELLO_CB until Lua has decided;
 * a second ClientHello, after a HelloRetryRequest, gets the same decision.
 */
int
lsf_client_hello(SSL *ssl, int *alert, void *arg)
{
	struct lsf_conn *c = conn_of(ssl);

	(void)arg;
	if (c == NULL)
		return HELLO_SUCCESS;
	switch (c->hello) {
	case LSF_HELLO_ASK:
		if (!copy_name(c, ssl))
			return HELLO_ERROR;
		c->hello = LSF_HELLO_ASKED;
		return HELLO_RETRY;
	case LSF_HELLO_ASKED:
		return HELLO_RETRY;
	case LSF_HELLO_REFUSE:
		*alert = c->hello_alert;
		return HELLO_ERROR;
	default:
		return HELLO_SUCCESS;
	}
}

/* Acknowledge the server name where it was used (RFC 6066 section 3). */
int
lsf_servername(SSL *ssl, int *alert, void *arg)
{
	struct lsf_conn *c = conn_of(ssl);

	(void)alert;
	(void)arg;

	return c != NULL && c->sni_used ? TLSEXT_OK : TLSEXT_NOACK;
}

/*
 * tmp_dh callback: the group that Lua asked the user for before the handshake, or
 * NULL, which fails the handshake of a client that wants DHE.
 */
DH *
lsf_tmp_dh(SSL *ssl, int is_export, int keylength)
{
	struct lsf_conn *c = conn_of(ssl);

	(void)is_export;
	(void)keylength;

	return c != NULL ? c->dh : NULL;
}
