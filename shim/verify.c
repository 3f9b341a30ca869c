/*
 * The verification of the peer's chain: which errors of OpenSSL count, who judges them (Lua's
 * function, the configuration, or OpenSSL), and a record of them in the session.
 */
#include <stdlib.h>

#include "lsf.h"

#define V_OK 0
#define V_NO_CRL 3
#define V_NO_KEY 95
#define V_REFUSED 50
#define V_OTHER_NAME 62
#define NID_ALTNAME 85
#define NO_PARTIAL_WILDCARDS 4

/*
 * A resumed handshake verifies nothing. So the result is kept in the session, also in
 * tickets and stores: LSF_NOTED bytes for the time when it ends (validity.c), then depth
 * and code of each error, two bytes each. High bytes come first. Where sessions can keep
 * nothing, the session itself ends at that time, and at once after an error.
 */
static void
note_in_session(const struct lsf_conn *c, SSL *ssl)
{
	unsigned char data[LSF_NOTED + 4 * LSF_VERDICTS], *at = data;
	SSL_SESSION *session = lsf_api.SSL_get_session(ssl);
	uint32_t i;
	int shift;

	if (session == NULL)
		return;
	if (lsf_api.SSL_SESSION_set1_ticket_appdata == NULL) {
		if (c->verify.count > 0 || c->verify.till > 0)
			lsf_session_limit(session,
			    c->verify.count > 0 ? 0 : (double)c->verify.till);
		return;
	}
	for (shift = 8 * LSF_NOTED - 8; shift >= 0; shift -= 8)
		*at++ = (unsigned char)(c->verify.till >> shift);
	for (i = 0; i < c->verify.count; i++) {
		*at++ = (unsigned char)(c->verify.list[i].depth >> 8);
		*at++ = (unsigned char)c->verify.list[i].depth;
		*at++ = (unsigned char)(c->verify.list[i].code >> 8);
		*at++ = (unsigned char)c->verify.list[i].code;
	}
	(void)lsf_api.SSL_SESSION_set1_ticket_appdata(session, data,
	    (size_t)(at - data));
}

/* Note an error that is passed over. Without memory for that it is not passed over. */
static int
remember(struct lsf_conn *c, SSL *ssl, int depth, int code)
{
	if (c->verify.list == NULL)
		c->verify.list = calloc(LSF_VERDICTS, sizeof(*c->verify.list));
	if (c->verify.list == NULL)
		return 0;
	if (c->verify.count == LSF_VERDICTS)
		return 1;
	c->verify.list[c->verify.count].depth = depth;
	c->verify.list[c->verify.count++].code = code;
	note_in_session(c, ssl);

	return 1;
}

/*
 * Does the certificate prove the name by its common name? Only where it has no
 * subjectAltName of any kind (RFC 9525 has no common names at all; certificates of
 * private authorities still do). OpenSSL compares with alternative names alone, since
 * it would take the common name beside addresses too.
 */
static int
common_name(const struct lsf_conn *c, X509_STORE_CTX *store_ctx)
{
	X509 *x509 = lsf_api.X509_STORE_CTX_get_current_cert(store_ctx);

	return c->verify.name != NULL && x509 != NULL &&
	    lsf_api.X509_get_ext_by_NID(x509, NID_ALTNAME, -1) < 0 &&
	    lsf_api.X509_check_host(x509, c->verify.name, c->verify.name_length,
		NO_PARTIAL_WILDCARDS, NULL) == 1;
}

/*
 * Errors that are none by our rules: a list that is not there for a certificate above the
 * peer's own, where lists were given for a part of the chain; and a name that only the common
 * name has. Nothing is excused after a denial: at the end LibreSSL asks about an error once
 * more, with another depth.
 */
static int
excused(const struct lsf_conn *c, X509_STORE_CTX *store_ctx)
{
	if (c->verify.denied)
		return 0;
	switch (lsf_api.X509_STORE_CTX_get_error(store_ctx)) {
	case V_NO_CRL:
		return c->verify.some_lists &&
		    lsf_api.X509_STORE_CTX_get_error_depth(store_ctx) > 0;
	case V_OTHER_NAME:
		return common_name(c, store_ctx);
	default:
		return 0;
	}
}

