// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ldt.c - segments of our own: what they may be, and going to them and by them
 */
#include <asm/ldt.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

enum {
	LDT_WRITE = 0x11, NR32_SET_THREAD_AREA = 243,
	CODE = 2, CONFORMING = 3,		/* user_desc.contents */
	AR_S = 1 << 12, AR_DPL = 3 << 13, AR_L = 1 << 21,
};

static unsigned int ldt_selector(unsigned int entry)
{
	return entry << 3 | 4 | 3;
}

/* 0 or a negative error: the system call's result has 32 bits, unlike all others'. */
static int set_ldt(const struct user_desc *desc)
{
	return (int)syscall(SYS_modify_ldt, LDT_WRITE, desc, sizeof(*desc));
}

/* The processor's own view of a descriptor; 0 if it may not be loaded. */
static unsigned int access_rights(unsigned int selector)
{
	unsigned int ar = 0;

	__asm__("lar %1, %0" : "+r"(ar) : "r"(selector) : "cc");
	return ar;
}

/* All that user_desc can ask for, one bit each from base_addr's neighbours on. */
static struct user_desc wish(unsigned int entry, unsigned int bits)
{
	return (struct user_desc){
		.entry_number = entry, .limit = 0xfffff, .seg_32bit = bits & 1,
		.contents = bits >> 1 & 3, .read_exec_only = bits >> 3 & 1,
		.limit_in_pages = bits >> 4 & 1, .seg_not_present = bits >> 5 & 1,
		.useable = bits >> 6 & 1, .lm = bits >> 7 & 1,
	};
}

static bool only_ordinary_descriptors(void)
{
	for (unsigned int bits = 0; bits < 256; bits++) {
		struct user_desc d = wish(bits, bits);
		unsigned int ar;

		if (set_ldt(&d))
			continue;
		ar = access_rights(ldt_selector(bits));
		if (ar && ((ar & AR_DPL) != AR_DPL || !(ar & AR_S) || (ar & AR_L)))
			return false;
	}
	return true;
}

/* The 32-bit call, which may fill GDT slots */
static long set_thread_area(struct user_desc *low)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(NR32_SET_THREAD_AREA), "b"(low)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static bool no_code_in_gdt(void)
{
	static struct user_desc d;

	for (unsigned int bits = 0; bits < 256; bits++) {
		d = wish(-1u, bits);
		if (d.contents >= CODE && !set_thread_area(&d))
			return false;
	}
	return true;
}

/* Ways to a far address, without the kernel's help */
extern const char far_return[], far_jump[], far_iret[];
__asm__(".text\n"
	"far_return:	lretq\n"
	"far_jump:	rex.w ljmp *(%rsp)\n"
	"far_iret:	iretq\n");

struct far {
	const char *by;
	unsigned int selector, ss;
	unsigned long ip;
};

static void go_far(ucontext_t *uc, const void *arg)
{
	const struct far *f = arg;
	unsigned long *sp = low_stack + 256;
	greg_t *regs = uc->uc_mcontext.gregs;

	sp[0] = f->ip;
	sp[1] = f->selector;
	sp[2] = 0x202;
	sp[3] = (unsigned long)(low_stack + 128);
	sp[4] = f->ss;
	regs[REG_RSP] = (greg_t)sp;
	regs[REG_RIP] = (greg_t)f->by;
}

static struct landing far(const char *by, unsigned int selector, unsigned int ss)
{
	struct far f = { by, selector, ss, (unsigned long)landing_pad };

	return fly(go_far, &f);
}

/* A jump takes RPL 0 too and lands with RPL 3; the others want RPL 3. */
static bool every_gdt_selector(const char *by)
{
	for (unsigned int sel = 0; sel < DESCRIPTORS; sel++) {
		struct landing l;
		unsigned int rpl3 = by == far_jump ? sel | 3 : sel;
		bool exists = rpl3 == USER_CS || rpl3 == USER32_CS;

		if (sel & 4)
			continue;
		l = far(by, sel, USER_DS);
		if (exists ? !landed_at(&l, landing_pad) || l.cs != rpl3
			   : l.sig != SIGSEGV || l.cpl != 3)
			return false;
	}
	return true;
}

static void forge(ucontext_t *uc, const void *arg)
{
	const struct far *f = arg;
	greg_t *regs = uc->uc_mcontext.gregs;

	regs[REG_CSGSFS] = (greg_t)((unsigned long)f->ss << 48 | f->selector);
	regs[REG_RIP] = (greg_t)f->ip;
	regs[REG_RSP] = (greg_t)(low_stack + 256);
}

static struct landing by_sigreturn(unsigned int selector, unsigned int ss)
{
	struct far f = { NULL, selector, ss, (unsigned long)landing_pad };

	return fly(forge, &f);
}

/* The entry's code segment, by all four ways; absent ones give a signal. */
static bool to_ldt(unsigned int entry, bool present)
{
	unsigned int sel = ldt_selector(entry);
	struct landing l[] = {
		far(far_return, sel, USER_DS), far(far_jump, sel, USER_DS),
		far(far_iret, sel, USER_DS), by_sigreturn(sel, USER_DS),
	};

	for (unsigned int i = 0; i < sizeof(l) / sizeof(*l); i++) {
		if (present ? !landed_at(&l[i], landing_pad) || l[i].cs != sel
			    : (l[i].sig != SIGSEGV && l[i].sig != SIGBUS) || l[i].cpl != 3)
			return false;
	}
	return true;
}

static int set_code(unsigned int contents, bool present)
{
	struct user_desc d = { .entry_number = 1, .limit = 0xfffff, .limit_in_pages = 1,
			       .contents = contents, .seg_32bit = 1,
			       .seg_not_present = !present };

	return set_ldt(&d);
}

static bool code_segment(unsigned int contents, bool present)
{
	return !set_code(contents, present) && to_ldt(1, present);
}

/* IRET with a 16-bit SS keeps the upper bits of the kernel's RSP: espfix hides them. */
static bool espfix(void)
{
	struct user_desc stack = { .entry_number = 2, .limit = 0xfffff,
				   .limit_in_pages = 1 };
	struct landing l;

	if (set_ldt(&stack) || !code_segment(CODE, true))
		return false;
	l = by_sigreturn(ldt_selector(1), ldt_selector(2));
	return landed_at(&l, landing_pad) && l.ss == ldt_selector(2) &&
	       (uint32_t)l.sp == (uint32_t)(unsigned long)(low_stack + 256);
}

void attack_ldt(void)
{
	check("modify_ldt, 256 descriptors: all DPL 3, none of the system, none 64-bit",
	      only_ordinary_descriptors());
	check("set_thread_area: no code segment in the GDT", no_code_in_gdt());
	check("far return to each GDT selector: 0x33 and 0x23 only",
	      every_gdt_selector(far_return));
	check("far jump to each GDT selector: 0x33 and 0x23 only, ring 3",
	      every_gdt_selector(far_jump));
	check("IRET to each GDT selector: 0x33 and 0x23 only",
	      every_gdt_selector(far_iret));
	check("32-bit code segment of the LDT, four ways: ring 3",
	      code_segment(CODE, true));
	check("conforming code segment of the LDT: EINVAL unless absent",
	      set_code(CONFORMING, true) == -EINVAL && code_segment(CONFORMING, false));
	check("absent code segment of the LDT, four ways: SIGSEGV or SIGBUS",
	      code_segment(CODE, false));
	check("16-bit stack segment: ring 3, no kernel address in ESP", espfix());
}
