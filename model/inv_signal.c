/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_signal.c - SG: signals, from the fault that raises one to sigreturn
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

#define RED_ZONE 128u
#define SIGILL_64  4u
#define SIGTRAP_64 5u
#define SIGBUS_64  7u
#define SIGFPE_64  8u
#define SIGSEGV_64 11u
#define X86_PF_PROT 1u
#define X86_PF_USER 4u
/* What the handler is given in registers; the others stay as they were. */
#define SET_GIVEN (UKL_BIT(ax) | UKL_BIT(di) | UKL_BIT(si) | UKL_BIT(dx))

/* Another task's debugger may be between any two events; single steps set TF. */
#define FLAGS_KEPT (FLAGS_FRAME & ~X86_TF)

static bool is_interruption(const struct ukl_ctx *ctx)
{
	return ctx && ctx->tag == UKL_TAG_EVENT && ctx->vector != VECTOR_SYSCALL;
}

/* Interrupted in the gate, which is not where a signal may find it. */
static bool in_gate(const struct ukl_ctx *ctx)
{
	return is_interruption(ctx) && ctx->from == UKL_AT_SEAM_IN;
}

static bool by_lstar(const struct ukl_view *v)
{
	return v->ctx->tag == UKL_TAG_USER_SYSCALL && v->cpu->lstar_known &&
	       v->ctx->pc == v->cpu->lstar;
}

/* A system call whose way back is known, and the length of its instruction. */
static unsigned int call_length(const struct ukl_view *v)
{
	if (v->ctx->tag == UKL_TAG_SYSCALL)
		return v->ctx->have_regs ? GATE_INSN_LEN : 0;
	return by_lstar(v) ? SYSCALL_INSN_LEN : 0;
}

static uint64_t call_return(const struct ukl_ctx *call)
{
	return call->tag == UKL_TAG_SYSCALL ? call->ret : call->truth[S(ip)];
}

static const uint64_t *call_regs(const struct ukl_ctx *call)
{
	return call->tag == UKL_TAG_SYSCALL ? call->regs : call->truth;
}

static bool is_sigreturn(const struct ukl_ctx *ctx)
{
	return (ctx->tag == UKL_TAG_SYSCALL || ctx->tag == UKL_TAG_USER_SYSCALL) &&
	       (uint32_t)ctx->truth[S(ax)] == NR_RT_SIGRETURN;
}

/* An exception of the program itself, rather than of the kernel at work for it. */
static bool program_fault(const struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_interruption(ctx) || ctx->vector >= FIRST_IRQ || edited(v))
		return false;
	/* The emulated vsyscall page faults for addresses of its own. */
	return ctx->app || (ctx->from == UKL_AT_USER &&
			    !in_range(ctx->truth[S(ip)], VSYSCALL_PAGE,
				      VSYSCALL_PAGE + VSYSCALL_SIZE));
}

/* SG-force */
static unsigned int signal_of(unsigned int vector)
{
	switch (vector) {
	case VECTOR_DE:
	case VECTOR_MF:
	case VECTOR_XF:
		return SIGFPE_64;
	case VECTOR_DB:
	case VECTOR_BP:
		return SIGTRAP_64;
	case VECTOR_UD:
		return SIGILL_64;
	case VECTOR_AC:
		return SIGBUS_64;
	case VECTOR_GP:
	case VECTOR_PF:
		return SIGSEGV_64;
	}
	return 0;
}

static enum ukl_result check_force(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t sig = ARG(SIG_FORCE, sig);
	unsigned int vector;

	if (!program_fault(v) || !signal_of(v->ctx->vector))
		return UKL_VACUOUS;
	vector = v->ctx->vector;
	/* A file that has become shorter than its mapping */
	if (vector != VECTOR_PF || sig != SIGBUS_64)
		want(f, "signal", signal_of(vector), sig);
	if (vector == VECTOR_PF)
		want(f, "si_addr", v->ctx->truth[S(cr2)], ARG(SIG_FORCE, addr));
	if (vector == VECTOR_DE || vector == VECTOR_UD)
		want(f, "si_addr", v->ctx->truth[S(ip)], ARG(SIG_FORCE, addr));
	return verdict(f);
}

