/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_exit.c - SX: system call exit, from the return of do_syscall_64() to the
 * application's next instruction
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

static bool is_syscall(const struct ukl_ctx *ctx)
{
	return ctx && ctx->tag == UKL_TAG_SYSCALL;
}

static bool nr_is(const struct ukl_ctx *ctx, unsigned int nr)
{
	return (uint32_t)ctx->truth[S(ax)] == nr;
}

/* SX-work-done */
static enum ukl_result check_work_done(const struct ukl_view *v, struct ukl_finding *f)
{
	if (ARG(MODE_WRITE, value) != 2 || !v->ctx || v->ctx->tag == UKL_TAG_EVENT ||
	    ARG(MODE_WRITE, task) != v->task->addr)
		return UKL_VACUOUS;
	return no_exit_work(v, f);
}

static const struct ukl_invariant sx_work_done = {
	.id = "SX-work-done",
	.sentence = "When a system call declares itself application again, interrupts "
		    "are off and no exit work is pending.",
	.why = "exit_to_user_mode_loop() has to be the last look at TIF_NEED_RESCHED, "
	       "signals and the rest; what comes after it is lost until the next "
	       "entry.",
	.source = "kernel/entry/common.c exit_to_user_mode_prepare",
	.exceptions = "With several CPUs the work word is not judged: another CPU may "
		      "set a bit and send its interrupt at any time.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL,
	.check = check_work_done,
};

/* SX-same-frame */
static enum ukl_result check_same_frame(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || v->ctx->phase != UKL_PHASE_C)
		return UKL_VACUOUS;
	want(f, "address of pt_regs", v->ctx->hw, ARG(SYS_LEAVE, frame));
	want_clear(f, "flags", X86_IF, ARG(SYS_LEAVE, now));
	return verdict(f);
}

static const struct ukl_invariant sx_same_frame = {
	.id = "SX-same-frame",
	.sentence = "do_syscall_64() returns to the gate with the stack where it was "
		    "and interrupts off.",
	.why = "The gate pops the registers from RSP; a word too many shifts all of "
	       "them.",
	.source = "kernel/entry/common.c syscall_exit_to_user_mode",
	.exceptions = "None.",
	.events = UKL_ON(SYS_LEAVE),
	.variants = UKL_VARIANT_ALL,
	.check = check_same_frame,
};

/* SX-preserved */
static enum ukl_result check_preserved(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!ctx || !ctx->have_regs || ctx->exec || edited(v) ||
	    nr_is(ctx, NR_RT_SIGRETURN) || renewed(v))
		return UKL_VACUOUS;
	want_slots(f, (UKL_SET_GPRS & ~UKL_BIT(ax)) | UKL_BIT(sp) | UKL_BIT(flags) |
		   UKL_BIT(cs) | UKL_BIT(ss), ctx->regs, v->s);
	/* A restart steps back over the five bytes of the call or jump. */
	if (v->s[S(ip)] != ctx->ret - 5)
		want(f, "ip", ctx->ret, v->s[S(ip)]);
	return verdict(f);
}

static const struct ukl_invariant sx_preserved = {
	.id = "SX-preserved",
	.sentence = "A system call leaves all registers of its pt_regs but ax as they "
		    "were, and resumes behind the call or at it.",
	.why = "The system call ABI promises it; libc's assembly and vfork keep state "
	       "in argument registers across a call.",
	.source = "System V x86-64 psABI A.2.1; arch/x86/kernel/signal.c "
		  "arch_do_signal_or_restart",
	.exceptions = "rt_sigreturn, execve, the start of a signal handler, and "
		      "registers that a debugger may have changed.",
	.events = UKL_ON(SYS_LEAVE),
	.variants = UKL_VARIANT_ALL,
	.check = check_preserved,
};

