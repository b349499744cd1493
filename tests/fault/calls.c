/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.c - calls of the C library that can fail, and one of which does; see fault.h
 *
 * The dynamic linker finds these first.  Streams are made anew over them, because the
 * C library's own go to the system without a call that could be found here.
 */
#define _GNU_SOURCE			/* RTLD_NEXT, fopencookie */
#include "fault.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHORT 7u			/* bytes; no event ends at a multiple of it */

struct fault *fault;

/*
 * libdw does not survive it when memory is short, or says goodbye by itself: nothing
 * can be done about that from outside.
 */
static __thread bool sparing;

static bool spared(const void *caller)
{
	Dl_info where;

	return sparing || (dladdr(caller, &where) && strstr(where.dli_fname, "/libdw"));
}

static bool fails(enum fault_kind kind, const char *name, const void *caller)
{
	if (!fault || !fault->armed || fault->kind != kind || spared(caller) ||
	    __atomic_add_fetch(&fault->seen, 1, __ATOMIC_RELAXED) != fault->nth)
		return false;
	fault->name = name;
	fault->caller = caller;
	return true;
}

#define REAL(name) \
	static __typeof__(&name) real; \
	if (!real) \
		real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* Its trees; nobody else here has any. */
void *tsearch(const void *key, void **root, int (*order)(const void *a, const void *b))
{
	void *found;
	REAL(tsearch);

	sparing = true;
	found = real(key, root, order);
	sparing = false;
	return found;
}

#define CALL(kind, type, name, params, args, failure, error) \
	type name params \
	{ \
		REAL(name); \
		if (fails(kind, #name, __builtin_return_address(0))) { \
			errno = error; \
			return failure; \
		} \
		return real args; \
	}

/* --- memory -------------------------------------------------------------- */

#define ALLOCATION(name, params, args) \
	CALL(FAULT_MEMORY, void *, name, params, args, NULL, ENOMEM)

ALLOCATION(malloc, (size_t size), (size))
ALLOCATION(calloc, (size_t n, size_t size), (n, size))
ALLOCATION(realloc, (void *p, size_t size), (p, size))
ALLOCATION(aligned_alloc, (size_t align, size_t size), (align, size))
CALL(FAULT_MEMORY, char *, strdup, (const char *text), (text), NULL, ENOMEM)
CALL(FAULT_MEMORY, char *, strndup, (const char *text, size_t n), (text, n), NULL, ENOMEM)

/* --- files --------------------------------------------------------------- */

#define FILE_CALL(name, params, args, error) \
	CALL(FAULT_CALLS, int, name, params, args, -1, error)

FILE_CALL(rename, (const char *from, const char *to), (from, to), EIO)
FILE_CALL(mkdir, (const char *path, mode_t mode), (path, mode), EIO)
FILE_CALL(unlinkat, (int dir, const char *path, int flags), (dir, path, flags), EIO)
FILE_CALL(ftruncate, (int fd, off_t size), (fd, size), EIO)
FILE_CALL(access, (const char *path, int mode), (path, mode), EIO)
FILE_CALL(flock, (int fd, int how), (fd, how), ENOLCK)
FILE_CALL(dup, (int fd), (fd), EMFILE)
FILE_CALL(mkostemp, (char *path, int flags), (path, flags), EMFILE)
FILE_CALL(stat, (const char *path, struct stat *st), (path, st), EIO)
FILE_CALL(fstat, (int fd, struct stat *st), (fd, st), EIO)
FILE_CALL(fstatat, (int dir, const char *path, struct stat *st, int flags),
	  (dir, path, st, flags), EIO)
CALL(FAULT_CALLS, DIR *, fdopendir, (int fd), (fd), NULL, EIO)
CALL(FAULT_CALLS, struct dirent *, readdir, (DIR *dir), (dir), NULL, EIO)
CALL(FAULT_CALLS, void *, mmap,
     (void *addr, size_t size, int prot, int flags, int fd, off_t offset),
     (addr, size, prot, flags, fd, offset), MAP_FAILED, ENOMEM)

/* It is closed all the same, as Linux has it. */
int close(int fd)
{
	int ret;
	REAL(close);

	ret = real(fd);
	if (!fails(FAULT_CALLS, "close", __builtin_return_address(0)))
		return ret;
	errno = EIO;
	return -1;
}

/* The mode is there if and only if something may be created. */
static mode_t mode_of(int flags, va_list ap)
{
	return flags & O_CREAT ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name, params, args, last) \
	int name params \
	{ \
		mode_t mode; \
		va_list ap; \
		REAL(name); \
\
		va_start(ap, last); \
		mode = mode_of(last, ap); \
		va_end(ap); \
		if (fails(FAULT_CALLS, #name, __builtin_return_address(0))) { \
			errno = EMFILE; \
			return -1; \
		} \
		return real args; \
	}

OPEN(open, (const char *path, int flags, ...), (path, flags, mode), flags)
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), flags)
OPEN(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode), flags)