static const struct ukl_invariant sg_force = {
	.id = "SG-force",
	.sentence = "A fault becomes the signal that belongs to it, and si_addr is "
		    "the address that could not be accessed, of #DE and #UD the "
		    "instruction.",
	.why = "Garbage collectors, emulators and stack growth by hand decide by "
	       "si_addr; the application's faults must look like anybody's.",
	.source = "arch/x86/mm/fault.c __bad_area_nosemaphore; arch/x86/kernel/traps.c; "
		  "bug ledger B19",
	.exceptions = "The vsyscall page; registers that a debugger may have changed.",
	.events = UKL_ON(SIG_FORCE),
	.variants = UKL_VARIANT_ALL,
	.check = check_force,
};

/* SG-task-stack */
static enum ukl_result check_task_stack(const struct ukl_view *v,
					struct ukl_finding *f)
{
	if (!own(v))
		return UKL_VACUOUS;
	want(f, "address of pt_regs", v->s[S(top)] - PT_REGS_SIZE,
	     ARG(SIG_SETUP, frame));
	want(f, "preempt", 0, v->s[S(preempt)] & PREEMPT_MASK);
	return verdict(f);
}

static const struct ukl_invariant sg_task_stack = {
	.id = "SG-task-stack",
	.sentence = "Signals edit the pt_regs at the top of the task stack, with "
		    "preemption on.",
	.why = "It is the frame that the return will pop; building the signal's frame "
	       "may fault and sleep.",
	.source = "kernel/entry/common.c exit_to_user_mode_loop",
	.exceptions = "None.",
	.events = UKL_ON(SIG_SETUP),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_NSS,
	.check = check_task_stack,
};

/* SG-mode */
static enum ukl_result check_mode(const struct ukl_view *v, struct ukl_finding *f)
{
	enum ukl_where side = whose(v, v->ctx);

