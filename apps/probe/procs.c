// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * procs.c - children: how they begin, what they share, how they end, and who is told
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define NOBODY 65534

static long word = 5, zero;
static __thread long own = 7;
static char pages[8][4096] __attribute__((aligned(4096))) = { { 1 } };

/* --- fork ----------------------------------------------------------------------- */

/* What a child does with data and system calls before it ends; its exit code. */
static int live(int n)
{
	word += n;
	zero += n;
	own += n;
	for (int i = 0; i < 8; i++)
		pages[i][n % 4096] += (char)n;
	return getpid() == syscall(SYS_gettid) && word == 5 + n && zero == n && own == 7 + n &&
	       pages[0][0] == 1 && pages[7][n % 4096] == (char)n ? n % 100 : 101;
}

static bool untouched(void)
{
	return word == 5 && !zero && own == 7 && !pages[7][1];
}

static void test_many(void)
{
	enum { CHILDREN = 200 };
	pid_t pids[CHILDREN];
	bool good = true;

	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(live(i + 1));
	}
	for (int i = 0; i < CHILDREN; i++)
		good &= exited(pids[i], (i + 1) % 100);
	check("200 children, all at once, run on and exit", good);
	check("what they did to static data is theirs", untouched());
}

static void test_private_of_parent(void)
{
	int fds[2];
	pid_t pid;
	char c;

	check("a pipe", !pipe(fds));
	pid = fork();
	if (!pid) {
		close(fds[1]);
		read(fds[0], &c, 1);	/* ends when the parent has written */
		_exit(untouched() ? 0 : 1);
	}
	live(1);
	close(fds[1]);
	check("what the parent does after fork is its own", exited(pid, 0));
	close(fds[0]);
	word = 5, zero = 0, own = 7;
	memset(pages, 0, sizeof(pages));
	pages[0][0] = 1;
}

/* Each generation forks the next and adds one to what that one returned. */
static int generations(int n)
{
	pid_t pid;
	int status;

	if (!n)
		return 0;
	pid = fork();
	if (!pid)
		_exit(generations(n - 1));
	status = status_of(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) + 1 : 0;
}