/* --- bytes --------------------------------------------------------------- */

/* Is this a run in which that happens to all calls?  Counts it. */
static bool all_are(enum fault_kind kind)
{
	if (!fault || !fault->armed || fault->kind != kind || !fault->nth)
		return false;
	__atomic_add_fetch(&fault->seen, 1, __ATOMIC_RELAXED);
	return true;
}

static bool interrupted(void)
{
	static bool now;

	return all_are(FAULT_INTERRUPTED) && (now = !now);
}

static size_t shorter(size_t len)
{
	return len > SHORT && all_are(FAULT_SHORT) ? SHORT : len;
}

#define TRANSFER(name, params, args, error) \
	ssize_t name params \
	{ \
		REAL(name); \
		if (interrupted()) { \
			errno = EINTR; \
			return -1; \
		} \
		if (fails(FAULT_CALLS, #name, __builtin_return_address(0))) { \
			errno = error; \
			return -1; \
		} \
		return real args; \
	}

TRANSFER(read, (int fd, void *buf, size_t len), (fd, buf, shorter(len)), EIO)
TRANSFER(write, (int fd, const void *buf, size_t len), (fd, buf, shorter(len)), ENOSPC)
TRANSFER(pread, (int fd, void *buf, size_t len, off_t at), (fd, buf, shorter(len), at), EIO)
TRANSFER(pread64, (int fd, void *buf, size_t len, off64_t at), (fd, buf, shorter(len), at),
	 EIO)
TRANSFER(pwrite, (int fd, const void *buf, size_t len, off_t at),
	 (fd, buf, shorter(len), at), ENOSPC)

/* --- streams ------------------------------------------------------------- */

/*
 * Straight to the system, and never interrupted: the C library's streams would not try
 * again, and need not, because without a handler no signal interrupts.
 */
static ssize_t stream_read(void *cookie, char *buf, size_t len)
{
	if (!fails(FAULT_CALLS, "a stream's read", NULL))
		return syscall(SYS_read, (int)(intptr_t)cookie, buf, shorter(len));
	errno = EIO;
	return -1;
}

/* All or, as fopencookie(3) wants it on an error, 0; short writes go on. */
static ssize_t stream_write(void *cookie, const char *buf, size_t len)
{
	size_t put = 0;

	if (fails(FAULT_CALLS, "a stream's write", NULL)) {
		errno = ENOSPC;
		return 0;
	}
	while (put < len) {
		ssize_t n = syscall(SYS_write, (int)(intptr_t)cookie, buf + put,
				    shorter(len - put));

		if (n < 0)
			return 0;
		put += (size_t)n;
	}
	return (ssize_t)len;
}

static int stream_close(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

static FILE *stream(int fd, const char *mode)
{
	const cookie_io_functions_t io = {
		.read = stream_read, .write = stream_write, .close = stream_close,
	};

	return fopencookie((void *)(intptr_t)fd, mode, io);
}

/* "r" and "w" are all that is used here, with or without "e". */
FILE *fopen(const char *path, const char *mode)
{
	int fd = open(path, *mode == 'r' ? O_RDONLY | O_CLOEXEC :
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *file = fd < 0 ? NULL : stream(fd, mode);

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

void fault_stdout(void)
{
	stdout = stream(STDOUT_FILENO, "w");
}
