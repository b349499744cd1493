// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kdata.c - static data in the kernel half (CONFIG_UKL_DATA_KERNEL): who may name it?
 *
 *   kdata START END DISK NOPROGRAM	the application, whose static data is START..END
 *   kdata again			the same process after exec of its own name
 *   kdata ring3 START END DISK NOPROGRAM	an ordinary process
 *
 * The application shows that the kernel takes its static data as user memory, to the last
 * byte and no further; that what needs pages or mappings finds none; that its processes
 * share it, and that a run begins with it as linked.  It has ring 3 try the same
 * addresses, where each must be refused.  DISK is a block device, NOPROGRAM an executable
 * file of no format.
 *
 * A line for each thing shown.  Exit status 0, 1 if something is wrong, which is named,
 * 2 usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/rseq.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	4096ul
#define BLOCK	512ul
#define UKL	"/UKL"
#define RING3	"/bin/kdata"

static long linked[3] = { 0x554b4c, 0, 0x5eed };
static char blank[2 * PAGE];
static char inside[2 * BLOCK] __attribute__((aligned(512)));
static const char constant[] = "constant";

static const char *noprogram;
static int to[2], disk, zero, mem;
static int failed;

static void show(const char *what, int ok)
{
	dprintf(1, "kdata: %s: %s\n", what, ok ? "ok" : "WRONG");
	failed |= !ok;
}

/* ATTEMPTS: have the kernel use the memory at P */

static long from_pipe(long written)
{
	char sink[16];

	return written > 0 ? read(to[0], sink, (size_t)written) : written;
}

static long try_write(char *p)
{
	return from_pipe(write(to[1], p, 8));
}

static long try_writev(char *p)
{
	return syscall(SYS_writev, to[1], p, 1);
}

static long try_read(char *p)
{
	char eight[8] = "seven";
	long result;
	int error;

	if (write(to[1], eight, 8) != 8)
		return -1;
	result = read(to[0], p, 8);
	error = errno;
	if (result < 0)
		from_pipe(8);
	errno = error;
	return result;
}

static long try_zero(char *p)
{
	return read(zero, p, 8);
}

static long try_get_user(char *p)
{
	return syscall(SYS_ioctl, to[0], FIONBIO, p);
}

static long try_put_user(char *p)
{
	return syscall(SYS_ioctl, to[0], FIONREAD, p);
}

static long try_path(char *p)
{
	return open(p, O_RDONLY);
}

static long try_argument(char *p)
{
	char *const args[] = { p, NULL };

	return execve(noprogram, args, args + 1);
}

static long try_poll(char *p)
{
	return syscall(SYS_poll, p, 1, 0);
}

static long try_pselect(char *p)
{
	struct timespec now = { 0, 0 };

	return syscall(SYS_pselect6, 0, NULL, NULL, NULL, &now, p);
}

static long futex(char *p, int op, unsigned int value)
{
	return syscall(SYS_futex, p, op, value, NULL);
}

static long try_wait(char *p)
{
	return futex(p, FUTEX_WAIT_PRIVATE, 1);
}

static long try_lock(char *p)
{
	return futex(p, FUTEX_LOCK_PI_PRIVATE, 0);
}

static long try_wake_op(char *p)
{
	uint32_t other = 0;

	return syscall(SYS_futex, &other, FUTEX_WAKE_OP_PRIVATE, 0, NULL, p,
		       FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 1));
}

static long try_wake_shared(char *p)
{
	return futex(p, FUTEX_WAKE, 1);
}

static long try_vmsplice(char *p)
{
	struct iovec iov = { p, 8 };

	return from_pipe(syscall(SYS_vmsplice, to[1], &iov, 1, 0));
}

static long try_direct(char *p)
{
	return syscall(SYS_pwrite64, disk, p, BLOCK, 0);
}

static long try_remote(char *p)
{
	char sink[8];
	struct iovec here = { sink, 8 }, there = { p, 8 };

	return syscall(SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0);
}

static long try_mem(char *p)
{
	char sink[8];

	syscall(SYS_lseek, mem, p, SEEK_SET);
	return read(mem, sink, 8);
}

static long try_mprotect(char *p)
{
	return mprotect((char *)((uintptr_t)p & -PAGE), PAGE, PROT_READ);
}

/*
 * What the kernel says to the application about 'size' bytes of zeros.  Ring 3, and
 * whoever goes 'align' bytes past the end, must get EFAULT; the last rows, who want more
 * than memory, say the same to all.
 */
