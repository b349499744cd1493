// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threads.c - locks, and every way in which a thread begins and ends
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

/* --- robust mutexes: their owner ends in every way ------------------------------- */

struct shared {
	pthread_mutex_t lock;
	sem_t locked;
};

static void robust_init(struct shared *s)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&s->lock, &attr);
	sem_init(&s->locked, 1, 0);
}

static void *lock_and_return(void *s)
{
	pthread_mutex_lock(&((struct shared *)s)->lock);
	return NULL;
}

static void *lock_and_pause(void *arg)
{
	struct shared *s = arg;

	pthread_mutex_lock(&s->lock);
	sem_post(&s->locked);
	for (;;)
		pause();
	return NULL;
}

static void owner_returns(struct shared *s)
{
	pthread_t t;

	if (!pthread_create(&t, NULL, lock_and_return, s))
		pthread_join(t, NULL);
}

static void owner_is_cancelled(struct shared *s)
{
	pthread_t t;

	if (pthread_create(&t, NULL, lock_and_pause, s))
		return;
	sem_wait(&s->locked);
	pthread_cancel(t);
	pthread_join(t, NULL);
}

static void owner_is_killed(struct shared *s)
{
	pid_t pid = fork();

	if (!pid)
		lock_and_pause(s);
	sem_wait(&s->locked);
	kill(pid, SIGKILL);
	status_of(pid);
}

static void owner_executes(struct shared *s)
{
	pid_t pid = fork();

	if (!pid) {
		pthread_mutex_lock(&s->lock);
		execl("/bin/busybox", "true", NULL);
	}
	status_of(pid);
}

static bool inherited(struct shared *s)
{
	return pthread_mutex_lock(&s->lock) == EOWNERDEAD &&
	       !pthread_mutex_consistent(&s->lock) && !pthread_mutex_unlock(&s->lock) &&
	       !pthread_mutex_lock(&s->lock) && !pthread_mutex_unlock(&s->lock);
}

static void test_robust(void)
{
	static const struct {
		const char *what;
		void (*die)(struct shared *s);
	} owners[] = {
		{ "robust mutex: the owner returns", owner_returns },
		{ "robust mutex: the owner is cancelled", owner_is_cancelled },
		{ "robust mutex: the owner's process is killed", owner_is_killed },
		{ "robust mutex: the owner's process executes another", owner_executes },
	};
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	robust_init(s);
	for (unsigned int i = 0; i < sizeof(owners) / sizeof(*owners); i++) {
		owners[i].die(s);
		check(owners[i].what, inherited(s));
	}
	owner_is_killed(s);
	check("robust mutex: not made consistent, not recoverable",
	      pthread_mutex_lock(&s->lock) == EOWNERDEAD &&
	      !pthread_mutex_unlock(&s->lock) &&
	      pthread_mutex_lock(&s->lock) == ENOTRECOVERABLE);
	munmap(s, sizeof(*s));
}

/* --- priority inheritance ----------------------------------------------------------- */

enum { LOW = 1, HIGH = 10 };

static struct {
	pthread_mutex_t lock;
	sem_t held;
	bool boosted;
	long total;
} pi;

/* As /proc tells it: -1 minus the real-time priority that is in force. */
static int priority_in_force(void)
{
	FILE *f = fopen("/proc/thread-self/stat", "r");
	int priority = INT_MAX;

	if (!f)
		return priority;
	fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %d",
	       &priority);
	fclose(f);
	return priority;
}

static int create_fifo(pthread_t *t, int priority, void *(*fn)(void *), void *arg)
{
	struct sched_param param = { .sched_priority = priority };
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	return pthread_create(t, &attr, fn, arg);
}

static void *hold_until_boosted(void *arg)
{
	bool low;

	(void)arg;
	pthread_mutex_lock(&pi.lock);
	low = priority_in_force() == -1 - LOW;
	sem_post(&pi.held);
	pi.boosted = low && wait_until(priority_in_force() == -1 - HIGH);
	pthread_mutex_unlock(&pi.lock);
	return (void *)(long)(priority_in_force() == -1 - LOW);
}

static void *take_in_turn(void *arg)
{
	(void)arg;
	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&pi.lock);
		pi.total++;
		if (i % 16 == 0)
			sched_yield();
		pthread_mutex_unlock(&pi.lock);
	}
	return NULL;
}

static void pi_init(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	check("mutex with priority inheritance",
	      !pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) &&
	      !pthread_mutex_init(&pi.lock, &attr));
	sem_init(&pi.held, 0, 0);
}

static bool set_policy(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return !pthread_setschedparam(pthread_self(), policy, &param);
}

