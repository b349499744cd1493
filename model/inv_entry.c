/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_entry.c - SE: system call entry, from the application's call of a gate to
 * the first C function of the kernel
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

/* From the gate's entry: these registers must reach do_syscall_64() unchanged. */
#define SET_ARGS (UKL_SET_GPRS & ~(UKL_BIT(ax) | UKL_BIT(cx) | UKL_BIT(r11)))

static bool is_gate(const struct ukl_layout *l, uint64_t pc)
{
	return pc == l->gate_call || pc == l->gate_jump;
}

static bool by_call(const struct ukl_view *v, uint64_t gate)
{
	return gate != v->lay->gate_jump;
}

/* SE-only-gates */
static enum ukl_result check_only_gates(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t target = v->kind == UKL_K_APP_EDGE ? ARG(APP_EDGE, target) :
						      ARG(GATE_IN, pc);

	if (!is_gate(v->lay, target))
		ukl_note(f, "branch target", UKL_REL_EQ, v->lay->gate_call, 0, target);
	return verdict(f);
}

static const struct ukl_invariant se_only_gates = {
	.id = "SE-only-gates",
	.sentence = "Control flows from application text to kernel text only through a "
		    "gate.",
	.why = "Any other edge runs kernel code while ukl_mode says application, so "
	       "that error_entry and sync_regs overwrite live kernel state at the next "
	       "interrupt.",
	.source = "UKL RFC 04/10; arch/x86/entry/entry_64.S error_entry",
	.exceptions = "None.",
	.events = UKL_ON(GATE_IN) | UKL_ON(APP_EDGE),
	.variants = UKL_VARIANT_BASE | UKL_VARIANT_RET | UKL_VARIANT_NSS |
		    UKL_VARIANT_PF_DF | UKL_VARIANT_PF_SS,
	.check = check_only_gates,
};

/* SE-return-address */
static enum ukl_result check_return_address(const struct ukl_view *v,
					    struct ukl_finding *f)
{
	bool call = by_call(v, ARG(GATE_IN, pc));
	uint64_t ret = call ? ARG(GATE_IN, ret) : v->s[S(cx)];

	/* Its page is absent: the gate's POP will fault, and the gate begin anew. */
	if (call && !ret)
		return UKL_VACUOUS;
	/* A call that never returns may be the last instruction there is. */
	want_in(f, "return address", v->lay->app_text_start, v->lay->app_text_end + 1,
		ret);
	return verdict(f);
}

static const struct ukl_invariant se_return_address = {
	.id = "SE-return-address",
	.sentence = "The return address given to the gate lies in application text.",
	.why = "It becomes regs->ip: where the call resumes, what a restart steps back "
	       "from and what unwinders and signal frames show.",
	.source = "arch/x86/entry/entry_64.S ukl_entry_SYSCALL_64",
	.exceptions = "A word that the recorder could not read, since its page was absent.",
	.events = UKL_ON(GATE_IN),
	.variants = UKL_VARIANT_ALL,
	.check = check_return_address,
};

/* SE-pre-state */
static enum ukl_result check_pre_state(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!own(v))
		return UKL_VACUOUS;
	want(f, "mode", 2, v->s[S(mode)]);
	want(f, "preempt", 0, v->s[S(preempt)] & PREEMPT_MASK);
	return verdict(f);
}

static const struct ukl_invariant se_pre_state = {
	.id = "SE-pre-state",
	.sentence = "At the gate ukl_mode says application and the preemption count is "
		    "zero.",
	.why = "The gate builds its pt_regs at the top of the task stack, which is "
	       "right only if the stack is empty; kernel code that calls the gate "
	       "would destroy its own.",
	.source = "arch/x86/entry/entry_64.S ukl_entry_SYSCALL_64",
	.exceptions = "None.",
	.events = UKL_ON(GATE_IN),
	.variants = UKL_VARIANT_ALL,
	.check = check_pre_state,
};

/* SE-empty-stack */
static enum ukl_result check_empty_stack(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	enum ukl_where where = v->task->where;

	if (where == UKL_AT_UNKNOWN)
		return UKL_VACUOUS;
	if (where != UKL_AT_APP && where != UKL_AT_SEAM_IN)
		ukl_note(f, "open kernel contexts", UKL_REL_EQ, 0, 0, v->task->depth);
	return verdict(f);
}

static const struct ukl_invariant se_empty_stack = {
	.id = "SE-empty-stack",
	.sentence = "A task enters the gate only from application code, never while "
		    "one of its kernel contexts is still open.",
	.why = "A second pt_regs at the top of the stack destroys the first one, and "
	       "task_pt_regs() means both.",
	.source = "arch/x86/include/asm/processor.h task_pt_regs",
	.exceptions = "The gate's first instruction once more, behind a page fault.  "
		      "Asked is what ran last of the task, not what is open.",
	.events = UKL_ON(GATE_IN),
	.variants = UKL_VARIANT_ALL,
	.check = check_empty_stack,
};

