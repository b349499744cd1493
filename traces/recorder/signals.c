// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * signals.c - called by the probes of signal delivery and sigreturn
 *
 * As in events.c.  What the kernel writes for a signal's handler, and what it reads
 * back, is taken from user memory as it lies there: it is evidence of its own, beside
 * the pt_regs.  A frame that cannot be read (its page is swapped out) has no event.
 */
#include <asm/sigcontext.h>
#include <stddef.h>
#include <string.h>

#include "recorder.h"

/* The words of a sigcontext that are slots; its segment selectors have 16 bits. */
static const struct {
	uint8_t slot, len;
	uint16_t offset;
} word[] = {
#define WORD(slot, member) { UKL_S_##slot, sizeof(((struct sigcontext *)0)->member), \
			     offsetof(struct sigcontext, member) }
	WORD(r15, r15), WORD(r14, r14), WORD(r13, r13), WORD(r12, r12),
	WORD(bp, rbp), WORD(bx, rbx), WORD(r11, r11), WORD(r10, r10),
	WORD(r9, r9), WORD(r8, r8), WORD(ax, rax), WORD(cx, rcx),
	WORD(dx, rdx), WORD(si, rsi), WORD(di, rdi), WORD(ip, rip),
	WORD(cs, cs), WORD(flags, eflags), WORD(sp, rsp), WORD(ss, ss),
#undef WORD
};

static bool read_user(struct draft *d, uint64_t addr, void *buf, size_t len)
{
	return guest_read_user(d->io, d->state[UKL_S_cr3], addr, buf, len);
}

/* The sigcontext of the signal frame there becomes slots. */
static bool sample_sigcontext(struct draft *d, uint64_t frame, struct sigcontext *sc)
{
	uint64_t at = frame + recorder.layout.off_sigframe_sc;

	d->sampled &= ~UKL_SET_SIGCONTEXT;
	if (!read_user(d, at, sc, sizeof(*sc)))
		return false;
	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		d->state[word[i].slot] = 0;
		memcpy(&d->state[word[i].slot], (char *)sc + word[i].offset,
		       word[i].len);
	}
	d->sampled |= UKL_SET_SIGCONTEXT;
	return true;
}

/* arch_do_signal_or_restart(regs) */
void signal_check(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(di)))
		return;
	d.arg[UKL_A_SIG_CHECK_pc] = d.probe->pc;
	d.arg[UKL_A_SIG_CHECK_frame] = d.state[UKL_S_di];
	draft_sample_frame(&d, d.arg[UKL_A_SIG_CHECK_frame]);
	draft_sample_task(&d);
	draft_put_here(&d, UKL_EV_SIG_CHECK);
	draft_leave(&d);
}

/* x64_setup_rt_frame(ksig, regs) */
void signal_setup(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(di) | UKL_BIT(si)))
		return;
	const struct field fields[] = {
		{ recorder.layout.off_ksig_sig, 4, &d.arg[UKL_A_SIG_SETUP_sig] },
		{ recorder.layout.off_ksig_flags, 8, &d.arg[UKL_A_SIG_SETUP_flags] },
	};

	guest_fields(d.io, d.state[UKL_S_di], fields, 2);
	d.arg[UKL_A_SIG_SETUP_pc] = d.probe->pc;
	d.arg[UKL_A_SIG_SETUP_frame] = d.state[UKL_S_si];
	draft_sample_frame(&d, d.arg[UKL_A_SIG_SETUP_frame]);
	draft_sample_task(&d);
	draft_put_here(&d, UKL_EV_SIG_SETUP);
	draft_leave(&d);
}

