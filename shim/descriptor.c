/*
 * The pump over a descriptor: recv, send and poll. Its end is in linger.c.
 *
 * Only lsf_wait blocks, and a read that may block: one that would wait for input only, and
 * without a time limit. Then the descriptor is in blocking mode, so that one recv does the
 * work of three calls (a recv that would block, a wait, a recv). SIGPIPE is never raised:
 * the host decides about signals.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "lsf.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE, set by lsf_nonblocking */
#endif

static int
again(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* Errors with which the kernel has ended the connection. */
static int
ends(int error)
{
	return error == ECONNRESET || error == ECONNABORTED ||
	    error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
}

/*
 * Bytes read, 0 at the end of the stream (noted), -1 for "not now" or an error. The
 * kernel reports the end of a connection once: after send has returned its error, recv
 * returns an end, which has the same reason.
 */
long
lsf_fd_read(struct lsf_conn *c, void *buffer, size_t length)
{
	int wait = c->may_block && c->out_beg == c->out_end;
	int flags = wait ? 0 : MSG_DONTWAIT;
	ssize_t n;

	lsf_use(c);
	do {
		n = recv(c->fd, buffer, length, flags);
	} while (n == -1 && errno == EINTR);
	if (n == 0 && ends(c->out_error)) {
		c->in_error = c->out_error;
		return -1;
	}
	if (n == 0)
		c->in_eof = 1;
	else if (n == -1 && !again())
		c->in_error = errno;

	return (long)n;
}

/* send, without waiting and without a signal. Bytes the kernel took, or -1. */
long
lsf_send(int fd, const void *data, size_t length)
{
	ssize_t n;

	do {
		n = send(fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n == -1 && errno == EINTR);

	return (long)n;
}

/* Bytes the kernel took, perhaps none; an error is noted in the connection. */
size_t
lsf_fd_write(struct lsf_conn *c, const void *data, size_t length)
{
	ssize_t n;

	lsf_use(c);
	n = lsf_send(c->fd, data, length);
	if (n == -1 && !again())
		c->out_error = errno;

	return n < 0 ? 0 : (size_t)n;
}

/*
 * Hand queued output to the kernel. Returns 1 when nothing is left, 0 when the
 * kernel is full (or the transport is a stream), -1 when the connection is broken.
 */
int
lsf_flush(struct lsf_conn *c)
{
	size_t n = 1;

	while (!c->by_lua && c->out_error == 0 && n > 0 &&
	    c->out_beg < c->out_end) {
		n = lsf_fd_write(c, c->out + c->out_beg,
		    c->out_end - c->out_beg);
		lsf_drained(c, n);
	}
	if (c->out_beg == c->out_end)
		return 1;

	return c->out_error != 0 ? -1 : 0;
}

/* Seconds of a clock that is never set back. */
double
lsf_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Seconds of CPU of this thread. */
double
lsf_spent(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/*
 * The kernel refuses to wait, for want of memory for example: rest instead, and let the caller look
 * for itself. Without the rest it would do so without a pause.
 */
static void
rest(double left)
{
	double most = left >= 0 && left < 0.01 ? left : 0.01;
	struct timespec ts = { 0, (long)(most * 1e9) };

	(void)nanosleep(&ts, NULL);
}

/*
 * Wait until the descriptor is readable (events & 1) or writable (events & 2).
 * seconds < 0: without limit. Returns 1 when it is, is broken or was closed, or may be; 0 when
 * the time is over. Milliseconds are rounded up, so that no wait ends before its time.
 */
int
lsf_wait(const struct lsf_conn *c, int events, double seconds)
{
	struct pollfd p = { c->fd, 0, 0 };
	double end = seconds < 0 ? 0 : lsf_now() + seconds;
	double left = seconds;
	int rc, ms;

	if (c->fd < 0)
		return 1;
	p.events = (short)((events & 1 ? POLLIN : 0) |
	    (events & 2 ? POLLOUT : 0));
	do {
		ms = -1;
		if (seconds >= 0) {
			left = left > 0 ? left * 1000 : 0;
			ms = left < INT_MAX ? (int)left : INT_MAX;
			ms += ms < INT_MAX && ms < left;
		}
		rc = poll(&p, 1, ms);
		if (seconds >= 0)
			left = end - lsf_now();
	} while ((rc == -1 && errno == EINTR) ||
	    (rc == 0 && (seconds < 0 || left > 0)));
	if (rc == -1)
		rest(seconds < 0 ? -1 : left > 0 ? left : 0);

	return rc != 0;
}

/* Make a descriptor non-blocking. Returns 0, or the errno. */
int
lsf_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return errno;
#ifdef SO_NOSIGPIPE
	{
		int on = 1;

		(void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
	}
#endif
	if (!(flags & O_NONBLOCK) &&
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return errno;

	return 0;
}

/* Undo that, for patient reads. Returns 0, or the errno. */
int
lsf_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1)
		return errno;

	return 0;
}

/* The address family of a socket; 0 for any other family, and for a file of another kind. */
int
lsf_family(int fd)
{
	struct sockaddr_storage own;
	socklen_t length = sizeof(own);

	if (getsockname(fd, (struct sockaddr *)&own, &length) == -1)
		return LSF_FAMILY_OTHER;
	switch (own.ss_family) {
	case AF_INET:
		return LSF_FAMILY_INET;
	case AF_INET6:
		return LSF_FAMILY_INET6;
	case AF_UNIX:
		return LSF_FAMILY_UNIX;
	default:
		return LSF_FAMILY_OTHER;
	}
}

/*
 * The message of LuaSocket and LuaSec for an errno, independent of the C library; NULL: use
 * strerror.
 */
const char *
lsf_errno_word(int error)
{
	switch (error) {
	case EPIPE:
	case ECONNRESET:
	case ECONNABORTED:
		return "closed";
	case ETIMEDOUT:
		return "timeout";
	case ENOMEM:
		return "not enough memory";
	case ECONNREFUSED:
		return "connection refused";
	case EACCES:
		return "permission denied";
	case EISCONN:
		return "already connected";
	case EADDRINUSE:
		return "address already in use";
	default:
		return NULL;
	}
}