	if (!own(v) || side == UKL_AT_UNKNOWN)
		return UKL_VACUOUS;
	want(f, "mode", side == UKL_AT_APP, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant sg_mode = {
	.id = "SG-mode",
	.sentence = "While a signal is set up and while sigreturn restores registers, "
		    "ukl_mode says kernel for the application and nothing for ring 3.",
	.why = "The user accesses in there fault as the kernel's own.",
	.source = "arch/x86/kernel/signal.c handle_signal",
	.exceptions = "After an exec in the same system call.",
	.events = UKL_ON(SIG_SETUP) | UKL_ON(SIG_START) | UKL_ON(SIG_RETURN) |
		  UKL_ON(SIG_RESTORED),
	.variants = UKL_VARIANT_ALL,
	.check = check_mode,
};

/* The gate's first instruction: its fault found no return address to go back by. */
static bool waits_for_word(const struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;

	return is_interruption(ctx) && ctx->vector == VECTOR_PF &&
	       ctx->truth[S(ip)] == v->lay->gate_call;
}

/* SG-gate-atomic */
static enum ukl_result check_gate_atomic(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	const struct ukl_layout *l = v->lay;
	uint64_t ip = v->s[S(ip)];

	if (whose(v, v->ctx) != UKL_AT_APP || edited(v))
		return UKL_VACUOUS;
	if (ip == l->gate_call && waits_for_word(v))
		return UKL_HOLDS;
	want_out(f, "ip", l->gate_call, l->seam_in_end, ip);
	want_out(f, "ip", l->seam_out_start, l->seam_out_end, ip);
	if (in_gate(v->ctx) && !v->ctx->renewed && v->task->depth > 1) {
		const struct ukl_ctx *gate = v->ctx - 1;

		want(f, "ip", gate->ret - GATE_INSN_LEN, ip);
		want(f, "sp", gate->sp, v->s[S(sp)]);
	}
	return verdict(f);
}

static const struct ukl_invariant sg_gate_atomic = {
	.id = "SG-gate-atomic",
	.sentence = "No signal shows an instruction pointer inside the gate or the "
		    "return: a call that was not begun yet is shown at its CALL.",
	.why = "The gate stands for one instruction.  musl's cancellation compares the "
	       "pointer with a range of its own text, and loses a cancellation if it is "
	       "elsewhere.",
	.source = "arch/x86/kernel/ukl.c ukl_rewind_gate; "
		  "musl src/thread/x86_64/syscall_cp.s, src/thread/pthread_cancel.c; "
		  "docs/bugs-found.md",
	.exceptions = "Registers that a debugger may have changed; a page fault on the "
		      "return address that the signal ended.",
	.events = UKL_ON(SIG_SETUP),
	.variants = UKL_VARIANT_BASE,
	.check = check_gate_atomic,
};

/* SG-context */
static void want_same(struct ukl_finding *f, uint32_t slots, const uint64_t *expected,
		      const uint64_t *found)
{
	want_slots(f, slots, expected, found);
	want(f, "flags", expected[S(flags)] & FLAGS_KEPT, found[S(flags)] & FLAGS_KEPT);
}

/* The registers that a signal interrupts, as far as they are known; NULL if not. */
static const uint64_t *interrupted_regs(const struct ukl_view *v, uint32_t *slots)
{
	const struct ukl_ctx *ctx = v->ctx;
	enum ukl_where side = whose(v, ctx);

	*slots = UKL_SET_GPRS | UKL_BIT(sp) | UKL_BIT(ip);
	if (side == UKL_AT_UNKNOWN || edited(v) || in_gate(ctx))
		return NULL;
	/* A restartable sequence is moved on before its signal. */
	if (side == UKL_AT_USER || moved_on(v))
		*slots &= ~UKL_BIT(ip);
	if (ctx->saving || ctx->renewed || ctx->tag == UKL_TAG_FORK_CHILD)
		return ctx->regs;
	if (is_interruption(ctx)) {
		if (side == UKL_AT_APP || ctx->vector >= FIRST_IRQ ||
		    ctx->vector == VECTOR_PF)
			return ctx->truth;
		return NULL;
	}
	*slots &= ~(UKL_BIT(ip) | UKL_BIT(ax));
	return is_sigreturn(ctx) || !call_length(v) ? NULL : call_regs(ctx);
}

static enum ukl_result check_context(const struct ukl_view *v, struct ukl_finding *f)
{
	uint32_t slots;
	const uint64_t *regs = interrupted_regs(v, &slots);

	if (!regs)
		return UKL_VACUOUS;
	want_same(f, slots, regs, v->s);
	return verdict(f);
}

static const struct ukl_invariant sg_context = {
	.id = "SG-context",
	.sentence = "What a signal saves are the registers that the program had when it "
		    "was interrupted or made its system call.",
	.why = "They are shown to the handler and come back by sigreturn; whatever is "
	       "lost here is lost for good.",
	.source = "arch/x86/kernel/signal.c handle_signal; bug ledger B3, B6",
	.exceptions = "TF, RF; of a system call RAX and RIP, which are SG-restart's; "
		      "RIP, which rseq moves (of ring 3, and of the application where "
		      "it was registered); in ring 3 exceptions that the kernel may "
		      "emulate; an interrupted gate, which is SG-gate-atomic's.  "
		      "rt_sigreturn that restored nothing; registers that a debugger "
		      "may have changed.",
	.events = UKL_ON(SIG_SETUP),
	.variants = UKL_VARIANT_ALL,
	.check = check_context,
};

/* SG-restart */
enum { EINTR_64 = 4, RESTARTSYS = 512, RESTARTNOINTR, RESTARTNOHAND,
       RESTART_RESTARTBLOCK = 516 };

static bool is_error(uint64_t ax, unsigned int error)
{
	return ax == -(uint64_t)error;
}

static bool wants_restart(uint64_t ax)
{
	return is_error(ax, RESTARTSYS) || is_error(ax, RESTARTNOINTR) ||
	       is_error(ax, RESTARTNOHAND) || is_error(ax, RESTART_RESTARTBLOCK);
}

/* Restarted or not, by the result and whether there is a handler: signal(7). */
static bool restarts(const struct ukl_view *v, uint64_t result)
{
	if (v->kind != UKL_K_SIG_SETUP)
		return true;
	return is_error(result, RESTARTNOINTR) ||
	       (is_error(result, RESTARTSYS) &&
		(ARG(SIG_SETUP, flags) & SA_RESTART_64));
}

static uint64_t call_number(const struct ukl_ctx *call)
{
	return call->tag == UKL_TAG_SYSCALL ? call->regs[S(orig_ax)] :
	       call->truth[S(ax)];
}

/* One look for signals: what becomes of the result is exactly known. */
static void want_result(const struct ukl_view *v, struct ukl_finding *f,
			unsigned int len)
{
	uint64_t result = v->ctx->result, ret = call_return(v->ctx);

	if (!wants_restart(result)) {
		want(f, "ip", ret, v->s[S(ip)]);
		want(f, "ax (the result)", result, v->s[S(ax)]);
	} else if (!restarts(v, result)) {
		want(f, "ip", ret, v->s[S(ip)]);
		want(f, "ax (EINTR)", -(uint64_t)EINTR_64, v->s[S(ax)]);
	} else {
		want(f, "ip (the call again)", ret - len, v->s[S(ip)]);
		want(f, "ax (its number)", is_error(result, RESTART_RESTARTBLOCK) ?
		     NR_RESTART_SYSCALL : call_number(v->ctx), v->s[S(ax)]);
	}
}

/* None or several looks: a call that starts again has its number. */
static void want_number(const struct ukl_view *v, struct ukl_finding *f,
			unsigned int len)
{
	uint64_t ax = v->s[S(ax)];

	if (v->s[S(ip)] == call_return(v->ctx) - len && ax != NR_RESTART_SYSCALL)
		want(f, "ax (its number)", call_number(v->ctx), ax);
}

static enum ukl_result check_restart(const struct ukl_view *v, struct ukl_finding *f)
{
	unsigned int len;

	if (whose(v, v->ctx) == UKL_AT_UNKNOWN || v->ctx->saving || renewed(v) ||
	    edited(v) || is_sigreturn(v->ctx))
		return UKL_VACUOUS;
	len = call_length(v);
	if (!len)
		return UKL_VACUOUS;
	if (v->ctx->sig_checks == 1)
		want_result(v, f, len);
	else
		want_number(v, f, len);
	return verdict(f);
}

static const struct ukl_invariant sg_restart = {
	.id = "SG-restart",
	.sentence = "A system call that is to be restarted starts again at the call, five "
		    "bytes long for the application and two for ring 3, with its number "
		    "in RAX; if its handler is not to restart it, it fails with EINTR; any "
		    "other call keeps its result.",
	.why = "handle_signal() and arch_do_signal_or_restart() turn ERESTARTSYS and its "
	       "kin into EINTR or step back over the instruction.",
	.source = "arch/x86/kernel/signal.c syscall_insn_len",
	.exceptions = "restart_syscall(), whose number is put in RAX instead; "
		      "rt_sigreturn; registers that a debugger may have changed.  If "
		      "the exit work looked for signals more than once, or the trace "
		      "does not show it, only the number is judged.",
	.events = UKL_ON(SIG_SETUP) | UKL_ON(SYS_LEAVE),
	.variants = UKL_VARIANT_ALL,
	.check = check_restart,
};

/* SG-frame-regs */
static bool is_saved(const struct ukl_view *v)
{
	return v->ctx && v->ctx->saving;
}

static enum ukl_result check_frame_regs(const struct ukl_view *v,
					struct ukl_finding *f)
{
	if (!is_saved(v))
		return UKL_VACUOUS;
	want_slots(f, UKL_SET_GPRS | UKL_BIT(ip) | UKL_BIT(sp) | UKL_BIT(flags),
		   v->ctx->regs, v->s);
	return verdict(f);
}

static const struct ukl_invariant sg_frame_regs = {
	.id = "SG-frame-regs",
	.sentence = "The sigcontext in user memory holds the registers of the "
		    "interrupted program.",
	.why = "sigreturn has nothing else to restore them from.",
	.source = "arch/x86/kernel/signal_64.c __unsafe_setup_sigcontext",
	.exceptions = "The segment registers, which are SG-uc's.",
	.events = UKL_ON(SIG_FRAME),
	.variants = UKL_VARIANT_ALL,
	.check = check_frame_regs,
};

/* SG-uc */
static enum ukl_result check_uc(const struct ukl_view *v, struct ukl_finding *f)
{
	enum ukl_where side = whose(v, v->ctx);

	if (!is_saved(v) || side == UKL_AT_UNKNOWN)
		return UKL_VACUOUS;
	if (side == UKL_AT_APP) {
		want(f, "cs", v->lay->user_cs, v->s[S(cs)]);
		want(f, "ss", v->lay->user_ds, v->s[S(ss)]);
	} else {
		want(f, "cs", v->ctx->regs[S(cs)] & 0xffff, v->s[S(cs)]);
		want(f, "ss", v->ctx->regs[S(ss)] & 0xffff, v->s[S(ss)]);
	}
	return verdict(f);
}

static const struct ukl_invariant sg_uc = {
	.id = "SG-uc",
	.sentence = "The application's signal frames show ring 3's selectors, __USER_CS "
		    "and __USER_DS; ring 3's show its own.",
	.why = "Unwinders, CRIU and language runtimes know the ABI's values; the "
	       "kernel's mark is none of their business.",
	.source = "arch/x86/kernel/signal_64.c __unsafe_setup_sigcontext; "
		  "System V x86-64 psABI; bug ledger B20",
	.exceptions = "After an exec in the same system call.",
	.events = UKL_ON(SIG_FRAME),
	.variants = UKL_VARIANT_ALL,
	.check = check_uc,
};

/* SG-fault-words */
static enum ukl_result check_fault_words(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_saved(v) || !program_fault(v) || !ctx->forced)
		return UKL_VACUOUS;
	want(f, "trapno", ctx->vector, ARG(SIG_FRAME, trapno));
	if (ctx->vector == VECTOR_PF) {
		want(f, "cr2", ctx->truth[S(cr2)], ARG(SIG_FRAME, cr2));
		want(f, "err (but for its lowest bit)",
		     (ctx->error | X86_PF_USER) & ~(uint64_t)X86_PF_PROT,
		     ARG(SIG_FRAME, err) & ~(uint64_t)X86_PF_PROT);
	}
	return verdict(f);
}

static const struct ukl_invariant sg_fault_words = {
	.id = "SG-fault-words",
	.sentence = "The frame of a fault's signal tells its vector; of a page fault also "
		    "the address and the error code, as of user space.",
	.why = "Handlers that emulate or retry decide by them; the application's faults "
	       "lack the processor's user bit, which the kernel has to add.",
	.source = "arch/x86/mm/fault.c set_signal_archinfo; bug ledger B19",
	.exceptions = "Bit 0 of the error code, which hides what is mapped in the "
		      "kernel's half.  Registers that a debugger may have changed.",
	.events = UKL_ON(SIG_FRAME),
	.variants = UKL_VARIANT_ALL,
	.check = check_fault_words,
};

/* SG-place */
static enum ukl_result check_place(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t frame = ARG(SIG_FRAME, frame), fpstate = ARG(SIG_FRAME, fpstate);
	uint64_t end = frame + v->lay->sigframe_size;

	if (!is_saved(v))
		return UKL_VACUOUS;
	want_in(f, "frame", 0, v->lay->task_size_max, frame);
	want(f, "(frame + 8) mod 16", 0, (frame + 8) & 15);
	if (fpstate)
		want_in(f, "fpstate", end, v->lay->task_size_max, fpstate);
	want(f, "word at the frame", ARG(SIG_FRAME, restorer),
	     ARG(SIG_FRAME, pretcode));
	return verdict(f);
}

static const struct ukl_invariant sg_place = {
	.id = "SG-place",
	.sentence = "A signal's frame lies in the user half, aligned as after a call, "
		    "below its floating point state, and begins with the restorer's "
		    "address.",
	.why = "The handler's return goes through its first word; a frame in the kernel's "
	       "half would let a stack pointer write anywhere.",
	.source = "arch/x86/kernel/signal.c get_sigframe; bug ledger B18",
	.exceptions = "None.",
	.events = UKL_ON(SIG_FRAME),
	.variants = UKL_VARIANT_ALL,
	.check = check_place,
};

/* SG-stack */
static bool on_alternate(const struct ukl_view *v, uint64_t sp)
{
	uint64_t stack = ARG(SIG_FRAME, stack), size = ARG(SIG_FRAME, stack_size);

	return !(ARG(SIG_FRAME, stack_flags) & SS_AUTODISARM_64) && sp > stack &&
	       sp - stack <= size;
}

static enum ukl_result check_stack(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t frame = ARG(SIG_FRAME, frame), stack = ARG(SIG_FRAME, stack);
	uint64_t end = frame + v->lay->sigframe_size;
	uint64_t size = ARG(SIG_FRAME, stack_size), sp, below;
	bool enters;

	if (!is_saved(v))
		return UKL_VACUOUS;
	sp = v->ctx->regs[S(sp)];
	below = sp - RED_ZONE;
	enters = (ARG(SIG_FRAME, flags) & SA_ONSTACK_64) && size &&
		 !on_alternate(v, below);
	if (enters || on_alternate(v, sp)) {
		want_in(f, "frame", stack, stack + size, frame);
		want_in(f, "end of the frame", stack, stack + size + 1, end);
	}
	if (!enters)
		want_in(f, "end of the frame", 0, below + 1, end);
	return verdict(f);
}

static const struct ukl_invariant sg_stack = {
	.id = "SG-stack",
	.sentence = "A signal's frame lies on the alternate stack if one is asked for and "
		    "not in use, else below the red zone of the interrupted stack; and "
		    "within the alternate stack if that is it.",
	.why = "A handler for stack overflow has no other place to run; and nothing that "
	       "the program has on its stack, or below it, may be overwritten.",
	.source = "arch/x86/kernel/signal.c get_sigframe; sigaltstack(2)",
	.exceptions = "The alternate stack is in use if RSP, less the red zone, lies "
		      "on it, and not with SS_AUTODISARM.",
	.events = UKL_ON(SIG_FRAME),
	.variants = UKL_VARIANT_ALL,
	.check = check_stack,
};

/* SG-start */
static bool starts_64bit(const struct ukl_view *v)
{
	return is_saved(v) && !ARG(SIG_START, failed) &&
	       (v->s[S(cs)] & 0xffff) != v->lay->user32_cs;
}

static enum ukl_result check_start(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_layout *l = v->lay;
	const uint64_t *s = v->s, *old;
	uint64_t free = X86_DF | X86_TF | X86_AC;

	if (!starts_64bit(v))
		return UKL_VACUOUS;
	old = v->ctx->regs;
	want(f, "ip", ARG(SIG_START, handler), s[S(ip)]);
	want(f, "ax", 0, s[S(ax)]);
	want(f, "di", ARG(SIG_START, sig), s[S(di)]);
	want(f, "si", s[S(sp)] + l->off_sigframe_info, s[S(si)]);
	want(f, "dx", s[S(sp)] + l->off_sigframe_uc, s[S(dx)]);
	want(f, "(sp + 8) mod 16", 0, (s[S(sp)] + 8) & 15);
	if (v->ctx->sigframe)
		want(f, "sp", v->ctx->sigframe, s[S(sp)]);
	want_slots(f, UKL_SET_GPRS & ~SET_GIVEN, old, s);
	want_clear(f, "flags", X86_DF | X86_TF | X86_RF, s[S(flags)]);
	want(f, "other flags", old[S(flags)] & FLAGS_FRAME & ~free,
	     s[S(flags)] & FLAGS_FRAME & ~free);
	return verdict(f);
}

static const struct ukl_invariant sg_start = {
	.id = "SG-start",
	.sentence = "A handler starts at sa_handler with the signal in DI, the "
		    "addresses of siginfo and ucontext in SI and DX, 0 in AX, RSP at "
		    "the frame as after a call, DF and TF clear, and the rest as it "
		    "was.",
	.why = "It is what compilers assume of a function's start.",
	.source = "System V x86-64 psABI 3.2; arch/x86/kernel/signal_64.c "
		  "x64_setup_rt_frame",
	.exceptions = "32-bit handlers.",
	.events = UKL_ON(SIG_START),
	.variants = UKL_VARIANT_ALL,
	.check = check_start,
};

/* SG-selectors */
static enum ukl_result check_selectors(const struct ukl_view *v, struct ukl_finding *f)
{
	enum ukl_where side = whose(v, v->ctx);

