// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gsbase.c - ring 3 may point GS anywhere: entry code must not look before SWAPGS
 */
#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "attack.h"

#define FAKE_SIZE (1ul << 20)	/* more than the kernel's per-CPU area */

static volatile sig_atomic_t ticks;

extern const char gs_int3[], gs_int1[], gs_divide[], gs_fault[], gs_step[], gs_call32[];
__asm__(".text\n"
	"gs_int3:	int3\n"
	"gs_int1:	.byte 0xf1\n	nop\n"
	"gs_divide:	xor %ecx, %ecx\n	div %ecx\n"
	"gs_fault:	mov (0), %al\n"
	"gs_step:	pushfq\n	orl $0x100, (%rsp)\n	popfq\n	nop\n	nop\n"
	"gs_call32:	mov $20, %eax\n	int $0x80\n	int3\n");

static void count_tick(int sig)
{
	(void)sig;
	ticks++;
}

static void set_gs(unsigned long base)
{
	__asm__ volatile("wrgsbase %0" : : "r"(base));
}

static unsigned long get_gs(void)
{
	unsigned long base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}

static void go(ucontext_t *uc, const void *arg)
{
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)arg;
	uc->uc_mcontext.gregs[REG_RSP] = (greg_t)(low_stack + 256);
}

static bool ends_with(const char *code, int sig)
{
	struct landing l = fly(go, code);

	return l.sig == sig && l.cpl == 3;
}

/* Interrupts in code that makes no system call meanwhile */
static bool sees_ticks(void)
{
	const struct itimerval on = { { 0, 4000 }, { 0, 4000 } }, off = { 0 };

	signal(SIGALRM, count_tick);
	ticks = 0;
	setitimer(ITIMER_REAL, &on, NULL);
	while (ticks < 5)
		;
	setitimer(ITIMER_REAL, &off, NULL);
	return true;
}

/* Every kind of entry, with GS there; and it is there afterwards. */
static bool survives(unsigned long base)
{
	bool ok;

	set_gs(base);
	ok = syscall(SYS_getppid) > 0 && ends_with(gs_int3, SIGTRAP) &&
	     ends_with(gs_int1, SIGTRAP) && ends_with(gs_divide, SIGFPE) &&
	     ends_with(gs_fault, SIGSEGV) && ends_with(gs_step, SIGTRAP) &&
	     ends_with(gs_call32, SIGTRAP) && sees_ticks() && get_gs() == base;
	set_gs(0);
	return ok && cpl() == 3;
}

/*
 * Whatever is read of it as a pointer leads into it, and every word in the lower half
 * of it is a pointer, every one in the upper half says 2: a current of ours in
 * application mode, were entry code to ask for it on our GS.
 */
static bool fake_per_cpu(void)
{
	unsigned long *area = mmap(NULL, 2 * FAKE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const unsigned long words = FAKE_SIZE / sizeof(*area);

	if (area == MAP_FAILED)
		return false;
	for (unsigned long i = 0; i < words; i++) {
		area[i] = (unsigned long)(area + words);
		area[words + i] = 0x0000000200000002ul;
	}
	return survives((unsigned long)area);
}

static bool arch_prctl_refuses(int which)
{
	return syscall(SYS_arch_prctl, which, attacker.target[AT_TASK]) == -1 &&
	       errno == EPERM;
}

void attack_gsbase(void)
{
	check("ARCH_SET_GS to a kernel address: EPERM", arch_prctl_refuses(ARCH_SET_GS));
	check("ARCH_SET_FS to a kernel address: EPERM", arch_prctl_refuses(ARCH_SET_FS));
	check("WRGSBASE to kernel text, then every kind of entry: nothing happens",
	      survives(attacker.target[AT_GATE]));
	check("WRGSBASE to a task_struct, the same: nothing happens",
	      survives(attacker.target[AT_TASK]));
	check("WRGSBASE to a per-CPU area of ours with ukl_mode 2: nothing happens",
	      fake_per_cpu());
}