/* SX-one-flip */
static enum ukl_result check_sx_one_flip(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_syscall(v->ctx))
		return UKL_VACUOUS;
	want(f, "stores of 2 since the gate", 1, v->ctx->flips_out);
	if (own(v))
		want(f, "mode", 2, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant sx_one_flip = {
	.id = "SX-one-flip",
	.sentence = "A system call declares itself application exactly once before it "
		    "returns, and ukl_mode says so then.",
	.why = "An application that runs with the flag saying kernel has its "
	       "interrupts treated as the kernel's: no preemption, no signals, frames "
	       "on its own stack.",
	.source = "arch/x86/entry/entry_64.S ukl_return_to_app",
	.exceptions = "None.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_RET,
	.check = check_sx_one_flip,
};

/* SX-stack-empty */
static enum ukl_result check_stack_empty(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	if (!is_syscall(v->ctx))
		return UKL_VACUOUS;
	want(f, "rsp", v->s[S(top)] - 40, ARG(INT_OUT, rsp));
	return verdict(f);
}

static const struct ukl_invariant sx_stack_empty = {
	.id = "SX-stack-empty",
	.sentence = "The IRET that ends a system call pops the last five words of the "
		    "task stack.",
	.why = "The next frame of this task will be built at the top again; what is "
	       "left there would be overwritten, what is missing would be read beyond "
	       "the end.",
	.source = "arch/x86/entry/entry_64.S ukl_return_to_app",
	.exceptions = "None.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL & ~(UKL_VARIANT_RET | UKL_VARIANT_NSS),
	.check = check_stack_empty,
};

/* SX-kstack-secret */
static enum ukl_result check_kstack_secret(const struct ukl_view *v,
					   struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	want_no_kernel_stack(v, f);
	if (ctx && !edited(v) && !renewed(v) &&
	    in_user_half(v->lay, ctx->truth[S(sp)]))
		want_in(f, "sp", 0, v->lay->task_size_max, v->s[S(sp)]);
	return verdict(f);
}

static const struct ukl_invariant sx_kstack_secret = {
	.id = "SX-kstack-secret",
	.sentence = "An IRET to the application loads a stack pointer in the user "
		    "half, and never one of a kernel stack.",
	.why = "The application must never run on a kernel stack; NMI nesting and the "
	       "classification of its faults assume its RSP is in the user half.",
	.source = "arch/x86/entry/entry_64.S asm_exc_nmi; bug ledger B28",
	.exceptions = "A value elsewhere in the kernel's half that the application had, or "
		      "got from sigreturn or a debugger.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_kstack_secret,
};

/* SX-resume-regs */
static enum ukl_result check_resume_regs(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_syscall(ctx) || !ctx->left)
		return UKL_VACUOUS;
	want(f, "ip", ctx->regs[S(ip)], v->s[S(ip)]);
	want(f, "sp", ctx->regs[S(sp)], v->s[S(sp)]);
	want(f, "flags", ctx->regs[S(flags)] & FLAGS_FRAME,
	     v->s[S(flags)] & FLAGS_FRAME);
	want(f, "ss", ctx->regs[S(ss)], v->s[S(ss)]);
	return verdict(f);
}

static const struct ukl_invariant sx_resume_regs = {
	.id = "SX-resume-regs",
	.sentence = "RIP, RSP and RFLAGS with which the application resumes are those "
		    "in pt_regs when do_syscall_64() returned.",
	.why = "Signals, restart, ptrace and rseq work by editing pt_regs; a return "
	       "from any other place loses their edits.",
	.source = "arch/x86/entry/entry_64.S ukl_return_to_app; "
		  "bug ledger B6, B7",
	.exceptions = "RF.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_RET,
	.check = check_resume_regs,
};

/* SX-rax */
static enum ukl_result check_rax(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_syscall(v->ctx) || !v->ctx->left)
		return UKL_VACUOUS;
	want(f, "ax", v->ctx->regs[S(ax)], v->s[S(ax)]);
	return verdict(f);
}

