// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jump.c - straight from ring 3 to the gate, the application and the kernel
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

enum { VECTORS = 256, INT_STUB = 3 };

/* Each goes to, or touches, the address in RCX; it is on the stack, too. */
extern const char by_jmp[], by_call[], by_ret[], by_iret[], by_read[], by_write[];
extern const char every_int[], syscall_insn[];
__asm__(".text\n"
	"by_jmp:	jmp *%rcx\n"
	"by_call:	call *%rcx\n"
	"by_ret:	ret\n"
	"by_iret:	iretq\n"
	"by_read:	mov (%rcx), %al\n"
	"by_write:	mov %al, (%rcx)\n"
	"syscall_insn:	syscall\n"
	"every_int:\n"
	".set n, 0\n"
	".rept 256\n"
	"	.byte 0xcd, n\n"
	"	int3\n"
	"	.set n, n + 1\n"
	".endr\n");

struct leap {
	const char *by;
	unsigned long to, ax;
};

static void go(ucontext_t *uc, const void *arg)
{
	const struct leap *leap = arg;
	greg_t *regs = uc->uc_mcontext.gregs;
	unsigned long *sp = low_stack + 256;
	const unsigned long frame[] = { leap->to, USER_CS, 0x202,
					(unsigned long)(low_stack + 128), USER_DS };

	memcpy(sp, frame, sizeof(frame));
	regs[REG_RSP] = (greg_t)sp;
	regs[REG_RCX] = (greg_t)leap->to;
	regs[REG_RAX] = (greg_t)leap->ax;
	regs[REG_RIP] = (greg_t)leap->by;
}

static struct landing leap(const char *by, unsigned long to)
{
	struct leap l = { by, to, SYS_getpid };

	return fly(go, &l);
}

static bool each_target(const char *by)
{
	for (int t = 0; t < TARGETS; t++) {
		struct landing l = leap(by, attacker.target[t]);

		if (!refused_at(&l, attacker.target[t]) || l.code != SEGV_MAPERR)
			return false;
	}
	return true;
}

/* 3 is for debuggers, 4 for INTO, 0x80 the 32-bit system call; all else is #GP. */
static bool each_vector(void)
{
	for (unsigned int v = 0; v < VECTORS; v++) {
		const char *stub = every_int + INT_STUB * v;
		struct landing l = leap(stub, 0);
		bool ok = refused(&l);

		if (v == 3)
			ok = landed_at(&l, stub + 1);
		else if (v == 0x80)
			ok = landed_at(&l, stub + 2);
		if (!ok)
			return false;
	}
	return true;
}

/* SYSCALL as the last instruction below the kernel's half: it must not return there. */
static bool last_syscall(void)
{
	const unsigned long end = 0x00007ffffffff000ul, page = end - 4096;
	void *p = mmap((void *)page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	struct landing l;

	if (p != (void *)page)
		return false;
	memcpy((char *)end - 2, syscall_insn, 2);
	l = leap((char *)end - 2, 0);
	return refused_at(&l, end) || refused(&l);
}

static bool no_page_above(void)
{
	void *p = mmap((void *)0x00007ffffffff000ul, 4096, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return p == MAP_FAILED;
}

static void raise_with_handler(const void *arg)
{
	struct sigaction sa = { 0 };

	sa.sa_handler = (void (*)(int))(uintptr_t) * (const unsigned long *)arg;
	sigaction(SIGUSR2, &sa, NULL);
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
}

static void raise_on_stack(const void *arg)
{
	stack_t ss = { .ss_sp = (void *)(*(const unsigned long *)arg & ~4095ul),
		       .ss_size = 65536 };
	struct sigaction sa = { .sa_handler = _exit, .sa_flags = SA_ONSTACK };

	if (sigaltstack(&ss, NULL))
		return;
	sigaction(SIGUSR2, &sa, NULL);
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
}

static bool each_kills(void (*run)(const void *))
{
	for (int t = 0; t < TARGETS; t++) {
		if (in_child(run, &attacker.target[t]) != SIGSEGV)
			return false;
	}
	return true;
}

void attack_jump(void)
{
	check("JMP to the gate and other kernel text: SIGSEGV there", each_target(by_jmp));
	check("CALL: SIGSEGV there", each_target(by_call));
	check("RET: SIGSEGV there", each_target(by_ret));
	check("IRET: SIGSEGV there", each_target(by_iret));
	check("reading it: SIGSEGV there", each_target(by_read));
	check("writing it: SIGSEGV there", each_target(by_write));
	check("INT n, each n: 3 and 0x80 do what they do, others SIGSEGV", each_vector());
	check("SYSCALL at the end of the user half: SIGSEGV behind it", last_syscall());
	check("no page can be mapped behind that end", no_page_above());
	check("a signal handler there: killed by SIGSEGV", each_kills(raise_with_handler));
	check("a signal stack there: killed by SIGSEGV", each_kills(raise_on_stack));
}
