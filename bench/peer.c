/*
 * The far side of every measurement:
 *
 *	peer [-s | -a] [-w COUNT] CERTS COMMAND [ARGUMENT]...
 *
 * starts the command with BENCH_PORT and BENCH_CERTS in its environment, serves
 * it, and ends with its status when it ends. The peer runs on the first core it
 * may use and the command on the last one; with -s both run on the last, and with
 * -a on any. With -w the peer is so many processes, each of which serves one
 * connection at a time.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve.h"
#include "tls.h"

/* The first or the last core of those we may use, for the calling process. */
static void
pin(int last)
{
	cpu_set_t allowed, one;
	int core = -1, i;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) == -1)
		return;
	for (i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &allowed) && (core == -1 || last))
			core = i;
	CPU_ZERO(&one);
	CPU_SET(core, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int
listen_anywhere(char port[16])
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	/* Another process of the peer may have been quicker to accept. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, length) == -1 ||
	    listen(fd, 128) == -1 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) == -1)
		die("listen");
	snprintf(port, 16, "%d", ntohs(address.sin_port));

	return fd;
}

static void
many_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The rest of the processes; all end when the subject does. */
static void
multiply(int count, int listener, int life)
{
	for (; count > 1; count--)
		if (fork() == 0) {
			serve_all(listener, life);
			_exit(0);
		}
}

static pid_t
start(char **command, int anywhere, int closed)
{
	pid_t subject = fork();

	if (subject != 0)
		return subject;
	close(closed);
	if (!anywhere)
		pin(1);
	execvp(command[0], command);
	die(command[0]);

	return -1;
}

int
main(int argc, char **argv)
{
	int same = 0, anywhere = 0, workers = 1, status = 1;
	int listener, life[2], option;
	char port[16];
	pid_t subject;

	while ((option = getopt(argc, argv, "+saw:")) != -1) {
		same |= option == 's';
		anywhere |= option == 'a';
		if (option == 'w')
			workers = atoi(optarg);
	}
	if (argc < optind + 2)
		die("usage: peer [-s | -a] [-w COUNT] CERTS COMMAND...");
	many_descriptors();
	prepare(argv[optind]);
	listener = listen_anywhere(port);
	setenv("BENCH_PORT", port, 1);
	if (pipe(life) == -1)
		die("pipe");
	subject = start(argv + optind + 1, anywhere, life[0]);
	if (subject == -1)
		die("fork");
	close(life[1]);
	signal(SIGPIPE, SIG_IGN);
	if (!anywhere)
		pin(same);
	multiply(workers, listener, life[0]);
	serve_all(listener, life[0]);
	waitpid(subject, &status, 0);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
