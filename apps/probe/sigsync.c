// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sigsync.c - signals that an instruction raises: which one, what it tells, and going on
 *
 * Each instruction stands in a function of its own, so that a handler can skip it by
 * returning from that function.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"
#include "sigs.h"

#define STUBS(STUB) \
	STUB(load, "", "mov (%rdi), %al") \
	STUB(store, "", "movb $0x5a, (%rdi)") \
	STUB(jump, "", "jmp *%rdi") \
	STUB(divide, "xor %edx, %edx\n mov $7, %eax", "divq (%rdi)") \
	STUB(overflow, "mov %rdi, %rdx", "divq one(%rip)") \
	STUB(divide_x87, "fninit\n fldcw all_unmasked(%rip)\n fld1\n fldz\n fdivrp", \
	     "fwait") \
	STUB(divide_sse, "ldmxcsr zero_unmasked(%rip)\n" \
	     " cvtsi2ss %rdi, %xmm1\n xorps %xmm0, %xmm0", \
	     "divss %xmm0, %xmm1") \
	STUB(undefined, "", "ud2") \
	STUB(breakpoint, "", "int3") \
	STUB(icebp, "", ".byte 0xf1") \
	STUB(step, "pushf\n orl $0x100, (%rsp)\n popf", "jmp *%rdi") \
	STUB(backward, "std", "movb $0x5a, (%rdi)")

#define STUB_ASM(name, before, insn) \
	"t_" #name ":\n " before "\n" \
	"t_" #name "_at:\n " insn "\n" \
	"t_" #name "_after:\n xor %eax, %eax\n cld\n ret\n"

/* 0, or 1 if a handler left it by leave_function(). */
#define STUB_DECLARE(name, before, insn) \
	long t_##name(unsigned long arg); \
	extern const char t_##name##_at[], t_##name##_after[];

STUBS(STUB_DECLARE)
__asm__(".text\n" STUBS(STUB_ASM));

__attribute__((used)) static const unsigned short all_unmasked = 0x340;
__attribute__((used)) static const unsigned int zero_unmasked = 0x1d80, masked = 0x1f80;
__attribute__((used)) static const unsigned long one = 1;
static const unsigned long zero;

enum { NOTHING, READ_ONLY, NO_ACCESS, NOT_EXECUTABLE, RODATA, BEYOND_FILE, KERNEL_HOLE,
       KERNEL_NX, IRET_BELOW, NON_CANONICAL, ZERO, ONE, N_ARGS };
static unsigned long args[N_ARGS];

/* Where the context stands, and what si_addr says. */
enum where { AT, AFTER, TARGET, NOWHERE };

