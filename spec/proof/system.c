/*
 * The system below the shim: its recv, send, poll, and what it allocates. One of these calls
 * fails, or does less than it was asked for.
 *
 * For spec/proof/system.lua. The functions take the place of libc's in the table of addresses
 * (the GOT) of the one library that is named, so nothing else in the process is affected.
 * One thread.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <link.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum call {
	RECV,
	SEND,
	POLL,
	SHUTDOWN,
	CLOSE,
	ALLOCATE,
	CALLS
};

/* What happens at the call: an errno, or one of these. */
enum {
	END = 0,
	SHORT = -1,
	HANGUP = -2
};

/* Descriptors are below. Their connections have broken, or have no more input. */
#define MOST 1024
enum {
	BROKEN = 1,
	ENDED
};

static struct {
	unsigned long counts[CALLS], nth;
	enum call call;
	int counting, armed, how, lasting, fired, twice;
	char broken[MOST];
} plan;

/* Is this the call that fails? */
static int
fails(enum call call)
{
	unsigned long n;

	if (!plan.counting)
		return 0;
	n = ++plan.counts[call];
	if (!plan.armed || call != plan.call || n < plan.nth ||
	    (n > plan.nth && !plan.lasting))
		return 0;
	plan.fired = 1;

	return 1;
}

/* The errors behind which the kernel has no connection any more. */
static int
breaks(int error)
{
	return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT ||
	    error == EHOSTUNREACH;
}

static int
is_broken(int fd)
{
	return plan.counting && fd >= 0 && fd < MOST && plan.broken[fd];
}

static int
failed(int fd)
{
	if (breaks(plan.how) && fd >= 0 && fd < MOST)
		plan.broken[fd] = BROKEN;
	errno = plan.how;

	return -1;
}

/* The peer sends nothing more. */
static int
ended(int fd)
{
	if (fd >= 0 && fd < MOST)
		plan.broken[fd] = ENDED;

	return 0;
}

static ssize_t
proof_recv(int fd, void *buffer, size_t length, int flags)
{
	if (fails(RECV)) {
		if (plan.how == END)
			return ended(fd);
		if (plan.how > 0)
			return failed(fd);
		length = length > 0;
	}
	if (is_broken(fd))
		return 0;

	return recv(fd, buffer, length, flags);
}

static ssize_t
proof_send(int fd, const void *data, size_t length, int flags)
{
	if (fails(SEND)) {
		if (plan.how > 0)
			return failed(fd);
		length = length > 0;
	}
	if (is_broken(fd) == BROKEN) {
		errno = EPIPE;
		return -1;
	}

	return send(fd, data, length, flags);
}

static int
proof_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	if (fails(POLL)) {
		if (plan.how > 0)
			return failed(-1);
		if (plan.how == END)
			return 0;
		fds[0].revents = POLLERR | POLLHUP;
		return 1;
	}
	if (n > 0 && is_broken(fds[0].fd) == BROKEN) {
		fds[0].revents = POLLIN | POLLOUT | POLLHUP;
		return 1;
	}

	return poll(fds, n, timeout);
}

static int
proof_shutdown(int fd, int how)
{
	return fails(SHUTDOWN) ? failed(fd) : shutdown(fd, how);
}

static int
proof_close(int fd)
{
	int rc;

	if (plan.counting && fd >= 0 && fd < MOST)
		plan.broken[fd] = 0;
	rc = close(fd);
	if (rc == -1 && errno == EBADF)
		plan.twice = 1;

	return rc;
}

static int
no_memory(void)
{
	if (!fails(ALLOCATE))
		return 0;
	errno = ENOMEM;

	return 1;
}

static void *
proof_malloc(size_t size)
{
	return no_memory() ? NULL : malloc(size);
}

static void *
proof_calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : calloc(n, size);
}

static void *
proof_realloc(void *memory, size_t size)
{
	return no_memory() ? NULL : realloc(memory, size);
}

static void *
proof_mmap(void *at, size_t size, int rights, int flags, int fd, off_t offset)
{
	return no_memory() ? MAP_FAILED
			   : mmap(at, size, rights, flags, fd, offset);
}

typedef void (*function)(void);

static const struct {
	const char *name;
	function f;
} ours[] = {
	{ "recv", (function)proof_recv },
	{ "send", (function)proof_send },
	{ "poll", (function)proof_poll },
	{ "shutdown", (function)proof_shutdown },
	{ "close", (function)proof_close },
	{ "malloc", (function)proof_malloc },
	{ "calloc", (function)proof_calloc },
	{ "realloc", (function)proof_realloc },
	{ "mmap", (function)proof_mmap },
};

