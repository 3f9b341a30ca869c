/*
 * Sessions that OpenSSL has made, which wait here until Lua takes them; and the lookup of a
 * session on a server, for which the handshake stands still (pause.c).
 */
#include <stdlib.h>
#include <string.h>

#include "lsf.h"

/* generate_ticket callback, on every context of ours. */
int
lsf_ticket_made(SSL *ssl, void *arg)
{
	(void)arg;
	lsf_session_limit_by_peer(lsf_api.SSL_get_session(ssl));

	return 1;
}

/*
 * A client has received a session, or a server has made one. It is kept, with its reference.
 * Where there are too many, the oldest is freed: a peer may send any number of tickets.
 */
int
lsf_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct lsf_conn *c = lsf_conn_of(ssl);

	if (c == NULL)
		return 0;
	if (c->sessions.made == NULL)
		c->sessions.made = calloc(LSF_SESSIONS, sizeof(SSL_SESSION *));
	if (c->sessions.made == NULL)
		return 0;
	if (c->sessions_made == LSF_SESSIONS)
		lsf_api.SSL_SESSION_free(lsf_take_session(c));
	c->sessions.made[c->sessions_made++] = session;

	return 1;
}

/* The oldest session that was kept; the caller frees it. NULL when there is none. */
SSL_SESSION *
lsf_take_session(struct lsf_conn *c)
{
	SSL_SESSION *first;

	if (c->sessions_made == 0)
		return NULL;
	first = c->sessions.made[0];
	c->sessions_made--;
	memmove(c->sessions.made, c->sessions.made + 1,
	    c->sessions_made * sizeof(*c->sessions.made));

	return first;
}

/* Free the connection's sessions. */
void
lsf_sessions_free(struct lsf_conn *c)
{
	SSL_SESSION *session;

	while ((session = lsf_take_session(c)) != NULL)
		lsf_api.SSL_SESSION_free(session);
	if (c->sessions.found != NULL)
		lsf_api.SSL_SESSION_free(c->sessions.found);
	free(c->sessions.made);
	c->sessions.made = NULL;
	c->sessions.found = NULL;
}

/*
 * get_session callback of a server with an external store: the session that Lua has found,
 * whose reference OpenSSL takes over; NULL for an unknown session, and without a job.
 */
SSL_SESSION *
lsf_get_session(SSL *ssl, const unsigned char *id, int length, int *copy)
{
	struct lsf_conn *c = lsf_conn_of(ssl);
	SSL_SESSION *found;

	*copy = 0;
	if (c == NULL || length <= 0)
		return NULL;
	c->sessions.id = id;
	c->sessions.id_length = (uint32_t)length;
	(void)lsf_wait_for_answer(c, LSF_QUESTION_SESSION);
	c->sessions.id = NULL;
	c->sessions.id_length = 0;
	found = c->sessions.found;
	c->sessions.found = NULL;

	return found;
}