/* A process and all that come of it are 2^n - 1; each tells by one byte. */
static void breed(int n, int fd)
{
	write(fd, "x", 1);
	for (int i = 0; n > 1 && i < 2; i++)
		if (!fork()) {
			breed(n - 1, fd);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
}

static int bred(int n)
{
	int fds[2], total = 0;
	char c;

	if (pipe(fds))
		return -1;
	if (!fork()) {
		breed(n, fds[1]);
		_exit(0);
	}
	close(fds[1]);
	while (read(fds[0], &c, 1) == 1)
		total++;
	close(fds[0]);
	wait(NULL);
	return total;
}

static void test_nested(void)
{
	bool good = true;

	check("20 generations", generations(20) == 20);
	for (int i = 0; good && i < 50; i++)
		good = bred(4) == 15;
	check("50 times 15 processes, each the child of the last", good);
}

static volatile bool stop;

static void *compute(void *arg)
{
	while (!stop)
		free(malloc(100));
	return arg;
}

static void *fork_here(void *arg)
{
	pthread_t me = pthread_self();
	bool *good = arg;

	own = 7;
	for (int i = 1; i <= 30; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(pthread_self() == me ? live(i) : 102);
		*good &= exited(pid, i);
	}
	return NULL;
}

static void test_from_threads(void)
{
	bool good[3] = { true, true, true };
	pthread_t t[3], busy[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&busy[i], NULL, compute, NULL);
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, fork_here, &good[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(busy[i], NULL);
	check("three threads fork while others run", good[0] && good[1] && good[2]);
	check("their children touched nothing of theirs", untouched());
}

/* --- how a child ends, and how its parent learns it --------------------------------- */

static volatile sig_atomic_t told;
static siginfo_t last_told;

static void on_child(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	last_told = *si;
	told++;
}

static pid_t child_exits(int code)
{
	pid_t pid = fork();

	if (!pid)
		_exit(code);
	return pid;
}

static pid_t child_pauses(void)
{
	pid_t pid = fork();

	while (!pid)
		pause();
	return pid;
}

static void test_told(void)
{
	struct sigaction sa = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART };
	pid_t pid;

	sigaction(SIGCHLD, &sa, NULL);
	pid = child_exits(33);
	check("SIGCHLD: who, and how it ended",
	      wait_until(told == 1) && last_told.si_pid == pid &&
	      last_told.si_code == CLD_EXITED && last_told.si_status == 33);
	check("the child waits to be waited for", exited(pid, 33));
	pid = child_pauses();
	kill(pid, SIGTERM);
	check("SIGCHLD: killed by a signal",
	      wait_until(told == 2) && last_told.si_code == CLD_KILLED &&
	      last_told.si_status == SIGTERM && killed(pid, SIGTERM));
	sa.sa_flags |= SA_NOCLDWAIT;
	sigaction(SIGCHLD, &sa, NULL);
	pid = child_exits(0);
	check("SA_NOCLDWAIT: it goes by itself",
	      waitpid(pid, NULL, 0) == -1 && errno == ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static bool waited(idtype_t type, id_t id, int options, int code, int status)
{
	siginfo_t si = { 0 };

	return !waitid(type, id, &si, options) && si.si_code == code && si.si_status == status;
}

enum { WORK_US = 20000 };

static long user_us(const struct rusage *usage)
{
	return usage->ru_utime.tv_sec * 1000000 + usage->ru_utime.tv_usec;
}

static void test_waitid(void)
{
	struct rusage usage = { 0 };
	pid_t pid = child_pauses();
	int status;

	kill(pid, SIGSTOP);
	check("waitid: stopped", waited(P_PID, pid, WSTOPPED, CLD_STOPPED, SIGSTOP));
	kill(pid, SIGCONT);
	check("waitid: continued", waited(P_PID, pid, WCONTINUED, CLD_CONTINUED, SIGCONT));
	kill(pid, SIGKILL);
	check("waitid: killed, and still there with WNOWAIT",
	      waited(P_PID, pid, WEXITED | WNOWAIT, CLD_KILLED, SIGKILL) &&
	      waited(P_ALL, 0, WEXITED, CLD_KILLED, SIGKILL));
	check("nobody is left to be waited for",
	      waitid(P_ALL, 0, NULL, WEXITED) == -1 && errno == ECHILD);
	pid = fork();
	if (!pid) {
		while (getrusage(RUSAGE_SELF, &usage), user_us(&usage) < WORK_US)
			for (volatile int i = 0; i < 100000; i++)
				;
		_exit(4);
	}
	check("wait4: status, and the time it took", wait4(pid, &status, 0, &usage) == pid &&
	      WEXITSTATUS(status) == 4 && user_us(&usage) >= WORK_US);
}

static void test_groups(void)
{
	pid_t members[3];
	bool good = true;

	for (int i = 0; i < 3; i++) {
		members[i] = child_pauses();
		good &= !setpgid(members[i], members[0]);
	}
	check("a process group of three", good && getpgid(members[2]) == members[0]);
	kill(-members[0], SIGHUP);
	for (int i = 0; i < 3; i++)
		good &= waited(P_PGID, members[0], WEXITED, CLD_KILLED, SIGHUP);
	check("one signal for all of it", good);
	members[0] = fork();
	if (!members[0])
		_exit(setsid() == getpid() && getpgrp() == getpid() && getsid(0) == getpid());
	check("a session of its own", exited(members[0], 1));
}

/* The grandchild is told of its parent's end, and has a new parent: the subreaper. */
static void grandchild(pid_t reaper, sem_t *ready)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	sem_post(ready);
	sigwait(&set, &sig);
	_exit(getppid() == reaper ? 55 : 56);
}

static void test_orphans(void)
{
	sem_t *ready = mmap(NULL, sizeof(*ready), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t me = getpid(), child;
	int status;

	sem_init(ready, 1, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = fork();
	if (!child) {
		if (!fork())
			grandchild(me, ready);
		sem_wait(ready);
		_exit(0);
	}
	check("a child ends before its own child", exited(child, 0));
	check("the orphan is told, and is ours now",
	      wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 55);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	munmap(ready, sizeof(*ready));
}

/* --- vfork ------------------------------------------------------------------------------- */

static void test_vfork(void)
{
	volatile long seen;
	pid_t pid;

	seen = 0;
	pid = vfork();
	if (!pid) {
		seen = getpid();
		_exit(3);
	}
	check("vfork: the parent goes on when the child is done, in its memory",
	      seen == pid && exited(pid, 3));
	pid = vfork();
	if (!pid) {
		execl("/none", "none", NULL);
		seen = errno;
		_exit(4);
	}
	check("vfork: an exec that fails", seen == ENOENT && exited(pid, 4));
}

/* --- limits ------------------------------------------------------------------------------- */

static bool limit(int what, rlim_t n)
{
	struct rlimit r = { n, n };

	return !prlimit(0, what, &r, NULL);
}

__attribute__((noinline)) static int deep(int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	return n < 100000 ? deep(n + 1) + room[0] : room[0];
}

static void too_many_processes(void)
{
	_exit(!setuid(NOBODY) && limit(RLIMIT_NPROC, 1) && fork() == -1 && errno == EAGAIN);
}

static void too_many_files(void)
{
	_exit(limit(RLIMIT_NOFILE, 3) && open("/dev/null", O_RDONLY) == -1 && errno == EMFILE);
}

static void too_much_memory(void)
{
	_exit(limit(RLIMIT_AS, 1 << 20) && errno != ENOMEM &&
	      mmap(NULL, 1 << 24, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	      errno == ENOMEM);
}

static void too_long(void)
{
	limit(RLIMIT_CPU, 1);
	for (;;)
		;
}

static void too_deep(void)
{
	limit(RLIMIT_STACK, 1 << 20);
	_exit(deep(0));
}

static void too_big_a_file(void)
{
	FILE *f = tmpfile();

	limit(RLIMIT_FSIZE, 1);
	_exit((int)write(fileno(f), "abc", 3) + (int)write(fileno(f), "abc", 3));
}

static void test_limits(void)
{
	static const struct {
		const char *what;
		void (*fn)(void);
		int code, signal;
	} limits[] = {
		{ "limit of processes: EAGAIN", too_many_processes, 1, 0 },
		{ "limit of files: EMFILE", too_many_files, 1, 0 },
		{ "limit of memory: ENOMEM", too_much_memory, 1, 0 },
		{ "limit of time: SIGKILL", too_long, 0, SIGKILL },
		{ "limit of the stack: SIGSEGV", too_deep, 0, SIGSEGV },
		{ "limit of a file's size: SIGXFSZ", too_big_a_file, 0, SIGXFSZ },
	};
	struct rlimit old, new = { 20, 30 }, seen;
	pid_t pid = child_pauses();

	check("prlimit of another process", !prlimit(pid, RLIMIT_NOFILE, &new, &old) &&
	      !prlimit(pid, RLIMIT_NOFILE, NULL, &seen) && seen.rlim_cur == 20 &&
	      seen.rlim_max == 30 && !prlimit(0, RLIMIT_NOFILE, NULL, &seen) &&
	      seen.rlim_cur == old.rlim_cur);
	kill(pid, SIGKILL);
	status_of(pid);
	for (unsigned int i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		pid = fork();
		if (!pid)
			limits[i].fn();
		check(limits[i].what, limits[i].signal ? killed(pid, limits[i].signal) :
							 exited(pid, limits[i].code));
	}
}

void probe_procs(void)
{
	test_many();
	test_private_of_parent();
	test_nested();
	test_from_threads();
	test_told();
	test_waitid();
	test_groups();
	test_orphans();
	test_vfork();
	test_limits();
}
