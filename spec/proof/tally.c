/*
 * The memory of OpenSSL in one process: each block that is alive, with the place that asked
 * for it. So a leak has the name of what was lost. And one of the calls can fail.
 *
 * For spec/proof/memory.lua and spec/proof/allocations.lua; the first sets these functions with CRYPTO_set_mem_functions before
 * OpenSSL has allocated anything. One thread.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *before, *after;
	const char *file;
	unsigned long number;
	size_t size;
	int line;
};

#define HEAD ((sizeof(struct block) + 15) / 16 * 16)

static struct block all = { &all, &all, NULL, 0, 0, 0 };
static unsigned long made;

/* Calls since tally_arm, and the ones that fail: from the first to the last. */
static unsigned long asked, first, last;
static const char *failed_file;
static int failed_line;

static int
fails(const char *file, int line)
{
	asked++;
	if (asked < first || asked > last)
		return 0;
	if (failed_file == NULL) {
		failed_file = file;
		failed_line = line;
	}

	return 1;
}

static struct block *
head_of(void *memory)
{
	return (struct block *)((char *)memory - HEAD);
}

void *
tally_malloc(size_t size, const char *file, int line)
{
	struct block *b;

	if (size == 0 || fails(file, line) || (b = malloc(HEAD + size)) == NULL)
		return NULL;
	b->file = file;
	b->line = line;
	b->size = size;
	b->number = ++made;
	b->after = &all;
	b->before = all.before;
	b->before->after = all.before = b;

	return (char *)b + HEAD;
}

void
tally_free(void *memory, const char *file, int line)
{
	struct block *b;

	(void)file;
	(void)line;
	if (memory == NULL)
		return;
	b = head_of(memory);
	b->before->after = b->after;
	b->after->before = b->before;
	free(b);
}

void *
tally_realloc(void *memory, size_t size, const char *file, int line)
{
	void *fresh;
	size_t old;

	if (memory == NULL)
		return tally_malloc(size, file, line);
	if (size == 0) {
		tally_free(memory, file, line);
		return NULL;
	}
	if ((fresh = tally_malloc(size, file, line)) == NULL)
		return NULL;
	old = head_of(memory)->size;
	memcpy(fresh, memory, old < size ? old : size);
	tally_free(memory, file, line);

	return fresh;
}

/* How many blocks were made so far: a mark for tally_next. */
unsigned long
tally_mark(void)
{
	return made;
}

/* The next block that is alive and was made after the one with this number; 0 without one. */
unsigned long
tally_next(unsigned long number, const char **file, int *line)
{
	struct block *b, *found = NULL;

	for (b = all.before; b != &all && b->number > number; b = b->before)
		found = b;
	if (found == NULL)
		return 0;
	*file = found->file;
	*line = found->line;

	return found->number;
}

/* How many blocks are alive that were asked for by files with this text in their names. */
unsigned long
tally_alive(const char *text)
{
	struct block *b;
	unsigned long n = 0;

	for (b = all.after; b != &all; b = b->after)
		if (b->file != NULL && strstr(b->file, text) != NULL)
			n++;

	return n;
}

/* Count from now on; the calls from one number to another fail. 0 and 0: none. */
void
tally_arm(unsigned long from, unsigned long to)
{
	asked = 0;
	first = from == 0 ? 1 : from;
	last = to;
	failed_file = NULL;
}

unsigned long
tally_asked(void)
{
	return asked;
}

/* Where memory was asked for when it failed first; NULL: it did not fail. */
const char *
tally_failed(int *line)
{
	*line = failed_line;

	return failed_file;
}
