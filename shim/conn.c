/*
 * What hangs on a connection: its BIO and its buffers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lsf.h"

/*
 * A BIO over `c`, which starts empty. The caller owns the BIO (SSL_set_bio takes
 * it), and from now on the connection owns fd and closes it; fd is ignored when
 * c->stream is set. Returns NULL without memory, or without a pool, which is gone
 * when a Lua state ends: the caller keeps fd then.
 */
BIO *
lsf_conn_bio(struct lsf_conn *c, struct lsf_pool *pool, int fd)
{
	BIO *bio = pool != NULL ? lsf_api.BIO_new(lsf_method) : NULL;

	if (bio == NULL)
		return NULL;
	pool->references++;
	c->pool = pool;
	c->fd = fd;
	lsf_use(c);
	lsf_api.BIO_set_data(bio, c);
	lsf_api.BIO_set_init(bio, 1);

	return bio;
}

static void
free_buffers(struct lsf_conn *c)
{
	if (c->pool == NULL)
		return;
	lsf_empty(c);
	lsf_give(c->pool, c->out);
	lsf_plain_free(c);
	lsf_pool_free(c->pool);
	c->pool = NULL;
	c->out = NULL;
	c->out_beg = c->out_end = 0;
}

/* End all I/O; what is queued or was not received is dropped. */
static void
end_io(struct lsf_conn *c)
{
	if (c->ssl != NULL)
		lsf_abandon(c);
	lsf_last_step(c);
	if (!c->stream && c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->mute = 1;
	if (c->lent)
		lsf_empty(c);
	c->in_beg = c->in_end = 0;
	c->out_beg = c->out_end = 0;
	c->plain_beg = c->plain_end = 0;
}

/*
 * Free all that hangs on `c` and close its descriptor. Any number of times. Nothing
 * waits: the kernel gets what it takes at once.
 *
 * A finalizer may run in the middle of a call of Lua's, wherever that allocates, and
 * close the connection that the call is about to hand to OpenSSL. The memory stays
 * then until that call is over, and all that OpenSSL may still be asked finds a
 * transport that has ended.
 */
void
lsf_conn_free(struct lsf_conn *c)
{
	end_io(c);
	if (c->inside > 0 || c->claims > 0) {
		c->doomed = 1;
		return;
	}
	c->doomed = 0;
	if (c->ssl != NULL)
		lsf_api.SSL_free(c->ssl);
	c->ssl = NULL;
	free_buffers(c);
	if (c->dh != NULL)
		lsf_api.DH_free(c->dh);
	lsf_sessions_free(c);
	lsf_keys_wipe(c);
	free(c->said);
	free(c->verdict);
	c->said = NULL;
	c->alpn = c->staple = NULL;
	c->dh = NULL;
	c->verdict = NULL;
	c->verdicts = c->said_length = c->alpn_length = 0;
}

/*
 * For the collector. Nothing refers to the struct any more, so no call is using it. The
 * counts may still say so, after a call that an error has ended.
 */
void
lsf_conn_finalize(struct lsf_conn *c)
{
	c->inside = 0;
	c->claims = 0;
	lsf_conn_free(c);
}

/* No input waits: its buffer goes back, or its memory to whom it belongs. */
void
lsf_empty(struct lsf_conn *c)
{
	if (!c->lent)
		lsf_give(c->pool, c->in);
	c->in = NULL;
	c->lent = 0;
	c->in_beg = c->in_end = 0;
}

/*
 * The same as lsf_feed without a copy, where no input waits: `length` bytes of `data`,
 * from `from` on. They belong to Lua, which keeps them as they are until all has been
 * read. Returns 1, or 0: feed them.
 */
int
lsf_lend(struct lsf_conn *c, const char *data, size_t from, size_t length)
{
	if (c->in != NULL || length > UINT32_MAX)
		return 0;
	lsf_use(c);
	c->in = (unsigned char *)(uintptr_t)(data + from);
	c->lent = 1;
	c->in_beg = 0;
	c->in_end = (uint32_t)length;

	return 1;
}

/*
 * A stream delivered bytes. Returns how many were taken (the buffer is bounded:
 * feed the rest when OpenSSL has read), or -1 without memory, which the next read says.
 */
int
lsf_feed(struct lsf_conn *c, const char *data, size_t from, size_t length)
{
	uint32_t held = c->in_end - c->in_beg;

	if (c->lent)
		return 0;
	if (c->in == NULL && (c->in = lsf_take(c->pool)) == NULL) {
		c->in_error = ENOMEM;
		return -1;
	}
	if (c->in_beg > 0) {
		memmove(c->in, c->in + c->in_beg, (size_t)held);
		c->in_beg = 0;
		c->in_end = held;
	}
	if (length > LSF_BUFFER - held)
		length = LSF_BUFFER - held;
	lsf_use(c);
	memcpy(c->in + held, data + from, length);
	c->in_end += (uint32_t)length;

	return (int)length;
}

/* The transport took `length` bytes from the front of the queue. */
void
lsf_drained(struct lsf_conn *c, size_t length)
{
	if (length > c->out_end - c->out_beg)
		length = c->out_end - c->out_beg;
	lsf_use(c);
	c->sent += (double)length;
	c->out_beg += (uint32_t)length;
	if (c->out_beg == c->out_end) {
		lsf_give(c->pool, c->out);
		c->out = NULL;
		c->out_beg = c->out_end = 0;
	}
}

/* Copy bytes from the front of the queue, `most` of them at most. Returns how many. */
int
lsf_queued(const struct lsf_conn *c, unsigned char *to, double most)
{
	uint32_t n = c->out_end - c->out_beg;

	if (most < n)
		n = most > 0 ? (uint32_t)most : 0;
	if (n > 0)
		memcpy(to, c->out + c->out_beg, n);

	return (int)n;
}

/* The transport takes the whole queue: up to LSF_BUFFER bytes. Returns how many. */
int
lsf_dequeue(struct lsf_conn *c, unsigned char *to)
{
	int n = lsf_queued(c, to, LSF_BUFFER);

	if (n > 0)
		lsf_drained(c, (size_t)n);

	return n;
}

/* Copy what OpenSSL has not read of the input buffer. Returns how many bytes. */
int
lsf_unread(const struct lsf_conn *c, unsigned char *to)
{
	uint32_t n = c->in_end - c->in_beg;

	if (c->lent || n == 0)
		return 0;
	memcpy(to, c->in + c->in_beg, n);

	return (int)n;
}
