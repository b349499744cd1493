/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * posix.c - system calls under their POSIX names
 *
 * A row per call: its C type, its name and its parameters.  Everything returns
 * -1 and sets errno on failure, as POSIX says.  Built without _GNU_SOURCE,
 * because with it the system's headers give socket calls union parameters.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rt.h"

#define SYSCALL0(type, name) \
	type name(void) \
	{ return (type)__rt_result(RT_CALL0(SYS_##name)); }
#define SYSCALL1(type, name, A) \
	type name(A a) \
	{ return (type)__rt_result(RT_CALL1(SYS_##name, a)); }
#define SYSCALL2(type, name, A, B) \
	type name(A a, B b) \
	{ return (type)__rt_result(RT_CALL2(SYS_##name, a, b)); }
#define SYSCALL3(type, name, A, B, C) \
	type name(A a, B b, C c) \
	{ return (type)__rt_result(RT_CALL3(SYS_##name, a, b, c)); }
#define SYSCALL4(type, name, A, B, C, D) \
	type name(A a, B b, C c, D d) \
	{ return (type)__rt_result(RT_CALL4(SYS_##name, a, b, c, d)); }
#define SYSCALL5(type, name, A, B, C, D, E) \
	type name(A a, B b, C c, D d, E e) \
	{ return (type)__rt_result(RT_CALL5(SYS_##name, a, b, c, d, e)); }
#define SYSCALL6(type, name, A, B, C, D, E, F) \
	type name(A a, B b, C c, D d, E e, F f) \
	{ return (type)__rt_result(RT_CALL6(SYS_##name, a, b, c, d, e, f)); }

typedef const struct sockaddr *sockaddr_in;
typedef struct sockaddr *sockaddr_out;
typedef const struct itimerspec *itimer_in;

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);

/* files */
SYSCALL3(ssize_t, read, int, void *, size_t)
SYSCALL3(ssize_t, write, int, const void *, size_t)
SYSCALL1(int, close, int)

/* sockets */
SYSCALL3(int, socket, int, int, int)
SYSCALL3(int, bind, int, sockaddr_in, socklen_t)
SYSCALL2(int, listen, int, int)
SYSCALL3(int, connect, int, sockaddr_in, socklen_t)
SYSCALL4(int, accept4, int, sockaddr_out, socklen_t *, int)
SYSCALL5(int, setsockopt, int, int, int, const void *, socklen_t)
SYSCALL5(int, getsockopt, int, int, int, void *, socklen_t *)
SYSCALL3(int, getsockname, int, sockaddr_out, socklen_t *)
SYSCALL3(int, getpeername, int, sockaddr_out, socklen_t *)
SYSCALL2(int, shutdown, int, int)
SYSCALL6(ssize_t, sendto, int, const void *, size_t, int, sockaddr_in, socklen_t)
SYSCALL6(ssize_t, recvfrom, int, void *, size_t, int, sockaddr_out, socklen_t *)

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags, NULL, 0);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return recvfrom(fd, buf, len, flags, NULL, NULL);
}

/* readiness */
SYSCALL1(int, epoll_create1, int)
SYSCALL4(int, epoll_ctl, int, int, int, struct epoll_event *)
SYSCALL4(int, epoll_wait, int, struct epoll_event *, int, int)

/* memory */
SYSCALL6(void *, mmap, void *, size_t, int, int, int, off_t)
SYSCALL2(int, munmap, void *, size_t)
SYSCALL3(int, mprotect, void *, size_t, int)
SYSCALL3(int, madvise, void *, size_t, int)

/* processes */
SYSCALL2(int, getrlimit, int, struct rlimit *)
SYSCALL2(int, setrlimit, int, const struct rlimit *)
SYSCALL2(int, getrusage, int, struct rusage *)
SYSCALL0(pid_t, fork)
SYSCALL3(int, execve, const char *, char *const *, char *const *)
SYSCALL0(pid_t, getpid)
SYSCALL0(pid_t, getppid)

pid_t waitpid(pid_t pid, int *status, int options)
{
	return (pid_t)__rt_result(RT_CALL4(SYS_wait4, pid, status, options, NULL));
}

/* time: always a system call, there is no vdso in a UKL process */
SYSCALL2(int, clock_gettime, clockid_t, struct timespec *)
SYSCALL2(int, nanosleep, const struct timespec *, struct timespec *)
SYSCALL2(int, timerfd_create, clockid_t, int)
SYSCALL4(int, timerfd_settime, int, int, itimer_in, struct itimerspec *)
SYSCALL2(int, timerfd_gettime, int, struct itimerspec *)

/* The third argument of these exists only for some commands. */
int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode = 0;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, int);
	va_end(ap);
	return (int)__rt_result(RT_CALL3(SYS_open, path, flags, mode));
}

int fcntl(int fd, int command, ...)
{
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	return (int)__rt_result(RT_CALL3(SYS_fcntl, fd, command, arg));
}

long syscall(long nr, ...)
{
	va_list ap;
	long a[6];
	int i;

	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return __rt_result(__rt_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}