static int
expected(const struct lsf_conn *c, const EVP_PKEY *key)
{
	uint32_t i;
	int found = 0;

	/* OpenSSL queues an error where two keys are of different kinds. */
	(void)lsf_api.ERR_set_mark();
	for (i = 0; key != NULL && !found && i < c->verify.key_count; i++)
		found = lsf_api.EVP_PKEY_eq(key, c->verify.keys[i]) == 1;
	(void)lsf_api.ERR_pop_to_mark();

	return found;
}

/*
 * Where raw public keys are expected the peer has to have one of them: no certificate does,
 * whoever has issued it, and no other key that a TLSA record has. OpenSSL itself trusts no
 * key, and has refused one that is too weak before.
 */
static int
by_key(const struct lsf_conn *c, X509_STORE_CTX *store_ctx, int ok)
{
	if (!expected(c, lsf_api.X509_STORE_CTX_get0_rpk(store_ctx))) {
		if (ok)
			lsf_api.X509_STORE_CTX_set_error(store_ctx, V_REFUSED);
		return 0;
	}
	if (lsf_api.X509_STORE_CTX_get_error(store_ctx) != V_NO_KEY)
		return ok;
	lsf_api.X509_STORE_CTX_set_error(store_ctx, V_OK);

	return 1;
}

static int
ask(struct lsf_conn *c, X509_STORE_CTX *store_ctx)
{
	int answered;

	c->verify.store_ctx = store_ctx;
	answered = lsf_wait_for_answer(c, LSF_QUESTION_VERIFY);
	c->verify.store_ctx = NULL;

	return answered && c->ask.accepted;
}

/*
 * The depth that a failure reports. LibreSSL asks about the same error once more at the end, and
 * its depth is another one then.
 */
static void
note_depth(struct lsf_conn *c, X509_STORE_CTX *store_ctx)
{
	if (c->verify.denied == V_OK ||
	    c->verify.denied != lsf_api.X509_STORE_CTX_get_error(store_ctx))
		c->verify.depth = lsf_api.X509_STORE_CTX_get_error_depth(
		    store_ctx);
}

/*
 * The first call for a certificate that a server has asked for after the handshake. Until then
 * the results are those of the certificate before, which the connection still has.
 */
static void
begin_again(struct lsf_conn *c)
{
	c->verify.again = 0;
	c->verify.denied = V_OK;
	c->verify.proven = 0;
	c->verify.depth = 0;
	c->verify.count = 0;
	lsf_validity_begins(c);
}

/*
 * Where the user has a function for it, that decides, and what cannot be asked is denied.
 * Else, where the connection is tolerant (LuaSec's lsec_continue), an error is collected and
 * verification goes on; getpeerverification reports it. OpenSSL forgets the depth of the
 * error that it ends with, so that is noted.
 */
static int
decide(struct lsf_conn *c, SSL *ssl, int ok, X509_STORE_CTX *store_ctx)
{
	if (c != NULL && !ok && excused(c, store_ctx)) {
		lsf_api.X509_STORE_CTX_set_error(store_ctx, V_OK);
		ok = 1;
	}
	if (c != NULL && ok) {
		lsf_note_validity(c, store_ctx);
		note_in_session(c, ssl);
	}
	if (c != NULL && (!ok || c->verify.ask))
		note_depth(c, store_ctx);
	if (c != NULL && c->verify.ask)
		return ask(c, store_ctx);
	if (ok || c == NULL || !c->verify.go_on) {
		if (c != NULL && !ok)
			c->verify.denied = lsf_api.X509_STORE_CTX_get_error(
			    store_ctx);
		return ok;
	}

	return remember(c, ssl,
	    lsf_api.X509_STORE_CTX_get_error_depth(store_ctx),
	    lsf_api.X509_STORE_CTX_get_error(store_ctx));
}

/*
 * Verify callback, once for each certificate and each error. A raw key is accepted by one
 * call alone, the last.
 */
int
lsf_verify(int ok, X509_STORE_CTX *store_ctx)
{
	int index = lsf_api.SSL_get_ex_data_X509_STORE_CTX_idx();
	SSL *ssl = lsf_api.X509_STORE_CTX_get_ex_data(store_ctx, index);
	struct lsf_conn *c = lsf_conn_of(ssl);

	if (c != NULL && c->verify.again)
		begin_again(c);
	if (c == NULL || c->verify.keys == NULL)
		return decide(c, ssl, ok, store_ctx);
	ok = decide(c, ssl, by_key(c, store_ctx, ok), store_ctx);
	c->verify.proven = (uint8_t)(ok != 0);

	return ok;
}
