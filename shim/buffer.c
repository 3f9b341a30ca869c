/*
 * The buffers of ciphertext: `in`, which OpenSSL has not read yet, and `out`, which the
 * transport has not taken yet. Each comes from the pool when it is needed and goes back
 * when it is empty.
 */
#include <errno.h>
#include <string.h>

#include "lsf.h"

/* No input waits: its buffer goes back to the pool, or lent memory to its owner. */
void
lsf_empty(struct lsf_conn *c)
{
	if (!c->in_lent)
		lsf_give(c->pool, c->in);
	c->in = NULL;
	c->in_lent = 0;
	c->in_beg = c->in_end = 0;
}

/*
 * A buffer for input, where there is none. Returns 0 without memory, which the next read
 * reports.
 */
int
lsf_in_room(struct lsf_conn *c)
{
	if (c->in == NULL && (c->in = lsf_take(c->pool)) == NULL)
		c->in_error = ENOMEM;

	return c->in != NULL;
}

/* The buffer has got n bytes more; it goes back where it has none at all. */
void
lsf_in_filled(struct lsf_conn *c, int n)
{
	if (n > 0)
		c->in_end += (uint32_t)n;
	if (c->in_beg == c->in_end)
		lsf_empty(c);
}

/*
 * What waits is in a buffer of ours, where more can follow it. Returns 0 without memory, which
 * the next read reports, and where it does not fit.
 */
int
lsf_in_own(struct lsf_conn *c)
{
	const unsigned char *lent = c->in + c->in_beg;
	uint32_t n = c->in_end - c->in_beg;

	if (!c->in_lent)
		return lsf_in_room(c);
	if (n > LSF_BUFFER)
		return 0;
	lsf_empty(c);
	if (!lsf_in_room(c))
		return 0;
	memcpy(c->in, lent, n);
	c->in_end = n;

	return 1;
}

/* Up to `length` bytes of the input that waits go to OpenSSL. Returns how many. */
int
lsf_in_take(struct lsf_conn *c, char *to, int length)
{
	uint32_t n = c->in_end - c->in_beg;

	if (n > (uint32_t)length)
		n = (uint32_t)length;
	memcpy(to, c->in + c->in_beg, n);
	c->in_beg += n;
	if (c->in_beg == c->in_end)
		lsf_empty(c);

	return (int)n;
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
	c->in_lent = 1;
	c->in_beg = 0;
	c->in_end = (uint32_t)length;

	return 1;
}

/*
 * A stream delivered bytes. Returns how many were taken (the buffer is bounded:
 * feed the rest when OpenSSL has read), or -1 without memory; the next read reports that.
 */
int
lsf_feed(struct lsf_conn *c, const char *data, size_t from, size_t length)
{
	uint32_t held = c->in_end - c->in_beg;

	if (c->in_lent)
		return 0;
	if (!lsf_in_room(c))
		return -1;
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

/*
 * Append to the queue what fits. Returns the bytes taken, or -1 without memory: part of
 * a record may have left, so nothing more can.
 */
int
lsf_enqueue(struct lsf_conn *c, const char *data, size_t length)
{
	if (c->out == NULL && (c->out = lsf_take(c->pool)) == NULL) {
		c->out_error = ENOMEM;
		return -1;
	}
	if (c->out_beg > 0 && length > LSF_BUFFER - c->out_end) {
		memmove(c->out, c->out + c->out_beg, c->out_end - c->out_beg);
		c->out_end -= c->out_beg;
		c->out_beg = 0;
	}
	if (length > LSF_BUFFER - c->out_end)
		length = LSF_BUFFER - c->out_end;
	memcpy(c->out + c->out_end, data, length);
	c->out_end += (uint32_t)length;
	c->out_total += (double)length;

	return (int)length;
}

/* n bytes went to the transport at once, past the empty queue. */
void
lsf_out_passed(struct lsf_conn *c, size_t n)
{
	c->out_total += (double)n;
	c->out_sent += (double)n;
}

/* The transport took `length` bytes from the front of the queue. */
void
lsf_drained(struct lsf_conn *c, size_t length)
{
	if (length > c->out_end - c->out_beg)
		length = c->out_end - c->out_beg;
	lsf_use(c);
	c->out_sent += (double)length;
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

/* Copy the bytes of the input buffer that OpenSSL has not read. Returns their number. */
int
lsf_unread(const struct lsf_conn *c, unsigned char *to)
{
	uint32_t n = c->in_end - c->in_beg;

	if (c->in_lent || n == 0)
		return 0;
	memcpy(to, c->in + c->in_beg, n);

	return (int)n;
}