	if (!starts_64bit(v) || side == UKL_AT_UNKNOWN)
		return UKL_VACUOUS;
	if (side == UKL_AT_APP) {
		want(f, "cs", v->lay->app_csx, v->s[S(cs)]);
		want(f, "ss", v->lay->kernel_ds, v->s[S(ss)]);
	} else {
		want(f, "cs", v->lay->user_cs, v->s[S(cs)]);
		want_set(f, "ss", 3, v->s[S(ss)]);
	}
	return verdict(f);
}

static const struct ukl_invariant sg_selectors = {
	.id = "SG-selectors",
	.sentence = "The application's handlers start on the marked __KERNEL_CS and "
		    "__KERNEL_DS, those of ring 3 on __USER_CS and a stack segment of "
		    "privilege 3.",
	.why = "A handler runs where its program runs; an IRET with selectors of two "
	       "levels faults.",
	.source = "arch/x86/kernel/signal_64.c x64_setup_rt_frame; bug ledger B20",
	.exceptions = "32-bit handlers; after an exec in the same system call.",
	.events = UKL_ON(SIG_START),
	.variants = UKL_VARIANT_ALL,
	.check = check_selectors,
};

/* SG-ac */
static enum ukl_result check_sg_ac(const struct ukl_view *v, struct ukl_finding *f)
{
	if (whose(v, v->ctx) != UKL_AT_APP ||
	    (v->kind == UKL_K_SIG_START && ARG(SIG_START, failed)))
		return UKL_VACUOUS;
	want_set(f, "flags", X86_AC, v->s[S(flags)]);
	return verdict(f);
}

static const struct ukl_invariant sg_ac = {
	.id = "SG-ac",
	.sentence = "EFLAGS.AC is set in the application's handlers and after its "
		    "sigreturn, whatever it was or the frame says.",
	.why = "Under SMAP the application reaches its own stack only with AC set: the "
	       "first PUSH would fault for ever.",
	.source = "Intel SDM 3A 4.6; arch/x86/kernel/signal_64.c restore_sigcontext",
	.exceptions = "None.",
	.events = UKL_ON(SIG_START) | UKL_ON(SIG_RESTORED),
	.variants = UKL_VARIANT_BASE,
	.check = check_sg_ac,
};

/* SG-no-frame */
static enum ukl_result check_no_frame(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_saved(v) || !ARG(SIG_START, failed))
		return UKL_VACUOUS;
	want_slots(f, UKL_SET_FRAME, v->ctx->regs, v->s);
	return verdict(f);
}

