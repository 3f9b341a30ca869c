/*
 * Key log lines: secrets, which wait here until Lua takes them between two calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lsf.h"

/*
 * keylog callback: one line without its end. A handshake has five to seven, some 1,200
 * bytes; a line without room is dropped.
 */
void
lsf_keylog(const SSL *ssl, const char *line)
{
	struct lsf_conn *c = lsf_conn_of(ssl);
	size_t length = strlen(line);

	if (c == NULL)
		return;
	if (c->keylog.lines == NULL &&
	    (c->keylog.lines = malloc(LSF_KEYS)) == NULL)
		return;
	if (length >= LSF_KEYS - c->keylog.length)
		return;
	memcpy(c->keylog.lines + c->keylog.length, line, length);
	c->keylog.lines[c->keylog.length + length] = '\n';
	c->keylog.length += (uint32_t)length + 1;
}

/* Forget them. */
void
lsf_keys_wipe(struct lsf_conn *c)
{
	if (c->keylog.lines == NULL)
		return;
	lsf_api.OPENSSL_cleanse(c->keylog.lines, LSF_KEYS);
	free(c->keylog.lines);
	c->keylog.lines = NULL;
	c->keylog.length = 0;
}

/*
 * Append them to a file, which is made for its owner alone where it does not exist, and wipe
 * them. Without a connection only check that the file can be opened. Returns 0 or the errno.
 */
int
lsf_keys_save(struct lsf_conn *c, const char *path)
{
	int fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    S_IRUSR | S_IWUSR);
	int error = fd < 0 ? errno : 0;
	uint32_t done = 0;
	ssize_t n;

	while (c != NULL && error == 0 && done < c->keylog.length) {
		n = write(fd, c->keylog.lines + done, c->keylog.length - done);
		if (n > 0)
			done += (uint32_t)n;
		else if (n == 0 || errno != EINTR)
			error = n == 0 ? EIO : errno;
	}
	if (fd >= 0)
		close(fd);
	if (c != NULL)
		lsf_keys_wipe(c);

	return error;
}
