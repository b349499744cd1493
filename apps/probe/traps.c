// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * traps.c - single steps, breakpoints and watchpoints: its own, perf's, a tracer's
 *
 * All go over one path, whose instructions are numbered; they trap where they must.
 * The tracer may be this program or the ring-3 one: "-tracer PROGRAM" traces what
 * PROGRAM does as "-traced FD", and its exit status has a bit for each thing wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "probe.h"

#define PLAIN "/bin/probe"
#define TF "$0x100"

static volatile long watched;
static char copied[3];

/*
 * The path is LENGTH instructions long: a system call, a load from a page that is
 * absent, a store to *watched*, a copy of three bytes by one repeated instruction.
 */
enum { CALL = 3, FAULT = 6, STORE = 7, LENGTH = 11 };

void walk(volatile long *watched, char *to, const char *from, const char *absent);
extern const char path_0[], path_1[], path_2[], path_3[], path_4[], path_5[], path_6[],
	path_7[], path_8[], path_9[], path_10[], path_11[];

static const char *const path[] = { path_0, path_1, path_2, path_3, path_4,  path_5,
				    path_6, path_7, path_8, path_9, path_10, path_11 };

__asm__(".text\n"
	".type walk, @function\n"
	"walk:\n"
	"	mov %rdi, %r8\n	mov %rcx, %r9\n"
	"	mov %rsi, %rdi\n	mov %rdx, %rsi\n"
	"path_0:	nop\n"
	"path_1:	push %rbx\n"
	"path_2:	mov $39, %eax\n"
	"path_3:	" SYSTEM_CALL "\n"
	"path_4:	nop\n"
	"path_5:	pop %rbx\n"
	"path_6:	mov (%r9), %al\n"
	"path_7:	addq $1, (%r8)\n"
	"path_8:	mov $3, %ecx\n"
	"path_9:	rep movsb\n"
	"path_10:	cld\n"
	"path_11:	ret\n"
	".size walk, . - walk\n"
	/* The same with TF set by itself, from path_0 on. */
	".type walk_stepping, @function\n"
	"walk_stepping:\n"
	"	pushfq\n"
	"	orq " TF ", (%rsp)\n"
	"	popfq\n"
	"	call walk\n"
	"	pushfq\n"
	"	andq $~0x100, (%rsp)\n"
	"	popfq\n"
	"	ret\n"
	".size walk_stepping, . - walk_stepping\n"
	/* Two ways to trap, each one byte, and one instruction behind. */
	"trap_int3:	int3\n"
	"after_int3:	ret\n"
	"trap_int1:	.byte 0xf1\n"
	"after_int1:	ret\n");

void walk_stepping(volatile long *watched, char *to, const char *from, const char *absent);
void trap_int3(void);
void trap_int1(void);
extern const char after_int3[], after_int1[];

static char *absent_page(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void go(void (*fn)(volatile long *, char *, const char *, const char *))
{
	char *absent = absent_page();

	fn(&watched, copied, "abc", absent);
	munmap(absent, 4096);
}

/* --- traps of its own ---------------------------------------------------------------- */

enum { MAX_STEPS = 64 };

static struct {
	const char *at[MAX_STEPS];
	int n, code;
} traps;

/* Only what differs: QEMU steps once more over a repeated instruction than processors. */
static void passed(const char **at, int *n, const char *ip)
{
	if (*n < MAX_STEPS && (!*n || at[*n - 1] != ip))
		at[(*n)++] = ip;
}

static void on_trap(int sig, siginfo_t *si, void *context)
{
	const ucontext_t *uc = context;

	(void)sig;
	traps.code = si->si_code;
	passed(traps.at, &traps.n, (const char *)uc->uc_mcontext.gregs[REG_RIP]);
}

static bool trapped_at(void (*fn)(void), const char *where, int code)
{
	traps.n = 0;
	fn();
	return traps.n == 1 && traps.at[0] == where && traps.code == code;
}

/*
 * A tracer steps over a system call as over any other instruction, but by its own TF
 * nobody is stepped to the instruction behind it: the processor traps after that one.
 */
static bool stepped_path(void)
{
	int i = 0;

	while (i < traps.n && traps.at[i] != path_1)
		i++;
	for (int p = 1; p <= LENGTH; p++)
		if (p != CALL + 1 && (i == traps.n || traps.at[i++] != path[p]))
			return false;
	return true;
}

static void test_own(void)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &sa, NULL);
	check("int3: SIGTRAP behind it, and it goes on there",
	      trapped_at(trap_int3, after_int3, SI_KERNEL));
	check("int1: the same", trapped_at(trap_int1, after_int1, TRAP_BRKPT));
	traps.n = 0;
	memset(copied, 0, sizeof(copied));
	watched = 0;
	go(walk_stepping);
	check("TF by popf: a trap behind each instruction, the call's one later",
	      stepped_path() && traps.code == TRAP_TRACE);
	check("the instructions did what they do", watched == 1 && !memcmp(copied, "abc", 3));
	traps.n = 0;
	go(walk);
	check("TF cleared: no trap", !traps.n);
	signal(SIGTRAP, SIG_DFL);
}

