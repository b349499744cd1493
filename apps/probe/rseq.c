// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rseq.c - restartable sequences: what is registered, and what interrupts one
 */
#include <errno.h>
#include <linux/rseq.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define SIGNATURE 0x53053053

static struct rseq area __attribute__((aligned(64)));
static struct rseq_cs sequence;
static volatile long interrupted;

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

static void on_alarm(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* 0 if a signal made it leave the sequence by the abort */
static int aborted(void)
{
	struct itimerval soon = { .it_interval = { 0, 20000 }, .it_value = { 0, 20000 } };

	sequence.start_ip = (unsigned long)rseq_start;
	sequence.post_commit_offset = (unsigned long)(rseq_end - rseq_start);
	sequence.abort_ip = (unsigned long)rseq_abort;
	signal(SIGALRM, on_alarm);
	if (rseq(&area, sizeof(area), 0, SIGNATURE))
		return 2;
	setitimer(ITIMER_REAL, &soon, NULL);
	do { /* a preemption aborts it, too */
		if (rseq_wait((struct rseq_cs **)&area.rseq_cs, &sequence) != 1)
			return 3;
	} while (!interrupted);
	return !!area.rseq_cs;
}

static int bad_sequence(void)
{
	sequence.version = 1;
	aborted();
	return 0;
}

void probe_rseq(void)
{
	int status;

	registration();
	check("registered once more", !rseq(&area, sizeof(area), 0, SIGNATURE));
	check("cpu_id follows the thread to each processor", follows());
	rseq(&area, sizeof(area), RSEQ_FLAG_UNREGISTER, SIGNATURE);
	status = in_child(aborted);
	check("a sequence is aborted, or refused in the kernel's half",
	      in_ring0() ? WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV
			 : !status);
	status = in_child(bad_sequence);
	check("one of a version that is none is refused by SIGSEGV",
	      WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