static const struct ukl_invariant sg_no_frame = {
	.id = "SG-no-frame",
	.sentence = "A signal whose frame cannot be written changes no register.",
	.why = "SIGSEGV follows, on the alternate stack perhaps, and shows the program "
	       "as it was; a handler without a frame could not return.",
	.source = "kernel/signal.c signal_setup_done",
	.exceptions = "None.",
	.events = UKL_ON(SIG_START),
	.variants = UKL_VARIANT_ALL,
	.check = check_no_frame,
};

/* SG-entry */
static enum ukl_result check_entry(const struct ukl_view *v, struct ukl_finding *f)
{
	uint32_t slots = UKL_SET_GPRS | UKL_BIT(ip) | UKL_BIT(sp);
	bool user = v->kind == UKL_K_INT_OUT_USER || v->kind == UKL_K_USER_OUT;

	/* How system calls of the application end is SX-resume-regs's. */
	if (!renewed(v) || v->ctx->exec || edited(v) ||
	    (v->ctx->tag == UKL_TAG_SYSCALL && v->kind != UKL_K_SYS_LEAVE))
		return UKL_VACUOUS;
	/* A restartable sequence that is returned to may go on elsewhere. */
	if (user && !v->ctx->handler)
		slots &= ~UKL_BIT(ip);
	want_same(f, slots, v->ctx->regs, v->s);
	return verdict(f);
}