static const struct attempt {
	const char *name;
	long (*on)(char *);
	unsigned int size, align;
	int error;
	int anybody;
} attempts[] = {
	{ "write", try_write, 8, 1, 0, EFAULT },
	{ "writev", try_writev, 16, 1, 0, EFAULT },
	{ "read", try_read, 8, 1, 0, EFAULT },
	{ "read of zeros", try_zero, 8, 1, 0, EFAULT },
	{ "get_user", try_get_user, 4, 1, 0, EFAULT },
	{ "put_user", try_put_user, 4, 1, 0, EFAULT },
	{ "path", try_path, 1, 1, ENOENT, EFAULT },
	{ "argument", try_argument, 1, 1, ENOEXEC, EFAULT },
	{ "poll", try_poll, 8, 1, 0, EFAULT },
	{ "pselect", try_pselect, 16, 1, 0, EFAULT },
	{ "futex wait", try_wait, 4, 4, EAGAIN, EFAULT },
	{ "futex lock", try_lock, 4, 4, 0, EFAULT },
	{ "futex wake-op", try_wake_op, 4, 4, 0, EFAULT },
	{ "shared futex", try_wake_shared, 4, 4, EFAULT, EFAULT },
	{ "vmsplice", try_vmsplice, 8, 1, EFAULT, EFAULT },
	{ "O_DIRECT", try_direct, BLOCK, BLOCK, EFAULT, EFAULT },
	{ "process_vm_readv", try_remote, 8, 1, EFAULT, EFAULT },
	{ "/proc/self/mem", try_mem, 8, 1, EIO, EIO },
	{ "mprotect", try_mprotect, 8, 1, ENOMEM, ENOMEM },
};

static int says(const struct attempt *a, char *p, int error)
{
	long result;

	errno = 0;
	result = a->on(p);
	if (result < 0 ? errno == error : !error)
		return 1;
	dprintf(1, "kdata: %s at %p: result %ld, errno %d, expected %d\n", a->name, p,
		result, errno, error);
	return 0;
}

/* On zeros at *p*, which may be anybody's: they come back. */
static int says_of_zeros(const struct attempt *a, char *p, int error)
{
	char saved[BLOCK];
	int ok;

	memcpy(saved, p, a->size);
	memset(p, 0, a->size);
	ok = says(a, p, error);
	memcpy(p, saved, a->size);
	return ok;
}

/* THE APPLICATION */

static int holds(const char *start, const char *end, const void *object, size_t size)
{
	return (const char *)object >= start && (const char *)object + size <= end;
}

static void check_place(const char *start, const char *end)
{
	long brk = syscall(SYS_brk, 0);

	show("static data is where the kernel says, in the kernel half",
	     (intptr_t)start < 0 && holds(start, end, linked, sizeof(linked)) &&
	     holds(start, end, blank, sizeof(blank)) &&
	     holds(start, end, constant, sizeof(constant)));
	show("its heap is in the user half",
	     brk > 0 && syscall(SYS_brk, brk + PAGE) == brk + (long)PAGE);
}

/* Then writes to all of it, so that the next run could tell. */
static int fresh(void)
{
	int ok = linked[0] == 0x554b4c && !linked[1] && linked[2] == 0x5eed;

	for (size_t i = 0; i < sizeof(blank); i++)
		ok &= !blank[i];
	memset(linked, 0xa5, sizeof(linked));
	memset(blank, 0xa5, sizeof(blank));
	return ok;
}

static void check_attempt(const struct attempt *a, char *start, char *end)
{
	int ok = says_of_zeros(a, inside, a->error) &&
		 says_of_zeros(a, end - a->size, a->error) &&
		 says(a, end - a->size + a->align, a->anybody) &&
		 says(a, start - a->align, a->anybody) &&
		 says(a, (char *)(uintptr_t)check_attempt, a->anybody);

	show(a->name, ok);
}

/* A string of which the end of the data is the end */
static void check_unterminated(char *end)
{
	char *const args[] = { end - 4, NULL };
	char saved[4];
	int path, argument;

	memcpy(saved, end - 4, 4);
	memset(end - 4, 'a', 4);
	path = open(end - 4, O_RDONLY) < 0 && errno == EFAULT;
	argument = execve(noprogram, args, args + 1) < 0 && errno == EFAULT;
	memcpy(end - 4, saved, 4);
	show("path without an end", path);
	show("argument without an end", argument);
}