static void test_pi(void)
{
	pthread_t t[8];
	void *low_again;

	pi_init();
	check("SCHED_FIFO is permitted", set_policy(SCHED_FIFO, HIGH) &&
	      !create_fifo(&t[0], LOW, hold_until_boosted, NULL));
	sem_wait(&pi.held);
	pthread_mutex_lock(&pi.lock);
	check("the owner has the priority of who waits for it", pi.boosted);
	pthread_mutex_unlock(&pi.lock);
	pthread_join(t[0], &low_again);
	check("and its own again when it unlocked", low_again != NULL);
	set_policy(SCHED_OTHER, 0);
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, take_in_turn, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	check("8 threads contend for it, nothing is lost", pi.total == 8 * 300);
}

/* --- condition variables and barriers --------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int turn, taken;
} table = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void *play(void *me)
{
	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&table.lock);
		while (table.turn != (int)(long)me)
			pthread_cond_wait(&table.changed, &table.lock);
		table.turn ^= 1;
		table.taken++;
		pthread_cond_signal(&table.changed);
		pthread_mutex_unlock(&table.lock);
	}
	return NULL;
}

static void test_condition(void)
{
	struct timespec past = { 1, 0 };
	pthread_t t[2];

	for (long i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, play, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	check("condition variable: 1000 turns", table.taken == 1000);
	pthread_mutex_lock(&table.lock);
	check("a timed wait ends, and holds the lock",
	      pthread_cond_timedwait(&table.changed, &table.lock, &past) == ETIMEDOUT &&
	      pthread_mutex_trylock(&table.lock) == EBUSY);
	pthread_mutex_unlock(&table.lock);
}

enum { RUNNERS = 8, LAPS = 100 };

static pthread_barrier_t line;
static int laps[RUNNERS], serial, ahead;

static void *run_laps(void *arg)
{
	long me = (long)arg;

	for (int lap = 0; lap < LAPS; lap++) {
		laps[me] = lap + 1;
		if (pthread_barrier_wait(&line) == PTHREAD_BARRIER_SERIAL_THREAD)
			serial++;
		for (int i = 0; i < RUNNERS; i++)
			if (laps[i] != lap + 1)
				__atomic_add_fetch(&ahead, 1, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&line);
	}
	return NULL;
}

static void test_barrier(void)
{
	pthread_t t[RUNNERS];

	pthread_barrier_init(&line, NULL, RUNNERS);
	for (long i = 0; i < RUNNERS; i++)
		pthread_create(&t[i], NULL, run_laps, (void *)i);
	for (int i = 0; i < RUNNERS; i++)
		pthread_join(t[i], NULL);
	check("barrier: 8 threads, 100 laps, together", !ahead);
	check("one of them was told each time", serial == LAPS);
}

/* --- ends ---------------------------------------------------------------------------------- */

static __thread long own = 11;
static volatile bool running;
static char order[4];

static void note(void *letter)
{
	strncat(order, letter, sizeof(order) - 1 - strlen(order));
}

