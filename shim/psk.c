/*
 * The callbacks for pre-shared keys. The handshake stands still (pause.c), and Lua writes the
 * key into OpenSSL's memory.
 */
#include "lsf.h"

/* Ask Lua. Returns the length of the key, which is in its place then; 0 for none. */
static unsigned int
key_from_lua(struct lsf_conn *c, enum lsf_question question)
{
	c->psk_call.key_length = 0;
	if (!lsf_wait_for_answer(c, question))
		c->psk_call.key_length = c->no_io ? LSF_PSK_FAIL : 0;
	c->psk_call.hint = NULL;
	c->psk_call.identity = NULL;
	c->psk_call.key = NULL;

	return c->psk_call.key_length;
}

/* psk_client_callback: the length of the key, 0 for none. */
unsigned int
lsf_psk_client(SSL *ssl, const char *hint, char *identity,
    unsigned int max_identity, unsigned char *psk, unsigned int max_psk)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	if (c == NULL)
		return 0;
	c->psk_call.hint = hint;
	c->psk_call.identity = identity;
	c->psk_call.max_identity = max_identity;
	c->psk_call.key = psk;
	c->psk_call.max_key = max_psk;

	return key_from_lua(c, LSF_QUESTION_PSK_CLIENT);
}

/* psk_server_callback: the length of the key, 0 for an unknown identity. */
unsigned int
lsf_psk_server(SSL *ssl, const char *identity, unsigned char *psk,
    unsigned int max_psk)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	if (c == NULL)
		return 0;
	c->psk_call.hint = identity;
	c->psk_call.key = psk;
	c->psk_call.max_key = max_psk;

	return key_from_lua(c, LSF_QUESTION_PSK_SERVER);
}