static const struct trap {
	const char *what;
	long (*run)(unsigned long arg);
	const char *at, *after;
	int arg, sig, code;
	enum where ip, addr;
	unsigned long trapno, err;
} traps[] = {
#define T(name) t_##name, t_##name##_at, t_##name##_after
	{ "load from nowhere", T(load), NOTHING, SIGSEGV, SEGV_MAPERR, AT, TARGET, 14, 4 },
	{ "store to nowhere", T(store), NOTHING, SIGSEGV, SEGV_MAPERR, AT, TARGET, 14, 6 },
	{ "load, PROT_NONE", T(load), NO_ACCESS, SIGSEGV, SEGV_ACCERR, AT, TARGET, 14, 4 },
	{ "store to a page that is read-only", T(store), READ_ONLY, SIGSEGV, SEGV_ACCERR,
	  AT, TARGET, 14, 7 },
	{ "store to constant data", T(store), RODATA, SIGSEGV, SEGV_ACCERR, AT, TARGET,
	  14, 7 },
	{ "load from the kernel's half", T(load), KERNEL_HOLE, SIGSEGV, SEGV_MAPERR, AT,
	  TARGET, 14, 5 },
	{ "store to the kernel's half", T(store), KERNEL_HOLE, SIGSEGV, SEGV_MAPERR, AT,
	  TARGET, 14, 7 },
	{ "load from no canonical address", T(load), NON_CANONICAL, SIGSEGV, SI_KERNEL, AT,
	  NOWHERE, 13, 0 },
	{ "load beyond the end of a file", T(load), BEYOND_FILE, SIGBUS, BUS_ADRERR, AT,
	  TARGET, 14, 4 },
	{ "jump to NULL", T(jump), NOTHING, SIGSEGV, SEGV_MAPERR, TARGET, TARGET, 14,
	  0x14 },
	{ "jump to data", T(jump), NOT_EXECUTABLE, SIGSEGV, SEGV_ACCERR, TARGET, TARGET,
	  14, 0x15 },
	{ "jump into the kernel's half, no page", T(jump), KERNEL_HOLE, SIGSEGV,
	  SEGV_MAPERR, TARGET, TARGET, 14, 0x15 },
	{ "jump into the kernel's half, data", T(jump), KERNEL_NX, SIGSEGV, SEGV_MAPERR,
	  TARGET, TARGET, 14, 0x15 },
	{ "jump to the lower half of the address of the kernel's IRET", T(jump), IRET_BELOW,
	  SIGSEGV, SEGV_MAPERR, TARGET, TARGET, 14, 0x14 },
	{ "divide by zero", T(divide), ZERO, SIGFPE, FPE_INTDIV, AT, AT, 0, 0 },
	{ "quotient too large", T(overflow), ONE, SIGFPE, FPE_INTDIV, AT, AT, 0, 0 },
	{ "x87 divide by zero", T(divide_x87), ZERO, SIGFPE, FPE_FLTDIV, AT, AT, 16, 0 },
	{ "ud2", T(undefined), NOTHING, SIGILL, ILL_ILLOPN, AT, AT, 6, 0 },
	{ "int3", T(breakpoint), NOTHING, SIGTRAP, SI_KERNEL, AFTER, NOWHERE, 3, 0 },
	{ "icebp", T(icebp), NOTHING, SIGTRAP, TRAP_BRKPT, AFTER, AFTER, 1, 0 },
	{ "a single step to NULL", T(step), NOTHING, SIGTRAP, TRAP_TRACE, TARGET, TARGET,
	  1, 0 },
#undef T
};

static void *map(int prot)
{
	return mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static unsigned long map_beyond_end(void)
{
	char name[] = "/tmp/probe-XXXXXX";
	int fd = mkstemp(name);
	void *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	unlink(name);
	close(fd);
	return (unsigned long)p + 8;
}

/* Where the kernel returns to user mode; an old K8 tells the lower half if that faults. */
static unsigned long kernel_iret(void)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[256], name[128];
	unsigned long addr, found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx %*c %127s", &addr, name) == 2 &&
		    !strcmp(name, "native_irq_return_iret"))
			found = addr;
	if (f)
		fclose(f);
	return found;
}

static void set_args(void)
{
	char *data = map(PROT_READ | PROT_WRITE), *readable = map(PROT_READ);

	data[0] = readable[0]; /* both are there */
	args[NOTHING] = 0;
	args[READ_ONLY] = (unsigned long)readable + 5;
	args[NO_ACCESS] = (unsigned long)map(PROT_NONE) + 6;
	args[NOT_EXECUTABLE] = (unsigned long)data;
	args[RODATA] = (unsigned long)&zero + *(volatile const unsigned long *)&zero;
	args[BEYOND_FILE] = map_beyond_end();
	args[KERNEL_HOLE] = 0xffffffffffe01008ul;
	args[KERNEL_NX] = 0xffff888000100000ul;
	args[IRET_BELOW] = (unsigned int)kernel_iret();
	args[NON_CANONICAL] = 0x8000000000000000ul;
	args[ZERO] = (unsigned long)&zero;
	args[ONE] = 1;
}

