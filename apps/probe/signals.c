// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * signals.c - signals from outside: to a thread that computes, that waits, that ends
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"
#include "sigs.h"

#define HITS	 100
#define EXITS	 30
#define STOPS	 10
#define LONG_SEC 1000 /* never reached: the waiter is interrupted */

/* --- a thread that computes ------------------------------------------------------ */

static unsigned int context_wrong;

#define REG_OF(reg, uc_reg) [HOLD_##uc_reg] = REG_##uc_reg,
static const int context_index[N_HOLD] = { HOLD_REGS(REG_OF) };
#undef REG_OF

/* The context is that of the loop, and the handler leaves no register alone. */
static void look_at_hold(ucontext_t *uc)
{
	context_wrong += caught.ip < (unsigned long)hold_begin ||
			 caught.ip >= (unsigned long)hold_end || caught.tid != hold_tid;
	for (unsigned int i = 0; i < N_HOLD; i++)
		context_wrong += context_reg(uc, context_index[i]) != hold_in[i];
	__asm__ volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; xor %%esi, %%esi;"
			 "xor %%edi, %%edi; xor %%r8, %%r8; xor %%r9, %%r9;"
			 "xor %%r10, %%r10; xor %%r11, %%r11; xor %%ebx, %%ebx;"
			 "xor %%r12, %%r12; xor %%r13, %%r13; xor %%r14, %%r14;"
			 "xor %%r15, %%r15"
			 : : : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rbx",
			   "r12", "r13", "r14", "r15", "cc");
}

static pthread_t start_hold(void)
{
	pthread_t t;

	hold_prepare(SYS_gettid);
	pthread_create(&t, NULL, hold_thread, NULL);
	wait_until(hold_there);
	return t;
}

static bool hold_went_well(pthread_t t)
{
	hold_go = 1;
	pthread_join(t, NULL);
	return hold_kept() && hold_done[HOLD_RAX] == (unsigned long)hold_tid;
}

static void computing(void)
{
	pthread_t t = start_hold();

	catch_signal(SIGUSR1, 0, look_at_hold);
	for (int i = 0; i < HITS; i++)
		hit(hold_tid, SIGUSR1);
	check("a loop is interrupted: handled there, in that thread",
	      n_caught == HITS && !context_wrong);
	check("and goes on with all its registers", hold_went_well(t));
}

static void release_by_context(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RBX] = (greg_t)~hold_in[HOLD_RBX];
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)hold_end;
}

static void edited(void)
{
	pthread_t t = start_hold();

	catch_signal(SIGUSR1, 0, release_by_context);
	hit(hold_tid, SIGUSR1);
	pthread_join(t, NULL);
	hold_out[HOLD_RBX] = ~hold_out[HOLD_RBX];
	hold_done[HOLD_RBX] = ~hold_done[HOLD_RBX];
	check("a context that the handler edits is gone on with", hold_kept() && !hold_go);
}

static void to_the_process(void)
{
	pthread_t t = start_hold();
	sigset_t set;

	context_wrong = 0;
	catch_signal(SIGUSR1, 0, look_at_hold);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (unsigned int i = 0; i < HITS; i++) {
		kill(getpid(), SIGUSR1);
		wait_until(n_caught > i);
	}
	check("to a process: the thread that does not block it takes it",
	      !context_wrong && hold_went_well(t));
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* --- a thread that waits --------------------------------------------------------- */

static int pipe_fds[2], epoll_fd, futex_word;
static pid_t child;
static const struct timespec long_time = { LONG_SEC, 0 };
static struct timespec left;

static long result(long r)
{
	return r < 0 ? -errno : r;
}

static long call_read(void)
{
	char c;

	return result(read(pipe_fds[0], &c, 1));
}

static void end_read(void)
{
	write(pipe_fds[1], "x", 1);
}

static long call_futex(void)
{
	return result(syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, NULL));
}

static void end_futex(void)
{
	syscall(SYS_futex, &futex_word, FUTEX_WAKE, 1);
}

static long call_wait(void)
{
	return killed(child, SIGKILL) ? 0 : -errno;
}

static void end_wait(void)
{
	kill(child, SIGKILL);
}