/* SIG_FRAME, from the registers that the handler starts with; d is a copy. */
static void complete_frame(struct draft d, uint64_t ksig)
{
	const struct ukl_layout *l = &recorder.layout;
	uint64_t frame = d.state[UKL_S_sp], stack[3];
	struct sigcontext sc;
	const struct field action[] = {
		{ l->off_ksig_flags, 8, &d.arg[UKL_A_SIG_FRAME_flags] },
		{ l->off_ksig_restorer, 8, &d.arg[UKL_A_SIG_FRAME_restorer] },
	};

	memset(d.arg, 0, sizeof(d.arg));
	if (!guest_fields(d.io, ksig, action, 2) ||
	    !read_user(&d, frame, &d.arg[UKL_A_SIG_FRAME_pretcode], 8) ||
	    !read_user(&d, frame + l->off_sigframe_stack, stack, sizeof(stack)) ||
	    !sample_sigcontext(&d, frame, &sc))
		return;
	d.arg[UKL_A_SIG_FRAME_pc] = d.probe->pc;
	d.arg[UKL_A_SIG_FRAME_frame] = frame;
	/* A stack_t: ss_sp, ss_flags (32 bits), ss_size */
	d.arg[UKL_A_SIG_FRAME_stack] = stack[0];
	d.arg[UKL_A_SIG_FRAME_stack_flags] = (uint32_t)stack[1];
	d.arg[UKL_A_SIG_FRAME_stack_size] = stack[2];
	d.arg[UKL_A_SIG_FRAME_trapno] = sc.trapno;
	d.arg[UKL_A_SIG_FRAME_err] = sc.err;
	d.arg[UKL_A_SIG_FRAME_cr2] = sc.cr2;
	d.arg[UKL_A_SIG_FRAME_fpstate] = (uintptr_t)sc.fpstate;
	draft_put_here(&d, UKL_EV_SIG_FRAME);
}

/* signal_setup_done(failed, ksig, stepping) */
void signal_done(unsigned int vcpu, void *probe)
{
	const struct ukl_layout *l = &recorder.layout;
	struct draft d;
	uint64_t ksig, sig = 0, handler = 0;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(di) | UKL_BIT(si) | UKL_BIT(cr3)))
		return;
	ksig = d.state[UKL_S_si];
	d.arg[UKL_A_SIG_START_failed] = (uint32_t)d.state[UKL_S_di];
	draft_sample_task(&d);
	d.arg[UKL_A_SIG_START_frame] = draft_user_frame(&d);
	draft_sample_frame(&d, d.arg[UKL_A_SIG_START_frame]);
	/* 32-bit handlers have frames of another shape. */
	if (!d.arg[UKL_A_SIG_START_failed] &&
	    (d.state[UKL_S_cs] & 0xffff) != l->user32_cs)
		complete_frame(d, ksig);
	const struct field fields[] = {
		{ l->off_ksig_sig, 4, &sig },
		{ l->off_ksig_handler, 8, &handler },
	};

	guest_fields(d.io, ksig, fields, 2);
	d.arg[UKL_A_SIG_START_pc] = d.probe->pc;
	d.arg[UKL_A_SIG_START_sig] = sig;
	d.arg[UKL_A_SIG_START_handler] = handler;
	draft_put_here(&d, UKL_EV_SIG_START);
	draft_leave(&d);
}

/* The handler's return has popped the frame's first word. */
void signal_return(unsigned int vcpu, void *probe)
{
	struct sigcontext sc;
	struct draft d;
	uint64_t frame;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(cr3)))
		return;
	draft_sample_task(&d);
	draft_sample_frame(&d, draft_user_frame(&d));
	frame = d.state[UKL_S_sp] - sizeof(frame);
	d.arg[UKL_A_SIG_RETURN_pc] = d.probe->pc;
	d.arg[UKL_A_SIG_RETURN_frame] = frame;
	if (sample_sigcontext(&d, frame, &sc))
		draft_put_here(&d, UKL_EV_SIG_RETURN);
	draft_leave(&d);
}

/* fpu__restore_sig(buf, ia32_frame) */
void signal_restored(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(si)))
		return;
	d.arg[UKL_A_SIG_RESTORED_pc] = d.probe->pc;
	d.arg[UKL_A_SIG_RESTORED_ia32] = (uint32_t)d.state[UKL_S_si];
	draft_sample_task(&d);
	d.arg[UKL_A_SIG_RESTORED_frame] = draft_user_frame(&d);
	draft_sample_frame(&d, d.arg[UKL_A_SIG_RESTORED_frame]);
	draft_put_here(&d, UKL_EV_SIG_RESTORED);
	draft_leave(&d);
}

/* force_sig_fault(sig, code, addr) */
void signal_force(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(di) | UKL_BIT(si) | UKL_BIT(dx)))
		return;
	d.arg[UKL_A_SIG_FORCE_pc] = d.probe->pc;
	d.arg[UKL_A_SIG_FORCE_sig] = (uint32_t)d.state[UKL_S_di];
	d.arg[UKL_A_SIG_FORCE_code] = (uint32_t)d.state[UKL_S_si];
	d.arg[UKL_A_SIG_FORCE_addr] = d.state[UKL_S_dx];
	draft_sample_task(&d);
	draft_put_here(&d, UKL_EV_SIG_FORCE);
	draft_leave(&d);
}
