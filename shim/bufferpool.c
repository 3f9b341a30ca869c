/*
 * Buffers of LSF_BUFFER bytes, taken on demand and given back when empty.
 *
 * A pool belongs to one Lua state and counts its connections, because at the end
 * of a state finalizers run in any order. Without it every record would cost a
 * malloc and a free of 80 KiB, which makes the C library grow and trim the heap.
 */
#include <stdlib.h>

#include "lsf.h"

/* A pool with one reference, or NULL. */
struct lsf_pool *
lsf_pool_new(void)
{
	struct lsf_pool *pool = calloc(1, sizeof(*pool));

	if (pool != NULL) {
		pool->references = 1;
		pool->mark = lsf_mark_new();
	}

	return pool;
}

/* Give back one reference. */
void
lsf_pool_free(struct lsf_pool *pool)
{
	if (pool == NULL || --pool->references > 0)
		return;
	while (pool->spares > 0)
		free(pool->spare[--pool->spares]);
	lsf_mark_free(pool->mark);
	free(pool);
}

/* A buffer of LSF_BUFFER bytes, or NULL; also for a connection that was freed. */
unsigned char *
lsf_take(struct lsf_pool *pool)
{
	if (pool == NULL)
		return NULL;
	if (pool->spares > 0)
		return pool->spare[--pool->spares];

	return malloc(LSF_BUFFER);
}

/* Take a buffer back; NULL is fine. */
void
lsf_give(struct lsf_pool *pool, unsigned char *buffer)
{
	if (buffer == NULL)
		return;
	if (pool->spares < LSF_POOL_SPARES)
		pool->spare[pool->spares++] = buffer;
	else
		free(buffer);
}
