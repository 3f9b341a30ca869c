/*
 * Three callbacks of OpenSSL that answer at once, from data that Lua has prepared: the password
 * of a file, the DH parameters, the ALPN protocol. Other callbacks are with their subject.
 */
#include <string.h>

#include "lsf.h"

#define TLSEXT_OK 0
#define TLSEXT_FATAL 2
#define TLSEXT_NOACK 3

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
 * tmp_dh callback: the group of the program's function, which Lua called at the ClientHello.
 * NULL where the result was no group; that fails the handshake.
 */
DH *
lsf_tmp_dh(SSL *ssl, int is_export, int keylength)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	(void)is_export;
	(void)keylength;

	return c != NULL ? c->hello.dh : NULL;
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
	if (c == NULL || c->hello.alpn == NULL)
		return TLSEXT_NOACK;
	for (i = 0; i < c->hello.alpn_length; i += 1 + c->hello.alpn[i]) {
		if (c->hello.alpn[i] >= c->hello.alpn_length - i)
			break;
		for (j = 0; j < inlen; j += 1 + in[j]) {
			if (in[j] != c->hello.alpn[i] ||
			    j + 1 + in[j] > inlen ||
			    memcmp(in + j, c->hello.alpn + i, 1 + in[j]) != 0)
				continue;
			*out = in + j + 1;
			*outlen = in[j];
			return TLSEXT_OK;
		}
	}

	return TLSEXT_FATAL;
}
