// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rseq.c - restartable sequences: what is registered, and what interrupts one
 */
#include <errno.h>
#include <linux/rseq.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "probe.h"

#define SIGNATURE 0x53053053

static struct rseq area __attribute__((aligned(64)));
static struct rseq_cs sequence;

static long rseq(struct rseq *where, unsigned int len, int flags, unsigned int sig)
{
	return call6(SYS_rseq, (long)where, len, flags, sig, 0, 0);
}

/* Stays in the sequence until something makes it leave by the abort; returns 1. */
int rseq_wait(struct rseq_cs **active, struct rseq_cs *sequence);
extern const char rseq_start[], rseq_end[], rseq_abort[];

__asm__(".text\n"
	".globl rseq_wait, rseq_start, rseq_end, rseq_abort\n"
	".type rseq_wait, @function\n"
	"rseq_wait:\n"
	"	mov %rsi, (%rdi)\n"
	"rseq_start:\n"
	"	jmp rseq_start\n"
	"rseq_end:\n"
	"	ud2\n"
	"	.long 0x53053053\n"
	"rseq_abort:\n"
	"	mov $1, %eax\n"
	"	ret\n"
	".size rseq_wait, . - rseq_wait\n");

static void registration(void)
{
	check("registered", !rseq(&area, sizeof(area), 0, SIGNATURE));
	check("again: EBUSY", rseq(&area, sizeof(area), 0, SIGNATURE) == -EBUSY);
	check("cpu_id and cpu_id_start are processors",
	      area.cpu_id < CPU_SETSIZE && area.cpu_id_start < CPU_SETSIZE);
	check("unregistered with another signature: EPERM",
	      rseq(&area, sizeof(area), RSEQ_FLAG_UNREGISTER, 1) == -EPERM);
	check("unregistered",
	      !rseq(&area, sizeof(area), RSEQ_FLAG_UNREGISTER, SIGNATURE));
	check("cpu_id says so", area.cpu_id == (unsigned int)RSEQ_CPU_ID_UNINITIALIZED);
	check("an address that is not aligned: EINVAL",
	      rseq((void *)((char *)&area + 8), sizeof(area), 0, SIGNATURE) == -EINVAL);
	check("one in the kernel's half: EFAULT",
	      rseq((void *)0xffff888000001000ul, sizeof(area), 0, SIGNATURE) ==
		      -EFAULT);
}

/* From processor to processor, as far as there are any */
static bool follows(void)
{
	cpu_set_t all, one;
	bool ok = !sched_getaffinity(0, sizeof(all), &all);

	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		ok &= !sched_setaffinity(0, sizeof(one), &one);
		ok &= __atomic_load_n(&area.cpu_id, __ATOMIC_RELAXED) == cpu;
	}
	return !sched_setaffinity(0, sizeof(all), &all) && ok;
}

/* --- sequences in its own text ---------------------------------------------------------- */

static int wait_in_sequence(void)
{
	return rseq_wait((struct rseq_cs **)&area.rseq_cs, &sequence);
}

static bool use_sequence(unsigned int signature)
{
	sequence.start_ip = (unsigned long)rseq_start;
	sequence.post_commit_offset = (unsigned long)(rseq_end - rseq_start);
	sequence.abort_ip = (unsigned long)rseq_abort;
	return !rseq(&area, sizeof(area), 0, signature);
}

static volatile bool at_abort, inside;

static void on_alarm(int sig, siginfo_t *si, void *context)
{
	const ucontext_t *uc = context;
	const char *ip = (const char *)uc->uc_mcontext.gregs[REG_RIP];

	(void)sig;
	(void)si;
	at_abort |= ip == rseq_abort;
	inside |= ip >= rseq_start && ip < rseq_end;
}

