// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * count.c - make exactly so many transitions of each kind, and say so
 *
 *   count [calls=N] [jumps=N] [faults=N] [stack=N] [grow=N] [ticks=N] [spawn=N]
 *
 * Runs one phase for each argument, in the order given.  A phase lies between
 * two marker system calls with numbers that no kernel implements, MARK_BEGIN +
 * phase and MARK_END + phase, so that a trace can be cut by their orig_ax.
 * Before it starts, a phase prints what will happen strictly between its markers:
 *
 *   count: expect phase=P n=N begin=0x.. end=0x.. calls=C jumps=J faults=F
 *          lo=0x.. hi=0x.. ticks=T				(one line)
 *
 *   calls   system calls, exactly (through the CALL gate in a UKL application)
 *   jumps   system calls through the JMP gate, exactly
 *   faults  page faults with lo <= address < hi, exactly one a page; "any": copies
 *	     on write after a fork, as many as it takes
 *   ticks   timer interrupts, at least: each of N one-shot timers is armed after
 *           the one before it was seen to expire, so no interrupt serves two;
 *           the processor spins in application code while it expires
 *
 * Afterwards it prints "count: done phase=P observed=O minflt=M": O is how many
 * of the N events the application itself has seen take effect, M the page faults
 * the kernel accounted to this process.  The last line, in a UKL application, is
 * the number of system calls from start to end, the exit included.
 *
 * Exit status: 0 done; 1 something did not happen as announced, or a system call
 * failed (named); 2 usage; 3 static data is not as the linker left it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MARK_BEGIN	0x554b4c00ul		/* "UKL", phase number */
#define MARK_END	0x554b4c80ul
#define PAGE		4096ul
#define GROW_SKIP	(64 * 1024ul)	/* below what this program's own calls use */
#define GROW_MAX	(64 * 1024 * 1024ul / PAGE)	/* the mmap gap is 128 MiB */
#define CHILD		"/bin/true"	/* an ordinary ring-3 program */
#define TICK_NS		1000000ul
#define CALIBRATE	10000000ul	/* cycles; a few milliseconds */

/* Defined by apps/rt; absent in an ordinary program. */
extern unsigned long __rt_calls __attribute__((weak));
long __rt_syscall_jump(long nr) __attribute__((weak));

/* What a phase announces, and what came of it. */
struct plan {
	unsigned long n;
	unsigned long calls, jumps, faults, ticks;
	int any_faults;
	uintptr_t lo, hi;		/* where the faults will be */
	unsigned long observed;
	int timer;			/* ticks: the timerfd */
};

struct phase {
	const char *name;
	unsigned long max;
	void (*prepare)(struct plan *);
	void (*run)(struct plan *);	/* strictly between the markers */
	void (*finish)(struct plan *);
};

/* Static data of each kind, to see that a run starts with the linked image. */
static struct {
	unsigned long magic[64];
} image = { { 0x554b4c, [63] = 0x5eed } };
static unsigned char blank[3 * PAGE];
static __thread unsigned long tls_image = 0x715;
static __thread unsigned long tls_blank;

static unsigned long jumps_made;
static uint64_t cycles_per_tick;

static void die(const char *what)
{
	dprintf(2, "count: %s failed: errno %d\n", what, errno);
	exit(1);
}

/* DATA */

static int image_is_fresh(void)
{
	size_t i;

	for (i = 0; i < 64; i++)
		if (image.magic[i] != (i == 0 ? 0x554b4c : i == 63 ? 0x5eed : 0))
			return 0;
	return 1;
}

static int blank_is_fresh(void)
{
	size_t i;

	for (i = 0; i < sizeof(blank); i++)
		if (blank[i])
			return 0;
	return 1;
}

static const char *fresh(int yes)
{
	return yes ? "fresh" : "stale";
}

/* Reads, judges, then writes all of it, so that the next run could tell. */
static int constructed;

static __attribute__((constructor)) void construct(void)
{
	constructed++;
}

static void check_data(void)
{
	int data = image_is_fresh() && constructed == 1, bss = blank_is_fresh();
	int tls = tls_image == 0x715 && !tls_blank;

	memset(&image, 0xa5, sizeof(image));
	memset(blank, 0xa5, sizeof(blank));
	tls_image = ~0ul;
	tls_blank = ~0ul;
	dprintf(1, "count: data=%s bss=%s tls=%s\n", fresh(data), fresh(bss),
		fresh(tls));
	if (!data || !bss || !tls)
		exit(3);
}

/* CALLS AND JUMPS */

