// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * share.c - pages of the application that others hold: pipes, processes, futexes, AIO
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define SIZE 8192

static char from[SIZE] __attribute__((aligned(4096))), to[SIZE];
static const char constant[] = "a constant of the program";
static int private_word;

static void pattern(char *p, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 7 + seed);
}

static bool drained(int fd, const char *expected, size_t n)
{
	memset(to, 0, sizeof(to));
	for (size_t got = 0; got < n;) {
		ssize_t r = read(fd, to + got, n - got);

		if (r <= 0)
			return false;
		got += (size_t)r;
	}
	return !memcmp(to, expected, n);
}

static bool spliced_in(int fd, char *p, size_t n)
{
	struct iovec io = { p, n };

	return vmsplice(fd, &io, 1, 0) == (ssize_t)n;
}

static void pipes(void)
{
	char *heap = malloc(SIZE), stack[512];
	int a[2], b[2], file = memfd_create("share", 0);
	loff_t off = 0;
	off_t at = 0;
	struct iovec io = { to, sizeof(constant) };

	pipe(a);
	pipe(b);
	pattern(from, SIZE, 1);
	pattern(heap, SIZE, 2);
	pattern(stack, sizeof(stack), 3);
	check("vmsplice of static data",
	      spliced_in(a[1], from, SIZE) && drained(a[0], from, SIZE));
	check("vmsplice of the heap",
	      spliced_in(a[1], heap, SIZE) && drained(a[0], heap, SIZE));
	check("vmsplice of the stack",
	      spliced_in(a[1], stack, sizeof(stack)) &&
		      drained(a[0], stack, sizeof(stack)));
	check("vmsplice of a constant",
	      spliced_in(a[1], (char *)constant, sizeof(constant)));
	check("vmsplice out of the pipe into static data",
	      vmsplice(a[0], &io, 1, 0) == sizeof(constant) && !strcmp(to, constant));
	check("vmsplice of text, refused in the kernel's half",
	      spliced_in(a[1], (char *)pipes, 16) == !in_ring0());
	if (!in_ring0())
		read(a[0], to, 16);
	spliced_in(a[1], from, SIZE);
	check("tee, splice into a file",
	      tee(a[0], b[1], SIZE, 0) == SIZE &&
		      splice(a[0], NULL, file, NULL, SIZE, 0) == SIZE);
	check("the file has it",
	      pread(file, to, SIZE, 0) == SIZE && !memcmp(to, from, SIZE));
	check("the tee has it, too", drained(b[0], from, SIZE));
	check("splice out of the file",
	      splice(file, &off, a[1], NULL, SIZE, 0) == SIZE &&
		      drained(a[0], from, SIZE));
	check("sendfile",
	      sendfile(b[1], file, &at, SIZE) == SIZE && at == SIZE &&
		      drained(b[0], from, SIZE));
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	close(file);
	free(heap);
}

static int remote_reads(void)
{
	pid_t parent = getppid();
	struct iovec mine = { to, SIZE }, its = { from, SIZE };

	memset(from, 0, SIZE); /* the parent's stay */
	memset(to, 0, SIZE);
	if (process_vm_readv(parent, &mine, 1, &its, 1, 0) != SIZE ||
	    to[100] != (char)701)
		return 1;
	its.iov_base = (void *)pipes;
	mine.iov_len = its.iov_len = 16;
	return (process_vm_readv(parent, &mine, 1, &its, 1, 0) == -1) != in_ring0();
}

static long futex(void *word, int op, int value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* Two processes hand a word back and forth. */
static bool ping_pong(int *word, bool there)
{
	for (int turn = there; turn < 400; turn += 2) {
		int now;

		while ((now = __atomic_load_n(word, __ATOMIC_SEQ_CST)) != turn)
			futex(word, FUTEX_WAIT, now);
		__atomic_store_n(word, turn + 1, __ATOMIC_SEQ_CST);
		futex(word, FUTEX_WAKE, 1);
	}
	return true;
}

static void futexes(void)
{
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct timespec soon = { 0, 1000000 };
	pid_t pid = fork();

	if (!pid)
		_exit(!ping_pong(shared, true));
	check("a futex on a shared page, between processes",
	      ping_pong(shared, false) && exited(pid, 0) && *shared == 400);
	pid = fork();
	if (!pid) {
		private_word = 1;
		_exit(futex(&private_word, FUTEX_WAKE, 1) != 0);
	}
	check("one on static data is private after fork",
	      syscall(SYS_futex, &private_word, FUTEX_WAIT, 0, &soon) == -1 &&
		      errno == ETIMEDOUT && exited(pid, 0) && !private_word);
	check("a futex in the kernel's half: EFAULT",
	      futex((void *)futexes, FUTEX_WAKE, 1) == -1 ? errno == EFAULT
							  : !in_ring0());
	munmap(shared, 4096);
}

static bool aio_of(aio_context_t ctx, struct iocb *cb)
{
	struct io_event event;
	long submitted = syscall(SYS_io_submit, ctx, 1, &cb);

	return submitted == 1 &&
		syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL) == 1 &&
		event.res == (long long)cb->aio_nbytes && event.data == cb->aio_data;
}

static void aio(void)
{
	aio_context_t ctx = 0;
	int file = memfd_create("aio", 0);
	struct iocb cb = {
		.aio_data = 99,
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_fildes = (unsigned int)file,
		.aio_buf = (unsigned long)from,
		.aio_nbytes = SIZE,
	};

	check("io_setup", !syscall(SYS_io_setup, 8, &ctx));
	check("io_submit of a write from static data", aio_of(ctx, &cb));
	memset(to, 0, SIZE);
	cb.aio_lio_opcode = IOCB_CMD_PREAD;
	cb.aio_buf = (unsigned long)to;
	check("io_submit of a read into static data",
	      aio_of(ctx, &cb) && !memcmp(to, from, SIZE));
	check("io_destroy", !syscall(SYS_io_destroy, ctx));
	close(file);
}

void probe_share(void)
{
	pipes();
	check("process_vm_readv of a parent's static data", !in_child(remote_reads));
	futexes();
	aio();
}
