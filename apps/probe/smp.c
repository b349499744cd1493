// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * smp.c - many threads on few processors: registers, migration, and the interrupts
 * that one processor sends another
 *
 * What needs two processors is left out on one, and a line says so.
 */
#include <cpuid.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

/* --- registers survive whatever the other threads do ----------------------------- */

enum { HAMMERS = 64, BLOWS = 40 };

typedef unsigned char vectors[16][32];

static pthread_mutex_t anvil = PTHREAD_MUTEX_INITIALIZER;
static long struck, lost_vectors, lost_tls;
static __thread long mine;
static __thread char padded[100] __attribute__((aligned(32)));

static bool have_avx(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AVX) && (c & bit_OSXSAVE);
}

/* All 16 YMM registers from *v*, a system call, some rounds, and back. */
static void hold_vectors(vectors v, long nr, long rounds)
{
	__asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
			 "vmovdqu 32*\\n(%[v]), %%ymm\\n\n"
			 ".endr\n"
			 SYSTEM_CALL "\n"
			 "1: dec %[rounds]\n"
			 "jns 1b\n"
			 ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
			 "vmovdqu %%ymm\\n, 32*\\n(%[v])\n"
			 ".endr\n"
			 "vzeroupper\n"
			 : "+a"(nr), [rounds] "+r"(rounds)
			 : [v] "r"(v)
			 : "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
			   "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
			   "xmm13", "xmm14", "xmm15");
}

static void strike(long me, int blow)
{
	static const long calls[] = { SYS_sched_yield, SYS_getpid, -1 };
	vectors before, after;

	memset(before, (int)(me * 4 + blow % 4), sizeof(before));
	memcpy(after, before, sizeof(after));
	hold_vectors(after, calls[blow % 3], blow % 3 == 2 ? 200000 : 50);
	if (memcmp(before, after, sizeof(before)))
		__atomic_add_fetch(&lost_vectors, 1, __ATOMIC_SEQ_CST);
}

static void *hammer(void *arg)
{
	long me = (long)arg;

	mine = me;
	memset(padded, (int)me, sizeof(padded));
	for (int blow = 0; blow < BLOWS; blow++) {
		strike(me, blow);
		pthread_mutex_lock(&anvil);
		struck++;
		if (blow % 8 == 0)
			sched_yield();
		pthread_mutex_unlock(&anvil);
		if (mine != me + blow || padded[99] != (char)me)
			__atomic_add_fetch(&lost_tls, 1, __ATOMIC_SEQ_CST);
		mine++;
	}
	return NULL;
}

static void test_hammer(void)
{
	pthread_t t[HAMMERS];
	int n = 0;

	if (!have_avx()) {
		printf("# no AVX: registers are not looked at\n");
		return;
	}
	for (long i = 0; i < HAMMERS; i++)
		n += !pthread_create(&t[i], NULL, hammer, (void *)i);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	check("64 threads: every futex was taken and given back",
	      n == HAMMERS && struck == (long)HAMMERS * BLOWS);
	check("64 threads: 16 vector registers of each, all 256 bits", !lost_vectors);
	check("64 threads: thread-local storage", !lost_tls);
}

/* --- migration ------------------------------------------------------------------------ */

static struct {
	int tid, allowed;	/* -1 while it changes */
	long seen, strayed;
	bool stop;
} traveller;