/* --- perf ------------------------------------------------------------------------------ */

static int perf_watch(unsigned int type, const volatile void *where, bool kernel, bool trap)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr), .bp_type = type,
		.bp_addr = (unsigned long)where, .bp_len = 8, .exclude_kernel = !kernel,
		.exclude_hv = 1, .sample_period = 1, .sigtrap = trap, .remove_on_exec = trap,
		.sig_data = 0x1234,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long counted(int fd)
{
	long n = -1;

	read(fd, &n, sizeof(n));
	close(fd);
	return n;
}

enum { STORES = 50 };

static void store(void)
{
	for (int i = 0; i < STORES; i++) {
		watched = i;
		getppid();
	}
}

/* The kernel stores there for us: user space does not. */
static void have_stored(void)
{
	int fd = open("/dev/zero", O_RDONLY);

	for (int i = 0; i < STORES; i++)
		read(fd, (void *)&watched, sizeof(watched));
	close(fd);
}

/* What a sample shows: the selectors of the interrupted side, and of its user side */
struct shown {
	struct perf_event_header header;
	unsigned long user_abi, user_cs, user_ss, abi, cs, ss;
};

enum { CS_AND_SS = 3 << 10 };	/* PERF_REG_X86_CS, PERF_REG_X86_SS */

static struct shown sample_of_store(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_W, .bp_addr = (unsigned long)&watched, .bp_len = 8,
		.exclude_kernel = 1, .exclude_hv = 1, .sample_period = 1,
		.sample_type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_REGS_INTR,
		.sample_regs_user = CS_AND_SS, .sample_regs_intr = CS_AND_SS,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	char *ring = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct shown shown = { .header.type = 0 };

	if (ring == MAP_FAILED)
		return shown;
	watched = 1;
	__asm__ volatile("" : : : "memory");	/* the kernel writes to the ring */
	memcpy(&shown, ring + 4096, sizeof(shown));
	munmap(ring, 2 * 4096);
	close(fd);
	return shown;
}

static void test_sample(void)
{
	struct shown s = sample_of_store();

	check("perf samples the selectors of the ABI",
	      s.header.type == PERF_RECORD_SAMPLE && s.header.size == sizeof(s) &&
		      s.user_cs == 0x33 && s.user_ss == 0x2b && s.cs == 0x33 &&
		      s.ss == 0x2b);
}

static void test_perf(void)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	int fd = perf_watch(HW_BREAKPOINT_W, &watched, false, false);

	store();
	check("perf counts 50 stores", counted(fd) == STORES);
	fd = perf_watch(HW_BREAKPOINT_W, &watched, false, false);
	have_stored();
	check("not those of the kernel on its behalf", counted(fd) == 0);
	fd = perf_watch(HW_BREAKPOINT_W, &watched, true, false);
	have_stored();
	/* The kernel stores byte by byte, and QEMU may count each. */
	check("but also these if it is asked to", counted(fd) >= STORES);
	sigaction(SIGTRAP, &sa, NULL);
	traps.n = 0;
	fd = perf_watch(HW_BREAKPOINT_W, &watched, false, true);
	go(walk);
	check("perf signals a store, behind it", counted(fd) == 1 && traps.n == 1 &&
	      traps.at[0] == path[STORE + 1] && traps.code == 6 /* TRAP_PERF */);
	fd = perf_watch(HW_BREAKPOINT_X, path_2, false, false);
	go(walk);
	check("perf counts an instruction", counted(fd) == 1);
	signal(SIGTRAP, SIG_DFL);
}

/* --- a tracer ---------------------------------------------------------------------------- */

struct places {
	const char *path[LENGTH + 1];
	const volatile long *watched;
};

static const char *const findings[] = {
	"starts it",
	"steps over each instruction, a call is one",
	"steps over a fault and a repeated instruction",
	"watches a store: behind it, and DR6 says so",
	"stops before an instruction by a breakpoint",
	"lets it go on to its end",
};

enum { STARTS = 1, STEPS = 2, REPEATED = 4, WATCHES = 8, BREAKS = 16, ENDS = 32 };