static const struct ukl_invariant sg_entry = {
	.id = "SG-entry",
	.sentence = "What the return loads is what signal delivery, or else sigreturn, "
		    "left in pt_regs last: RIP, RSP, the flags and all registers.",
	.why = "A return that takes any of them from elsewhere never reaches the handler, "
	       "or goes on in the wrong place after it.",
	.source = "arch/x86/kernel/signal.c handle_signal; "
		  "bug ledger B6, B7",
	.exceptions = "TF, RF; the end of a system call of the application, which is "
		      "SX-resume-regs's; in ring 3 RIP after sigreturn, which rseq "
		      "moves.  After an exec; registers that a debugger may have "
		      "changed.",
	.events = UKL_ON(SYS_LEAVE) | UKL_ON(INT_OUT_APP) | UKL_ON(INT_OUT_USER) |
		  UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_RET,
	.check = check_entry,
};

/* SG-restore */
static bool is_restored(const struct ukl_view *v)
{
	return v->ctx && v->ctx->sigcontext && !ARG(SIG_RESTORED, ia32) && !edited(v);
}

static enum ukl_result check_restore(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t fix = v->lay->fix_eflags & ~X86_AC;
	const uint64_t *sig;

	if (!is_restored(v))
		return UKL_VACUOUS;
	sig = v->ctx->sig;
	want_slots(f, UKL_SET_GPRS | UKL_BIT(ip) | UKL_BIT(sp), sig, v->s);
	want(f, "flags", sig[S(flags)] & fix, v->s[S(flags)] & fix);
	return verdict(f);
}