static void *cancelled_between(void *arg)
{
	(void)arg;
	pthread_cleanup_push(note, "b");
	pthread_cleanup_push(note, "a");
	running = true;
	for (;;)
		pthread_testcancel();
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *cancelled_computing(void *arg)
{
	(void)arg;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (running = true;; )
		;
	return NULL;
}

static void *not_cancelled(void *arg)
{
	(void)arg;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	running = true;
	while (running)
		pthread_testcancel();
	return (void *)5;
}

static void unlock(void *lock)
{
	pthread_mutex_unlock(lock);
}

static void *cancelled_waiting(void *arg)
{
	pthread_mutex_lock(arg);
	pthread_cleanup_push(unlock, arg);
	running = true;
	for (;;)
		pthread_cond_wait(&table.changed, arg);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *cancel(void *(*fn)(void *), void *arg)
{
	pthread_t t;
	void *ret;

	running = false;
	if (pthread_create(&t, NULL, fn, arg) || !wait_until(running))
		return NULL;
	pthread_cancel(t);
	running = false;
	pthread_join(t, &ret);
	return ret;
}

static volatile int depth;

__attribute__((noinline)) static void exit_below(void)
{
	if (depth++ == 10)
		pthread_exit((void *)own);
	if (depth < 20)
		exit_below();
	own++;
}

static void *exit_deep(void *arg)
{
	(void)arg;
	own += 1;
	exit_below();
	return NULL;
}

static void test_ends(void)
{
	pthread_t t;
	void *ret = NULL;

	pthread_create(&t, NULL, exit_deep, NULL);
	pthread_join(t, &ret);
	check("pthread_exit below other functions", (long)ret == 12 && own == 11);
	check("cancelled at a test, cleaned up in order",
	      cancel(cancelled_between, NULL) == PTHREAD_CANCELED && !strcmp(order, "ab"));
	check("cancelled while it computes, no call at all",
	      cancel(cancelled_computing, NULL) == PTHREAD_CANCELED);
	check("not cancelled, for it does not allow it", (long)cancel(not_cancelled, NULL) == 5);
	check("cancelled in a futex, the lock is its own and released",
	      cancel(cancelled_waiting, &table.lock) == PTHREAD_CANCELED &&
	      !pthread_mutex_trylock(&table.lock) && !pthread_mutex_unlock(&table.lock));
}

/* What the others do when one ends all. */
static int nobody_writes[2];
static sem_t never, arrived;

static void *compute(void *arg)
{
	sem_post(&arrived);
	for (;;)
		;
	return arg;
}

static void *make_calls(void *arg)
{
	sem_post(&arrived);
	for (;;)
		for (volatile int i = raw_syscall(SYS_getppid, 0, 0, 0) < 0; i < 2000; i++)
			;
	return arg;
}

static void *sleep_in_read(void *arg)
{
	char c;

	sem_post(&arrived);
	read(nobody_writes[0], &c, 1);
	return arg;
}

static void *sleep_in_futex(void *arg)
{
	sem_post(&arrived);
	for (;;)
		sem_wait(&never);
	return arg;
}

static void *touch_pages(void *arg)
{
	sem_post(&arrived);
	for (;;) {
		char *p = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; p != MAP_FAILED && i < 16; i++)
			p[i * 4096] = 1;
		munmap(p, 16 * 4096);
	}
	return arg;
}

static void *exit_all(void *code)
{
	exit((int)(long)code);
}

static void *end_quietly(void *arg)
{
	(void)arg;
	running = true;
	return NULL;
}

static void *die_of_a_fault(void *arg)
{
	raw_syscall(SYS_getpid, 0, 0, 0);
	*(volatile int *)arg = 1;
	return NULL;
}

/* In a child: others do what they do, then one runs *last* and main waits or ends. */
static pid_t in_company(void *(*last)(void *), void *arg, bool main_ends)
{
	static void *(*const others[])(void *) = { compute, make_calls, sleep_in_read,
						   sleep_in_futex, touch_pages };
	pthread_t t;
	pid_t pid = fork();

	if (pid)
		return pid;
	for (unsigned int i = 0; i < 5; i++)
		pthread_create(&t, NULL, others[i], NULL);
	for (unsigned int i = 0; i < 5; i++)
		sem_wait(&arrived);
	pthread_create(&t, NULL, last, arg);
	if (main_ends)
		pthread_exit(NULL);
	for (;;)
		pause();
}

/* A process whose first thread ends first; the others end one by one. */
int help_leave(char **argv)
{
	pthread_t t;

	(void)argv;
	for (int i = 0; i < 3; i++)
		pthread_create(&t, NULL, end_quietly, NULL);
	pthread_exit(NULL);
}

static void test_ends_of_all(void)
{
	bool good = !pipe(nobody_writes);

	sem_init(&never, 0, 0);
	sem_init(&arrived, 0, 0);
	for (long i = 0; good && i < 10; i++)
		good = exited(in_company(exit_all, (void *)(i + 20), false), (int)i + 20);
	check("a thread ends all, whatever the others do", good);
	check("also after main has ended by pthread_exit",
	      exited(in_company(exit_all, (void *)7, true), 7));
	check("main ends first, the process with its last thread",
	      exited(start_helper(self_name(), "-leave", NULL), 0));
	check("a thread's fault kills all",
	      killed(in_company(die_of_a_fault, (void *)16, false), SIGSEGV));
	close(nobody_writes[0]);
	close(nobody_writes[1]);
}

/* Detached threads unmap the stack they stand on, then make one more system call. */
enum { DETACHED = 64 };

static void *stacks[DETACHED];
static pthread_barrier_t all_there;

static void *leave_no_stack(void *slot)
{
	*(void **)slot = (void *)((unsigned long)&slot & -4096ul);
	pthread_barrier_wait(&all_there);
	return NULL;
}

static int mapped_stacks(void)
{
	unsigned char there;
	int n = 0;

	for (int i = 0; i < DETACHED; i++)
		n += !mincore(stacks[i], 4096, &there);
	return n;
}

static void test_detached(void)
{
	pthread_attr_t attr;
	pthread_t t;
	int n = 0;

	pthread_barrier_init(&all_there, NULL, DETACHED + 1);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < DETACHED; i++)
		n += !pthread_create(&t, &attr, leave_no_stack, &stacks[i]);
	check("64 detached threads at a time", n == DETACHED && mapped_stacks() <= DETACHED);
	pthread_barrier_wait(&all_there);
	check("they take their stacks with them", wait_until(!mapped_stacks()));
}