static const struct ukl_invariant sx_rax = {
	.id = "SX-rax",
	.sentence = "RAX at the return is regs->ax.",
	.why = "It is the system call's result.",
	.source = "arch/x86/entry/common.c do_syscall_64; bug ledger B3",
	.exceptions = "None.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_rax,
};

/* SX-gprs */
static enum ukl_result check_gprs(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_syscall(v->ctx) || !v->ctx->left)
		return UKL_VACUOUS;
	want_slots(f, UKL_SET_GPRS & ~UKL_BIT(ax), v->ctx->regs, v->s);
	return verdict(f);
}

static const struct ukl_invariant sx_gprs = {
	.id = "SX-gprs",
	.sentence = "All other general registers at the return are those in pt_regs.",
	.why = "The application's libc keeps state in them across the call.",
	.source = "arch/x86/entry/calling.h POP_REGS",
	.exceptions = "None.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_RET,
	.check = check_gprs,
};

/* SX-if */
static enum ukl_result check_sx_if(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_syscall(v->ctx))
		return UKL_VACUOUS;
	want_set(f, "flags", X86_IF, v->s[S(flags)]);
	return verdict(f);
}

static const struct ukl_invariant sx_if = {
	.id = "SX-if",
	.sentence = "The application resumes from a system call with interrupts on, also "
		    "if it called with interrupts off.",
	.why = "It would otherwise keep the CPU for ever: no tick, no preemption.  IF is "
	       "not ring 3's to clear, and so not the application's.",
	.source = "arch/x86/entry/entry_64.S ukl_return_to_app; "
		  "bug ledger B4",
	.exceptions = "None; no system call can clear IF.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_sx_if,
};

/* SX-no-errno-leak */
static enum ukl_result check_no_errno_leak(const struct ukl_view *v,
					   struct ukl_finding *f)
{
	static const int internal[] = { -512, -513, -514, -516 };

	if (!is_syscall(v->ctx) || nr_is(v->ctx, NR_RT_SIGRETURN) || edited(v))
		return UKL_VACUOUS;
	for (unsigned int i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
		want_not(f, "ax", (uint64_t)internal[i], v->s[S(ax)]);
	return verdict(f);
}

static const struct ukl_invariant sx_no_errno_leak = {
	.id = "SX-no-errno-leak",
	.sentence = "No system call returns ERESTARTSYS, ERESTARTNOINTR, "
		    "ERESTARTNOHAND or ERESTART_RESTARTBLOCK.",
	.why = "They are the kernel's own words for 'restart or fail with EINTR', "
	       "which arch_do_signal_or_restart() has to turn into either.",
	.source = "include/linux/errno.h ERESTARTSYS; "
		  "arch/x86/kernel/signal.c arch_do_signal_or_restart; bug ledger B26",
	.exceptions = "rt_sigreturn, which restores RAX from memory.  Registers that "
		      "a debugger may have changed.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_no_errno_leak,
};

/* SX-balanced */
static enum ukl_result check_balanced(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!own(v))
		return UKL_VACUOUS;
	want(f, "preempt", 0, v->s[S(preempt)] & PREEMPT_MASK);
	return verdict(f);
}

static const struct ukl_invariant sx_balanced = {
	.id = "SX-balanced",
	.sentence = "The preemption count is zero when the kernel returns to the "
		    "application.",
	.why = "A count left behind stops preemption of the task for good, and faults "
	       "on user memory would be refused as atomic.",
	.source = "include/linux/preempt.h preempt_count; "
		  "include/linux/uaccess.h faulthandler_disabled",
	.exceptions = "None.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_balanced,
};

/* SX-fpu */
static enum ukl_result check_fpu(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!own(v))
		return UKL_VACUOUS;
	want_clear(f, "work", v->lay->need_fpu_load, v->s[S(work)]);
	return verdict(f);
}

