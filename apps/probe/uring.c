// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uring.c - io_uring on the application's pages, by its thread, a poller and workers
 *
 * A worker and the poller of a ring are threads of the application's process that never
 * leave the kernel: the trace shows that they do not arrive in its text.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "probe.h"

#define ENTRIES 8u
#define SIZE 8192u

struct ring {
	int fd;
	unsigned int flags;
	char *rings;
	size_t size;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static char out[SIZE], in[SIZE];
static char fixed[2][SIZE] __attribute__((aligned(4096)));

static unsigned int *word(struct ring *r, unsigned int offset)
{
	return (unsigned int *)(r->rings + offset);
}

static bool ring_open(struct ring *r, unsigned int flags)
{
	memset(r, 0, sizeof(*r));
	r->p.flags = r->flags = flags;
	r->p.sq_thread_idle = 100;
	r->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &r->p);
	if (r->fd < 0)
		return false;
	r->size = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	if (r->size < r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned int))
		r->size = r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned int);
	r->rings = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
			IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, ENTRIES * sizeof(*r->sqes), PROT_READ | PROT_WRITE,
		       MAP_SHARED, r->fd, IORING_OFF_SQES);
	return r->rings != MAP_FAILED && r->sqes != MAP_FAILED;
}

static void ring_close(struct ring *r)
{
	munmap(r->rings, r->size);
	munmap(r->sqes, ENTRIES * sizeof(*r->sqes));
	close(r->fd);
}

