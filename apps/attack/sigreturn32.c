// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sigreturn32.c - the 32-bit sigreturn, by INT 0x80, with a frame made by hand
 */
#include <signal.h>
#include <string.h>

#include "attack.h"

enum { NR32_SIGRETURN = 119, GARBAGE = 0xffff };

/* The i386 ABI's, each selector with the 16 bits beside it */
struct sigcontext32 {
	uint16_t gs, gs_high, fs, fs_high, es, es_high, ds, ds_high;
	uint32_t di, si, bp, sp, bx, dx, cx, ax, trapno, err, ip;
	uint16_t cs, cs_high;
	uint32_t flags, sp_at_signal;
	uint16_t ss, ss_high;
	uint32_t fpstate, oldmask, cr2;
};

static struct {
	uint32_t return_address, sig;	/* popped by handler and restorer */
	struct sigcontext32 sc;
	uint32_t rest[256];
} frame32;

extern const char int_80[];
__asm__(".text\n"
	"int_80:\n"
	"	int $0x80\n"
	"	ud2\n");

static void call_sigreturn32(ucontext_t *uc, const void *arg)
{
	greg_t *regs = uc->uc_mcontext.gregs;

	(void)arg;
	regs[REG_RAX] = NR32_SIGRETURN;
	regs[REG_RSP] = (greg_t)&frame32.sc;
	regs[REG_RIP] = (greg_t)int_80;
}

static struct landing forged(unsigned int cs, unsigned int ss)
{
	memset(&frame32, 0, sizeof(frame32));
	frame32.sc = (struct sigcontext32){
		.cs = (uint16_t)cs, .cs_high = GARBAGE,
		.ss = (uint16_t)ss, .ss_high = GARBAGE,
		.gs_high = GARBAGE, .fs_high = GARBAGE,
		.es_high = GARBAGE, .ds_high = GARBAGE,
		.flags = 0xffffffff & ~0x500u,	/* no TF, no DF */
		.ip = (uint32_t)(unsigned long)landing_pad,
		.sp = (uint32_t)(unsigned long)(low_stack + 256),
	};
	return fly(call_sigreturn32, NULL);
}

static bool every_selector(bool is_cs)
{
	for (unsigned int sel = 0; sel < SELECTORS; sel = next_selector(sel)) {
		struct landing l = is_cs ? forged(sel, USER_DS) : forged(USER_CS, sel);
		unsigned int rpl3 = sel | 3;
		bool exists = is_cs ? rpl3 == USER_CS || rpl3 == USER32_CS
				    : rpl3 == USER_DS;

		if (!(exists ? landed_at(&l, landing_pad) : refused(&l)))
			return false;
	}
	return true;
}

void attack_sigreturn32(void)
{
	check("32-bit sigreturn, each CS: 0x33 and 0x23 land in ring 3, others SIGSEGV",
	      every_selector(true));
	check("32-bit sigreturn, each SS: 0x2b lands in ring 3, others SIGSEGV",
	      every_selector(false));
}