static void prepare_calls(struct plan *p)
{
	p->calls = p->n;
}

static void run_calls(struct plan *p)
{
	pid_t parent = 0;
	unsigned long i;

	for (i = 0; i < p->n; i++) {
		parent = (pid_t)syscall(SYS_getppid);
		p->observed += parent > 0;
	}
}

static void prepare_jumps(struct plan *p)
{
	if (__rt_syscall_jump)
		p->jumps = p->n;
	else
		p->calls = p->n;	/* an ordinary program has one way in */
	jumps_made += p->jumps;
}

static void run_jumps(struct plan *p)
{
	unsigned long i;

	for (i = 0; i < p->n; i++)
		p->observed += (__rt_syscall_jump ? __rt_syscall_jump(SYS_getppid) :
				syscall(SYS_getppid)) > 0;
}

/* FAULTS */

static void map_fresh(struct plan *p)
{
	void *area = mmap(NULL, p->n * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		die("mmap");
	p->lo = (uintptr_t)area;
	p->hi = p->lo + p->n * PAGE;
	p->faults = p->n;
}

static void unmap(struct plan *p)
{
	munmap((void *)p->lo, p->n * PAGE);
}

static void run_faults(struct plan *p)
{
	uintptr_t page;

	for (page = p->lo; page < p->hi; page += PAGE) {
		*(volatile unsigned long *)page = page;
		p->observed += *(volatile unsigned long *)page == page;
	}
}

/*
 * Puts RSP at p->hi and pushes one word onto each page down to p->lo, in turn by
 * PUSH and by CALL, so that each absent page is met by a push of the processor.
 * Nothing but these pushes touches the area: no C runs on it.
 */
static void run_stack(struct plan *p)
{
	unsigned long left = p->n;
	uintptr_t top = p->hi;

	asm volatile("	mov	%%rsp, %%rbx\n"
		     "	mov	%[top], %%rsp\n"
		     "1:	push	%[left]\n"
		     "	lea	-4088(%%rsp), %%rsp\n"
		     "	dec	%[left]\n"
		     "	jz	3f\n"
		     "	call	2f\n"
		     "2:	lea	-4088(%%rsp), %%rsp\n"
		     "	dec	%[left]\n"
		     "	jnz	1b\n"
		     "3:	mov	%%rbx, %%rsp\n"
		     : [left] "+r" (left), [top] "+r" (top)
		     : : "rbx", "cc", "memory");
}

/* What the pushes left behind: a count at one page, an address at the next. */
static void inspect_stack(struct plan *p)
{
	unsigned long i, word;

	for (i = 0; i < p->n; i++) {
		word = *(unsigned long *)(p->hi - i * PAGE - sizeof(word));
		p->observed += i % 2 ? word != 0 : word == p->n - i;
	}
}

static void finish_stack(struct plan *p)
{
	inspect_stack(p);
	unmap(p);
}

/* The process's own stack, so that the kernel has to expand its mapping. */
static void prepare_grow(struct plan *p)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	struct rlimit limit;
	rlim_t need;

	p->hi = (here & ~(PAGE - 1)) - GROW_SKIP;
	p->lo = p->hi - p->n * PAGE;
	p->faults = p->n;
	need = p->n * PAGE + 2 * GROW_SKIP + 1024 * 1024;
	if (getrlimit(RLIMIT_STACK, &limit))
		die("getrlimit");
	if (limit.rlim_cur >= need)
		return;
	limit.rlim_cur = need;
	if (setrlimit(RLIMIT_STACK, &limit))
		die("setrlimit");
}

/* TICKS */