static long call_futex_timeout(void)
{
	return result(syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, &long_time));
}

static long call_nanosleep(void)
{
	return result(syscall(SYS_nanosleep, &long_time, &left));
}

static long call_clock_nanosleep(void)
{
	return result(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &long_time, &left));
}

static long call_poll(void)
{
	return result(poll(NULL, 0, LONG_SEC * 1000));
}

static long call_epoll(void)
{
	struct epoll_event e;

	return result(syscall(SYS_epoll_wait, epoll_fd, &e, 1, -1));
}

static long call_pause(void)
{
	return result(pause());
}

/* *end* completes a call that SA_RESTART restarts; NULL: EINTR in any case. */
static const struct waiting {
	const char *what;
	long nr;
	long (*call)(void);
	void (*end)(void);
	long done;
	bool resumes; /* after a stop, by restart_syscall() */
} waits[] = {
	{ "read()", SYS_read, call_read, end_read, 1, false },
	{ "futex()", SYS_futex, call_futex, end_futex, 0, false },
	{ "wait4()", SYS_wait4, call_wait, end_wait, 0, false },
	{ "futex() with a timeout", SYS_futex, call_futex_timeout, NULL, 0, true },
	{ "nanosleep()", SYS_nanosleep, call_nanosleep, NULL, 0, true },
	{ "clock_nanosleep()", SYS_clock_nanosleep, call_clock_nanosleep, NULL, 0, true },
	{ "poll()", SYS_poll, call_poll, NULL, 0, true },
	{ "epoll_wait()", SYS_epoll_wait, call_epoll, NULL, 0, false },
	{ "pause()", SYS_pause, call_pause, NULL, 0, false },
};

#define N_WAITS (sizeof(waits) / sizeof(*waits))

static volatile pid_t waiter_tid;
static volatile int waiter_there;

static void *waiter(void *arg)
{
	const struct waiting *w = arg;

	waiter_tid = (pid_t)syscall(SYS_gettid);
	waiter_there = 1;
	return (void *)w->call();
}

static bool interrupted(const struct waiting *w, int flags)
{
	bool restarts = w->end && flags, waited;
	pthread_t t;
	void *r;

	catch_signal(SIGUSR1, flags, NULL);
	waiter_there = 0;
	pthread_create(&t, NULL, waiter, (void *)(unsigned long)w);
	wait_until(waiter_there);
	waited = wait_blocked(getpid(), waiter_tid, w->nr);
	hit(waiter_tid, SIGUSR1);
	if (restarts) {
		waited &= wait_blocked(getpid(), waiter_tid, w->nr);
		w->end();
	}
	pthread_join(t, &r);
	return waited && (long)r == (restarts ? w->done : -EINTR);
}

static void waiting(void)
{
	char line[80];

	child = fork();
	if (!child)
		for (;;)
			pause();
	for (unsigned int i = 0; i < N_WAITS; i++) {
		snprintf(line, sizeof(line), "%s, a handler: EINTR", waits[i].what);
		check(line, interrupted(&waits[i], 0));
		snprintf(line, sizeof(line), "%s, SA_RESTART: %s", waits[i].what,
			 waits[i].end ? "goes on waiting" : "EINTR all the same");
		check(line, interrupted(&waits[i], SA_RESTART));
	}
}

/* --- stopped and continued --------------------------------------------------------- */

static bool stop(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	status = next_change(pid, WUNTRACED);
	return WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP;
}

static bool cont(pid_t pid)
{
	kill(pid, SIGCONT);
	return WIFCONTINUED(next_change(pid, WCONTINUED));
}

static bool kill_it(pid_t pid)
{
	kill(pid, SIGKILL);
	return killed(pid, SIGKILL);
}

static bool stopped_in(const struct waiting *w)
{
	long nr = w->resumes ? SYS_restart_syscall : w->nr;
	bool ok;
	pid_t pid;

	catch_signal(SIGUSR1, 0, NULL);
	pid = fork();
	if (!pid)
		_exit(w->call() == -EINTR ? 17 : 1);
	ok = wait_blocked(pid, pid, w->nr) && stop(pid) && wait_stopped(pid) && cont(pid) &&
	     wait_blocked(pid, pid, nr);
	kill(pid, SIGUSR1);
	return exited(pid, 17) && ok;
}