static void alarms(void)
{
	struct itimerval soon = { .it_interval = { 0, 20000 }, .it_value = { 0, 20000 } };
	struct sigaction sa = { .sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
}

static int by_signal(void)
{
	if (!use_sequence(SIGNATURE))
		return 2;
	alarms();
	while (!at_abort) /* a preemption aborts it, too */
		if (wait_in_sequence() != 1)
			return 3;
	return inside || area.rseq_cs;
}

/* Without any signal: by another process that wants the processor. */
static int by_preemption(void)
{
	pid_t rival;
	int left;

	move_to(0, 0);
	rival = fork();
	if (!rival)
		for (;;)
			;
	left = use_sequence(SIGNATURE) ? wait_in_sequence() : 2;
	kill(rival, SIGKILL);
	return !killed(rival, SIGKILL) || left != 1 || area.rseq_cs;
}

static pid_t mover;

static void *move_away(void *unused)
{
	if (wait_until(__atomic_load_n(&area.rseq_cs, __ATOMIC_RELAXED)))
		move_to(mover, n_cpus - 1);
	return unused;
}

static int by_migration(void)
{
	pthread_t t;

	mover = getpid();
	if (!move_to(0, 0) || !use_sequence(SIGNATURE))
		return 2;
	pthread_create(&t, NULL, move_away, NULL);
	do {
		if (wait_in_sequence() != 1)
			return 3;
	} while (my_cpu() != n_cpus - 1);
	return pthread_join(t, NULL) || area.rseq_cs ||
	       area.cpu_id != (unsigned int)sched_getcpu();
}

/* --- what they are for: counters of each processor, without locks ----------------------- */

enum { ADDERS = 4, ADDS = 500, ABORTS = 20 };

/* One more in counters[this processor]: 0, or 1 if it was aborted. */
int rseq_add(struct rseq *r, struct rseq_cs *cs, long *counters);
extern const char add_start[], add_end[], add_abort[];

__asm__(".text\n"
	".type rseq_add, @function\n"
	"rseq_add:\n"
	"	mov (%rdi), %r8d\n"	/* cpu_id_start */
	"	mov %rsi, 8(%rdi)\n"	/* rseq_cs */
	"add_start:\n"
	"	cmp %r8d, 4(%rdi)\n"	/* cpu_id */
	"	jne add_abort\n"
	"	mov (%rdx,%r8,8), %rax\n"
	"	mov $500, %ecx\n"
	"add_wait:\n"
	"	dec %ecx\n"
	"	jnz add_wait\n"
	"	inc %rax\n"
	"	mov %rax, (%rdx,%r8,8)\n"
	"add_end:\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	"	ud2\n"
	"	.long 0x53053053\n"
	"add_abort:\n"
	"	mov $1, %eax\n"
	"	ret\n"
	".size rseq_add, . - rseq_add\n");

static long counters[CPU_SETSIZE], added, aborts;

static void *add(void *failed)
{
	static __thread struct rseq own __attribute__((aligned(32)));
	struct rseq_cs cs = { .start_ip = (unsigned long)add_start,
			      .post_commit_offset = (unsigned long)(add_end - add_start),
			      .abort_ip = (unsigned long)add_abort };

	if (rseq(&own, sizeof(own), 0, SIGNATURE))
		return failed;
	for (int n = 0; n < ADDS || __atomic_load_n(&aborts, __ATOMIC_RELAXED) < ABORTS;)
		if (rseq_add(&own, &cs, counters))
			__atomic_add_fetch(&aborts, 1, __ATOMIC_RELAXED);
		else
			n++, __atomic_add_fetch(&added, 1, __ATOMIC_RELAXED);
	rseq(&own, sizeof(own), RSEQ_FLAG_UNREGISTER, SIGNATURE);
	return NULL;
}

static int counting(void)
{
	pthread_t t[ADDERS];
	bool ok = true;
	long sum = 0;
	void *failed;

	for (int i = 0; i < ADDERS; i++)
		pthread_create(&t[i], NULL, add, counters);
	for (int i = 0; i < ADDERS; i++)
		ok &= !pthread_join(t[i], &failed) && !failed;
	for (int i = 0; i < CPU_SETSIZE; i++)
		sum += counters[i];
	return !ok || sum != added;
}

/* --- sequences that are none ------------------------------------------------------------- */

static unsigned int its_signature;
static struct rseq_cs wrong_sequence;

static int bad_sequence(void)
{
	if (!use_sequence(its_signature))
		return 2;
	sequence = wrong_sequence;
	alarms();
	for (int i = 0; i < 100; i++)
		wait_in_sequence();
	return 0;
}

static void refused(const char *what, unsigned int signature,
		    const struct rseq_cs *wrong)
{
	char line[80];
	int status;

	its_signature = signature;
	wrong_sequence = *wrong;
	status = in_child(bad_sequence);
	snprintf(line, sizeof(line), "one %s: SIGSEGV", what);
	check(line, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void refusals(void)
{
	struct rseq_cs right = { .start_ip = (unsigned long)rseq_start,
				 .post_commit_offset = (unsigned long)(rseq_end - rseq_start),
				 .abort_ip = (unsigned long)rseq_abort }, wrong;

	refused("without the signature that was registered", SIGNATURE + 1, &right);
	wrong = right;
	wrong.version = 1;
	refused("of a version that is none", SIGNATURE, &wrong);
	wrong = right;
	wrong.abort_ip = right.start_ip;
	refused("that is aborted into itself", SIGNATURE, &wrong);
	wrong = right;
	wrong.abort_ip = 0xffffffff81000010ul;
	refused("that is aborted into the kernel", SIGNATURE, &wrong);
	wrong = right;
	wrong.start_ip = 0xffffffff81000000ul;
	refused("that begins in the kernel", SIGNATURE, &wrong);
	wrong = right;
	wrong.post_commit_offset = -1ul;
	refused("without an end", SIGNATURE, &wrong);
}

void probe_rseq(void)
{
	registration();
	check("registered once more", !rseq(&area, sizeof(area), 0, SIGNATURE));
	check("cpu_id follows the thread to each processor", follows());
	rseq(&area, sizeof(area), RSEQ_FLAG_UNREGISTER, SIGNATURE);
	check("a sequence is aborted by a signal, which shows the abort",
	      !in_child(by_signal));
	check("by preemption", !in_child(by_preemption));
	check("by a move to the last processor", !in_child(by_migration));
	check("four threads count, each on its processor's counter", !in_child(counting));
	refusals();
}
