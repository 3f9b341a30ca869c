/*
 * Which process this is. A forked child has copies of its parent's objects, and must not
 * use those that lead to the same peers.
 *
 * Each transfer of bytes checks this, so a system call would cost too much. Where the kernel
 * can clear a page in children, a cleared page means that the process is new.
 */
#define _GNU_SOURCE /* MADV_WIPEONFORK */
#include <sys/mman.h>

#include <unistd.h>

#include "lsf.h"

#define MARK_SIZE (1 << 12)

#ifdef MADV_WIPEONFORK

/*
 * A byte that a child finds to be 0; NULL: ask getpid each time. No kernel has the advice -1.
 * An emulator that accepts it accepts all, and clears no page.
 */
unsigned char *
lsf_mark_new(void)
{
	void *page = mmap(NULL, MARK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (madvise(page, MARK_SIZE, -1) != 0 &&
	    madvise(page, MARK_SIZE, MADV_WIPEONFORK) == 0)
		return page;
	(void)munmap(page, MARK_SIZE);

	return NULL;
}

void
lsf_mark_free(unsigned char *mark)
{
	if (mark != NULL)
		(void)munmap(mark, MARK_SIZE);
}

#else

unsigned char *
lsf_mark_new(void)
{
	return NULL;
}

void
lsf_mark_free(unsigned char *mark)
{
	(void)mark;
}

#endif

/* The number of this process. With NULL it takes a system call. */
int
lsf_process(struct lsf_pool *pool)
{
	if (pool == NULL || pool->mark == NULL)
		return (int)getpid();
	if (*pool->mark == 0) {
		pool->process = (int)getpid();
		*pool->mark = 1;
	}

	return pool->process;
}

/* This process moves bytes of the connection, so it owns the connection now. */
void
lsf_use(struct lsf_conn *c)
{
	if (c->pool != NULL)
		c->pid = lsf_process(c->pool);
}

/* Did another process use the connection last? */
int
lsf_foreign(const struct lsf_conn *c)
{
	return c->pid != 0 && c->pid != lsf_process(c->pool);
}
