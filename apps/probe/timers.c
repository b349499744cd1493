// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timers.c - periodic timers expire as often as time has passed, single ones each ring
 *
 * Meanwhile the program computes, makes system calls and page faults, so that the
 * interrupts strike it wherever it can be.
 */
#include <signal.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define NS 1000000000l

static volatile sig_atomic_t rings;
static volatile long accounted;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static struct timespec timespec_of(long ns)
{
	return (struct timespec){ ns / NS, ns % NS };
}

enum { INTERVAL = 1700000, EXPIRATIONS = 150 };

/* How often a timer that began at *first* has expired at *t*. */
static long expired(long first, long t)
{
	return t < first ? 0 : (t - first) / INTERVAL + 1;
}

static struct itimerspec from_then_on(long first)
{
	return (struct itimerspec){ timespec_of(INTERVAL), timespec_of(first) };
}

static void test_timerfd(void)
{
	long first = now() + INTERVAL, total = 0, before = 0;
	struct itimerspec its = from_then_on(first);
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	unsigned long n;
	bool good = !timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL);

	while (good && total < EXPIRATIONS) {
		work();
		before = now();
		good = read(fd, &n, sizeof(n)) == sizeof(n);
		total += (long)n;
	}
	check("timerfd: each expiration is accounted for", good &&
	      total >= expired(first, before) && total <= expired(first, now()));
	close(fd);
}

static void count_overruns(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	accounted += 1 + si->si_overrun;
}

static void test_posix_timer(void)
{
	struct sigaction sa = { .sa_sigaction = count_overruns, .sa_flags = SA_SIGINFO };
	struct sigevent to = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	long first = now() + INTERVAL, before;
	struct itimerspec its = from_then_on(first);
	sigset_t set;
	siginfo_t si;
	timer_t timer;

	accounted = 0;
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	timer_create(CLOCK_MONOTONIC, &to, &timer);
	timer_settime(timer, TIMER_ABSTIME, &its, NULL);
	while (accounted < EXPIRATIONS)
		work();
	sigprocmask(SIG_BLOCK, &set, NULL);
	before = now();
	sigwaitinfo(&set, &si);
	accounted += 1 + si.si_overrun;
	check("timer with a signal: each expiration is accounted for",
	      accounted >= expired(first, before) && accounted <= expired(first, now()));
	timer_delete(timer);
	signal(SIGUSR1, SIG_IGN);	/* what is pending is gone */
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGUSR1, SIG_DFL);
}

static void ring(int sig)
{
	(void)sig;
	rings++;
}

/* The next is set when the last has rung: each must be an interrupt of its own. */
static void test_one_shots(void)
{
	struct itimerval once = { .it_value = { 0, 1000 } };
	enum { SHOTS = 100 };
	unsigned long before;
	int n = 0;

	signal(SIGALRM, ring);
	move_to(0, 0);
	before = interrupts("LOC", 0);
	while (n < SHOTS && !setitimer(ITIMER_REAL, &once, NULL) && spin_until(rings == n + 1))
		n++;
	check("100 timers, one by one, ring", rings == SHOTS);
	check("each by an interrupt of the processor's timer",
	      interrupts("LOC", 0) - before >= SHOTS);
	move_to(0, ALL_CPUS);
	signal(SIGALRM, SIG_DFL);
}

void probe_timers(void)
{
	test_timerfd();
	test_posix_timer();
	test_one_shots();
}