/* What an object says about itself. */
struct object {
	ElfW(Addr) base;
	const ElfW(Sym) * symbols;
	const char *names;
};

/* One address of the table; a part of it is read-only behind the loading. */
static int
replace(void **place, function f)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	void *start = (void *)((uintptr_t)place & ~(page - 1));

	if (mprotect(start, page, PROT_READ | PROT_WRITE) == -1)
		return 0;
	memcpy(place, &f, sizeof(f));

	return 1;
}

/* Relocations: those with addends and those without begin in the same way. */
struct table {
	uintptr_t at;
	size_t size, entry;
};

#if __ELF_NATIVE_CLASS == 64
#define SYMBOL(info) ELF64_R_SYM(info)
#else
#define SYMBOL(info) ELF32_R_SYM(info)
#endif

static int
patch(const struct object *o, const struct table *t)
{
	const ElfW(Rel) * r;
	const char *name;
	size_t at, i;
	int n = 0;

	for (at = 0; at < t->size; at += t->entry) {
		r = (const ElfW(Rel) *)(t->at + at);
		name = o->names + o->symbols[SYMBOL(r->r_info)].st_name;
		for (i = 0; i < sizeof(ours) / sizeof(*ours); i++)
			if (strcmp(name, ours[i].name) == 0)
				n += replace((void **)(o->base + r->r_offset),
				    ours[i].f);
	}

	return n;
}

/* musl leaves the addresses in this section as they are in the file. */
static uintptr_t
address(const struct object *o, ElfW(Addr) value)
{
	return value < o->base ? o->base + value : value;
}

static int
patch_object(const struct dl_phdr_info *info, const ElfW(Dyn) * d)
{
	struct object o = { info->dlpi_addr, NULL, NULL };
	struct table calls = { 0, 0, sizeof(ElfW(Rel)) };
	struct table with = { 0, 0, sizeof(ElfW(Rela)) };
	struct table without = { 0, 0, sizeof(ElfW(Rel)) };

	for (; d->d_tag != DT_NULL; d++) {
		uintptr_t at = address(&o, d->d_un.d_ptr);

		switch (d->d_tag) {
		case DT_SYMTAB:
			o.symbols = (const ElfW(Sym) *)at;
			break;
		case DT_STRTAB:
			o.names = (const char *)at;
			break;
		case DT_JMPREL:
			calls.at = at;
			break;
		case DT_PLTRELSZ:
			calls.size = d->d_un.d_val;
			break;
		case DT_PLTREL:
			if (d->d_un.d_val == DT_RELA)
				calls.entry = sizeof(ElfW(Rela));
			break;
		case DT_RELA:
			with.at = at;
			break;
		case DT_RELASZ:
			with.size = d->d_un.d_val;
			break;
		case DT_REL:
			without.at = at;
			break;
		case DT_RELSZ:
			without.size = d->d_un.d_val;
			break;
		default:
			break;
		}
	}

	return patch(&o, &calls) + patch(&o, &with) + patch(&o, &without);
}

static int
look_at(struct dl_phdr_info *info, size_t size, void *name)
{
	int i;

	(void)size;
	if (strcmp(info->dlpi_name, name) != 0)
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			return patch_object(info,
			    (const ElfW(Dyn) *)(info->dlpi_addr +
				info->dlpi_phdr[i].p_vaddr));

	return 0;
}

/* Put them into a library that is loaded. Returns how many addresses were replaced. */
int
proof_system(const char *path)
{
	return dl_iterate_phdr(look_at, (void *)(uintptr_t)path);
}

/* Count from now on; nothing fails. */
void
proof_begin(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.counting = 1;
}

/* The n-th call fails, and where it lasts all behind it. */
void
proof_arm(int call, unsigned long n, int how, int lasting)
{
	plan.armed = 1;
	plan.call = (enum call)call;
	plan.nth = n;
	plan.how = how;
	plan.lasting = lasting;
}

void
proof_end(void)
{
	plan.counting = plan.armed = 0;
}

unsigned long
proof_count(int call)
{
	return plan.counts[call];
}

int
proof_fired(void)
{
	return plan.fired;
}

/* Was a descriptor closed that was closed already? */
int
proof_twice(void)
{
	return plan.twice;
}