int help_traced(char **argv)
{
	struct places places = { .watched = &watched };

	memcpy(places.path, path, sizeof(path));
	write(atoi(argv[0]), &places, sizeof(places));
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	for (int i = 0; i < 3; i++) {
		raise(SIGSTOP);
		go(walk);
	}
	return watched == 3 ? 77 : 78;
}

static bool stopped(pid_t pid, int sig)
{
	int status = status_of(pid);

	return status != -1 && WIFSTOPPED(status) && WSTOPSIG(status) == sig;
}

static bool resume(int request, pid_t pid, int sig)
{
	return !ptrace(request, pid, 0, 0) && stopped(pid, sig);
}

static long peek(pid_t pid, size_t offset)
{
	return ptrace(PTRACE_PEEKUSER, pid, offset, 0);
}

static const char *ip_of(pid_t pid)
{
	return (const char *)peek(pid, offsetof(struct user, regs.rip));
}

#define DEBUGREG(n) (offsetof(struct user, u_debugreg) + (n) * sizeof(long))

/* Debug register 0 says where, 7 what: nothing, execution, or a store of 8 bytes. */
enum { BY_NOBODY = 0, BY_EXECUTION = 1, BY_STORE = 1 | 9 << 16 };

static bool arm(pid_t pid, const volatile void *where, long what)
{
	return !ptrace(PTRACE_POKEUSER, pid, DEBUGREG(6), 0) &&
	       !ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), BY_NOBODY) &&
	       !ptrace(PTRACE_POKEUSER, pid, DEBUGREG(0), where) &&
	       !ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), what);
}

/* Steps to the path, then over it; what it finds wrong. */
static int step(pid_t pid, const struct places *p)
{
	const char *seen[MAX_STEPS] = { NULL };
	int n = 0;

	for (int i = 0; i < 5000 && ip_of(pid) != p->path[0]; i++)
		if (!resume(PTRACE_SINGLESTEP, pid, SIGTRAP))
			return STEPS | REPEATED;
	while (n < LENGTH && resume(PTRACE_SINGLESTEP, pid, SIGTRAP))
		passed(seen, &n, ip_of(pid));
	return (memcmp(seen, p->path + 1, FAULT * sizeof(*seen)) ? STEPS : 0) |
	       (memcmp(seen + FAULT, p->path + 1 + FAULT, (LENGTH - FAULT) * sizeof(*seen)) ?
		REPEATED : 0);
}

static bool hits(pid_t pid, const volatile void *where, long what, const char *at)
{
	bool good = arm(pid, where, what) && resume(PTRACE_CONT, pid, SIGTRAP) &&
		    ip_of(pid) == at && (peek(pid, DEBUGREG(6)) & 15) == 1;

	return arm(pid, NULL, BY_NOBODY) && good;
}

static int trace(pid_t pid, const struct places *p)
{
	int wrong = step(pid, p);

	if (!resume(PTRACE_CONT, pid, SIGSTOP))
		return wrong | WATCHES | BREAKS | ENDS;
	if (!hits(pid, p->watched, BY_STORE, p->path[STORE + 1]))
		wrong |= WATCHES;
	if (!resume(PTRACE_CONT, pid, SIGSTOP))
		return wrong | BREAKS | ENDS;
	if (!hits(pid, p->path[2], BY_EXECUTION, p->path[2]))
		wrong |= BREAKS;
	if (ptrace(PTRACE_CONT, pid, 0, 0) || !exited(pid, 77))
		wrong |= ENDS;
	return wrong;
}

int help_tracer(char **argv)
{
	struct places places;
	char fd[16];
	int fds[2], wrong;
	pid_t pid;

	if (pipe(fds))
		return 127;
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	pid = start_helper(argv[0], "-traced", fd);
	if (read(fds[0], &places, sizeof(places)) != sizeof(places) || !stopped(pid, SIGSTOP))
		return 127;
	wrong = trace(pid, &places);
	kill(pid, SIGKILL);
	return wrong;
}

static void test_tracer(const char *who, const char *tracer, const char *traced)
{
	int status = status_of(start_helper(tracer, "-tracer", traced));
	int wrong = WIFEXITED(status) ? WEXITSTATUS(status) : 127;
	char line[80];

	for (unsigned int i = 0; i < sizeof(findings) / sizeof(*findings); i++) {
		snprintf(line, sizeof(line), "%s %s", who, findings[i]);
		check(line, !(wrong & 1 << i));
	}
}

void probe_traps(void)
{
	const char *self = self_name();

	test_own();
	test_perf();
	test_sample();
	test_tracer("a tracer like itself", self, self);
	test_tracer("an ordinary tracer", PLAIN, self);
	test_tracer("traced by it, an ordinary program:", self, PLAIN);
}
