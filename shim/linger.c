/*
 * The orderly end of a connection over a descriptor: the queue leaves, SHUT_WR, and input is
 * read until the peer has everything. A connection that must not wait for that hands over its
 * rest: the descriptor, the bytes that the kernel did not take, and the time. The SSL is not
 * needed any more and is freed at once.
 *
 * Only one process does this. A child that was forked meanwhile would send the same bytes
 * a second time, and its shutdown would end the parent's connection too.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lsf.h"

/* Linux's SIOCOUTQ, without the kernel's headers, which musl comes without. */
#if defined(__linux__) && !defined(SIOCOUTQ)
#define SIOCOUTQ TIOCOUTQ
#endif

#define DRAIN_LIMIT (1 << 20)

/* An entry is given up after so many seconds without progress, and in all. */
#define IDLE 5.0
#define TIME 60.0

/* The most entries, and the most bytes in all of them. */
#define LONGEST (1 << 12)
#define LARGEST (64 << 20)

struct rest {
	struct rest *next;
	unsigned char *data; /* not yet taken by the kernel: [beg, end) */
	uint32_t beg, end;
	int fd;
	int left; /* bytes without an acknowledgement, when last looked at */
	double begun;  /* seconds of lsf_now */
	double moved;  /* when `left` was last seen to shrink */
	uint8_t stage; /* enum lsf_stage */
};

/* Those of one Lua state, the oldest first. */
struct lsf_lingering {
	struct rest *first;
	struct rest **end; /* where the next one is put */
	struct rest **at;  /* what is looked at next */
	int count;
	int owner;    /* the process that closed them */
	double bytes; /* in all `data` */
};

/* Bytes that the peer's kernel has not acknowledged; -1 where the system cannot tell. */
static int
unacknowledged(int fd)
{
#ifdef SIOCOUTQ
	int n;

	if (ioctl(fd, SIOCOUTQ, &n) == 0)
		return n;
#endif
	(void)fd;
	return -1;
}

/*
 * Read and drop what arrives, so that the kernel does not answer with a reset. Returns
 * 1 when nothing more can come.
 */
static int
drop_input(int fd)
{
	char scratch[16384];
	ssize_t n = sizeof(scratch);
	long total = 0;

	/* Less than there was room for: no more is there. */
	while (n == (ssize_t)sizeof(scratch) && total < DRAIN_LIMIT) {
		do {
			n = recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT);
		} while (n == -1 && errno == EINTR);
		total += n;
	}
	if (n == -1)
		return errno != EAGAIN && errno != EWOULDBLOCK;

	return n == 0;
}

/*
 * One step of an orderly end behind the last byte: SHUT_WR, drop what arrives. A TLS
 * 1.3 client that closes with unread session tickets, or before they come, makes its
 * kernel reset the connection and discard what it had sent; so the descriptor must
 * outlive the transfer. The end of the stream is a segment of its own: joined to the
 * last bytes by MSG_MORE it waits for the peer's delayed acknowledgement, 40 ms and
 * more where the peer does not read at that moment.
 *
 * Returns 0 when closing loses nothing more: all is acknowledged, the peer ended too,
 * or the connection is broken. Else the number of bytes under way, or -1.
 */
static int
end_step(int fd, uint8_t *stage)
{
	if (*stage == LSF_STAGE_OPEN) {
		*stage = LSF_STAGE_SHUT;
		if (shutdown(fd, SHUT_WR) == -1)
			return 0;
	}
	if (drop_input(fd))
		return 0;

	return unacknowledged(fd);
}

/*
 * The same for a connection that is being closed, its queue first. Returns 1 when
 * closing loses nothing more, 0: call again when readable or writable.
 */
int
lsf_linger(struct lsf_conn *c)
{
	if (lsf_flush(c) < 0)
		return 1;
	if (c->out_beg < c->out_end)
		return 0;
	if (!c->in_eof && c->in_error == 0 &&
	    end_step(c->fd, &c->linger_stage) != 0)
		return 0;
	if (c->linger_stage == LSF_STAGE_OPEN)
		(void)shutdown(c->fd, SHUT_WR);
	c->linger_stage = LSF_STAGE_DONE;

	return 1;
}

/*
 * May a connection that the program did not close be ended for its peer? Not where another
 * process may have it: this one did not use it last, or has children.
 */
static int
alone(const struct lsf_conn *c)
{
	siginfo_t info;

	if (c->pid != (int)getpid())
		return 0;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 &&
	    errno == ECHILD;
}

/* Is there something to lose? */
static int
unfinished(const struct lsf_conn *c)
{
	return c->out_total > 0 && !c->by_lua && c->fd >= 0 &&
	    c->out_error == 0 && c->linger_stage != LSF_STAGE_DONE;
}

