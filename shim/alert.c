/*
 * Which alerts went over the wire. The error queue names those of the peer only in
 * part, and our own not at all.
 */
#include "lsf.h"

#define CB_READ 0x04
#define CB_WRITE 0x08
#define CB_ALERT 0x4000

#define CLOSE_NOTIFY 0
#define LEVEL_WARNING 1

/* Does an alert count for more than the one that is known? */
static int
counts(uint16_t known, int value)
{
	return known == 0 ||
	    (known >> 8 == LEVEL_WARNING && value >> 8 != LEVEL_WARNING);
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

	if (!(where & CB_ALERT) || (value & 0xff) == CLOSE_NOTIFY)
		return;
	if ((c = lsf_conn_of(ssl)) == NULL)
		return;
	if ((where & CB_READ) && counts(c->alert_in, value))
		c->alert_in = (uint16_t)value;
	if ((where & CB_WRITE) && counts(c->alert_out, value))
		c->alert_out = (uint16_t)value;
}