static void stopping(void)
{
	char line[80];

	for (unsigned int i = 0; i < N_WAITS; i++) {
		if (waits[i].call == call_wait || waits[i].call == call_epoll)
			continue; /* a child that is not the child's; always EINTR */
		snprintf(line, sizeof(line), "%s, stopped and continued: %s",
			 waits[i].what,
			 waits[i].resumes ? "restart_syscall()" : "the same call again");
		check(line, stopped_in(&waits[i]));
	}
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

static bool slept_through_a_stop(int ms)
{
	struct timespec begin, sleep = { 0, ms * 1000000l };
	pid_t pid = fork();
	bool ok;

	if (!pid) {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		_exit(nanosleep(&sleep, NULL) || elapsed_ms(&begin) < ms);
	}
	ok = stop(pid) && cont(pid);
	return exited(pid, 0) && ok;
}

struct group {
	volatile unsigned long count;
	volatile int there;
};

static void *count_on(void *arg)
{
	struct group *g = arg;

	for (;;)
		g->count++;
	return NULL;
}

/* Three threads: one computes, one is in and out of the kernel, one waits. */
static void run_group(struct group *g)
{
	pthread_t t;

	pthread_create(&t, NULL, count_on, g);
	pthread_create(&t, NULL, waiter, (void *)(unsigned long)&waits[0]);
	g->there = 1;
	for (;;)
		syscall(SYS_getppid);
}

static bool moves(struct group *g)
{
	unsigned long before = g->count;

	return wait_until(g->count != before);
}

/* For a few ticks of the clock. */
static bool stands_still(struct group *g)
{
	unsigned long before = g->count, ticks = interrupts("LOC", ALL_CPUS);

	wait_until(interrupts("LOC", ALL_CPUS) - ticks > 5);
	return g->count == before;
}

static void thread_group(void)
{
	struct group *g = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool stops = true, continues = true;
	pid_t pid = fork();

	if (!pid)
		run_group(g);
	wait_until(g->there);
	for (int i = 0; i < STOPS; i++) {
		moves(g);
		stops &= stop(pid) && wait_stopped(pid) && stands_still(g);
		continues &= cont(pid) && moves(g);
	}
	check("SIGSTOP stops all threads, computing or in the kernel", stops);
	check("SIGCONT lets all go on", continues);
	check("SIGKILL ends all", kill_it(pid) && kill(pid, 0) == -1 && errno == ESRCH);
	pid = fork();
	if (!pid)
		run_group(g);
	check("SIGKILL ends a stopped group", stop(pid) && kill_it(pid));
	munmap(g, PAGE);
}

/* --- ending -------------------------------------------------------------------------- */

static void *end_at_once(void *unused)
{
	return unused;
}

static bool exits_under_fire(void)
{
	pid_t pid = fork();
	pthread_t t;
	int status;

	if (!pid) {
		pthread_create(&t, NULL, end_at_once, NULL);
		pthread_join(t, NULL);
		_exit(7);
	}
	do
		kill(pid, SIGUSR1);
	while (waitpid(pid, &status, WNOHANG) == 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static void ending(void)
{
	bool ok = true;
	pthread_t t;

	catch_signal(SIGUSR1, SA_RESTART, NULL);
	for (int i = 0; i < EXITS; i++)
		ok &= exits_under_fire();
	check("a process exits under a rain of signals, with its status", ok);
	for (int i = 0; i < EXITS; i++) {
		ok &= !pthread_create(&t, NULL, end_at_once, NULL);
		pthread_kill(t, SIGUSR1);
		pthread_kill(t, SIGUSR1);
		ok &= !pthread_join(t, NULL);
	}
	check("threads end while they are signalled", ok);
}

void probe_signals(void)
{
	pipe(pipe_fds);
	epoll_fd = epoll_create1(0);
	computing();
	edited();
	to_the_process();
	waiting();
	stopping();
	check("a sleep lasts as long, stopped meanwhile", slept_through_a_stop(100));
	thread_group();
	ending();
	close(epoll_fd);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	default_signals();
}
