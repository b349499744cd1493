// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libc.c - what a C library does with system calls, each printed as one line
 *
 * Built by ukl-cc for ring 0 and by any cc for ring 3; the outputs are to be the
 * same, so nothing that differs from run to run is printed.  Ends with 0, or with
 * 1 if a line says "wrong".
 */
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS	1000

extern char **environ;
static int wrong, constructed, static_word = 5;
static __thread long tls_data = 77, tls_bss;
static __thread volatile char tls_aligned[64] __attribute__((aligned(64)));
static volatile sig_atomic_t handled;
static volatile double vone = 1.0;
static volatile unsigned long nowhere = 8;

__attribute__((constructor(200))) static void construct_late(void)
{
	constructed = constructed * 10 + 2;
}

__attribute__((constructor(150))) static void construct_early(void)
{
	constructed = constructed * 10 + 1;
}

static void check(const char *what, int ok)
{
	printf("%-32s %s\n", what, ok ? "ok" : "wrong");
	fflush(stdout);
	wrong |= !ok;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void test_plain(void)
{
	char text[128], *end;
	int v[] = { 5, 3, 9, 1 };
	FILE *f;

	check("constructors in order", constructed == 12);
	check("tls template", tls_data == 77 && !tls_bss && !tls_aligned[63] &&
	      (unsigned long)tls_aligned % 64 == 0);
	snprintf(text, sizeof(text), "%8.3f|%-6d|%#lx|%Lg|%s", 3.14159 * vone, 42,
		 0xfeedfacecafel, 1e300L * vone, "text");
	check("printf", !strcmp(text, "   3.142|42    |0xfeedfacecafe|1e+300|text"));
	check("strtod", strtod("0x1.8p3", &end) == 12.0 && !*end);
	qsort(v, 4, sizeof(*v), compare);
	check("qsort", v[0] == 1 && v[3] == 9);
	f = fopen("/tmp/libc-test", "w+");
	check("fopen", !!f);
	if (!f)
		return;
	fprintf(f, "line %d\n", 7);
	rewind(f);
	check("stdio file", fgets(text, sizeof(text), f) && !strcmp(text, "line 7\n"));
	fclose(f);
	unlink("/tmp/libc-test");
	fesetround(FE_UPWARD);
	check("fesetround", fegetround() == FE_UPWARD && vone / 3 > 0.3333333333333333);
	fesetround(FE_TONEAREST);
	errno = 0;
	check("errno", close(-1) == -1 && errno == EBADF);
}

static void test_malloc(void)
{
	unsigned char *p[64];
	int i, j, ok = 1;

	for (i = 0; i < 64; i++) {
		p[i] = malloc(1u << (i % 20));
		memset(p[i], i, 1u << (i % 20));
	}
	for (i = 0; i < 64; i += 2)
		p[i] = realloc(p[i], (1u << (i % 20)) + 3000);
	for (i = 0; i < 64; i++)
		for (j = 0; j < 1 << (i % 20); j++)
			ok &= p[i][j] == i;
	for (i = 0; i < 64; i++)
		free(p[i]);
	check("malloc realloc free", ok);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static long total;
static int ready, destroyed, cleaned;
static sem_t done;

static void destroy(void *p)
{
	(void)p;
	__atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static void *add(void *arg)
{
	long i, me = (long)arg;

	pthread_setspecific(key, &total);
	pthread_mutex_lock(&lock);
	while (!ready)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		total++;
		pthread_mutex_unlock(&lock);
		tls_bss += me;
	}
	return (void *)(tls_bss + tls_data);
}

static void *detached(void *arg)
{
	if (arg)
		sem_post(&done);
	pthread_exit(NULL);
}

static void clean(void *fd)
{
	(void)fd;
	cleaned++;
}

static void *blocked(void *fd)
{
	char c;

	pthread_cleanup_push(clean, fd);
	sem_post(&done);
	read(*(int *)fd, &c, 1);
	pthread_cleanup_pop(0);
	return NULL;
}

static void test_threads(void)
{
	pthread_t t[THREADS];
	pthread_attr_t attr;
	int i, ok = 1, fds[2];
	void *ret;

	pthread_key_create(&key, destroy);
	sem_init(&done, 0, 0);
	for (i = 0; i < THREADS; i++)
		ok &= !pthread_create(&t[i], NULL, add, (void *)(long)i);
	check("pthread_create", ok);
	pthread_mutex_lock(&lock);
	ready = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	for (i = 0; i < THREADS; i++)
		ok &= !pthread_join(t[i], &ret) && (long)ret == 77 + i * (long)ROUNDS;
	check("pthread_join, tls", ok);
	check("mutex", total == (long)THREADS * ROUNDS);
	check("key destructors", destroyed == THREADS);
	check("tls of main", tls_bss == 0);

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (i = 0; i < THREADS; i++) {
		ok &= !pthread_create(&t[0], &attr, detached, &total);
		sem_wait(&done);
	}
	check("detached, unmaps its stack", ok);

	ok = !pipe(fds) && !pthread_create(&t[0], NULL, blocked, fds);
	sem_wait(&done);
	usleep(20000);
	pthread_cancel(t[0]);
	ok &= !pthread_join(t[0], &ret);
	check("cancel a blocked read", ok && ret == PTHREAD_CANCELED && cleaned == 1);
	ok = !pthread_create(&t[0], NULL, blocked, fds);
	pthread_cancel(t[0]);
	ok &= !pthread_join(t[0], &ret);
	check("cancel before the read", ok && ret == PTHREAD_CANCELED);
	close(fds[0]);
	close(fds[1]);
}

static int wake_fd = -1;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
	if (wake_fd >= 0)
		write(wake_fd, "x", 1);
}

static siginfo_t info;
static sigjmp_buf back;
static unsigned long handler_sp;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	int here;

	(void)uc;
	handler_sp = (unsigned long)&here;
	info = *si;
	siglongjmp(back, sig);
}