/*
 * Calls that may execute SWAPGS themselves: they save, load or copy segment bases
 * (fork, exec, arch_prctl, modify_ldt), or hand on to drivers that do (ioctl,
 * io_uring).
 */
static bool touches_bases(uint32_t nr)
{
	return nr == 16 || (nr >= NR_CLONE && nr <= NR_EXECVE) || nr == NR_EXECVEAT ||
	       nr == NR_PTRACE || nr == NR_MODIFY_LDT || nr == NR_ARCH_PRCTL ||
	       nr == NR_RT_SIGRETURN || (nr >= 425 && nr <= 427) || nr == 435;
}

/* SE-gs-live */
static enum ukl_result check_gs_live(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (v->kind == UKL_K_INT_OUT_APP) {
		if (!ctx || ctx->tag != UKL_TAG_SYSCALL || ctx->exec || edited(v) ||
		    !undisturbed(v) || touches_bases(ctx->truth[S(ax)]))
			return UKL_VACUOUS;
		want(f, "SWAPGS count", ctx->swapgs, ARG(INT_OUT, swapgs));
		return verdict(f);
	}
	if (!v->cpu->gs_known)
		return UKL_VACUOUS;
	want(f, "gs_base", v->cpu->gs_base, v->s[S(gs_base)]);
	if (v->kind == UKL_K_GATE_IN && v->cpu->swapgs_known)
		want(f, "SWAPGS count mod 2", v->cpu->kernel_parity,
		     ARG(GATE_IN, swapgs) & 1);
	return verdict(f);
}

static const struct ukl_invariant se_gs_live = {
	.id = "SE-gs-live",
	.sentence = "The active GS base is this CPU's per-CPU area at the gate and at "
		    "do_syscall_64(), and the way there and back executes no SWAPGS.",
	.why = "Every PER_CPU_VAR() and current go through GS; the gate must not "
	       "SWAPGS, since the application runs with the kernel's GS all the time.",
	.source = "arch/x86/entry/entry_64.S entry_SYSCALL_64; Intel SDM 2B SWAPGS",
	.exceptions = "The base is not judged before the CPU's first task switch, "
		      "which tells it.  SWAPGS are not counted over a task switch or "
		      "a change of CPU, nor in system calls that may touch segment "
		      "bases (clone and its kin, execve, arch_prctl, modify_ldt, "
		      "ptrace, rt_sigreturn, ioctl, io_uring's), but at the gate "
		      "their count is odd or even as the base has it.",
	.events = UKL_ON(GATE_IN) | UKL_ON(SYS_ENTER) | UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_gs_live,
};

/* SE-flip-on-kstack */
static enum ukl_result check_flip_on_kstack(const struct ukl_view *v,
					    struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!ctx || ctx->tag != UKL_TAG_SYSCALL || ctx->phase != UKL_PHASE_ENTRY ||
	    ARG(MODE_WRITE, task) != v->task->addr || !v->task->stack)
		return UKL_VACUOUS;
	if (!on_task_stack(v, ARG(MODE_WRITE, rsp)))
		want_in(f, "rsp", v->task->stack, v->task->stack + v->lay->thread_size,
			ARG(MODE_WRITE, rsp));
	want_clear(f, "flags", X86_IF, ARG(MODE_WRITE, now));
	return verdict(f);
}

static const struct ukl_invariant se_flip_on_kstack = {
	.id = "SE-flip-on-kstack",
	.sentence = "The gate declares itself kernel only on the task's kernel stack "
		    "with interrupts off.",
	.why = "An interrupt after the flip is taken for one of the kernel and keeps "
	       "its frame where RSP points: on the application's stack that is "
	       "pageable memory.",
	.source = "arch/x86/entry/entry_64.S ukl_entry_SYSCALL_64; "
		  "UKL RFC 04/10 (which flips first); bug ledger B1",
	.exceptions = "None.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_NSS,
	.check = check_flip_on_kstack,
};

/* SE-one-flip */
static enum ukl_result check_se_one_flip(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx)
		return UKL_VACUOUS;
	want(f, "stores of 1 since the gate", 1, v->ctx->flips_in);
	if (own(v))
		want(f, "mode", 1, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant se_one_flip = {
	.id = "SE-one-flip",
	.sentence = "Between the gate and do_syscall_64() ukl_mode goes from "
		    "application to kernel exactly once, and says kernel then.",
	.why = "With the flag still saying application, the first interrupt in the "
	       "system call puts its frame at the top of the stack, over the call's "
	       "own.",
	.source = "arch/x86/entry/entry_64.S error_entry, ukl_sync_regs",
	.exceptions = "None.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL,
	.check = check_se_one_flip,
};

/* SE-args */
static enum ukl_result check_args(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || edited(v))
		return UKL_VACUOUS;
	want_slots(f, SET_ARGS, v->ctx->truth, v->s);
	return verdict(f);
}