static uint64_t cycles(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return (uint64_t)high << 32 | low;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		die("clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void prepare_ticks(struct plan *p)
{
	uint64_t start = now_ns(), from = cycles();

	while (cycles() - from < CALIBRATE)
		continue;
	cycles_per_tick = CALIBRATE * TICK_NS / (now_ns() - start);
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (p->timer < 0)
		die("timerfd_create");
	p->ticks = p->n;
	p->calls = 2 * p->n;		/* arm it, read it */
}

static void run_ticks(struct plan *p)
{
	struct itimerspec once = { .it_value.tv_nsec = TICK_NS };
	uint64_t expired, from;
	unsigned long i;

	for (i = 0; i < p->n; i++) {
		if (timerfd_settime(p->timer, 0, &once, NULL))
			die("timerfd_settime");
		from = cycles();
		while (cycles() - from < 2 * cycles_per_tick)
			continue;
		if (read(p->timer, &expired, sizeof(expired)) != sizeof(expired))
			die("read");
		p->observed += expired;
	}
}

static void finish_ticks(struct plan *p)
{
	close(p->timer);
}

/*
 * SPAWN: fork, execve of a ring-3 program in the child, wait4 in the parent.  The
 * child's call counts in its own copy of __rt_calls; add it to this one.
 */

static void prepare_spawn(struct plan *p)
{
	p->calls = 3 * p->n;
	p->any_faults = 1;
}

static void run_spawn(struct plan *p)
{
	char *const argv[] = { CHILD, NULL }, *const envp[] = { NULL };
	unsigned long i;

	for (i = 0; i < p->n; i++) {
		int status = -1;
		pid_t child = fork();

		if (!child) {
			execve(CHILD, argv, envp);
			_exit(127);
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			die("fork");
		p->observed += !status;
		if (&__rt_calls)
			__rt_calls++;
	}
}

static void finish_nothing(struct plan *p)
{
	(void)p;
}

/* PHASES; the position is the number in the markers, from 1. */

static const struct phase phases[] = {
	{ "calls",  100000000, prepare_calls, run_calls,  finish_nothing },
	{ "jumps",  100000000, prepare_jumps, run_jumps,  finish_nothing },
	{ "faults", 10000000,  map_fresh,     run_faults, unmap },
	{ "stack",  10000000,  map_fresh,     run_stack,  finish_stack },
	{ "grow",   GROW_MAX,  prepare_grow,  run_stack,  inspect_stack },
	{ "ticks",  1000000,   prepare_ticks, run_ticks,  finish_ticks },
	{ "spawn",  1000000,   prepare_spawn, run_spawn,  finish_nothing },
};

#define PHASES (sizeof(phases) / sizeof(phases[0]))

static unsigned long minor_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die("getrusage");
	return (unsigned long)usage.ru_minflt;
}

static void announce(const struct phase *phase, const struct plan *p)
{
	unsigned long number = (unsigned long)(phase - phases) + 1;
	char faults[24] = "any";

	if (!p->any_faults)
		snprintf(faults, sizeof(faults), "%lu", p->faults);
	dprintf(1, "count: expect phase=%s n=%lu begin=0x%lx end=0x%lx calls=%lu "
		"jumps=%lu faults=%s lo=0x%lx hi=0x%lx ticks=%lu\n", phase->name, p->n,
		MARK_BEGIN + number, MARK_END + number, p->calls, p->jumps, faults,
		(unsigned long)p->lo, (unsigned long)p->hi, p->ticks);
}

/* Returns 0 if everything announced was seen to happen. */
static int run_phase(const struct phase *phase, unsigned long n)
{
	long number = phase - phases + 1;
	struct plan p = { .n = n };
	unsigned long faults;

	phase->prepare(&p);
	announce(phase, &p);
	faults = minor_faults();
	syscall((long)MARK_BEGIN + number);
	phase->run(&p);
	syscall((long)MARK_END + number);
	faults = minor_faults() - faults;
	phase->finish(&p);
	dprintf(1, "count: done phase=%s observed=%lu minflt=%lu\n", phase->name,
		p.observed, faults);
	return p.observed != n || faults < p.faults;
}

static void usage(const char *arg)
{
	size_t i;

	dprintf(2, "count: \"%s\" is not one of", arg);
	for (i = 0; i < PHASES; i++)
		dprintf(2, " %s=1..%lu", phases[i].name, phases[i].max);
	dprintf(2, "\n");
	exit(2);
}

static const struct phase *parse(const char *arg, unsigned long *n)
{
	const char *equals = strchr(arg, '=');
	size_t i, len = equals ? (size_t)(equals - arg) : 0;
	char *end;

	for (i = 0; len && i < PHASES; i++) {
		if (strlen(phases[i].name) != len || memcmp(phases[i].name, arg, len))
			continue;
		*n = strtoul(equals + 1, &end, 10);
		if (end == equals + 1 || *end || !*n || *n > phases[i].max)
			break;
		return &phases[i];
	}
	usage(arg);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long n = 0;
	int failed = 0;
	int i;

	for (i = 1; i < argc; i++)	/* all of them, before anything happens */
		parse(argv[i], &n);
	check_data();
	for (i = 1; i < argc; i++) {
		const struct phase *phase = parse(argv[i], &n);

		failed |= run_phase(phase, n);
	}
	if (&__rt_calls)		/* two more: this line and the exit */
		dprintf(1, "count: total calls=%lu jumps=%lu\n",
			__rt_calls + 2 - jumps_made, jumps_made);
	return failed;
}
