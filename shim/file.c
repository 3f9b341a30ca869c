/*
 * The state of a file, and bytes from the middle of one: Lua has no stat, and struct stat
 * and off_t differ between platforms. And the search for a NUL in a text file, without a copy
 * in Lua's memory.
 */
#define _FILE_OFFSET_BITS 64 /* large files on 32-bit systems too */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "filetime.h"
#include "lsf.h"

/*
 * Tell one state of a file, or of a folder, from the next: device, inode, size,
 * and the times of the last change of its contents and of its inode, in seconds
 * and nanoseconds; then whether it is a folder. Returns 0, or the errno.
 */
int
lsf_file_stamp(const char *path, double stamp[LSF_STAMP])
{
	struct stat st;

	if (stat(path, &st) == -1)
		return errno;
	stamp[0] = (double)st.st_dev;
	stamp[1] = (double)st.st_ino;
	stamp[2] = (double)st.st_size;
	stamp[3] = (double)st.MTIME.tv_sec;
	stamp[4] = (double)st.MTIME.tv_nsec;
	stamp[5] = (double)st.CTIME.tv_sec;
	stamp[6] = (double)st.CTIME.tv_nsec;
	stamp[7] = S_ISDIR(st.st_mode);

	return 0;
}

/*
 * The descriptor of a regular file, or -1. Another file is not opened: the writer of a FIFO
 * would begin, and fail when the descriptor is closed (fifo(7)). The second look is for a path
 * that is replaced between the first one and open.
 */
static int
open_regular(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd != -1 && (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}

	return fd;
}

/*
 * The line of a text file, from 1 on, in which a NUL with text behind it is; 0 for none, and
 * for a file that is not regular, because it can be read once only.
 */
int
lsf_file_nul(const char *path)
{
	char block[16384];
	int fd = open_regular(path);
	int line = 1, nul = 0, found = 0;
	ssize_t n, i;

	if (fd == -1)
		return 0;
	while (!found && (n = read(fd, block, sizeof(block))) > 0)
		for (i = 0; i < n && !found; i++) {
			if (block[i] == '\0' && nul == 0)
				nul = line;
			found = nul > 0 && strchr(" \t\r\n", block[i]) == NULL;
			line += block[i] == '\n';
		}
	close(fd);
	lsf_api.OPENSSL_cleanse(block, sizeof(block));

	return found ? nul : 0;
}

/* The descriptor of a FILE, or -1. */
int
lsf_file_descriptor(void *file)
{
	return file != NULL ? fileno(file) : -1;
}

/*
 * Up to `length` bytes from `offset` on; the file's own position is neither used nor
 * moved. Returns how many, 0 at the end of the file, or the negative errno.
 */
int
lsf_file_read(int fd, void *buffer, int length, double offset)
{
	ssize_t n;

	do {
		n = pread(fd, buffer, (size_t)length, (off_t)offset);
	} while (n == -1 && errno == EINTR);

	return n < 0 ? -errno : (int)n;
}
