// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sigreturn.c - a signal frame with selectors, flags and addresses of our choice
 */
#include <signal.h>

#include "attack.h"

#define UC_STRICT_RESTORE_SS 4
#define FLAGS_FORBIDDEN 0x003a7000ul	/* ID VIP VIF VM, NT, IOPL */
#define FLAGS_FORGED	0x003ff9d5ul	/* those and all others but TF and IF */

struct frame {
	unsigned int cs, ss;
	unsigned long ip, flags;
	bool lax;		/* let the kernel repair SS */
};

/* What lies beside CS in the signal context is GS, FS and SS: all ones there. */
static void forge(ucontext_t *uc, const void *arg)
{
	const struct frame *f = arg;
	greg_t *regs = uc->uc_mcontext.gregs;

	regs[REG_CSGSFS] = (greg_t)((unsigned long)f->ss << 48 | 0xffffffff0000ul | f->cs);
	regs[REG_RIP] = (greg_t)f->ip;
	if (f->flags)
		regs[REG_EFL] = (greg_t)f->flags;
	if (f->lax)
		uc->uc_flags &= ~(unsigned long)UC_STRICT_RESTORE_SS;
}

static struct landing forged(struct frame f)
{
	return fly(forge, &f);
}

static bool every_cs(void)
{
	const unsigned long pad = (unsigned long)landing_pad;

	for (unsigned int cs = 0; cs < SELECTORS; cs = next_selector(cs)) {
		struct landing l = forged((struct frame){ cs, USER_DS, pad, 0, false });
		bool exists = (cs | 3) == USER_CS || (cs | 3) == USER32_CS;

		if (l.cs != (cs | 3) || !(exists ? landed_at(&l, landing_pad) : refused(&l)))
			return false;
	}
	return true;
}

static bool every_ss(bool lax)
{
	const unsigned long pad = (unsigned long)landing_pad;

	for (unsigned int ss = 0; ss < SELECTORS; ss = next_selector(ss)) {
		struct landing l = forged((struct frame){ USER_CS, ss, pad, 0, lax });

		if (!(lax || (ss | 3) == USER_DS ? landed_at(&l, landing_pad) && l.ss == USER_DS
						 : refused(&l)))
			return false;
	}
	return true;
}

static bool every_target(unsigned int cs, unsigned long mask)
{
	for (int t = 0; t < TARGETS; t++) {
		unsigned long ip = attacker.target[t];
		struct landing l = forged((struct frame){ cs, USER_DS, ip, 0, false });

		if (!refused_at(&l, ip & mask) || (l.cs & 3) != 3)
			return false;
	}
	return true;
}

void attack_sigreturn(void)
{
	const unsigned long pad = (unsigned long)landing_pad;
	struct landing l;

	check("sigreturn, each CS: 0x33 and 0x23 land in ring 3, others SIGSEGV",
	      every_cs());
	check("sigreturn, each SS, strictly: 0x2b lands, others SIGSEGV", every_ss(false));
	check("sigreturn, each SS, repaired by the kernel: lands with 0x2b", every_ss(true));
	l = forged((struct frame){ USER_CS, USER_DS, pad, FLAGS_FORGED, false });
	check("sigreturn, all flags: no IOPL, VM, NT, VIF, VIP, and IF stays",
	      landed_at(&l, landing_pad) && !(l.flags & FLAGS_FORBIDDEN) &&
		      (l.flags & 0x200));
	check("sigreturn to the gate and other kernel text: SIGSEGV there",
	      every_target(USER_CS, -1ul));
	check("the same in 32-bit mode: SIGSEGV in the lower 4 GiB",
	      every_target(USER32_CS, 0xffffffff));
	l = forged((struct frame){ USER_CS, USER_DS, NON_CANONICAL, 0, false });
	check("sigreturn to a non-canonical address: SIGSEGV", refused(&l));
	l = forged((struct frame){ KERNEL_CS, 0x18, attacker.target[AT_RETURN], 0, false });
	check("sigreturn with CS 0x10, SS 0x18 to the application's exit: SIGSEGV",
	      l.sig == SIGSEGV && l.cpl == 3);
}