/* --- clone(), without a library ------------------------------------------------------------ */

#define PATTERN 0x5a5a00000000beeful	/* in RBX; RBP, R12 and so on count from it */
#define RAW_THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
		    CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | \
		    CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

/* clone(); the child calls what *stack* points to with RBX, RBP, R12, R13, R14, R15. */
long raw_clone(unsigned long flags, void *stack, int *parent_tid, int *child_tid,
	       void *tls, unsigned long pattern);

__asm__(".text\n"
	".type raw_clone, @function\n"
	"raw_clone:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n"
	"	push %r13\n	push %r14\n	push %r15\n"
	"	mov %rcx, %r10\n"
	"	mov %r9, %rbx\n		lea 1(%r9), %rbp\n"
	"	lea 2(%r9), %r12\n	lea 3(%r9), %r13\n"
	"	lea 4(%r9), %r14\n	lea 5(%r9), %r15\n"
	"	mov $56, %eax\n"
	"	" SYSTEM_CALL "\n"
	"	test %rax, %rax\n"
	"	jnz 1f\n"
	"	pop %rax\n"
	"	mov %rbx, %rdi\n	mov %rbp, %rsi\n	mov %r12, %rdx\n"
	"	mov %r13, %rcx\n	mov %r14, %r8\n		mov %r15, %r9\n"
	"	xor %ebp, %ebp\n"
	"	call *%rax\n"
	"	ud2\n"
	"1:	pop %r15\n	pop %r14\n	pop %r13\n"
	"	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n"
	".size raw_clone, . - raw_clone\n");

static struct {
	void *tls[4];	/* where the child's FSBASE points; the first word, too */
	bool registers, fs;
	long tid, tid_address;
	int parent_word, child_word, other_word;
	bool moves_word;
} raw;

static void raw_child(unsigned long bx, unsigned long bp, unsigned long r12,
		      unsigned long r13, unsigned long r14, unsigned long r15)
{
	void *self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	raw.fs = self == raw.tls;
	raw.registers = bx == PATTERN && bp == bx + 1 && r12 == bx + 2 &&
			r13 == bx + 3 && r14 == bx + 4 && r15 == bx + 5;
	raw.tid = raw_syscall(SYS_gettid, 0, 0, 0);
	if (raw.moves_word)
		raw.tid_address = raw_syscall(SYS_set_tid_address,
					      (long)&raw.other_word, 0, 0);
	for (;;)
		raw_syscall(SYS_exit, 0, 0, 0);
}

/* Runs raw_child() on a stack of its own until the kernel clears *word*; its tid. */
static long raw_thread(int *word)
{
	size_t size = 65536;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void **top = (void **)(stack + size) - 2;
	long tid;
	int seen;

	raw.tls[0] = raw.tls;
	raw.child_word = raw.other_word = -1;
	*top = raw_child;
	tid = raw_clone(RAW_THREAD, top, &raw.parent_word, &raw.child_word, raw.tls, PATTERN);
	while (tid > 0 && (seen = __atomic_load_n(word, __ATOMIC_SEQ_CST)))
		syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
	munmap(stack, size);
	return tid;
}

static void test_clone(void)
{
	long tid = raw_thread(&raw.child_word);

	check("clone: the child has its parent's registers", tid > 0 && raw.registers);
	check("clone: and the FSBASE it was given", raw.fs);
	check("clone: the parent's word has its tid", raw.tid == tid && raw.parent_word == tid);
	check("clone: its word is cleared when it is gone", !raw.child_word);
	raw.moves_word = true;
	tid = raw_thread(&raw.other_word);
	check("set_tid_address: returns the tid", tid > 0 && raw.tid_address == tid);
	check("set_tid_address: the word it moved to is cleared, not the old one",
	      !raw.other_word && raw.child_word == tid);
	check("clone with flags that exclude each other: EINVAL",
	      raw_clone(CLONE_THREAD, NULL, NULL, NULL, NULL, 0) == -EINVAL);
}

void probe_threads(void)
{
	test_robust();
	test_pi();
	test_condition();
	test_barrier();
	test_ends();
	test_ends_of_all();
	test_detached();
	test_clone();
}
