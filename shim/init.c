/*
 * The initialisation, once for the process. It takes over the functions of OpenSSL that Lua has
 * found, and makes the type of our BIOs. By that type a callback finds the connection of an
 * SSL.
 */
#include <string.h>

#include "lsf.h"

BIO_METHOD *lsf_method;
static int type;

/* 0: not begun; 1: another thread is initialising; 2: done. */
static int state;

/* BIO_TYPE_SOURCE_SINK: not a filter, and without a descriptor of OpenSSL. */
#define TYPE_SOURCE_SINK 0x400

static int
make_method(void)
{
	int index = lsf_api.BIO_get_new_index();

	/* -1: this process has used up its 127 types; 0 means "none" then. */
	if (index == -1)
		index = 0;
	type = index | TYPE_SOURCE_SINK;
	lsf_method = lsf_api.BIO_meth_new(type, "luasec-ffi");
	if (lsf_method == NULL)
		return 0;

	return lsf_api.BIO_meth_set_read(lsf_method, lsf_bio_read) &&
	    lsf_api.BIO_meth_set_write(lsf_method, lsf_bio_write) &&
	    lsf_api.BIO_meth_set_ctrl(lsf_method, lsf_bio_ctrl);
}

/*
 * Remember the functions in `api`, which is copied.
 *
 * Returns 1, also when another Lua state was here with the same functions; 0 when
 * its size is not ours (shim and Lua files of different versions), when other
 * functions are in use already (a second OpenSSL in one process), or when OpenSSL
 * has no memory for the BIO method.
 */
int
lsf_init(const struct lsf_api *api)
{
	int expected = 0;

	if (api->size != sizeof(*api))
		return 0;
	if (__atomic_compare_exchange_n(&state, &expected, 1, 0,
		__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		memcpy(&lsf_api, api, sizeof(*api));
		expected = make_method() ? 2 : 0;
		__atomic_store_n(&state, expected, __ATOMIC_RELEASE);
		return expected == 2;
	}
	while ((expected = __atomic_load_n(&state, __ATOMIC_ACQUIRE)) == 1)
		;

	return expected == 2 && memcmp(&lsf_api, api, sizeof(*api)) == 0;
}

/*
 * The connection of an SSL: its BIO points to it. NULL for an SSL of other code on a context
 * of ours, whose BIO has other data.
 */
struct lsf_conn *
lsf_conn_of(const SSL *ssl)
{
	BIO *bio = ssl != NULL ? lsf_api.SSL_get_rbio(ssl) : NULL;

	if (bio == NULL || lsf_api.BIO_method_type(bio) != type)
		return NULL;

	return lsf_api.BIO_get_data(bio);
}