static const struct ukl_invariant sg_restore = {
	.id = "SG-restore",
	.sentence = "sigreturn restores all general registers, RIP, RSP and the flags "
		    "from the frame that the stack pointer leads to.",
	.why = "An asynchronous signal must not show; and the handler may have edited "
	       "the frame on purpose.",
	.source = "arch/x86/kernel/signal_64.c rt_sigreturn, restore_sigcontext; bug "
		  "ledger B21",
	.exceptions = "AC, which is SG-ac's; frames in memory that is swapped out; "
		      "registers that a debugger may have changed.",
	.events = UKL_ON(SIG_RESTORED),
	.variants = UKL_VARIANT_ALL,
	.check = check_restore,
};

/* SG-cs-forced */
static enum ukl_result check_cs_forced(const struct ukl_view *v, struct ukl_finding *f)
{
	enum ukl_where side = whose(v, v->ctx);

	if (!is_restored(v) || side == UKL_AT_UNKNOWN)
		return UKL_VACUOUS;
	if (side == UKL_AT_APP) {
		want(f, "cs", v->lay->app_csx, v->s[S(cs)]);
		want(f, "ss", v->lay->kernel_ds, v->s[S(ss)]);
	} else {
		want(f, "cs", v->ctx->sig[S(cs)] | 3, v->s[S(cs)]);
		want_set(f, "ss", 3, v->s[S(ss)]);
	}
	return verdict(f);
}

