/*
 * The state of a folder of authorities and revocation lists, under the names by which
 * OpenSSL looks them up (HASH.N, HASH.rN; see openssl-rehash(1)). OpenSSL keeps certificates
 * that it has found, so Lua uses this to notice that a file was replaced.
 */
#define _FILE_OFFSET_BITS 64 /* large files on 32-bit systems too */
#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "filetime.h"
#include "lsf.h"

#define HASH_DIGITS 8

/* FNV-1a distinguishes states of a folder. It does not resist an attacker who can write. */
#define SEED 0xcbf29ce484222325ULL
#define PRIME 0x100000001b3ULL

static uint64_t
add(uint64_t sum, const void *data, size_t length)
{
	const unsigned char *p = data;

	while (length-- > 0)
		sum = (sum ^ *p++) * PRIME;

	return sum;
}

/* Mixes a sum, so that the sum of mixed sums distinguishes sets of them. */
static uint64_t
mix(uint64_t sum)
{
	sum = (sum ^ (sum >> 33)) * 0xff51afd7ed558ccdULL;
	sum = (sum ^ (sum >> 33)) * 0xc4ceb9fe1a85ec53ULL;

	return sum ^ (sum >> 33);
}

static int
hashed(const char *name)
{
	size_t digits = strspn(name, "0123456789abcdef");

	if (digits != HASH_DIGITS || name[digits] != '.')
		return 0;
	name += digits + 1;
	if (*name == 'r')
		name++;
	digits = strspn(name, "0123456789");

	return digits > 0 && name[digits] == '\0';
}

/* A file's inode and times; the youngest time is kept in *newest. */
static uint64_t
add_state(uint64_t sum, int dir, const char *name, int flags, double *newest)
{
	struct stat st;
	int64_t v[7] = { 0 };

	if (fstatat(dir, name, &st, flags) == -1) {
		v[0] = errno;
		return add(sum, v, sizeof(v));
	}
	v[0] = (int64_t)st.st_dev;
	v[1] = (int64_t)st.st_ino;
	v[2] = (int64_t)st.st_size;
	v[3] = (int64_t)st.MTIME.tv_sec;
	v[4] = (int64_t)st.MTIME.tv_nsec;
	v[5] = (int64_t)st.CTIME.tv_sec;
	v[6] = (int64_t)st.CTIME.tv_nsec;
	if ((double)v[3] > *newest)
		*newest = (double)v[3];
	if ((double)v[5] > *newest)
		*newest = (double)v[5];

	return add(sum, v, sizeof(v));
}

static uint64_t
add_contents(uint64_t sum, int dir, const char *name)
{
	char block[16384];
	struct stat st;
	ssize_t n = -1;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return add(sum, &errno, sizeof(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		while ((n = read(fd, block, sizeof(block))) > 0)
			sum = add(sum, block, (size_t)n);
	close(fd);

	return add(sum, &n, sizeof(n));
}

/*
 * A number that changes when the files of these names have changed: by inodes and times,
 * those of links and of their targets; or by the content of the files. The
 * youngest of the times, in seconds, goes to *newest. Returns 0, or the errno.
 */
int
lsf_folder_stamp(const char *path, int contents, uint64_t *stamp,
    double *newest)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	uint64_t sum;
	int fd;

	*stamp = 0;
	*newest = 0;
	if (dir == NULL)
		return errno;
	fd = dirfd(dir);
	if (!contents)
		*stamp = mix(add_state(SEED, fd, ".", 0, newest));
	while ((entry = readdir(dir)) != NULL) {
		if (!hashed(entry->d_name))
			continue;
		sum = add(SEED, entry->d_name, strlen(entry->d_name));
		if (contents) {
			sum = add_contents(sum, fd, entry->d_name);
		} else {
			sum = add_state(sum, fd, entry->d_name,
			    AT_SYMLINK_NOFOLLOW, newest);
			sum = add_state(sum, fd, entry->d_name, 0, newest);
		}
		*stamp += mix(sum);
	}
	closedir(dir);

	return 0;
}