static const struct ukl_invariant se_args = {
	.id = "SE-args",
	.sentence = "The pt_regs given to do_syscall_64() hold the registers that the "
		    "application had at the gate.",
	.why = "__x64_sys_*() take their arguments from there; copy_thread, ptrace, "
	       "audit and the return read the rest.",
	.source = "arch/x86/include/asm/syscall_wrapper.h; arch/x86/entry/calling.h "
		  "PUSH_AND_CLEAR_REGS",
	.exceptions = "RAX, RCX and R11, which have rules of their own; a task whose "
		      "registers a debugger may have changed meanwhile.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL,
	.check = check_args,
};

/* SE-nr */
static enum ukl_result check_nr(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || edited(v))
		return UKL_VACUOUS;
	want(f, "orig_ax", v->ctx->truth[S(ax)], v->s[S(orig_ax)]);
	want(f, "ax", ENOSYS_64, v->s[S(ax)]);
	return verdict(f);
}

static const struct ukl_invariant se_nr = {
	.id = "SE-nr",
	.sentence = "regs->orig_ax is the application's RAX and regs->ax is -ENOSYS "
		    "when do_syscall_64() is called.",
	.why = "Dispatch, restart, seccomp and syscall_get_nr() read orig_ax; ax is "
	       "the result if no table entry is called.",
	.source = "arch/x86/entry/common.c do_syscall_64",
	.exceptions = "As for SE-args.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL,
	.check = check_nr,
};

/* SE-ip-sp */
static enum ukl_result check_ip_sp(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || edited(v))
		return UKL_VACUOUS;
	want(f, "ip", v->ctx->ret, v->s[S(ip)]);
	want(f, "cx", v->ctx->ret, v->s[S(cx)]);
	want(f, "sp", v->ctx->sp, v->s[S(sp)]);
	return verdict(f);
}

static const struct ukl_invariant se_ip_sp = {
	.id = "SE-ip-sp",
	.sentence = "regs->ip is the return address and regs->sp the stack pointer "
		    "that the application has after the return; regs->cx is as SYSCALL "
		    "leaves it.",
	.why = "The return is made from them alone, and signal frames, fork children, "
	       "restart and stack walkers use them.",
	.source = "arch/x86/kernel/signal.c arch_do_signal_or_restart; "
		  "bug ledger B6, B24; Intel SDM 2B SYSCALL",
	.exceptions = "As for SE-args.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_BASE | UKL_VARIANT_BYP | UKL_VARIANT_PF_DF |
		    UKL_VARIANT_PF_SS | UKL_VARIANT_SHORTCUT,
	.check = check_ip_sp,
};

/* SE-flags */
static enum ukl_result check_flags(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t flags = v->s[S(flags)];

	if (!v->ctx || edited(v))
		return UKL_VACUOUS;
	if (by_call(v, v->ctx->pc))
		want(f, "flags (TF IF NT AC)",
		     (v->ctx->truth[S(flags)] | X86_IF) & FLAGS_EXACT,
		     flags & FLAGS_EXACT);
	else
		want(f, "flags", v->ctx->truth[S(r11)] | X86_IF, flags);
	want(f, "r11", flags, v->s[S(r11)]);
	return verdict(f);
}

static const struct ukl_invariant se_flags = {
	.id = "SE-flags",
	.sentence = "regs->flags are the application's flags at the gate with IF set, "
		    "and regs->r11 equals them as after SYSCALL.",
	.why = "The page-fault code tests regs->flags.IF, signal frames export them "
	       "and the return restores them: flags saved after CLI would leave "
	       "interrupts off.  POPF clears IF at CPL 0 and not in ring 3.",
	.source = "arch/x86/mm/fault.c do_user_addr_fault; "
		  "bug ledger B4; Intel SDM 2B SYSCALL",
	.exceptions = "As for SE-args.  Condition codes and DF are not compared at the "
		      "gate reached by CALL, because the emulator holds them "
		      "elsewhere.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL,
	.check = check_flags,
};

/* SE-marker */
static enum ukl_result check_marker(const struct ukl_view *v, struct ukl_finding *f)
{
	want(f, "cs", v->lay->app_csx, v->s[S(cs)]);
	want(f, "ss", v->lay->kernel_ds, v->s[S(ss)]);
	return verdict(f);
}

static const struct ukl_invariant se_marker = {
	.id = "SE-marker",
	.sentence = "The system call's frame bears the mark of an application frame, "
		    "__KERNEL_CS and __KERNEL_DS.",
	.why = "user_mode(), the choice of the return path, perf and signal code all "
	       "ask the mark; IRET uses the selectors.",
	.source = "bug ledger B5; arch/x86/include/asm/ptrace.h user_mode",
	.exceptions = "None.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL,
	.check = check_marker,
};