/* Before the descriptor is closed: what can be done for its data without waiting. */
void
lsf_last_step(struct lsf_conn *c)
{
	if (!unfinished(c))
		return;
	if (c->accept_all || alone(c))
		(void)lsf_linger(c);
	else if (c->pid == (int)getpid())
		(void)lsf_flush(c);
}

struct lsf_lingering *
lsf_lingering_new(void)
{
	struct lsf_lingering *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->end = l->at = &l->first;
	l->owner = (int)getpid();

	return l;
}

/* Close and forget the one that a link of the list leads to. */
static void
give_up(struct lsf_lingering *l, struct rest **link)
{
	struct rest *r = *link;

	*link = r->next;
	if (l->end == &r->next)
		l->end = link;
	if (l->at == &r->next)
		l->at = link;
	l->count--;
	l->bytes -= (double)(r->end - r->beg);
	close(r->fd);
	free(r->data);
	free(r);
}

/* Hand queued bytes to the kernel. Returns 0 when the connection is broken. */
static int
flush(struct lsf_lingering *l, struct rest *r)
{
	long n = 1;

	while (n > 0 && r->beg < r->end) {
		n = lsf_send(r->fd, r->data + r->beg, r->end - r->beg);
		if (n == -1 && errno != EAGAIN && errno != EWOULDBLOCK)
			return 0;
		if (n > 0) {
			r->beg += (uint32_t)n;
			l->bytes -= (double)n;
		}
	}

	return 1;
}

/* One attempt, without waiting. Returns 1 when it is over. */
static int
look(struct lsf_lingering *l, struct rest *r, double now)
{
	int left;

	if (!flush(l, r))
		return 1;
	left = (int)(r->end - r->beg);
	if (left == 0 && (left = end_step(r->fd, &r->stage)) == 0)
		return 1;
	if (left < r->left || r->left == 0)
		r->moved = now;
	r->left = left;

	return now - r->moved >= IDLE || now - r->begun >= TIME;
}

/* In a child: give up the entries of the parent, of which the child has copies. */
static void
disown(struct lsf_lingering *l)
{
	if (l->owner == (int)getpid())
		return;
	while (l->first != NULL)
		give_up(l, &l->first);
	l->owner = (int)getpid();
}

/*
 * Look at the next `most` of them. Returns how many are left. Each is some system
 * calls, so a call looks at a part, and the next one goes on behind it.
 */
int
lsf_sweep(struct lsf_lingering *l, int most)
{
	double now = lsf_now();

	if (l == NULL)
		return 0;
	disown(l);
	if (most > l->count)
		most = l->count;
	while (most-- > 0) {
		if (*l->at == NULL)
			l->at = &l->first;
		if (look(l, *l->at, now))
			give_up(l, l->at);
		else
			l->at = &(*l->at)->next;
	}

	return l->count;
}

/* Half of the descriptors that the process may have are for others. */
static int
room(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur / 2 > LONGEST)
		return LONGEST;

	return (int)(limit.rlim_cur / 2);
}

static struct rest *
rest_of(struct lsf_conn *c)
{
	struct rest *r = calloc(1, sizeof(*r));
	uint32_t length = c->out_end - c->out_beg;

	if (r == NULL)
		return NULL;
	if (length > 0) {
		if ((r->data = malloc(length)) == NULL) {
			free(r);
			return NULL;
		}
		memcpy(r->data, c->out + c->out_beg, length);
	}
	r->end = length;
	r->stage = c->linger_stage;
	r->begun = r->moved = lsf_now();
	r->fd = c->fd;
	c->fd = -1;

	return r;
}

/*
 * Take over the descriptor and the queue of a connection, so that freeing it does not close
 * the descriptor. Where no data can be lost, or without memory, the connection keeps its
 * descriptor. Where the list is full the oldest are given up. Returns how many linger.
 */
int
lsf_detach(struct lsf_lingering *l, struct lsf_conn *c)
{
	struct rest *r;

	if (l == NULL)
		return 0;
	disown(l);
	if (!unfinished(c) || !(c->accept_all || alone(c)) || lsf_linger(c))
		return l->count;
	if ((r = rest_of(c)) == NULL)
		return l->count;
	l->bytes += (double)r->end;
	*l->end = r;
	l->end = &r->next;
	l->count++;
	while (l->count > 1 && (l->count > room() || l->bytes > LARGEST))
		give_up(l, &l->first);

	return l->count;
}

/* The end of the Lua state: one last attempt for each. */
void
lsf_lingering_free(struct lsf_lingering *l)
{
	if (l == NULL)
		return;
	(void)lsf_sweep(l, l->count);
	while (l->first != NULL)
		give_up(l, &l->first);
	free(l);
}
