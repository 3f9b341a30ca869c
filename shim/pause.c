/*
 * A handshake that stands still inside a callback.
 *
 * Where OpenSSL has no stopping point of its own, a connection with such a question
 * runs its handshake as a job (SSL_MODE_ASYNC): on a stack of its own, which
 * ASYNC_pause_job leaves and the next SSL_do_handshake enters again. While it
 * stands still the callback's arguments stay valid, so Lua writes the answer into
 * OpenSSL's memory.
 *
 * Only the call that paused may enter OpenSSL then: any other would finish it. The
 * connection must be resumed before it is freed, or the job's stack is lost.
 */

#include "lsf.h"

/*
 * Wait for Lua's answer. Returns 1 when there is one; 0 for "deny": no job to pause
 * (ASYNC_pause_job would report success at once, for ever), or the connection was
 * dropped; for a key its length distinguishes the two. A resume without an answer pauses
 * again.
 */
int
lsf_wait_for_answer(struct lsf_conn *c, enum lsf_question question)
{
	c->ask.question = question;
	c->ask.accepted = 0;
	while (c->ask.question != LSF_QUESTION_NONE) {
		if (c->no_io || lsf_api.ASYNC_get_current_job() == NULL)
			break;
		c->ask.paused = 1;
		c->pool->paused++;
		if (!lsf_api.ASYNC_pause_job())
			c->no_io = 1;
		c->pool->paused--;
		c->ask.paused = 0;
	}
	if (c->ask.question == LSF_QUESTION_NONE)
		return 1;
	c->ask.question = LSF_QUESTION_NONE;

	return 0;
}

/*
 * End a paused job with a denial and without I/O, before the connection is freed.
 * Finalizers come here between a call of Lua's and the reading of its error, so the
 * queue is left as it was.
 */
void
lsf_abandon(struct lsf_conn *c)
{
	if (!c->ask.paused)
		return;
	c->no_io = 1;
	(void)lsf_api.ERR_set_mark();
	/*
	 * Since 3.2 a client drops a mark behind verification. It set one before,
	 * but the queue was empty then, so there is none, and it takes ours.
	 */
	if (c->ask.question == LSF_QUESTION_VERIFY)
		(void)lsf_api.ERR_set_mark();
	(void)lsf_api.SSL_do_handshake(c->ssl);
	(void)lsf_api.ERR_pop_to_mark();
}