/* SE-frame-place */
static enum ukl_result check_se_frame_place(const struct ukl_view *v,
					    struct ukl_finding *f)
{
	want(f, "address of pt_regs", v->s[S(top)] - PT_REGS_SIZE,
	     ARG(SYS_ENTER, frame));
	return verdict(f);
}

static const struct ukl_invariant se_frame_place = {
	.id = "SE-frame-place",
	.sentence = "The system call's pt_regs end at the top of the task's stack.",
	.why = "current_pt_regs() is that place: clone, execve, sigreturn, rseq and "
	       "seccomp use it, and arch_enter_from_user_mode() asserts it.",
	.source = "arch/x86/include/asm/processor.h task_pt_regs",
	.exceptions = "None.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_NSS,
	.check = check_se_frame_place,
};

/* SE-align */
static enum ukl_result check_align(const struct ukl_view *v, struct ukl_finding *f)
{
	want(f, "rsp", ARG(SYS_ENTER, frame), ARG(SYS_ENTER, rsp));
	want_clear(f, "rsp", 7, ARG(SYS_ENTER, rsp));
	return verdict(f);
}

static const struct ukl_invariant se_align = {
	.id = "SE-align",
	.sentence = "Where the gate calls do_syscall_64(), RSP is the address of the "
		    "pt_regs, a multiple of 8.",
	.why = "The gate pops the registers from there when the call returns.  The "
	       "kernel is compiled for stacks aligned to 8 bytes, not 16, so 168 bytes "
	       "need no padding.",
	.source = "arch/x86/Makefile -mpreferred-stack-boundary=3; "
		  "arch/x86/entry/entry_64.S ukl_entry_SYSCALL_64",
	.exceptions = "None.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_NSS,
	.check = check_align,
};

/* SE-irq-off-at-c */
static enum ukl_result check_irq_off_at_c(const struct ukl_view *v,
					  struct ukl_finding *f)
{
	want_clear(f, "flags", X86_IF, ARG(SYS_ENTER, now));
	return verdict(f);
}

static const struct ukl_invariant se_irq_off_at_c = {
	.id = "SE-irq-off-at-c",
	.sentence = "Interrupts are off when do_syscall_64() is called.",
	.why = "syscall_enter_from_user_mode() tells lockdep and context tracking "
	       "first and enables interrupts itself.",
	.source = "kernel/entry/common.c syscall_enter_from_user_mode",
	.exceptions = "None.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL,
	.check = check_irq_off_at_c,
};

/* SE-ac-clear */
static enum ukl_result check_ac_clear(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!(v->s[S(cr4)] & X86_CR4_SMAP))
		return UKL_VACUOUS;
	want_clear(f, "flags", X86_AC, ARG(SYS_ENTER, now));
	return verdict(f);
}

static const struct ukl_invariant se_ac_clear = {
	.id = "SE-ac-clear",
	.sentence = "EFLAGS.AC is clear when do_syscall_64() is called, if SMAP is on.",
	.why = "The application runs with AC set; kernel code must fault on a stray "
	       "access to the user half.",
	.source = "arch/x86/include/asm/smap.h clac; "
		  "arch/x86/kernel/cpu/common.c syscall_init",
	.exceptions = "None.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL,
	.check = check_ac_clear,
};

/* SE-masked-flags */
static enum ukl_result check_masked_flags(const struct ukl_view *v,
					  struct ukl_finding *f)
{
	want_clear(f, "flags", X86_TF | X86_NT, ARG(SYS_ENTER, now));
	return verdict(f);
}

static const struct ukl_invariant se_masked_flags = {
	.id = "SE-masked-flags",
	.sentence = "EFLAGS.TF and NT are clear when do_syscall_64() is called.",
	.why = "SYSCALL masks them for ring 3, the gate by POPF.  With TF the kernel "
	       "would step through itself and #DB hit it everywhere; with NT its IRET "
	       "faults, of which arch_enter_from_user_mode() warns.",
	.source = "arch/x86/kernel/cpu/common.c syscall_init; "
		  "arch/x86/include/asm/entry-common.h arch_enter_from_user_mode",
	.exceptions = "None.  IF and AC are SE-irq-off-at-c's and SE-ac-clear's.",
	.events = UKL_ON(SYS_ENTER),
	.variants = UKL_VARIANT_ALL,
	.check = check_masked_flags,
};

#define UKL_GROUP se
#define UKL_BLOCKS "inv_entry.list"
#include "group.h"

const struct ukl_group ukl_group_se = {
	.id = "SE", .title = "system call entry", .file = "model/inv_entry.c",
	.inv = se_invariants,
};
