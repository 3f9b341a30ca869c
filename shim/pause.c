/*
 * A handshake that stands still inside a callback until Lua has answered.
 *
 * In most callbacks OpenSSL has no stopping point. So a connection that may ask a question
 * there runs its handshake as a job (SSL_MODE_ASYNC), which has a stack of its own.
 * ASYNC_pause_job leaves that stack, and the next SSL_do_handshake enters it again. Meanwhile
 * the arguments of the callback stay valid, and Lua writes the answer into OpenSSL's memory.
 *
 * While the job stands still, only SSL_do_handshake may enter OpenSSL: any other call would
 * resume the job in its place. A connection has to be resumed before it is freed, or the stack
 * of the job is lost.
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
		if (c->no_io || lsf_api.ASYNC_get_current_job == NULL ||
		    lsf_api.ASYNC_get_current_job() == NULL)
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