static unsigned long place(const struct trap *t, enum where where)
{
	switch (where) {
	case AT:	return (unsigned long)t->at;
	case AFTER:	return (unsigned long)t->after;
	case TARGET:	return args[t->arg];
	default:	return 0;
	}
}

static bool as_told(const struct trap *t)
{
	return caught.sig == t->sig && caught.code == t->code &&
	       caught.ip == place(t, t->ip) && caught.addr == place(t, t->addr) &&
	       caught.trapno == t->trapno && caught.err == t->err &&
	       (t->trapno != 14 || caught.cr2 == caught.addr);
}

static void one_trap(const struct trap *t)
{
	char line[80];
	long skipped;

	catch_signal(t->sig, 0, leave_function);
	skipped = t->run(args[t->arg]);
	/* what the skipped instruction left pending */
	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(masked));
	snprintf(line, sizeof(line), "%s: signal, context, skipped", t->what);
	check(line, skipped == 1 && n_caught == 1 && as_told(t));
}

/* Text is the kernel's half in ring 0, where nothing is "mapped" for a program. */
static void store_to_text(void)
{
	unsigned long text = (unsigned long)t_store;
	int code = in_ring0() ? SEGV_MAPERR : SEGV_ACCERR;
	char before = *(char *)text;

	catch_signal(SIGSEGV, 0, leave_function);
	check("store to the program's text: SIGSEGV, nothing written",
	      t_store(text) == 1 && caught.addr == text && caught.code == code &&
	      caught.err == 7 && *(char *)text == before);
}

static void make_writable(ucontext_t *uc)
{
	(void)uc;
	mprotect((void *)(caught.addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

static void repaired(void)
{
	volatile char *page = map(PROT_READ);

	catch_signal(SIGSEGV, 0, make_writable);
	check("the handler repairs the cause: the instruction is repeated",
	      t_store((unsigned long)page + 9) == 0 && n_caught == 1 && page[9] == 0x5a);
}

static void step_over(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)t_store_after;
}

static void skipped(void)
{
	catch_signal(SIGSEGV, 0, step_over);
	check("the handler edits RIP: the instruction is skipped",
	      t_store(8) == 0 && n_caught == 1);
}

static unsigned long flags_in_handler;

static void look_at_flags(ucontext_t *uc)
{
	__asm__ volatile("pushf; pop %0" : "=r"(flags_in_handler));
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)t_backward_after;
}

static void direction(void)
{
	catch_signal(SIGSEGV, 0, look_at_flags);
	check("the direction flag: in the context, not in the handler",
	      t_backward(8) == 0 && (caught.flags & 0x400) && !(flags_in_handler & 0x400));
}

/* The page that old programs call for the time; its code is emulated by the kernel. */
static void vsyscall(void)
{
	long (*get_time)(long *) = (void *)0xffffffffff600400ul;
	long now;

	catch_signal(SIGSEGV, 0, leave_function);
	now = get_time(NULL);
	check("a call of the vsyscall page gives the time",
	      !n_caught && (unsigned long)(time(NULL) - now) < 5);
}

/* TCG has no unmasked SSE exceptions; where there are, they are told. */
static void sse(void)
{
	catch_signal(SIGFPE, 0, leave_function);
	if (t_divide_sse(1) == 1)
		check("SSE divide by zero: the signal says so",
		      caught.trapno == 19 && caught.addr == (unsigned long)t_divide_sse_at);
	else
		printf("# SSE exceptions: this processor raises none\n");
	__asm__ volatile("ldmxcsr %0" : : "m"(masked));
}

void probe_sigsync(void)
{
	set_args();
	for (unsigned int i = 0; i < sizeof(traps) / sizeof(*traps); i++)
		one_trap(&traps[i]);
	store_to_text();
	repaired();
	skipped();
	direction();
	vsyscall();
	sse();
	default_signals();
}