/* How the child ended: its exit status, or minus its signal */
static int end_of(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void check_constant(void)
{
	char *p = (char *)(uintptr_t)constant;
	pid_t child;

	show("write of a constant", says(&attempts[0], p, 0));
	show("read into a constant", read(zero, p, 8) < 0 && errno == EFAULT);
	child = fork();
	if (!child) {
		*(volatile char *)p = 0;
		_exit(0);
	}
	show("store to a constant",
	     end_of(child) == -SIGSEGV && !strcmp(constant, "constant"));
}

static void check_fork(void)
{
	volatile long *shared = linked;
	volatile long own = 1;
	pid_t child;

	*shared = 1;
	child = fork();
	if (!child) {
		*shared = 2;
		own = 2;
		_exit(own != 2);
	}
	show("after fork static data is shared, the stack is not",
	     end_of(child) == 0 && *shared == 2 && own == 1);
}

/* Stays in the sequence until it is aborted: who uses the processor, too, sees to that. */
int wait_aborted(struct rseq *area, struct rseq_cs *sequence);
extern const char sequence_start[], sequence_end[], sequence_abort[];

__asm__(".text\n"
	".type wait_aborted, @function\n"
	"wait_aborted:\n"
	"	mov %rsi, 8(%rdi)\n"
	"sequence_start:\n"
	"	jmp sequence_start\n"
	"sequence_end:\n"
	"	ud2\n"
	"	.long 0x53053053\n"
	"sequence_abort:\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	".size wait_aborted, . - wait_aborted\n");

static pid_t on_processor_0(int (*run)(void))
{
	unsigned long cpus = 1;
	pid_t child = fork();

	if (child)
		return child;
	syscall(SYS_sched_setaffinity, 0, sizeof(cpus), &cpus);
	_exit(run());
}

static int spins(void)
{
	volatile int rivals = 1;

	while (rivals)
		;
	return 0;
}

static int waits(void)
{
	static struct rseq_cs sequence __attribute__((aligned(32)));
	struct rseq area __attribute__((aligned(32))) = { .cpu_id = 0 };

	sequence.start_ip = (uintptr_t)sequence_start;
	sequence.post_commit_offset = (uintptr_t)(sequence_end - sequence_start);
	sequence.abort_ip = (uintptr_t)sequence_abort;
	return syscall(SYS_rseq, &area, sizeof(area), 0, 0x53053053) ||
	       wait_aborted(&area, &sequence);
}

static void check_sequence(void)
{
	pid_t rival = on_processor_0(spins), child = on_processor_0(waits);

	show("a restartable sequence whose descriptor is static data is aborted",
	     end_of(child) == 0);
	syscall(SYS_kill, rival, SIGKILL);
	show("and its rival is killed", end_of(rival) == -SIGKILL);
}

static void check_busy(void)
{
	static char *const args[] = { UKL, "beside", NULL };	/* would be 2, usage */
	pid_t child = fork();

	if (!child) {
		execve(UKL, args, args + 2);
		_exit(errno == EBUSY ? 0 : 1);
	}
	show("no second run beside this one", end_of(child) == 0);
}

static void check_ring3(char **words)
{
	char *args[] = { RING3, "ring3", words[0], words[1], words[2], words[3], NULL };
	pid_t child = fork();

	if (!child) {
		execve(RING3, args, args + 6);
		_exit(1);
	}
	show("ring 3 is refused", end_of(child) == 0);
}

static int application(char *start, char *end, char **words)
{
	static char *const again[] = { UKL, "again", NULL };

	check_place(start, end);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++)
		check_attempt(&attempts[i], start, end);
	check_unterminated(end);
	check_constant();
	check_fork();
	check_sequence();
	check_busy();
	check_ring3(words);
	if (failed)
		return 1;
	execve(UKL, again, again + 2);
	show("exec of itself", 0);
	return 1;
}

/* RING 3 */

static int ring3(char *start, char *end)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		const struct attempt *a = &attempts[i];

		if (!says(a, start, a->anybody) || !says(a, end - BLOCK, a->anybody) ||
		    !says(a, end - a->size, a->anybody))
			failed = 1;
	}
	return failed;
}

static void open_all(char **words)
{
	disk = open(words[2], O_RDWR | O_DIRECT);
	noprogram = words[3];
	zero = open("/dev/zero", O_RDONLY);
	mem = open("/proc/self/mem", O_RDWR);
	if (syscall(SYS_pipe2, to, 0) || disk < 0 || zero < 0 || mem < 0)
		show("pipe, disk, /dev/zero, /proc/self/mem", 0);
}

int main(int argc, char **argv)
{
	int neighbour = argc == 6 && !strcmp(argv[1], "ring3");
	char **words = argv + 1 + neighbour, *start, *end;

	if (argc == 2 && !strcmp(argv[1], "again")) {
		show("static data is as linked after exec", fresh());
		return failed;
	}
	if (argc != 5 + neighbour) {
		dprintf(2, "usage: kdata [ring3] START END DISK NOPROGRAM | again\n");
		return 2;
	}
	start = (char *)strtoul(words[0], NULL, 16);
	end = (char *)strtoul(words[1], NULL, 16);
	/* open_all() writes static data, which must be seen as linked first */
	if (!neighbour)
		show("static data is as linked", fresh());
	open_all(words);
	return failed ? 1 : neighbour ? ring3(start, end) : application(start, end, words);
}