static void *travel(void *arg)
{
	(void)arg;
	traveller.tid = (int)syscall(SYS_gettid);
	while (!__atomic_load_n(&traveller.stop, __ATOMIC_SEQ_CST)) {
		int before = __atomic_load_n(&traveller.allowed, __ATOMIC_SEQ_CST);
		int cpu = my_cpu();
		int after = __atomic_load_n(&traveller.allowed, __ATOMIC_SEQ_CST);

		if (before != after || after < 0)
			continue;
		for (volatile int i = 0; i < 1000; i++)
			;
		traveller.strayed += cpu != after;
		__atomic_add_fetch(&traveller.seen, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static bool send_traveller(int cpu)
{
	long seen;

	__atomic_store_n(&traveller.allowed, -1, __ATOMIC_SEQ_CST);
	if (!move_to(traveller.tid, cpu))
		return false;
	seen = __atomic_load_n(&traveller.seen, __ATOMIC_SEQ_CST);
	__atomic_store_n(&traveller.allowed, cpu, __ATOMIC_SEQ_CST);
	return wait_until(__atomic_load_n(&traveller.seen, __ATOMIC_SEQ_CST) > seen);
}

static void test_migration(void)
{
	bool good = true;
	pthread_t t;

	for (int i = 0; i < 10 * n_cpus; i++)
		good &= move_to(0, i % n_cpus) && my_cpu() == i % n_cpus;
	check("a thread that moves itself is there", good);
	traveller.allowed = -1;
	pthread_create(&t, NULL, travel, NULL);
	good = wait_until(__atomic_load_n(&traveller.tid, __ATOMIC_SEQ_CST));
	for (int i = 0; good && i < 10 * n_cpus; i++)
		good = send_traveller(i % n_cpus);
	__atomic_store_n(&traveller.stop, true, __ATOMIC_SEQ_CST);
	pthread_join(t, NULL);
	check("one that is moved while it runs gets there", good);
	check("and is seen nowhere else afterwards", !traveller.strayed);
	move_to(0, ALL_CPUS);
}

/* --- SCHED_FIFO ------------------------------------------------------------------------ */

static sem_t go;
static volatile bool went;

static void *go_at_once(void *arg)
{
	(void)arg;
	sem_wait(&go);
	went = true;
	return NULL;
}

static bool fifo(pthread_t t, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return !pthread_setschedparam(t, priority ? SCHED_FIFO : SCHED_OTHER, &param);
}

/* On one processor: has a thread of that priority run when sem_post() returns? */
static bool runs_at_once(int priority)
{
	pthread_t t;
	bool at_once;

	went = false;
	if (pthread_create(&t, NULL, go_at_once, NULL) || !fifo(t, priority))
		return false;
	fifo(pthread_self(), 0);	/* let it get to its semaphore */
	wait_until(!sem_getvalue(&go, &(int){ 0 }) && interrupts("LOC", 0) > 0);
	fifo(pthread_self(), 5);
	sem_post(&go);
	at_once = went;
	pthread_join(t, NULL);
	fifo(pthread_self(), 0);
	return at_once;
}

static volatile sig_atomic_t met;

static void on_signal(int sig)
{
	met = sig;
}

/*
 * On one processor a child of the same priority has not run when its parent goes on: it
 * finds the signal there at its first return.  The C library's fork() would block it.
 */
static pid_t signalled_child(int sig)
{
	pid_t pid;

	fifo(pthread_self(), 5);
	pid = (pid_t)raw_syscall(SYS_fork, 0, 0, 0);
	if (!pid)
		_exit(met);
	kill(pid, sig);
	fifo(pthread_self(), 0);
	return pid;
}

static void test_fifo(void)
{
	sem_init(&go, 0, 0);
	move_to(0, 0);
	check("SCHED_FIFO: who has priority runs before the call returns", runs_at_once(9));
	check("SCHED_FIFO: who has less waits", !runs_at_once(2));
	signal(SIGUSR1, on_signal);
	check("a child begins in the handler of a signal that came before it did",
	      exited(signalled_child(SIGUSR1), SIGUSR1));
	check("a child that was killed before it began", killed(signalled_child(SIGKILL), SIGKILL));
	signal(SIGUSR1, SIG_DFL);
	move_to(0, ALL_CPUS);
}

/* --- interrupts from processor to processor ----------------------------------------------- */

enum { KICKS = 100 };

static struct {
	volatile int handled, seen;
	volatile bool stop;
	pthread_t thread;
} runner;

static void on_kick(int sig)
{
	(void)sig;
	runner.handled++;
}

/* Computes on the last processor; tells from outside the handler what it handled. */
static void *compute(void *arg)
{
	(void)arg;
	move_to(0, n_cpus - 1);
	fifo(pthread_self(), 1);	/* so that it runs when it is interrupted */
	for (runner.seen = 0; !runner.stop;)
		runner.seen = runner.handled;
	return NULL;
}

static bool start_runner(void)
{
	runner.stop = false;
	runner.handled = 0;
	runner.seen = -1;
	return !pthread_create(&runner.thread, NULL, compute, NULL) &&
	       wait_until(!runner.seen);
}

static void stop_runner(void)
{
	runner.stop = true;
	pthread_join(runner.thread, NULL);
}

/*
 * Acts until the row of the runner's processor has risen by KICKS.  An act that finds
 * somebody else running there interrupts nobody, so that some more may be needed.
 */
static bool interrupts_runner(const char *row, bool (*act)(int), int with)
{
	unsigned long before = interrupts(row, n_cpus - 1);

	for (int n = 0; n < 10 * KICKS; n++) {
		if (interrupts(row, n_cpus - 1) - before >= KICKS)
			return true;
		if (!act(with))
			return false;
	}
	return false;
}

static int kicked;

/* A signal for a thread that computes elsewhere must interrupt that processor. */
static bool kick(int sig)
{
	kicked++;
	return !pthread_kill(runner.thread, sig) && spin_until(runner.seen == kicked);
}

static void test_kicks(void)
{
	signal(SIGUSR2, on_kick);
	move_to(0, 0);
	check("a thread computes on another processor", start_runner());
	check("signals reach it by interrupts from the other processor",
	      interrupts_runner("RES", kick, SIGUSR2));
	check("each reaches it once", runner.handled == kicked && kicked >= KICKS);
	stop_runner();
	move_to(0, ALL_CPUS);
}

static const struct {
	const char *what;
	int join, command;
} barriers[] = {
	{ "PRIVATE_EXPEDITED", MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
	  MEMBARRIER_CMD_PRIVATE_EXPEDITED },
	{ "SYNC_CORE", MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
	  MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE },
	{ "GLOBAL_EXPEDITED", MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED,
	  MEMBARRIER_CMD_GLOBAL_EXPEDITED },
};

static void check_about(const char *what, const char *which, bool ok)
{
	char line[80];

	snprintf(line, sizeof(line), what, which);
	check(line, ok);
}

static bool barrier(int command)
{
	return !membarrier(command, 0);
}

static void test_with_runner(unsigned int i)
{
	move_to(0, 0);
	check_about("membarrier: %s interrupts who computes", barriers[i].what,
		    interrupts_runner("CAL", barrier, barriers[i].command));
	stop_runner();
	move_to(0, ALL_CPUS);
}

static void test_membarrier(void)
{
	/* The C library has registered for PRIVATE_EXPEDITED by itself. */
	check("membarrier: SYNC_CORE is refused to who did not register",
	      membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0) == -1 &&
	      errno == EPERM);
	for (unsigned int i = 0; i < sizeof(barriers) / sizeof(*barriers); i++) {
		if (n_cpus > 1)
			start_runner();
		check_about("membarrier: %s registers and works", barriers[i].what,
			    !membarrier(barriers[i].join, 0) &&
			    !membarrier(barriers[i].command, 0));
		if (n_cpus > 1)
			test_with_runner(i);
	}
}

/* --- TLB shootdown -------------------------------------------------------------------------- */

enum { TOUCHERS = 2, REMAPS = 40, PAGE = 4096 };

static struct {
	volatile int *page;
	int generation, stale;
	volatile bool stop, writes;
	volatile struct {
		int faults, touches, code;
		void *address;
	} by[TOUCHERS];
} touched;

static __thread sigjmp_buf after_fault;
static __thread int my_number;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	touched.by[my_number].code = si->si_code;
	touched.by[my_number].address = si->si_addr;
	touched.by[my_number].faults++;
	siglongjmp(after_fault, sig);
}

static void touch(void)
{
	int at_least = __atomic_load_n(&touched.generation, __ATOMIC_SEQ_CST);

	if (touched.writes)
		touched.page[1 + my_number]++;
	else if (*touched.page < at_least)
		__atomic_add_fetch(&touched.stale, 1, __ATOMIC_SEQ_CST);
}

static void *toucher(void *number)
{
	my_number = (int)(long)number;
	move_to(0, my_number % n_cpus);
	while (!touched.stop)
		if (!sigsetjmp(after_fault, 1)) {
			touch();
			touched.by[my_number].touches++;
		}
	return NULL;
}

static bool map_generation(int n)
{
	int fd = memfd_create("page", 0);
	void *p;

	if (pwrite(fd, &n, sizeof(n), 0) != sizeof(n) || ftruncate(fd, PAGE))
		return false;
	p = mmap((void *)touched.page, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	close(fd);
	return p == touched.page;
}

/* Has each thread faulted there, or touched it, more than once from now on? */
static bool all_fault(int code)
{
	bool good = true;
	int since;

	for (int i = 0; i < TOUCHERS; i++) {
		since = touched.by[i].faults;
		good &= wait_until(touched.by[i].faults > since + 1) &&
			touched.by[i].code == code &&
			touched.by[i].address >= (void *)touched.page &&
			touched.by[i].address < (void *)((char *)touched.page + PAGE);
	}
	return good;
}

static bool all_touch(void)
{
	bool good = true;
	int since;

	for (int i = 0; i < TOUCHERS; i++) {
		since = touched.by[i].touches;
		good &= wait_until(touched.by[i].touches > since + 1);
	}
	return good;
}

static bool faults_after(int (*change)(void *, size_t), int code)
{
	return !change((void *)touched.page, PAGE) && all_fault(code) &&
	       map_generation(REMAPS) && all_touch();
}

static int forbid(void *p, size_t size)
{
	return mprotect(p, size, PROT_NONE);
}

/* Behind mprotect() nobody writes any more, whatever is in his TLB. */
static bool frozen(void)
{
	int words[TOUCHERS];

	if (mprotect((void *)touched.page, PAGE, PROT_READ))
		return false;
	memcpy(words, (void *)(touched.page + 1), sizeof(words));
	return all_fault(SEGV_ACCERR) &&
	       !memcmp(words, (void *)(touched.page + 1), sizeof(words)) &&
	       map_generation(REMAPS) && all_touch();
}

/* A new page in place of the one that all have in their TLBs. */
static bool replaced(int n)
{
	if (!all_touch() || !map_generation(n))
		return false;
	__atomic_store_n(&touched.generation, n, __ATOMIC_SEQ_CST);
	return true;
}

static void test_shootdown(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
	unsigned long before = interrupts("TLB", ALL_CPUS);
	bool good = true, unmapped = true, forbidden = true, froze = true;
	pthread_t t[TOUCHERS];

	sigaction(SIGSEGV, &sa, NULL);
	touched.page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (long i = 0; i < TOUCHERS; i++)
		pthread_create(&t[i], NULL, toucher, (void *)i);
	for (int n = 1; good && n <= REMAPS; n++)
		good = replaced(n);
	check("a page is replaced 40 times while others read it", good);
	check("nobody sees an older one afterwards", !touched.stale);
	for (int n = 0; n < 10; n++) {
		unmapped &= faults_after(munmap, SEGV_MAPERR);
		forbidden &= faults_after(forbid, SEGV_ACCERR);
	}
	check("unmapped: each of them faults, MAPERR at the page", unmapped);
	check("forbidden: each of them faults, ACCERR at the page", forbidden);
	touched.writes = true;
	for (int n = 0; n < 10; n++)
		froze &= frozen();
	check("made read-only: no store gets through any more", froze);
	touched.stop = true;
	for (int i = 0; i < TOUCHERS; i++)
		pthread_join(t[i], NULL);
	if (n_cpus > 1)
		check("by interrupts from the other processor",
		      interrupts("TLB", ALL_CPUS) - before >= REMAPS);
	signal(SIGSEGV, SIG_DFL);
}

void probe_smp(void)
{
	if (n_cpus < 2)
		printf("# one processor: nothing between two\n");
	test_hammer();
	test_migration();
	test_fifo();
	if (n_cpus > 1)
		test_kicks();
	test_membarrier();
	test_shootdown();
}
