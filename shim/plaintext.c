/*
 * Plaintext that was decrypted and is not yet delivered. Its memory is in plainbuffer.c.
 *
 * Lua passes the struct to these functions and no pointer out of it. To read a pointer, Lua
 * allocates; then the collector may run a finalizer of the program, which may use or close
 * this connection. A function of C runs as a whole.
 *
 * Bytes from which Lua is making a string are *claimed* until the string exists. A finalizer
 * that receives meanwhile sets their block aside and goes on in another one.
 */
#include <string.h>

#include "lsf.h"

/* Where the first such byte is in the bytes [from, to) that wait, or -1. */
int
lsf_find(const struct lsf_conn *c, int byte, int from, int to)
{
	const unsigned char *p = c->plain + c->plain_beg, *found;

	if (to > c->plain_end - c->plain_beg)
		to = c->plain_end - c->plain_beg;
	if (from < 0 || from >= to)
		return -1;
	found = memchr(p + from, byte, (size_t)(to - from));

	return found != NULL ? (int)(found - p) : -1;
}

/* Remove n bytes at the front. */
static void
consume(struct lsf_conn *c, int n)
{
	c->serial++;
	c->plain_beg += n;
	if (c->plain_beg == c->plain_end)
		c->plain_beg = c->plain_end = 0;
}

/*
 * Take n bytes off the front, and `skip` more behind them unseen. Returns where they
 * are, up to the lsf_delivered that has to follow; NULL when so many do not wait, or
 * the front is not the one that it was when `serial` was read.
 */
unsigned char *
lsf_claim(struct lsf_conn *c, uint32_t serial, int n, int skip)
{
	unsigned char *p;

	if (serial != c->serial || n < 0 || skip < 0 ||
	    n > c->plain_end - c->plain_beg - skip)
		return NULL;
	if (c->claimed && !lsf_set_aside(c))
		return NULL;
	if (c->plain == NULL)
		return NULL;
	p = c->plain + c->plain_beg;
	consume(c, n + skip);
	c->claimed = 1;
	c->claims++;

	return p;
}

/* Lua has made its string. An empty buffer goes back, except large blocks. */
void
lsf_delivered(struct lsf_conn *c)
{
	c->claims--;
	c->claimed = 0;
	if (c->doomed) {
		lsf_conn_free(c);
		return;
	}
	if (c->claims == 0 && c->aside != NULL)
		lsf_aside_free(c);
	if (c->plain_size == LSF_BUFFER)
		lsf_release(c);
}

/* Lua has no room for its string: the n bytes at p are the front again. */
void
lsf_unclaim(struct lsf_conn *c, const unsigned char *p, int n)
{
	/* A receive in between has set their block aside: then they are lost. */
	if (c->claimed && !c->doomed) {
		c->plain_beg = (int32_t)(p - c->plain);
		if (c->plain_end == 0)
			c->plain_end = c->plain_beg + n;
		c->serial++;
	}
	lsf_delivered(c);
}

/* Take up to n bytes off the front and into Lua's memory. Returns how many. */
int
lsf_deliver(struct lsf_conn *c, unsigned char *to, int n)
{
	if (n > c->plain_end - c->plain_beg)
		n = c->plain_end - c->plain_beg;
	if (n <= 0)
		return 0;
	memcpy(to, c->plain + c->plain_beg, (size_t)n);
	consume(c, n);

	return n;
}

/* Drop what waits. */
void
lsf_drop(struct lsf_conn *c)
{
	consume(c, c->plain_end - c->plain_beg);
	lsf_release(c);
}

/* n bytes have come behind those that wait, in the room that lsf_reserve made. */
void
lsf_decrypted(struct lsf_conn *c, int n)
{
	c->plain_end += n;
}

/* Put bytes behind those that wait. Returns 1, or 0 as lsf_reserve. */
int
lsf_append(struct lsf_conn *c, const void *data, int n)
{
	if (n <= 0)
		return n == 0;
	if (!lsf_reserve(c, n))
		return 0;
	memcpy(c->plain + c->plain_end, data, (size_t)n);
	c->plain_end += n;

	return 1;
}
