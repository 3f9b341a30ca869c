/*
 * The BIO methods. See lsf.h for their contract with libssl.
 *
 * errno is kept in the connection and not left to OpenSSL: versions of OpenSSL treat a
 * system error differently, and a collector step between the call and the question may
 * change the real one.
 */
#include "lsf.h"

#define FLAGS_READ 0x01
#define FLAGS_WRITE 0x02
#define FLAGS_RWS 0x07
#define FLAGS_SHOULD_RETRY 0x08

#define ERROR_WANT_READ 2
#define ERROR_WANT_CLIENT_HELLO_CB 11

#define CTRL_EOF 2
#define CTRL_FLUSH 11

static int
retry(BIO *bio, int direction)
{
	lsf_api.BIO_set_flags(bio, direction | FLAGS_SHOULD_RETRY);

	return -1;
}

/*
 * No input is there. OpenSSL also returns "want read" when it has just gone past a record
 * without plaintext, and more may be there. This note distinguishes the two.
 */
static int
starved(BIO *bio, struct lsf_conn *c)
{
	c->starved = 1;

	return retry(bio, FLAGS_READ);
}

/* Read, with the results of the read method. */
static int
from_fd(BIO *bio, struct lsf_conn *c, void *buffer, size_t length)
{
	long n = lsf_fd_read(c, buffer, length);

	if (n < 0 && c->in_error == 0)
		return starved(bio, c);

	return (int)n;
}

/*
 * More input: directly into OpenSSL's memory, or into the empty input buffer. Returns the
 * result of the read method, which is positive when some came; the input buffer is still
 * empty when the bytes are in OpenSSL's memory.
 */
static int
refill(BIO *bio, struct lsf_conn *c, char *buffer, int wanted)
{
	int n;

	if (c->in_eof)
		return 0;
	if (c->in_error != 0)
		return -1;
	c->need = (uint32_t)wanted;
	if (c->by_lua)
		return starved(bio, c);
	if (!c->ahead)
		return from_fd(bio, c, buffer, (size_t)wanted);
	if (!lsf_in_room(c))
		return -1;
	n = from_fd(bio, c, c->in, LSF_BUFFER);
	lsf_in_filled(c, n);

	return n;
}

/*
 * The answers to the ClientHello are given before OpenSSL sees it. So it is gathered here, as
 * far as it has come. Its copy goes when they are given. Returns 1 where OpenSSL may read, or
 * else the result of the read method.
 */
static int
wait_for_hello(BIO *bio, struct lsf_conn *c)
{
	size_t missing;
	int n;

	if (c->hello.copy != NULL && c->hello.state != LSF_HELLO_ASKED)
		lsf_hello_forget(c);
	while (c->hello.state == LSF_HELLO_READ &&
	    (missing = lsf_hello_look(c)) > 0) {
		c->need = (uint32_t)missing;
		if (c->in_eof || c->in_error != 0)
			return 1;
		if (!lsf_in_own(c))
			return -1;
		if (c->by_lua)
			return starved(bio, c);
		if (c->ahead)
			missing = LSF_BUFFER - c->in_end;
		n = from_fd(bio, c, c->in + c->in_end, missing);
		lsf_in_filled(c, n);
		if (n < 0 && c->in_error == 0)
			return -1;
	}

	return c->hello.state == LSF_HELLO_ASKED ? retry(bio, FLAGS_READ) : 1;
}

/*
 * The same before OpenSSL is called for the first time: LibreSSL decides there which versions
 * it speaks, and the answers may change them. Returns 1 to call it, or what lsf_verdict would.
 */
int
lsf_hello_gather(struct lsf_conn *c)
{
	BIO *bio = c->ssl != NULL ? lsf_api.SSL_get_rbio(c->ssl) : NULL;

	if (bio == NULL || c->no_io)
		return 1;
	c->starved = 0;
	if (wait_for_hello(bio, c) > 0)
		return 1;
	if (c->hello.state == LSF_HELLO_ASKED)
		return -ERROR_WANT_CLIENT_HELLO_CB;

	return c->starved ? -ERROR_WANT_READ : 1;
}

/* Read method: up to `length` bytes, 0 at the end of stream, -1 as BIO_read. */
int
lsf_bio_read(BIO *bio, char *buffer, int length)
{
	struct lsf_conn *c = lsf_api.BIO_get_data(bio);
	int rc;

	lsf_api.BIO_clear_flags(bio, FLAGS_RWS | FLAGS_SHOULD_RETRY);
	if (c == NULL || length <= 0 || c->no_io)
		return 0;
	c->starved = 0;
	if ((rc = wait_for_hello(bio, c)) <= 0)
		return rc;
	if (c->in_beg == c->in_end) {
		rc = refill(bio, c, buffer, length);
		if (rc <= 0 && c->hearing)
			return starved(bio, c);
		if (rc <= 0 || c->in_end == 0)
			return rc;
	}

	return lsf_in_take(c, buffer, length);
}

/*
 * Write when the transport takes nothing more. OpenSSL does not get to know: from 4.0 on it
 * would return no data any more that has arrived. So the bytes count as taken, and Lua finds
 * the error when it flushes the queue, in which the first ones stay for that.
 */
static int
undeliverable(struct lsf_conn *c, const char *buffer, int length)
{
	if (c->out_beg != c->out_end)
		return length;

	return lsf_enqueue(c, buffer, (size_t)length) < 0 ? -1 : length;
}

/* Write method: the bytes taken, or -1 as BIO_write. */
int
lsf_bio_write(BIO *bio, const char *buffer, int length)
{
	struct lsf_conn *c = lsf_api.BIO_get_data(bio);
	size_t n = 0;
	int rc;

	lsf_api.BIO_clear_flags(bio, FLAGS_RWS | FLAGS_SHOULD_RETRY);
	if (c == NULL || length <= 0)
		return 0;
	if (c->no_io || c->drop_output)
		return length;
	if (c->out_end - c->out_beg > LSF_QUEUE_LIMIT)
		lsf_flush(c);
	if (c->out_error != 0)
		return undeliverable(c, buffer, length);
	if (c->out_end - c->out_beg > LSF_QUEUE_LIMIT && !c->accept_all)
		return retry(bio, FLAGS_WRITE);
	if (c->out_beg == c->out_end && !c->cork && !c->by_lua) {
		n = lsf_fd_write(c, buffer, (size_t)length);
		if (c->out_error != 0)
			return undeliverable(c, buffer, length);
		lsf_out_passed(c, n);
		if (n == (size_t)length)
			return length;
	}
	rc = lsf_enqueue(c, buffer + n, (size_t)length - n);
	if (rc < 0)
		return n > 0 ? (int)n : -1;
	if (n + (size_t)rc == 0)
		return retry(bio, FLAGS_WRITE);

	return (int)n + rc;
}

/* Control method. */
long
lsf_bio_ctrl(BIO *bio, int command, long larg, void *parg)
{
	struct lsf_conn *c = lsf_api.BIO_get_data(bio);

	(void)larg;
	(void)parg;
	switch (command) {
	case CTRL_FLUSH:
		if (c != NULL && !c->cork)
			lsf_flush(c);
		return 1;
	case CTRL_EOF:
		return c == NULL || (c->in_eof && c->in_beg == c->in_end);
	default:
		return 0;
	}
}