/* Queues a request; the kernel sees it at the next push(). */
static struct io_uring_sqe *queue(struct ring *r, unsigned int op, int fd,
				  const void *p, unsigned int len)
{
	unsigned int tail = *word(r, r->p.sq_off.tail), i = tail & (ENTRIES - 1);
	struct io_uring_sqe *sqe = &r->sqes[i];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = (unsigned char)op;
	sqe->fd = fd;
	sqe->addr = (unsigned long)p;
	sqe->len = len;
	word(r, r->p.sq_off.array)[i] = i;
	__atomic_store_n(word(r, r->p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	return sqe;
}

static long enter(struct ring *r, unsigned int submit, unsigned int wanted)
{
	unsigned int flags = wanted ? IORING_ENTER_GETEVENTS : 0;

	if (r->flags & IORING_SETUP_SQPOLL &&
	    __atomic_load_n(word(r, r->p.sq_off.flags), __ATOMIC_SEQ_CST) &
		    IORING_SQ_NEED_WAKEUP)
		flags |= IORING_ENTER_SQ_WAKEUP;
	return syscall(SYS_io_uring_enter, r->fd, submit, wanted, flags, NULL, 0);
}

/* The result of the next completion, which is waited for. */
static int result(struct ring *r)
{
	unsigned int head = *word(r, r->p.cq_off.head);
	struct io_uring_cqe *cqes =
		(struct io_uring_cqe *)(r->rings + r->p.cq_off.cqes);
	int res;

	while (__atomic_load_n(word(r, r->p.cq_off.tail), __ATOMIC_ACQUIRE) == head)
		if (enter(r, 0, 1) < 0 && errno != EINTR)
			return -errno;
	res = cqes[head & (r->p.cq_entries - 1)].res;
	__atomic_store_n(word(r, r->p.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return res;
}

/* One request, done */
static int one(struct ring *r, unsigned int op, int fd, const void *p, unsigned int len,
	       unsigned int flags)
{
	queue(r, op, fd, p, len)->flags = (unsigned char)flags;
	if (enter(r, 1, 0) < 0)
		return -errno;
	return result(r);
}

static bool round_trip(struct ring *r, unsigned int flags)
{
	int file = memfd_create("uring", 0);
	bool ok;

	for (unsigned int i = 0; i < SIZE; i++)
		out[i] = (char)(i * 11);
	memset(in, 0, SIZE);
	ok = one(r, IORING_OP_WRITE, file, out, SIZE, flags) == SIZE &&
		one(r, IORING_OP_READ, file, in, SIZE, flags) == SIZE;
	close(file);
	return ok && !memcmp(in, out, SIZE);
}

static void plain(struct ring *r)
{
	int fds[2];
	char *heap = malloc(SIZE), stack[64];

	pipe(fds);
	check("write from and read into static data", round_trip(r, 0));
	check("a read into the kernel's half: EFAULT",
	      write(fds[1], "abc", 3) == 3 &&
		      one(r, IORING_OP_READ, fds[0], (void *)0xffff888000001000ul, 1,
			  0) == -EFAULT);
	check("a read into the application's text, too",
	      one(r, IORING_OP_READ, fds[0], (void *)probe_uring, 1, 0) == -EFAULT);
	check("a read into the heap",
	      one(r, IORING_OP_READ, fds[0], heap, 1, 0) == 1 && *heap == 'a');
	check("a read into the stack",
	      one(r, IORING_OP_READ, fds[0], stack, 2, 0) == 2 && stack[1] == 'c');
	close(fds[0]);
	close(fds[1]);
	free(heap);
}

static void registered(struct ring *r)
{
	struct iovec bufs[2] = { { fixed[0], SIZE }, { fixed[1], SIZE } };
	struct iovec text = { (void *)probe_uring, 16 };
	int file = memfd_create("fixed", 0);
	bool ok;

	check("buffers in text are refused",
	      syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_BUFFERS, &text,
		      1) == -1 &&
		      errno == EFAULT);
	check("buffers in static data are registered",
	      !syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_BUFFERS, bufs, 2));
	memset(fixed[0], 7, SIZE);
	queue(r, IORING_OP_WRITE_FIXED, file, fixed[0], SIZE)->buf_index = 0;
	enter(r, 1, 0);
	ok = result(r) == SIZE;
	queue(r, IORING_OP_READ_FIXED, file, fixed[1], SIZE)->buf_index = 1;
	enter(r, 1, 0);
	check("write from one, read into the other",
	      ok && result(r) == SIZE && !memcmp(fixed[0], fixed[1], SIZE));
	check("unregistered",
	      !syscall(SYS_io_uring_register, r->fd, IORING_UNREGISTER_BUFFERS, NULL,
		       0));
	close(file);
}

static void waiting(struct ring *r)
{
	struct __kernel_timespec soon = { 0, 2000000 };
	int event = eventfd(0, 0);
	unsigned long value = 0, added = 5;

	check("a timeout", one(r, IORING_OP_TIMEOUT, -1, &soon, 1, 0) == -ETIME);
	queue(r, IORING_OP_POLL_ADD, event, NULL, 0)->poll32_events = POLLIN;
	enter(r, 1, 0);
	write(event, &added, sizeof(added));
	check("a poll", result(r) == POLLIN);
	queue(r, IORING_OP_READ, event, &value, sizeof(value))->flags = IOSQE_IO_LINK;
	queue(r, IORING_OP_WRITE, event, &added, sizeof(added))->flags = IOSQE_IO_LINK;
	queue(r, IORING_OP_NOP, -1, NULL, 0);
	enter(r, 3, 3);
	check("three linked requests",
	      result(r) == 8 && value == 5 && result(r) == 8 && result(r) == 0);
	queue(r, IORING_OP_READ, -1, &value, sizeof(value))->flags = IOSQE_IO_LINK;
	queue(r, IORING_OP_NOP, -1, NULL, 0);
	enter(r, 2, 2);
	check("a link that breaks", result(r) == -EBADF && result(r) == -ECANCELED);
	close(event);
}

static volatile int alarms;

static void on_usr(int sig)
{
	(void)sig;
	alarms++;
}

/* Requests that must block are done by workers; signals still are the thread's own. */
static void workers(struct ring *r)
{
	int fds[2];
	char c[2] = "";

	pipe(fds);
	check("by a worker", round_trip(r, IOSQE_ASYNC));
	queue(r, IORING_OP_READ, fds[0], &c[0], 1)->flags = IOSQE_ASYNC;
	queue(r, IORING_OP_READ, fds[0], &c[1], 1)->flags = IOSQE_ASYNC;
	enter(r, 2, 0);
	signal(SIGUSR1, on_usr);
	for (int i = 0; i < 20; i++)
		kill(getpid(), SIGUSR1);
	check("a signal while workers wait is the application's", alarms == 20);
	write(fds[1], "xx", 2);
	check("two workers that waited",
	      result(r) == 1 && result(r) == 1 && c[0] == 'x' && c[1] == 'x');
	signal(SIGUSR1, SIG_DFL);
	close(fds[0]);
	close(fds[1]);
}

static struct ring left;

/* The process ends while a worker waits. */
static int ends_with_worker(void)
{
	static char c;
	int fds[2];

	if (pipe(fds) || !ring_open(&left, 0))
		return 1;
	queue(&left, IORING_OP_READ, fds[0], &c, 1)->flags = IOSQE_ASYNC;
	return enter(&left, 1, 0) != 1;
}

void probe_uring(void)
{
	struct ring r;

	check("a ring", ring_open(&r, 0));
	plain(&r);
	registered(&r);
	waiting(&r);
	workers(&r);
	ring_close(&r);
	check("a ring with a polling thread", ring_open(&r, IORING_SETUP_SQPOLL));
	check("the poller writes and reads static data", round_trip(&r, 0));
	registered(&r);
	ring_close(&r);
	check("a process ends with a worker waiting", !in_child(ends_with_worker));
}
