// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flight.c - go anywhere by sigreturn, and come back by the signal that follows
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

static const int ends[] = { SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE };

unsigned long low_stack[512] __attribute__((aligned(16)));

static struct {
	void (*steer)(ucontext_t *, const void *);
	const void *arg;
	gregset_t home;
	struct landing landing;
} flight;

__asm__(".text\n"
	".globl landing_pad\n"
	"landing_pad:\n"
	"	int3\n"
	"	int3\n");

static void start(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)si;
	memcpy(flight.home, uc->uc_mcontext.gregs, sizeof(flight.home));
	flight.steer(uc, flight.arg);
}

static void end(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	const greg_t *regs = uc->uc_mcontext.gregs;

	flight.landing = (struct landing){
		.sig = sig, .code = si->si_code, .addr = (unsigned long)si->si_addr,
		.cs = (unsigned short)regs[REG_CSGSFS],
		.ss = (unsigned short)((unsigned long)regs[REG_CSGSFS] >> 48),
		.ip = (unsigned long)regs[REG_RIP], .sp = (unsigned long)regs[REG_RSP],
		.flags = (unsigned long)regs[REG_EFL], .cpl = cpl(),
	};
	memcpy(uc->uc_mcontext.gregs, flight.home, sizeof(flight.home));
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = handler,
				.sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaction(sig, &sa, NULL);
}

/* Once a process: handlers, on a stack that no flight destroys. */
static void prepare(void)
{
	static unsigned char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	static pid_t prepared;

	if (prepared == getpid())
		return;
	prepared = getpid();
	sigaltstack(&ss, NULL);
	handle(SIGUSR1, start);
	for (unsigned int i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		handle(ends[i], end);
}

void no_flights(void)
{
	for (unsigned int i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		signal(ends[i], SIG_DFL);
}

struct landing fly(void (*steer)(ucontext_t *, const void *), const void *arg)
{
	prepare();
	flight.steer = steer;
	flight.arg = arg;
	flight.landing = (struct landing){ 0 };
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	return flight.landing;
}