static void set_handler(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = { .sa_handler = fn, .sa_flags = flags };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void in_ms(int ms)
{
	struct itimerval it = { .it_value = { 0, ms * 1000 } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static void test_signals(void)
{
	struct timespec ts = { 60, 0 }, left;
	int fds[2], n;
	sigset_t set;
	char c;

	set_handler(SIGUSR1, on_signal, 0);
	raise(SIGUSR1);
	check("raise", handled == 1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	check("blocked", handled == 1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	check("unblocked", handled == 2);

	check("pipe", !pipe(fds));
	set_handler(SIGALRM, on_signal, 0);
	alarm(1);
	errno = 0;
	n = (int)read(fds[0], &c, 1);
	check("read, alarm: EINTR", n == -1 && errno == EINTR && handled == 3);
	set_handler(SIGALRM, on_signal, SA_RESTART);
	wake_fd = fds[1];
	in_ms(30);
	n = (int)read(fds[0], &c, 1);
	check("read, SA_RESTART: restarted", n == 1 && c == 'x' && handled == 4);
	in_ms(30);
	n = poll(NULL, 0, 60000);
	check("poll: EINTR in spite of it", n == -1 && errno == EINTR && handled == 5);
	in_ms(30);
	n = nanosleep(&ts, &left);
	check("nanosleep: EINTR, the rest", n == -1 && errno == EINTR &&
	      left.tv_sec < 60 && (left.tv_sec || left.tv_nsec));
	wake_fd = -1;
	for (n = 0; handled < 7; n++)	/* a signal between any two instructions */
		if (!n)
			in_ms(10);
	check("signal while computing", handled == 7);
	close(fds[0]);
	close(fds[1]);
}

static void test_faults(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = on_fault,
				.sa_flags = SA_SIGINFO | SA_ONSTACK };
	volatile int zero = 0;
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGFPE, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGTRAP, &sa, NULL);
	if (!sigsetjmp(back, 1))
		*(volatile int *)nowhere = 1;
	check("SIGSEGV at 8, MAPERR", info.si_signo == SIGSEGV &&
	      info.si_code == SEGV_MAPERR && (unsigned long)info.si_addr == 8);
	check("on the alternate stack", handler_sp - (unsigned long)stack < sizeof(stack));
	if (!sigsetjmp(back, 1))
		page[5] = 1;
	check("SIGSEGV, ACCERR", info.si_code == SEGV_ACCERR && info.si_addr == page + 5);
	if (!sigsetjmp(back, 1))
		zero = 7 / zero;
	check("SIGFPE", info.si_signo == SIGFPE && info.si_code == FPE_INTDIV);
	if (!sigsetjmp(back, 1))
		asm volatile("ud2");
	check("SIGILL", info.si_signo == SIGILL && info.si_code == ILL_ILLOPN);
	if (!sigsetjmp(back, 1))
		asm volatile("int3");
	check("SIGTRAP", info.si_signo == SIGTRAP);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	munmap(page, 4096);
}

static jmp_buf jump;
static volatile int deepest = 11;

__attribute__((noinline)) static void jump_back(int depth)
{
	if (depth == deepest)
		longjmp(jump, 3);
	if (depth < deepest)
		jump_back(depth + 1);
	check("not reached", 0);
}

static void test_setjmp(void)
{
	volatile int times = 0;

	switch (setjmp(jump)) {
	case 0:
		times++;
		jump_back(times);
		break;
	case 3:
		times++;
	}
	check("setjmp longjmp", times == 2);
}

static int status_of(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void test_processes(void)
{
	static char *argv[] = { "busybox", "echo", "spawned", NULL };
	static char *none[] = { "none", NULL };
	pid_t pid;
	int s;

	pid = fork();
	if (!pid) {
		static_word = 6;
		tls_data = 1;
		_exit(static_word + 36);
	}
	s = status_of(pid);
	check("fork, exit status", WIFEXITED(s) && WEXITSTATUS(s) == 42);
	check("static data is private", static_word == 5 && tls_data == 77);
	pid = fork();
	if (!pid)
		abort();
	s = status_of(pid);
	check("abort", WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT);
	pid = fork();
	if (!pid) {
		*(volatile int *)nowhere = 1;
		_exit(0);
	}
	s = status_of(pid);
	check("killed by SIGSEGV", WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	kill(pid, SIGKILL);
	s = status_of(pid);
	check("SIGKILL", WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL);
	pid = vfork();
	if (!pid)
		_exit(9);
	s = status_of(pid);
	check("vfork, _exit", WIFEXITED(s) && WEXITSTATUS(s) == 9);
	pid = vfork();
	if (!pid) {
		execve("/bin/busybox", argv, environ);
		_exit(127);
	}
	check("vfork, execve", status_of(pid) == 0);
	s = posix_spawn(&pid, "/bin/busybox", NULL, NULL, argv, environ);
	check("posix_spawn, status", !s && status_of(pid) == 0);
	check("posix_spawn of nothing", posix_spawn(&pid, "/none", NULL, NULL, none,
						     environ) == ENOENT);
	s = system("exit 3");
	check("system", WIFEXITED(s) && WEXITSTATUS(s) == 3);
}

#define CANCELS 2000

static volatile int spun;
static volatile pid_t waiter;
static sigset_t alarms;

static void *spin_and_wait(void *rounds)
{
	unsigned long n = (unsigned long)rounds;

	waiter = gettid();
	in_ms(1);
	while (n--)
		asm volatile("");
	spun = 1;
	for (;;)
		pause();
	return NULL;
}

/* Is the thread blocked in pause()?  Not if it merely waits for a processor. */
static int pausing(pid_t tid)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = 0;
		close(fd);
	}
	return atoi(text) == SYS_pause;
}

/*
 * One cancellation, of a thread that is that many rounds away from a cancellation
 * point when it sets the timer that makes this one, which has priority, cancel it.
 * *Reached* tells whether it got there first.
 * Return: was it cancelled?  A lost cancellation is made up for by a signal.
 */
static int cancel_after(unsigned long rounds, int *reached)
{
	struct sched_param idle = { 0 };
	struct timespec until;
	pthread_attr_t attr;
	pthread_t t;
	int late, sig;

	spun = 0;
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &idle);
	if (pthread_create(&t, &attr, spin_and_wait, (void *)rounds))
		return 0;
	sigwait(&alarms, &sig);
	*reached = spun;
	pthread_cancel(t);
	do {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 1;
		late = pthread_timedjoin_np(t, NULL, &until);
	} while (late && !pausing(waiter));
	if (late) {
		pthread_kill(t, SIGUSR1);
		pthread_join(t, NULL);
	}
	return !late;
}

/*
 * The window between the test of "cancelled?" and the kernel, of which the gate is
 * a part.  Exact on one processor with QEMU's instruction counting; elsewhere the
 * window is met by chance.
 */
static void test_races(void)
{
	struct sched_param first = { .sched_priority = 1 };
	unsigned long low = 0, high = 1ul << 24, n;
	int lost = 0, reached, before = 0, i;

	set_handler(SIGUSR1, on_signal, 0);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	pthread_setschedparam(pthread_self(), SCHED_FIFO, &first);
	while (high - low > 1) {
		n = low + (high - low) / 2;
		lost += !cancel_after(n, &reached);
		*(reached ? &low : &high) = n;
	}
	for (i = 0, n = low; i < CANCELS; i++) {
		/* now stay at the edge, now look a few instructions behind it */
		lost += !cancel_after(n, &reached);
		before += !reached;
		n += reached ? (unsigned long)i % 7 : -((unsigned long)i % 7);
		lost += !cancel_after(n - (unsigned long)i % 24, &reached);
	}
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	check("no cancellation is lost", !lost);
	fprintf(stderr, "near %lu rounds, %d of %d before the wait, %d lost\n", n, before,
		CANCELS, lost);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "plain", test_plain },     { "malloc", test_malloc },
	{ "setjmp", test_setjmp },   { "threads", test_threads },
	{ "signals", test_signals }, { "faults", test_faults },
	{ "processes", test_processes }, { "races", test_races },
};

/* Arguments name the groups to run; none: all. */
int main(int argc, char **argv)
{
	unsigned int i;
	int a;

	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		for (a = 1; a < argc && strcmp(argv[a], tests[i].name); a++)
			;
		if (argc > 1 && a == argc)
			continue;
		printf("# %s\n", tests[i].name);
		tests[i].run();
	}
	printf("# %s\n", wrong ? "something is wrong" : "all is well");
	return wrong;
}
