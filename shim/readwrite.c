/*
 * One attempt of OpenSSL to decrypt or to encrypt, one step of its handshake, our
 * close_notify, and what the result means.
 *
 * SSL_get_error is called here, directly after the call of OpenSSL that it is about. Lua
 * passes the struct and no pointer out of it, as in plaintext.c.
 */
#include <string.h>

#include "lsf.h"

#define ERROR_WANT_READ 2
#define ERROR_WANT_CLIENT_HELLO_CB 11

/* Records; what waits in a kernel is some megabytes at most. */
#define MOST_HEARD 1024

/* The error queue is the thread's, and a leftover would make the verdict wrong. */
void
lsf_clear_errors(void)
{
	if (lsf_api.ERR_peek_error() != 0)
		lsf_api.ERR_clear_error();
}

/*
 * The verdict on an OpenSSL call on this connection: its result where it was a success, else
 * the SSL_ERROR_* as a negative number. A stop of the BIO at the ClientHello is the same as one of
 * OpenSSL.
 */
int
lsf_verdict(const struct lsf_conn *c, int rc)
{
	int error;

	if (rc > 0)
		return rc;
	if (c->ssl == NULL)
		return -LSF_ERROR_GONE;

	error = lsf_api.SSL_get_error(c->ssl, rc);
	if (error == ERROR_WANT_READ && c->hello.state == LSF_HELLO_ASKED)
		error = ERROR_WANT_CLIENT_HELLO_CB;

	return -error;
}

/*
 * One step of the handshake: what can be done without waiting. A flight leaves in one piece.
 * If the session tickets of TLS 1.3 were sent one by one, Nagle's algorithm would hold back
 * the server's first data. Over a stream Lua sends it. Returns as lsf_verdict.
 */
int
lsf_shake(struct lsf_conn *c)
{
	int rc;

	if (c->hello.state == LSF_HELLO_READ && (rc = lsf_hello_gather(c)) <= 0)
		return rc;
	if (c->ssl == NULL)
		return -LSF_ERROR_GONE;
	lsf_clear_errors();
	c->cork = 1;
	rc = lsf_verdict(c, lsf_api.SSL_do_handshake(c->ssl));
	c->cork = 0;
	/* Lua judges a failure first: a transport that takes no alert would hide its reason. */
	if (rc > 0 || rc == -ERROR_WANT_READ)
		(void)lsf_flush(c);

	return rc;
}

/* Queue close_notify, or send it. The BIO must not refuse it, however much is queued. */
void
lsf_notify(struct lsf_conn *c)
{
	uint8_t before = c->accept_all;

	if (c->ssl == NULL)
		return;
	c->accept_all = 1;
	lsf_clear_errors();
	(void)lsf_api.SSL_shutdown(c->ssl);
	lsf_clear_errors();
	c->accept_all = before;
}

static int
decrypt(struct lsf_conn *c, void *to, int size)
{
	size_t got = 0;
	int rc;

	lsf_clear_errors();
	c->may_block = c->fd_blocking && !c->hearing;
	rc = lsf_api.SSL_read_ex(c->ssl, to, (size_t)size, &got);
	c->may_block = 0;

	return rc > 0 ? (int)got : lsf_verdict(c, rc);
}

/*
 * One attempt to decrypt more, behind what waits. Returns how many bytes came, or a
 * negative number: of SSL_ERROR_*, or of LSF_ERROR_*.
 */
int
lsf_read(struct lsf_conn *c)
{
	int rc;

	if (c->ssl == NULL)
		return -LSF_ERROR_GONE;
	if ((c->claimed || c->plain_size - c->plain_end < LSF_RECORD) &&
	    !lsf_reserve(c, LSF_RECORD))
		return -LSF_ERROR_MEMORY;
	rc = decrypt(c, c->plain + c->plain_end, c->plain_size - c->plain_end);
	if (rc > 0)
		lsf_decrypted(c, rc);

	return rc;
}

/* Has OpenSSL gone past a record without plaintext, and not looked for the next? */
static int
passed(const struct lsf_conn *c, int rc)
{
	return rc == -ERROR_WANT_READ && !c->starved;
}

/*
 * The transport takes no more bytes: decrypt bytes that have arrived, as far as they fit
 * into the buffer. It does not wait. The end of the transport is left for the next read.
 * Returns the result of lsf_read for the last attempt.
 */
int
lsf_hear(struct lsf_conn *c)
{
	int rc, attempts = 0;

	c->hearing = c->drop_output = 1;
	do {
		rc = lsf_read(c);
	} while (++attempts < MOST_HEARD && (rc > 0 || passed(c, rc)) &&
	    c->plain_end - c->plain_beg < LSF_QUEUE_LIMIT);
	c->hearing = 0;

	return rc;
}

/* The same as lsf_read into Lua's memory, `size` bytes at most. */
int
lsf_read_into(struct lsf_conn *c, unsigned char *to, int size)
{
	if (c->ssl == NULL)
		return -LSF_ERROR_GONE;

	return decrypt(c, to, size);
}

/*
 * One record of n bytes. Returns how many OpenSSL took, or a negative number as
 * lsf_read.
 */
int
lsf_write(struct lsf_conn *c, const unsigned char *data, size_t from, int n)
{
	size_t taken = 0;
	int rc;

	if (c->ssl == NULL)
		return -LSF_ERROR_GONE;
	lsf_clear_errors();
	rc = lsf_api.SSL_write_ex(c->ssl, data + from, (size_t)n, &taken);

	return rc > 0 ? (int)taken : lsf_verdict(c, rc);
}

/* Bytes of the current record that OpenSSL has decrypted, or 0. */
int
lsf_pending(const struct lsf_conn *c)
{
	return c->ssl != NULL ? lsf_api.SSL_pending(c->ssl) : 0;
}

/* SSL_want, or 0. */
int
lsf_want(const struct lsf_conn *c)
{
	return c->ssl != NULL ? lsf_api.SSL_want(c->ssl) : 0;
}

/* Which close_notify was sent and received: SSL_get_shutdown, or 0. */
int
lsf_shut(const struct lsf_conn *c)
{
	return c->ssl != NULL ? lsf_api.SSL_get_shutdown(c->ssl) : 0;
}

/* Are these n bytes the same? */
int
lsf_same(const unsigned char *a, size_t at_a, const unsigned char *b,
    size_t at_b, size_t n)
{
	return memcmp(a + at_a, b + at_b, n) == 0;
}
