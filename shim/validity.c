/*
 * How long the verification of a peer is valid. It depends on the certificates of the
 * chain, up to the trusted one, and on the revocation lists that were used. A resumed
 * handshake checks none of them, so a session ends with the first of them that expires.
 * The time is kept in the session, also in tickets and stores, since a session that is
 * made by resuming another one must not end later.
 */
#include <limits.h>
#include <time.h>

#include "lsf.h"

#define SECONDS_OF_DAY 86400

/* X509_V_FLAG_CRL_CHECK: the peer's own certificate is looked up; _ALL: every one. */
#define LOOK_UP 0x4
#define LOOK_UP_EACH 0x8

/* A time as seconds since 1970; 0 where it is past or no time. */
static int64_t
moment(const ASN1_TIME *at)
{
	int days, seconds;

	if (at == NULL ||
	    lsf_api.ASN1_TIME_diff(&days, &seconds, NULL, at) != 1 ||
	    days < 0 || seconds < 0)
		return 0;

	return (int64_t)time(NULL) + (int64_t)days * SECONDS_OF_DAY + seconds;
}

/* When the last of the lists of an issuer ends; 0 where one has no end, or all have. */
static int64_t
lists_end(X509_STORE_CTX *store_ctx, const X509 *x509)
{
	struct stack_st_X509_CRL *lists =
	    lsf_api.X509_STORE_CTX_get1_crls(store_ctx,
		lsf_api.X509_get_issuer_name(x509));
	const ASN1_TIME *next;
	const struct stack_st *all = (const struct stack_st *)lists;
	int64_t end, last = 0;
	int i, endless = 0;

	for (i = 0; lists != NULL && i < lsf_api.OPENSSL_sk_num(all); i++) {
		next = lsf_api.X509_CRL_get0_nextUpdate(
		    lsf_api.OPENSSL_sk_value(all, i));
		endless |= next == NULL;
		end = moment(next);
		if (end > last)
			last = end;
	}
	if (lists != NULL)
		lsf_api.OPENSSL_sk_pop_free((struct stack_st *)lists,
		    (void (*)(void *))lsf_api.X509_CRL_free);

	return endless ? 0 : last;
}

static void
until(struct lsf_conn *c, int64_t end)
{
	if (end > 0 && (c->verify.till == 0 || end < c->verify.till))
		c->verify.till = end;
}

/* The peer is verified anew. */
void
lsf_validity_begins(struct lsf_conn *c)
{
	c->verify.till = 0;
}

/*
 * A certificate of the chain was found good. Note the end of its time, and of the lists
 * that it was looked up in. What had expired before was accepted by the program
 * (lsec_continue, onverify), and sets no end.
 */
void
lsf_note_validity(struct lsf_conn *c, X509_STORE_CTX *store_ctx)
{
	const X509 *x509 = lsf_api.X509_STORE_CTX_get_current_cert(store_ctx);
	unsigned long flags = lsf_api.X509_VERIFY_PARAM_get_flags(
	    lsf_api.X509_STORE_CTX_get0_param(store_ctx));
	int depth = lsf_api.X509_STORE_CTX_get_error_depth(store_ctx);

	if (x509 == NULL)
		return;
	until(c, moment(lsf_api.X509_get0_notAfter(x509)));
	if ((flags & LOOK_UP) && (depth == 0 || (flags & LOOK_UP_EACH)))
		until(c, lists_end(store_ctx, x509));
}

/* When a session ends, as note_in_session of verify.c has written it; 0: not noted. */
static int64_t
noted(SSL_SESSION *session)
{
	void *data = NULL;
	const unsigned char *at;
	size_t length = 0, i;
	int64_t end = 0;

	if (lsf_api.SSL_SESSION_get0_ticket_appdata == NULL ||
	    lsf_api.SSL_SESSION_get0_ticket_appdata(session, &data, &length) !=
		1 ||
	    length < LSF_NOTED)
		return 0;
	at = data;
	for (i = 0; i < LSF_NOTED; i++)
		end = end << 8 | at[i];

	return end;
}

/*
 * The time for which certificates are verified, seconds since 1970. time_t has 32 or 64
 * bits, which only a compiler knows: one that is too short gets its own end.
 */
void
lsf_verification_time(X509_VERIFY_PARAM *param, double seconds)
{
	const double most = sizeof(time_t) > 4 ? 253402300799.0 : INT32_MAX;
	const double least = sizeof(time_t) > 4 ? -62167219200.0 : INT32_MIN;

	if (!(seconds < most))
		seconds = most;
	if (seconds < least)
		seconds = least;
	lsf_api.X509_VERIFY_PARAM_set_time(param, (time_t)seconds);
}

/* Let a session end at a time, seconds since 1970, at the latest. */
void
lsf_session_limit(SSL_SESSION *session, double end)
{
	double left = end - (double)lsf_api.SSL_SESSION_get_time(session);

	if (left < (double)lsf_api.SSL_SESSION_get_timeout(session))
		(void)lsf_api.SSL_SESSION_set_timeout(session,
		    left > 0 ? (long)left : 0);
}

/*
 * Let a session end with the certificate of the peer, which the session holds, and with
 * all that its verification depended on. What had expired before was accepted by the
 * program, and sets no end. NULL is fine.
 */
void
lsf_session_limit_by_peer(SSL_SESSION *session)
{
	X509 *peer;
	int64_t end;

	if (session == NULL)
		return;
	if ((end = noted(session)) > 0)
		lsf_session_limit(session, (double)end);
	if ((peer = lsf_api.SSL_SESSION_get0_peer(session)) != NULL &&
	    (end = moment(lsf_api.X509_get0_notAfter(peer))) > 0)
		lsf_session_limit(session, (double)end);
}
