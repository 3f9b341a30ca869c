/*
 * What a file is, seen from outside, and bytes from the middle of one: Lua has no
 * stat, and struct stat and off_t look different on every platform.
 */
#define _FILE_OFFSET_BITS 64 /* large files on 32-bit systems too */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lsf.h"

#ifdef __APPLE__
#define MTIME st_mtimespec
#define CTIME st_ctimespec
#else
#define MTIME st_mtim
#define CTIME st_ctim
#endif

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