static const struct ukl_invariant sg_cs_forced = {
	.id = "SG-cs-forced",
	.sentence = "sigreturn leaves the application's CS and SS alone and forces those "
		    "of ring 3 to privilege 3, whatever the frame says.",
	.why = "The frame is in memory that ring 3 writes: it must not choose the "
	       "privilege level, nor forge the application's mark.",
	.source = "arch/x86/kernel/signal_64.c restore_sigcontext; bug ledger B12",
	.exceptions = "As for SG-restore.",
	.events = UKL_ON(SIG_RESTORED),
	.variants = UKL_VARIANT_ALL,
	.check = check_cs_forced,
};

/* SG-system-flags */
static enum ukl_result check_system_flags(const struct ukl_view *v,
					  struct ukl_finding *f)
{
	uint64_t kept = FLAGS_FRAME & ~v->lay->fix_eflags;

	if (!is_restored(v) || whose(v, v->ctx) == UKL_AT_UNKNOWN || !call_length(v))
		return UKL_VACUOUS;
	want(f, "flags", call_regs(v->ctx)[S(flags)] & kept, v->s[S(flags)] & kept);
	return verdict(f);
}

static const struct ukl_invariant sg_system_flags = {
	.id = "SG-system-flags",
	.sentence = "sigreturn changes no flag but those of FIX_EFLAGS: IF, IOPL, NT and "
		    "the like stay as they were.",
	.why = "At CPL 0 IRET would load them: a frame with IF clear would stop the "
	       "machine.",
	.source = "arch/x86/include/asm/sighandling.h FIX_EFLAGS",
	.exceptions = "As for SG-restore.",
	.events = UKL_ON(SIG_RESTORED),
	.variants = UKL_VARIANT_ALL,
	.check = check_system_flags,
};

#define UKL_GROUP sg
#define UKL_BLOCKS "inv_signal.list"
#include "group.h"

const struct ukl_group ukl_group_sg = {
	.id = "SG", .title = "signals", .file = "model/inv_signal.c",
	.inv = sg_invariants,
};
