/*
 * The info callback: which alerts went over the wire, and that a handshake is done. The
 * error queue names alerts of the peer only in part, and our own not at all.
 */
#include "lsf.h"

#define CB_READ 0x04
#define CB_WRITE 0x08
#define CB_HANDSHAKE_DONE 0x20
#define CB_ALERT 0x4000

#define CLOSE_NOTIFY 0
#define USER_CANCELED 90
#define LEVEL_WARNING 1

#define VERSION_1_3 0x0304

/* Does an alert count for more than the one that is known? */
static int
counts(uint16_t known, int value)
{
	return known == 0 ||
	    (known >> 8 == LEVEL_WARNING && value >> 8 != LEVEL_WARNING);
}

/*
 * TLS 1.3 does not look at the level. Of its alerts only user_canceled lets the session
 * go on, to the close_notify that follows (RFC 8446 section 6.1).
 */
static int
harmless(const SSL *ssl, int description)
{
	return description == USER_CANCELED &&
	    lsf_api.SSL_version(ssl) == VERSION_1_3;
}

/*
 * Info callback, on every context of ours: `value` of an alert is its level and its
 * description, a byte each. The first fatal one counts, in each direction: what follows
 * is an echo. So does the first warning as long as there is none; the session went on
 * then. A close_notify is no error.
 */
void
lsf_info(const SSL *ssl, int where, int value)
{
	struct lsf_conn *c;

	/* Without a new ticket lsf_ticket_made was not called: the limit is set here. */
	if ((where & CB_HANDSHAKE_DONE) && lsf_api.SSL_is_server(ssl))
		lsf_session_limit_by_peer(lsf_api.SSL_get_session(ssl));
	if (!(where & (CB_ALERT | CB_HANDSHAKE_DONE)) ||
	    (c = lsf_conn_of(ssl)) == NULL)
		return;
	if (where & CB_HANDSHAKE_DONE)
		lsf_shaken(c);
	if (!(where & CB_ALERT) || (value & 0xff) == CLOSE_NOTIFY)
		return;
	if (harmless(ssl, value & 0xff))
		value = LEVEL_WARNING << 8 | USER_CANCELED;
	if ((where & CB_READ) && counts(c->alerts.received, value))
		c->alerts.received = (uint16_t)value;
	if ((where & CB_WRITE) && counts(c->alerts.sent, value))
		c->alerts.sent = (uint16_t)value;
}
