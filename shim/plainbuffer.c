/*
 * The buffer of plaintext. At first it has the size of the pool's buffers. It grows while
 * plaintext waits, and it is given back when it is empty. If bytes of the block are claimed
 * (plaintext.c), the block is neither moved nor given back: it is set aside.
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

/* Those blocks, when no claim is left. */
void
lsf_aside_free(struct lsf_conn *c)
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
	lsf_aside_free(c);
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
 * Leave the block to the claims that hold bytes of it, and go on in another one.
 * Returns 0 without memory.
 */
int
lsf_set_aside(struct lsf_conn *c)
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

	if (c->claimed && !lsf_set_aside(c))
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
