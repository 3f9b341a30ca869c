/*
 * The beginning and the end of a connection. It gets its BIO here, and here everything that
 * it owns is freed. This is the only file that may reset members of other owners (conn.h).
 */
#include <stdlib.h>
#include <unistd.h>

#include "lsf.h"

/*
 * A BIO over `c`, which starts empty. The caller owns the BIO (SSL_set_bio takes
 * it), and from now on the connection owns fd and closes it; fd is ignored when
 * c->by_lua is set. Returns NULL without memory, or without a pool, which is gone
 * when a Lua state ends: the caller keeps fd then.
 */
BIO *
lsf_conn_bio(struct lsf_conn *c, struct lsf_pool *pool, int fd)
{
	BIO *bio = pool != NULL ? lsf_api.BIO_new(lsf_method) : NULL;

	if (bio == NULL)
		return NULL;
	pool->references++;
	c->pool = pool;
	c->fd = fd;
	lsf_use(c);
	lsf_api.BIO_set_data(bio, c);
	lsf_api.BIO_set_init(bio, 1);

	return bio;
}

static void
free_buffers(struct lsf_conn *c)
{
	if (c->pool == NULL)
		return;
	lsf_empty(c);
	lsf_give(c->pool, c->out);
	lsf_plain_free(c);
	lsf_pool_free(c->pool);
	c->pool = NULL;
	c->out = NULL;
	c->out_beg = c->out_end = 0;
}

/* End all I/O. Queued output and data that was not received are dropped. */
static void
end_io(struct lsf_conn *c)
{
	/* These bytes are Lua's, and gone at the end of a Lua state. */
	c->hello.alpn = c->ocsp.response = NULL;
	c->verify.name = NULL;
	c->verify.keys = NULL;
	if (c->ssl != NULL)
		lsf_abandon(c);
	lsf_last_step(c);
	if (!c->by_lua && c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->no_io = 1;
	if (c->in_lent)
		lsf_empty(c);
	c->in_beg = c->in_end = 0;
	c->out_beg = c->out_end = 0;
	c->plain_beg = c->plain_end = 0;
}

/*
 * Free the contents of `c` and close its descriptor. Any number of times. It does not wait:
 * the kernel gets the bytes that it takes at once.
 *
 * A finalizer may run in the middle of a call of Lua, wherever that allocates, and close
 * the connection that the call is about to hand to OpenSSL. Then the memory stays until that
 * call is over, and OpenSSL finds a transport that has ended.
 */
void
lsf_conn_free(struct lsf_conn *c)
{
	end_io(c);
	if (c->inside > 0 || c->claims > 0) {
		c->doomed = 1;
		return;
	}
	c->doomed = 0;
	if (c->ssl != NULL)
		lsf_api.SSL_free(c->ssl);
	c->ssl = NULL;
	free_buffers(c);
	if (c->hello.dh != NULL)
		lsf_api.DH_free(c->hello.dh);
	c->hello.dh = NULL;
	lsf_sessions_free(c);
	lsf_tickets_free(c->sessions.tickets);
	c->sessions.tickets = NULL;
	lsf_keys_wipe(c);
	free(c->hello.copy);
	c->hello.copy = NULL;
	free(c->verify.list);
	c->verify.list = NULL;
	c->verify.count = c->hello.copy_length = c->hello.alpn_length = 0;
}

/*
 * For the collector. Nothing refers to the struct any more, so no call is using it. The
 * counts may still be above 0, after a call that an error has ended.
 */
void
lsf_conn_finalize(struct lsf_conn *c)
{
	c->inside = 0;
	c->claims = 0;
	lsf_conn_free(c);
}
