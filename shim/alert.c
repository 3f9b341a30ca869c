/*
 * Which alerts went over the wire. The error queue names those of the peer only in
 * part, and our own not at all.
 */
#include "lsf.h"

#define CB_READ 0x04
#define CB_WRITE 0x08
#define CB_ALERT 0x4000

#define CLOSE_NOTIFY 0

/*
 * Info callback, on every context of ours: `value` of an alert is its level and its
 * description, a byte each. The first one counts, in each direction: what follows a
 * fatal alert is an echo. A close_notify is no error.
 */
void
lsf_info(const SSL *ssl, int where, int value)
{
	struct lsf_conn *c;

	if (!(where & CB_ALERT) || (value & 0xff) == CLOSE_NOTIFY)
		return;
	if ((c = lsf_conn_of(ssl)) == NULL)
		return;
	if ((where & CB_READ) && c->alert_in == 0)
		c->alert_in = (uint16_t)value;
	if ((where & CB_WRITE) && c->alert_out == 0)
		c->alert_out = (uint16_t)value;
}
