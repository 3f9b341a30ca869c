/*
 * The copy of the parts of a ClientHello that Lua reads (ssl.handshake.clienthello_wire).
 */
#include <stdlib.h>
#include <string.h>

#include "lsf.h"

#define ITEM_HEAD 4

/* server_name, supported_groups, signature_algorithms, ALPN, versions */
const unsigned int lsf_hello_wanted[LSF_HELLO_WANTED] = { 0, 10, 13, 16, 43 };

static unsigned char *
append(unsigned char *p, const struct lsf_hello_item *item)
{
	p[0] = (unsigned char)(item->tag >> 8);
	p[1] = (unsigned char)item->tag;
	p[2] = (unsigned char)(item->length >> 8);
	p[3] = (unsigned char)item->length;
	if (item->length > 0)
		memcpy(p + ITEM_HEAD, item->data, item->length);

	return p + ITEM_HEAD + item->length;
}

/* The copy is freed as soon as possible: a ClientHello may be as long as a message. */
void
lsf_hello_forget(struct lsf_conn *c)
{
	free(c->hello.copy);
	c->hello.copy = NULL;
	c->hello.copy_length = 0;
}

/*
 * Keep these parts. Every length is that of a part of one handshake message, so it fits 16
 * bits. Returns 0 without memory.
 */
int
lsf_hello_keep(struct lsf_conn *c, const struct lsf_hello_item *items, size_t n)
{
	size_t i, total = 0;
	unsigned char *p;

	for (i = 0; i < n; i++)
		total += ITEM_HEAD + items[i].length;
	lsf_hello_forget(c);
	if ((c->hello.copy = p = malloc(total)) == NULL)
		return 0;
	for (i = 0; i < n; i++)
		p = append(p, &items[i]);
	c->hello.copy_length = (uint32_t)total;

	return 1;
}
