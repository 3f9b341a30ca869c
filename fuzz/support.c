/*
 * What the harnesses need of C: OpenSSL's random numbers are the same in each execution, so
 * that an input leads to the same handshake again; and the bytes that malloc has given out.
 */
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>

/* OpenSSL's struct rand_meth_st (RAND_set_rand_method(3)). */
struct method {
	int (*seed)(const void *data, int n);
	int (*bytes)(unsigned char *out, int n);
	void (*cleanup)(void);
	int (*add)(const void *data, int n, double entropy);
	int (*pseudo)(unsigned char *out, int n);
	int (*status)(void);
};

/* ASan's, where it is in the process. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

const struct method *fuzz_method(void);
void fuzz_begin(uint64_t seed);
double fuzz_heap(void);

static uint64_t number;

static int
seed(const void *data, int n)
{
	(void)data;
	(void)n;

	return 1;
}

static int
add(const void *data, int n, double entropy)
{
	(void)entropy;

	return seed(data, n);
}

/* splitmix64 */
static int
bytes(unsigned char *out, int n)
{
	uint64_t x;
	int i;

	for (i = 0; i < n; i++) {
		x = (number += 0x9e3779b97f4a7c15u);
		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
		x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
		out[i] = (unsigned char)(x >> 56);
	}

	return 1;
}

static int
status(void)
{
	return 1;
}

const struct method *
fuzz_method(void)
{
	static const struct method method = { seed, bytes, NULL, add, bytes,
		status };

	return &method;
}

void
fuzz_begin(uint64_t first)
{
	number = first;
}

double
fuzz_heap(void)
{
	struct mallinfo2 info;

	if (__sanitizer_get_current_allocated_bytes != NULL)
		return (double)__sanitizer_get_current_allocated_bytes();
	info = mallinfo2();

	return (double)(info.uordblks + info.hblkhd);
}
