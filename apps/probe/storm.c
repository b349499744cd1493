// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * storm.c - signals at a rate that meets every place: text, gate, seams, calls
 *
 * A loop makes system calls and computes while signals rain on it from timers and
 * from another thread.  Each context must be at an instruction of the program, in
 * ring 0 too, where the gate is called text of the kernel's; each signal is handled;
 * the computation stays right.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"
#include "sigs.h"

#define SIG_QUEUED (SIGRTMIN + 1)
#define SIG_TIMER  (SIGRTMIN + 2)
#define QUEUED	   3000
#define TICKS	   2000
#define ENOUGH	   20	 /* contexts that show the gate */
#define TOO_MANY   40000 /* if it was not met until then, it never will be */

/*
 * storm_loop(n): n times two system calls, each of which a NOP separates from what
 * precedes it, so that only the kernel can show a context at it.  Returns a sum that
 * depends on each result.
 */
unsigned long storm_loop(unsigned long n);
extern const char storm_call1[], storm_call2[];

__asm__(".text\n"
	"storm_loop:\n"
	"	push %rbx\n	push %rbp\n"
	"	mov %rdi, %rbx\n"
	"	xor %ebp, %ebp\n"
	"1:	mov $39, %eax\n" /* getpid */
	"	nop\n"
	"storm_call1:\n"
	"	" SYSTEM_CALL "\n"
	"	add %rax, %rbp\n"
	"	rol $1, %rbp\n"
	"	mov $-1, %edi\n"
	"	mov $3, %eax\n" /* close(-1) */
	"	nop\n"
	"storm_call2:\n"
	"	" SYSTEM_CALL "\n"
	"	add %rax, %rbp\n"
	"	dec %rbx\n"
	"	jnz 1b\n"
	"	mov %rbp, %rax\n"
	"	pop %rbp\n	pop %rbx\n"
	"	ret\n");

static unsigned long expected(unsigned long n)
{
	unsigned long sum = 0;

	while (n--) {
		sum += (unsigned long)getpid();
		sum = sum << 1 | sum >> 63;
		sum += (unsigned long)-EBADF;
	}
	return sum;
}

static unsigned long text_start, text_end;
static unsigned int outside, at_call;

#ifdef __UKL__
/* Linux names the bounds in its symbol table; they are not the program's to name. */
static unsigned long kernel_symbol(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	unsigned long address = 0, a;
	char symbol[256];

	while (f && !address && fscanf(f, "%lx %*c %255s%*[^\n]", &a, symbol) == 2)
		if (!strcmp(symbol, name))
			address = a;
	if (f)
		fclose(f);
	return address;
}

static void find_text(void)
{
	text_start = kernel_symbol("__ukl_text_start");
	text_end = kernel_symbol("__ukl_text_end");
}
#else
extern const char __executable_start[], etext[];

static void find_text(void)
{
	text_start = (unsigned long)__executable_start;
	text_end = (unsigned long)etext;
}
#endif

static void look(ucontext_t *uc)
{
	unsigned long ip = context_reg(uc, REG_RIP);

	outside += ip < text_start || ip >= text_end;
	at_call += ip == (unsigned long)storm_call1 || ip == (unsigned long)storm_call2;
}

/* --- timers --------------------------------------------------------------------------- */

static void itimer(int us)
{
	struct itimerval it = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static int posix_timer;

/* To this thread.  musl has no SIGEV_THREAD_ID; this is the kernel's sigevent. */
static bool posix_timer_create(void)
{
	struct {
		void *value;
		int signo, notify, tid, pad[11];
	} se = { .signo = SIG_TIMER, .notify = SIGEV_THREAD_ID,
		 .tid = (int)syscall(SYS_gettid) };

	return !syscall(SYS_timer_create, CLOCK_MONOTONIC, &se, &posix_timer);
}

static void posix_timer_every(long ns)
{
	struct itimerspec it = { { 0, ns }, { 0, ns } };

	syscall(SYS_timer_settime, posix_timer, 0, &it, NULL);
}

static bool storm_until(unsigned int signals)
{
	unsigned long n = 100, right = expected(n);
	bool ok = true;

	while (n_caught < signals)
		ok &= storm_loop(n) == right;
	return ok;
}

static void timers(void)
{
	bool ok;

	outside = 0;
	catch_signal(SIGALRM, SA_RESTART, look);
	itimer(150);
	ok = storm_until(TICKS);
	itimer(0);
	check("2000 ticks of setitimer() in a loop of calls: it stays right", ok);
	check("each context is at an instruction of the program", !outside);

	outside = 0;
	catch_signal(SIG_TIMER, SA_RESTART, look);
	ok = posix_timer_create();
	posix_timer_every(150000);
	ok &= storm_until(TICKS);
	posix_timer_every(0);
	syscall(SYS_timer_delete, posix_timer);
	check("2000 of timer_create(), SIGEV_THREAD_ID: it stays right", ok);
	check("each context is at an instruction of the program, too", !outside);
}

/* --- another thread ------------------------------------------------------------------- */

static pid_t target;
static volatile int sent_all;

/* A queue that is full is waited for: what was accepted must arrive. */
static void *send_queued(void *unused)
{
	siginfo_t si = { .si_code = SI_QUEUE };

	for (int i = 0; i < QUEUED; i++) {
		si.si_value.sival_int = i;
		while (syscall(SYS_rt_tgsigqueueinfo, getpid(), target, SIG_QUEUED, &si))
			sched_yield();
	}
	sent_all = 1;
	return unused;
}

static void queued(void)
{
	unsigned long right = expected(100);
	bool ok = true;
	pthread_t t;

	outside = 0;
	sent_all = 0;
	target = (pid_t)syscall(SYS_gettid);
	catch_signal(SIG_QUEUED, SA_RESTART, look);
	pthread_create(&t, NULL, send_queued, NULL);
	while (!sent_all)
		ok &= storm_loop(100) == right;
	pthread_join(t, NULL);
	check("3000 queued by another thread: it stays right", ok);
	check("each is handled, exactly once", n_caught == QUEUED);
	check("each context is at an instruction of the program, here too", !outside);
}

/* --- the gate --------------------------------------------------------------------------- */

/*
 * Of the signals that come while a thread is at the first instructions of the gate, the
 * context shows the call.  They are met by chance: go on until they were.
 */
static void gate(void)
{
	unsigned int us = 100;

	outside = at_call = 0;
	catch_signal(SIGALRM, SA_RESTART, look);
	while (in_ring0() && at_call + outside < ENOUGH && n_caught < TOO_MANY) {
		us = us % 37 + 83;
		itimer((int)us);
		storm_loop(50);
	}
	itimer(0);
	check("the gate's first instructions are met, and shown as the call",
	      !in_ring0() || (at_call >= ENOUGH && !outside));
	fprintf(stderr, "storm: of %u signals %u at the call, %u outside the text\n",
		n_caught, at_call, outside);
}

void probe_storm(void)
{
	find_text();
	check("the bounds of the program's text are known",
	      text_start <= (unsigned long)storm_loop &&
	      (unsigned long)probe_storm < text_end);
	timers();
	queued();
	gate();
	default_signals();
}