static const struct ukl_invariant sx_fpu = {
	.id = "SX-fpu",
	.sentence = "TIF_NEED_FPU_LOAD is clear when the kernel returns to the "
		    "application.",
	.why = "The FPU registers are reloaded lazily by switch_fpu_return(); with the "
	       "bit set the application would compute in somebody else's registers and "
	       "lose its own.",
	.source = "arch/x86/include/asm/entry-common.h arch_exit_to_user_mode_prepare",
	.exceptions = "None.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_fpu,
};

/* SX-cr3 */
static enum ukl_result check_sx_cr3(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_syscall(v->ctx) || v->ctx->exec)
		return UKL_VACUOUS;
	want(f, "cr3", v->ctx->truth[S(cr3)] & CR3_BASE, v->s[S(cr3)] & CR3_BASE);
	return verdict(f);
}

static const struct ukl_invariant sx_cr3 = {
	.id = "SX-cr3",
	.sentence = "The page tables after a system call are those from before it.",
	.why = "The application's text is mapped in the kernel's page tables only; a "
	       "return with the trimmed user set of page-table isolation cannot fetch "
	       "it.",
	.source = "arch/x86/entry/calling.h SWITCH_TO_USER_CR3",
	.exceptions = "execve.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_sx_cr3,
};

/* SX-by-iret */
static enum ukl_result check_by_iret(const struct ukl_view *v, struct ukl_finding *f)
{
	if (v->task->where == UKL_AT_UNKNOWN)
		return UKL_VACUOUS;
	want(f, "IRETs to here just before", 1, v->cpu->landing.valid);
	return verdict(f);
}

static const struct ukl_invariant sx_by_iret = {
	.id = "SX-by-iret",
	.sentence = "Application text is entered by IRET only.",
	.why = "Only IRET sets RIP, RSP and RFLAGS at once, from pt_regs, unblocks "
	       "NMIs and serializes the core as membarrier() promises.",
	.source = "arch/x86/include/asm/sync_core.h sync_core_before_usermode; "
		  "bug ledger B7, B8, B15; "
		  "Documentation/features/sched/membarrier-sync-core",
	.exceptions = "Not judged if nothing was seen of the task before.",
	.events = UKL_ON(APP_IN),
	.variants = UKL_VARIANT_BASE | UKL_VARIANT_PF_DF | UKL_VARIANT_PF_SS,
	.check = check_by_iret,
};

/* SX-resume-exact */
static enum ukl_result check_resume_exact(const struct ukl_view *v,
					  struct ukl_finding *f)
{
	const struct ukl_landing *to = &v->cpu->landing;
	bool in = v->kind == UKL_K_APP_IN;
	uint64_t mask = in ? FLAGS_EXACT : FLAGS_FRAME;

	if (!to->valid)
		return UKL_VACUOUS;
	want(f, "ip", to->state[S(ip)], in ? ARG(APP_IN, pc) : v->s[S(ip)]);
	want(f, "sp", to->state[S(sp)], v->s[S(sp)]);
	want(f, "flags", to->state[S(flags)] & mask, v->s[S(flags)] & mask);
	want_gprs(f, to->state, v->s);
	return verdict(f);
}

static const struct ukl_invariant sx_resume_exact = {
	.id = "SX-resume-exact",
	.sentence = "The application's first instruction, or what interrupts it, finds "
		    "exactly the state that IRET was given.",
	.why = "Nothing may run between the return and the application.",
	.source = "arch/x86/entry/entry_64.S ukl_return_iret; "
		  "Intel SDM 2A IRET",
	.exceptions = "RF; at an instruction also the condition codes and DF, which "
		      "the emulator holds elsewhere.",
	.events = UKL_ON(APP_IN) | UKL_ON(INT_IN_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_resume_exact,
};

#define UKL_GROUP sx
#define UKL_BLOCKS "inv_exit.list"
#include "group.h"

const struct ukl_group ukl_group_sx = {
	.id = "SX", .title = "system call exit", .file = "model/inv_exit.c",
	.inv = sx_invariants,
};
