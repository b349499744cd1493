// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rogue.c - an application that does, on request, what only ring 0 lets it do
 *
 *   rogue none | MISDEED
 *
 * The mutants of the application's side: a C library's stub that misses the gate, and
 * code that uses what CPL 0 permits.  mkukl.sh refuses such instructions where it sees
 * them; here they are the second half of a MOV's immediate, where it does not, as they
 * may be in a library that somebody bought.  Nothing in the kernel stops any of it; the
 * model must tell.  Prints "rogue: mutant MISDEED" first.  What happens then is anything.
 *
 * Exit status: 0 none; 1 the misdeed went by; 2 usage.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* NAME(a) executes INSN, at most seven bytes, with RAX and RCX the address a. */
#define HIDDEN(name, insn) \
	void name(const void *a); \
	__asm__(".text\n" \
		".type " #name ", @function\n" \
		#name ":	mov %rdi, %rax\n" \
		"	mov %rdi, %rcx\n" \
		"	jmp 1f + 2\n" \
		"1:	.byte 0x48, 0xba\n" /* MOV imm64, RDX */ \
		"2:	" insn "\n" \
		"	ret\n" \
		"	.skip 8 - (. - 2b), 0x90\n" \
		".size " #name ", . - " #name "\n")

HIDDEN(do_syscall, "syscall");
HIDDEN(do_int80, "int $0x80");
HIDDEN(do_swapgs, "swapgs");
HIDDEN(do_wrgsbase, "wrgsbase %rax");
HIDDEN(do_wrmsr, "wrmsr");
HIDDEN(do_lidt, "lidt (%rax)");
HIDDEN(do_cr4, "mov %rax, %cr4");
HIDDEN(do_sysret, "sysretq");

/* getpid() through the gate's second instruction, and with a return address of ours. */
long beside_gate(void);
void return_to(const void *a);

__asm__(".text\n"
	".type beside_gate, @function\n"
	"beside_gate:\n"
	"	movslq 1f + 1(%rip), %rdx\n"
	"	lea 2f + 1(%rip), %rcx\n"
	"	add %rcx, %rdx\n"
	"	mov $39, %eax\n"
	"	call *%rdx\n"
	"	ret\n"
	"1:	call entry_SYSCALL_64\n"
	"2:	ret\n"
	".size beside_gate, . - beside_gate\n"
	".type return_to, @function\n"
	"return_to:\n"
	"	mov %rdi, %rcx\n"
	"	pushfq\n"
	"	pop %r11\n"
	"	mov $39, %eax\n"
	"	jmp entry_SYSCALL_64_jump\n"
	".size return_to, . - return_to\n"
	/* getpid() with the stack pointer a, and back on our own */
	".type call_on, @function\n"
	"call_on:\n"
	"	push %rbx\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdi, %rsp\n"
	"	mov $39, %eax\n"
	"	call entry_SYSCALL_64\n"
	"	mov %rbx, %rsp\n"
	"	pop %rbx\n"
	"	ret\n"
	".size call_on, . - call_on\n");
void call_on(const void *a);

static struct __attribute__((packed)) {
	uint16_t limit;
	uint64_t base;
} table = { .limit = 0xfff };

/* The page after the GDT's is the CPU's entry stack: struct cpu_entry_area. */
static const char *entry_stack(void)
{
	__asm__ volatile("sgdt %0" : "=m"(table));
	return (const char *)(uintptr_t)table.base + 2 * 4096 - 512;
}

static void none(void)
{
	getpid();
}

static void past_gate(void)
{
	beside_gate();
}

static void returns_to_data(void)
{
	return_to(&table);
}

static void kernel_stack(void)
{
	call_on(entry_stack());
}

static void syscall_insn(void)
{
	do_syscall(NULL);
}

static void int80_insn(void)
{
	do_int80(NULL);
}

static void swaps_gs(void)
{
	do_swapgs(NULL);
	getpid();
}

static void writes_gs_base(void)
{
	do_wrgsbase(&table);
	getpid();
}

static void writes_msr(void)
{
	do_wrmsr((const void *)0x174); /* IA32_SYSENTER_CS */
}

static void loads_idt(void)
{
	do_lidt(&table);
	getpid();
}

static void writes_cr4(void)
{
	do_cr4((const void *)0x6b0); /* PAE, MCE, PGE, OSFXSR, OSXMMEXCPT */
}

static void to_ring_3(void)
{
	do_sysret(&table);
}

static const struct misdeed {
	char name[20];
	void (*act)(void);
} misdeeds[] = {
#define MISDEED(name) { #name, name }
	MISDEED(none),
	MISDEED(past_gate),
	MISDEED(returns_to_data),
	MISDEED(kernel_stack),
	MISDEED(syscall_insn),
	MISDEED(int80_insn),
	MISDEED(swaps_gs),
	MISDEED(writes_gs_base),
	MISDEED(writes_msr),
	MISDEED(loads_idt),
	MISDEED(writes_cr4),
	MISDEED(to_ring_3),
};

int main(int argc, char **argv)
{
	const struct misdeed *m = misdeeds, *end = m + sizeof(misdeeds) / sizeof(*m);

	while (m < end && (argc != 2 || strcmp(argv[1], m->name)))
		m++;
	if (m == end) {
		dprintf(2, "usage: rogue none | MISDEED; the names are at the end of"
			" rogue.c\n");
		return 2;
	}
	dprintf(1, "rogue: mutant %s\n", m->name);
	m->act();
	return m != misdeeds;
}
