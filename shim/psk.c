/*
 * Pre-shared keys. The key is Lua's answer, for which the handshake stands still
 * (pause.c); Lua writes it into OpenSSL's memory.
 */
#include "lsf.h"

/* psk_client_callback: the length of the key, 0 for none. */
unsigned int
lsf_psk_client(SSL *ssl, const char *hint, char *identity,
    unsigned int max_identity, unsigned char *psk, unsigned int max_psk)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	if (c == NULL)
		return 0;
	c->asked = hint;
	c->identity = identity;
	c->max_identity = max_identity;
	c->psk = psk;
	c->max_psk = max_psk;

	(void)lsf_answered(c, LSF_QUESTION_PSK_CLIENT);

	return c->psk_length;
}

/* psk_server_callback: the length of the key, 0 for an unknown identity. */
unsigned int
lsf_psk_server(SSL *ssl, const char *identity, unsigned char *psk,
    unsigned int max_psk)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	if (c == NULL)
		return 0;
	c->asked = identity;
	c->psk = psk;
	c->max_psk = max_psk;

	(void)lsf_answered(c, LSF_QUESTION_PSK_SERVER);

	return c->psk_length;
}
