/*
 * The ClientHello, read in the BIO, for an OpenSSL that has no callback for it.
 *
 * Lua decides on it before OpenSSL gets its first byte, so nothing has to stop inside of
 * OpenSSL. What this file cannot read is left to OpenSSL, which finds the mistake and sends the
 * alert. Where it finds none, the handshake is refused all the same (lsf_servername): no
 * client gets past the questions.
 */
#include <stdlib.h>
#include <string.h>

#include "lsf.h"

#define RECORD_HEAD 5
#define RECORD_HANDSHAKE 22
#define VERSION_MAJOR 3
#define MESSAGE_HEAD 4
#define MESSAGE_CLIENT_HELLO 1
#define HELLO_RANDOM 32
#define AD_DECODE_ERROR 50

/* Bytes of the message that have not been read. A short one sets `bad`. */
struct text {
	const unsigned char *at;
	size_t left;
	int bad;
};

static const unsigned char *
skip(struct text *t, size_t n)
{
	const unsigned char *at = t->at;

	if (n > t->left) {
		t->bad = 1;
		n = t->left;
	}
	t->at += n;
	t->left -= n;

	return at;
}

/* A number of one or two bytes. */
static size_t
number(struct text *t, size_t width)
{
	const unsigned char *at = skip(t, width);

	if (t->bad)
		return 0;

	return width == 1 ? at[0] : (size_t)at[0] << 8 | at[1];
}

/* A part that its length stands before, in one or two bytes. */
static struct text
part(struct text *t, size_t width)
{
	struct text found = { NULL, 0, 0 };

	found.left = number(t, width);
	found.at = skip(t, found.left);

	return found;
}

static int
is_wanted(unsigned int tag)
{
	size_t i;

	for (i = 0; i < LSF_HELLO_WANTED; i++)
		if (lsf_hello_wanted[i] == tag)
			return 1;

	return 0;
}

/* Keep the parts of the message (RFC 8446 section 4.1.2). Returns 0 where it cannot be read. */
static int
keep(struct lsf_conn *c, struct text *t)
{
	struct lsf_hello_item items[LSF_HELLO_WANTED + 2];
	struct text all, one;
	unsigned int tag;
	size_t n = 0;

	items[n++] = (struct lsf_hello_item){ LSF_HELLO_VERSION, skip(t, 2),
		2 };
	(void)skip(t, HELLO_RANDOM);
	(void)part(t, 1);
	one = part(t, 2);
	items[n++] = (struct lsf_hello_item){ LSF_HELLO_CIPHERS, one.at,
		one.left };
	(void)part(t, 1);
	all = t->left > 0 ? part(t, 2) : *t;
	while (all.left > 0) {
		tag = (unsigned int)number(&all, 2);
		one = part(&all, 2);
		if (!is_wanted(tag) || all.bad)
			continue;
		/* More of them than there are types: one is there twice. */
		if (n == LSF_HELLO_WANTED + 2)
			return 0;
		items[n++] = (struct lsf_hello_item){ tag, one.at, one.left };
	}

	return !t->bad && !all.bad && t->left == 0 &&
	    lsf_hello_keep(c, items, n);
}

/*
 * The message in the records that have come, which are copied to `to` where that is not
 * NULL. Returns its length; 0 where this is no ClientHello. With `missing` above 0 it has
 * not come whole: so many bytes are needed for the next look.
 */
static size_t
walk(const struct lsf_conn *c, unsigned char *to, size_t *missing)
{
	const unsigned char *at = c->in + c->in_beg;
	size_t left = c->in_end - c->in_beg, got = 0, length, i;
	size_t whole = MESSAGE_HEAD;
	unsigned char head[MESSAGE_HEAD] = { 0 };

	*missing = 0;
	for (; got < whole; got += length, at += length, left -= length) {
		if (left >= 2 &&
		    (at[0] != RECORD_HANDSHAKE || at[1] != VERSION_MAJOR))
			return 0;
		length = left < RECORD_HEAD ? 0 : (size_t)at[3] << 8 | at[4];
		if (left >= RECORD_HEAD && (length == 0 || length > LSF_RECORD))
			return 0;
		if (left < RECORD_HEAD + length) {
			*missing = RECORD_HEAD + length - left;
			return whole;
		}
		at += RECORD_HEAD;
		left -= RECORD_HEAD;
		for (i = 0; i < length && got + i < MESSAGE_HEAD; i++)
			head[got + i] = at[i];
		if (to != NULL)
			memcpy(to + got, at, length);
		if (got + length >= MESSAGE_HEAD)
			whole = MESSAGE_HEAD +
			    ((size_t)head[1] << 16 | (size_t)head[2] << 8 |
				head[3]);
	}

	return head[0] == MESSAGE_CLIENT_HELLO ? whole : 0;
}

static int
copy(struct lsf_conn *c, size_t length)
{
	unsigned char *message = malloc(c->in_end - c->in_beg);
	struct text t;
	size_t missing;
	int ok;

	if (message == NULL)
		return 0;
	(void)walk(c, message, &missing);
	t.at = message + MESSAGE_HEAD;
	t.left = length - MESSAGE_HEAD;
	t.bad = 0;
	ok = keep(c, &t);
	free(message);

	return ok;
}

/*
 * Look whether the ClientHello has come. Returns how many bytes are missing. With 0 the
 * state has changed: Lua is to be asked, or the handshake will be refused.
 */
size_t
lsf_hello_look(struct lsf_conn *c)
{
	size_t missing, length = walk(c, NULL, &missing);

	if (length > 0 && missing > 0 &&
	    missing <= LSF_BUFFER - (c->in_end - c->in_beg))
		return missing;
	if (length > 0 && missing == 0 && copy(c, length)) {
		c->hello.state = LSF_HELLO_ASKED;
	} else {
		c->hello.state = LSF_HELLO_REFUSE;
		c->hello.alert = AD_DECODE_ERROR;
	}

	return 0;
}
