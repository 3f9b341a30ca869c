/*
 * Plaintext that was decrypted and is not yet delivered.
 *
 * Lua hands the struct to these functions and no pointer out of it. Each read of a
 * pointer is an allocation in Lua, where the collector may run a finalizer that uses or
 * closes this very connection; a function here runs as a whole.
 *
 * Bytes that Lua is about to make a string of are *claimed* until it has: a finalizer
 * that receives meanwhile finds their block set aside.
 */
#include <stdlib.h>
#include <string.h>

#include "lsf.h"

/* A block of which a claim holds some bytes, behind the back of `plain`. */
struct lsf_aside {
	struct lsf_aside *next;
	unsigned char *block;
	int32_t size;
};

static void
free_block(struct lsf_conn *c, unsigned char *block, size_t size)
{
	if (size == LSF_BUFFER)
		lsf_give(c->pool, block);
	else if (size < LSF_MAPPED)
		free(block);
	else
		lsf_unmap(block, size);
}

static void
free_plain(struct lsf_conn *c)
{
	free_block(c, c->plain, (size_t)c->plain_size);
	c->plain = NULL;
	c->plain_beg = c->plain_end = c->plain_size = 0;
}

static void
free_aside(struct lsf_conn *c)
{
	struct lsf_aside *aside;

	while ((aside = c->aside) != NULL) {
		c->aside = aside->next;
		free_block(c, aside->block, (size_t)aside->size);
		free(aside);
	}
}

/* All plaintext, when the connection is freed. */
void
lsf_plain_free(struct lsf_conn *c)
{
	free_plain(c);
	free_aside(c);
}

/* A block of one of the sizes that there are, or NULL. */
static unsigned char *
new_block(struct lsf_conn *c, size_t size)
{
	if (size == LSF_BUFFER)
		return lsf_take(c->pool);
	if (size < LSF_MAPPED)
		return malloc(size);

	return lsf_map(size);
}

/*
 * Leave the block to those who have claimed bytes of it, and go on in another one.
 * Returns 0 without memory.
 */
static int
set_aside(struct lsf_conn *c)
{
	size_t held = (size_t)(c->plain_end - c->plain_beg);
	struct lsf_aside *aside = malloc(sizeof(*aside));
	unsigned char *other = NULL;

	if (aside == NULL)
		return 0;
	if (held > 0 && (other = new_block(c, (size_t)c->plain_size)) == NULL) {
		free(aside);
		return 0;
	}
	if (held > 0)
		memcpy(other, c->plain + c->plain_beg, held);
	aside->block = c->plain;
	aside->size = c->plain_size;
	aside->next = c->aside;
	c->aside = aside;
	c->plain = other;
	c->plain_beg = 0;
	c->plain_end = (int32_t)held;
	if (other == NULL)
		c->plain_size = 0;
	c->claimed = 0;

	return 1;
}

/* The kinds of blocks differ by size; a large one grows without being copied. */
static unsigned char *
resize(struct lsf_conn *c, size_t size)
{
	size_t old = (size_t)c->plain_size;
	unsigned char *bigger;

	if (old >= LSF_MAPPED)
		return lsf_remap(c->plain, old, size);
	if ((bigger = new_block(c, size)) == NULL)
		return NULL;
	if (c->plain_end > 0)
		memcpy(bigger, c->plain, (size_t)c->plain_end);
	if (old > 0)
		free_block(c, c->plain, old);

	return bigger;
}

/*
 * Make room for `room` bytes behind the plaintext that waits. Returns 1, or 0
 * without memory or near 2 GiB. Pointers into `plain` are void afterwards.
 */
int
lsf_reserve(struct lsf_conn *c, int room)
{
	int held = c->plain_end - c->plain_beg;
	size_t size = (size_t)held + (size_t)room;
	unsigned char *bigger;

	if (c->claimed && !set_aside(c))
		return 0;
	if (c->plain_size - c->plain_end >= room)
		return 1;
	if (c->plain_beg > 0) {
		memmove(c->plain, c->plain + c->plain_beg, (size_t)held);
		c->plain_beg = 0;
		c->plain_end = held;
		if (c->plain_size - held >= room)
			return 1;
	}
	if (size > INT32_MAX)
		return 0;
	if (size <= LSF_BUFFER)
		size = LSF_BUFFER;
	else if (size < 2 * (size_t)c->plain_size)
		size = 2 * (size_t)c->plain_size;
	if (size >= LSF_MAPPED)
		size = (size + LSF_MAPPED - 1) / LSF_MAPPED * LSF_MAPPED;
	if (size > INT32_MAX)
		size = INT32_MAX / LSF_MAPPED * LSF_MAPPED;
	if (size < (size_t)held + (size_t)room)
		return 0;
	if ((bigger = resize(c, size)) == NULL)
		return 0;
	c->plain = bigger;
	c->plain_size = (int32_t)size;

	return 1;
}

/* Give the plaintext buffer back when it is empty. */
void
lsf_release(struct lsf_conn *c)
{
	if (c->plain != NULL && c->plain_beg == c->plain_end && !c->claimed)
		free_plain(c);
}

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
	if (c->claimed && !set_aside(c))
		return NULL;
	if (c->plain == NULL)
		return NULL;
	p = c->plain + c->plain_beg;
	consume(c, n + skip);
	c->claimed = 1;
	c->claims++;

	return p;
}

/* Lua has its string. What is empty goes back, but for the large blocks. */
void
lsf_delivered(struct lsf_conn *c)
{
	c->claims--;
	c->claimed = 0;
	if (c->doomed) {
		lsf_conn_free(c);
		return;
	}
	if (c->claims == 0)
		free_aside(c);
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
