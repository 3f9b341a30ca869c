/*
 * Large blocks: memory from the kernel, which grows by moving pages and not bytes.
 *
 * A buffer that grows to many megabytes costs mostly its page faults, so huge pages
 * are asked for where the system has them.
 */
#define _GNU_SOURCE /* mremap */
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "lsf.h"

#ifdef MREMAP_MAYMOVE

static void *
huge(void *block, size_t size)
{
	if (block == MAP_FAILED)
		return NULL;
	(void)madvise(block, size, MADV_HUGEPAGE);

	return block;
}

/* A block of a multiple of LSF_MAPPED bytes, or NULL. */
void *
lsf_map(size_t size)
{
	return huge(mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	    size);
}

/* The block with another size, perhaps elsewhere; NULL: it is as it was. */
void *
lsf_remap(void *block, size_t old, size_t size)
{
	return huge(mremap(block, old, size, MREMAP_MAYMOVE), size);
}

void
lsf_unmap(void *block, size_t size)
{
	(void)munmap(block, size);
}

#else

void *
lsf_map(size_t size)
{
	return malloc(size);
}

void *
lsf_remap(void *block, size_t old, size_t size)
{
	(void)old;

	return realloc(block, size);
}

void
lsf_unmap(void *block, size_t size)
{
	(void)size;
	free(block);
}

#endif
