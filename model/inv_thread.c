/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_thread.c - TH: threads, exec and exit
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

static bool is_clone(const struct ukl_ctx *call)
{
	uint32_t nr = call->truth[S(ax)];

	return nr >= NR_CLONE && nr <= NR_VFORK;
}

/* The open clone, fork or vfork of the current task, if its registers are known. */
static const struct ukl_ctx *clone_call(const struct ukl_view *v)
{
	const struct ukl_ctx *call = ukl_bottom(v->task);

	if (!call || !is_clone(call) || ctx_edited(v, call))
		return NULL;
	if (call->tag == UKL_TAG_SYSCALL)
		return call->have_regs ? call : NULL;
	/* Ring 3's other entries have other numbers. */
	if (call->tag == UKL_TAG_USER_SYSCALL && v->cpu->lstar_known &&
	    call->pc == v->cpu->lstar)
		return call;
	return NULL;
}

static bool starts_thread(const struct ukl_ctx *ctx)
{
	return ctx && ctx->tag == UKL_TAG_FORK_CHILD && !ctx->exec;
}

/* TH-child-regs */
static enum ukl_result check_child_regs(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *call = clone_call(v);
	const uint64_t *regs;
	uint64_t sp;

	if (!call || (ARG(FORK, pf) & (v->lay->pf_kthread | v->lay->pf_io_worker)))
		return UKL_VACUOUS;
	regs = call->tag == UKL_TAG_SYSCALL ? call->regs : call->truth;
	sp = regs[S(sp)];
	if ((uint32_t)call->truth[S(ax)] == NR_CLONE && call->truth[S(si)])
		sp = call->truth[S(si)];
	want_slots(f, (UKL_SET_GPRS & ~UKL_BIT(ax)) | UKL_BIT(ip), regs, v->s);
	want(f, "ax", 0, v->s[S(ax)]);
	want(f, "sp", sp, v->s[S(sp)]);
	return verdict(f);
}

static const struct ukl_invariant th_child_regs = {
	.id = "TH-child-regs",
	.sentence = "A child starts with its parent's registers at the call, RAX 0, "
		    "and the stack pointer it was given or else its parent's.",
	.why = "libc's clone and fork stubs are written for exactly that.",
	.source = "arch/x86/kernel/process.c copy_thread; bug ledger B24",
	.exceptions = "clone3, whose arguments lie in memory; ring 3's calls if the "
		      "trace does not tell their entry point.  Registers that a "
		      "debugger may have changed.  Kernel threads and io workers.",
	.events = UKL_ON(FORK),
	.variants = UKL_VARIANT_ALL,
	.check = check_child_regs,
};

/* TH-child-mode */
static enum ukl_result check_child_mode(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *call = clone_call(v);

	if (!call || call->tag != UKL_TAG_SYSCALL)
		return UKL_VACUOUS;
	want(f, "mode", 1, ARG(FORK, mode));
	want(f, "cs", v->lay->app_csx, v->s[S(cs)]);
	want(f, "ss", v->lay->kernel_ds, v->s[S(ss)]);
	return verdict(f);
}

static const struct ukl_invariant th_child_mode = {
	.id = "TH-child-mode",
	.sentence = "A child of a UKL thread is born in the kernel (ukl_mode 1) with a "
		    "marked frame.",
	.why = "It begins in ret_from_fork() and becomes the application by its own "
	       "return.",
	.source = "kernel/fork.c copy_process; arch/x86/entry/entry_64.S "
		  "ret_from_fork_asm",
	.exceptions = "As for TH-child-regs.",
	.events = UKL_ON(FORK),
	.variants = UKL_VARIANT_ALL,
	.check = check_child_mode,
};

/* TH-child-start */
static enum ukl_result check_child_start(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	if (!starts_thread(v->ctx) || edited(v) || renewed(v))
		return UKL_VACUOUS;
	want_slots(f, UKL_SET_GPRS | UKL_BIT(ip) | UKL_BIT(sp), v->ctx->regs, v->s);
	want(f, "flags", v->ctx->regs[S(flags)] & FLAGS_FRAME,
	     v->s[S(flags)] & FLAGS_FRAME);
	return verdict(f);
}

static const struct ukl_invariant th_child_start = {
	.id = "TH-child-start",
	.sentence = "A new UKL thread's first return to the application loads the "
		    "registers of the frame that was made for it.",
	.why = "ret_from_fork() takes a return path of its own.",
	.source = "arch/x86/entry/entry_64.S ret_from_fork_asm",
	.exceptions = "RF; the start of a signal handler.  Registers that a debugger "
		      "may have changed.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_RET,
	.check = check_child_start,
};

/* TH-child-fs */
static enum ukl_result check_child_fs(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!starts_thread(v->ctx) || !v->task->fs_known || edited(v))
		return UKL_VACUOUS;
	want(f, "fs_base", v->task->fs_base, v->s[S(fs_base)]);
	return verdict(f);
}

static const struct ukl_invariant th_child_fs = {
	.id = "TH-child-fs",
	.sentence = "A new UKL thread starts with the FS base given to clone, or else "
		    "its parent's.",
	.why = "It is its thread pointer.",
	.source = "arch/x86/kernel/process.c copy_thread, set_new_tls",
	.exceptions = "clone3.  Registers that a debugger may have changed.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_child_fs,
};

/* TH-fork-mm */
static enum ukl_result check_fork_mm(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t cr3 = v->s[S(cr3)] & CR3_BASE;

	if (!v->ctx || !v->ctx->parent_cr3)
		return UKL_VACUOUS;
	if (v->ctx->shares_mm)
		want(f, "cr3", v->ctx->parent_cr3 & CR3_BASE, cr3);
	else
		want_not(f, "cr3", v->ctx->parent_cr3 & CR3_BASE, cr3);
	return verdict(f);
}

static const struct ukl_invariant th_fork_mm = {
	.id = "TH-fork-mm",
	.sentence = "A child of fork() has page tables of its own; one made with CLONE_VM "
		    "has its parent's.",
	.why = "copy_mm() decides it.  Static data of the application are copied on "
	       "write as of any process, which they can be only in an address space of "
	       "their own.",
	.source = "kernel/fork.c copy_mm; bug ledger B29",
	.exceptions = "clone3, whose arguments lie in memory.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_fork_mm,
};

/* TH-exec-start */
static enum ukl_result check_th_exec_start(const struct ukl_view *v,
					   struct ukl_finding *f)
{
	static const uint64_t zero[UKL_FRAME_SLOTS];

	if (!v->ctx || !v->ctx->exec || edited(v) || renewed(v))
		return UKL_VACUOUS;
	want(f, "ip", v->lay->app_entry, v->s[S(ip)]);
	want_clear(f, "sp", 15, v->s[S(sp)]);
	want(f, "flags", (X86_IF | X86_AC) & FLAGS_FRAME, v->s[S(flags)] & FLAGS_FRAME);
	want(f, "fs_base", 0, v->s[S(fs_base)]);
	want_gprs(f, zero, v->s);
	return verdict(f);
}

static const struct ukl_invariant th_exec_start = {
	.id = "TH-exec-start",
	.sentence = "The application starts at its entry point with registers and FS "
		    "base zero, RSP a multiple of 16, and no flags but IF and AC.",
	.why = "It is the psABI's start state; what is left of the caller is a leak, "
	       "and a nonzero RDX would be taken for a function to call at exit.",
	.source = "System V x86-64 psABI 3.4.1; arch/x86/kernel/process_64.c "
		  "start_thread",
	.exceptions = "The start of a signal handler; registers that a debugger "
		      "changed.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_th_exec_start,
};

/* TH-switch-fs */
static enum ukl_result check_switch_fs(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || v->ctx->exec || starts_thread(v->ctx) || !v->task->fs_known ||
	    edited(v))
		return UKL_VACUOUS;
	want(f, "fs_base", v->task->fs_base, v->s[S(fs_base)]);
	return verdict(f);
}

static const struct ukl_invariant th_switch_fs = {
	.id = "TH-switch-fs",
	.sentence = "The application resumes with the FS base that it had, or has set "
		    "by arch_prctl.",
	.why = "It is the thread pointer; __switch_to() saves and loads it.",
	.source = "arch/x86/kernel/process_64.c save_fsgs, x86_fsgsbase_load",
	.exceptions = "A debugger may change it.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_switch_fs,
};

/* TH-inactive-gs */
static enum ukl_result check_inactive_gs(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	const struct ukl_task *t = v->task;

	if (!v->ctx || v->ctx->exec || starts_thread(v->ctx) || !t->kgs_known ||
	    t->kgs_cpu != v->ev->cpu || edited(v))
		return UKL_VACUOUS;
	want(f, "kgs_base", t->kgs_base, v->s[S(kgs_base)]);
	return verdict(f);
}

static const struct ukl_invariant th_inactive_gs = {
	.id = "TH-inactive-gs",
	.sentence = "The application resumes with the inactive GS base that it had.",
	.why = "It is the thread's own GS base; a ring-3 neighbour's value here means "
	       "that SWAPGS or the task switch went wrong.",
	.source = "arch/x86/kernel/process_64.c x86_fsgsbase_load",
	.exceptions = "Compared on the same CPU only, so that a kernel may keep its "
		      "own base there.  Registers that a debugger may have changed.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_inactive_gs,
};

/* TH-current */
static enum ukl_result check_current(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->task->addr)
		return UKL_VACUOUS;
	want(f, "task", v->task->addr, v->s[S(task)]);
	return verdict(f);
}

static const struct ukl_invariant th_current = {
	.id = "TH-current",
	.sentence = "current is the task that was switched to last.",
	.why = "Gate and handlers find the flag, the stack and the exit work through "
	       "it.",
	.source = "arch/x86/kernel/process_64.c __switch_to",
	.exceptions = "None.",
	.events = UKL_ON(GATE_IN) | UKL_ON(SYS_ENTER) | UKL_ON(INT_C_APP) |
		  UKL_ON(INT_C_USER),
	.variants = UKL_VARIANT_ALL,
	.check = check_current,
};

/* TH-switch-from */
static enum ukl_result check_switch_from(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->task->addr)
		return UKL_VACUOUS;
	want(f, "prev", v->task->addr, ARG(SWITCH, prev));
	return verdict(f);
}

static const struct ukl_invariant th_switch_from = {
	.id = "TH-switch-from",
	.sentence = "The task that is switched away is the one that was switched to last "
		    "on this CPU.",
	.why = "__switch_to() saves FS, GS and the FPU's state for it; in another task's "
	       "name they would be lost for both.",
	.source = "kernel/sched/core.c context_switch; arch/x86/kernel/process_64.c "
		  "__switch_to",
	.exceptions = "A CPU's first switch in the trace.",
	.events = UKL_ON(SWITCH),
	.variants = UKL_VARIANT_ALL,
	.check = check_switch_from,
};

/* TH-exit */
static enum ukl_result check_exit(const struct ukl_view *v, struct ukl_finding *f)
{
	if (v->kind != UKL_K_EXIT && !v->task->exiting)
		return UKL_VACUOUS;
	want(f, "earlier exits", 0, v->task->exiting);
	return verdict(f);
}

static const struct ukl_invariant th_exit = {
	.id = "TH-exit",
	.sentence = "After do_exit() a thread executes no application and no ring-3 "
		    "instruction, and does not exit again.",
	.why = "Its address space and files are gone.",
	.source = "kernel/exit.c do_exit",
	.exceptions = "None.",
	.events = UKL_ON(EXIT) | UKL_ON(GATE_IN) | UKL_ON(APP_IN) |
		UKL_ON(INT_OUT_APP) |
		  UKL_ON(INT_OUT_USER) | UKL_ON(USER_OUT) | UKL_ON(USER_IN),
	.variants = UKL_VARIANT_ALL,
	.check = check_exit,
};

/* TH-exit-side */
static enum ukl_result check_exit_side(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!own(v))
		return UKL_VACUOUS;
	want_not(f, "mode", 2, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant th_exit_side = {
	.id = "TH-exit-side",
	.sentence = "A thread that exits is in the kernel, and says so.",
	.why = "do_exit() stores to user memory, schedules and never returns: an "
	       "interrupt in it that is taken for the application's would move its frame "
	       "over the live stack.",
	.source = "kernel/exit.c do_exit; kernel/fork.c mm_release; bug ledger B14",
	.exceptions = "None.",
	.events = UKL_ON(EXIT),
	.variants = UKL_VARIANT_ALL,
	.check = check_exit_side,
};

/* TH-vfork */
static enum ukl_result check_vfork(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || !v->ctx->vforked)
		return UKL_VACUOUS;
	want(f, "child that still uses the memory", 0, v->ctx->vfork_child);
	return verdict(f);
}

static const struct ukl_invariant th_vfork = {
	.id = "TH-vfork",
	.sentence = "vfork returns to the parent only after the child has executed a "
		    "program or exited.",
	.why = "They share the stack: whoever runs second finds what the first one "
	       "left.",
	.source = "kernel/fork.c wait_for_vfork_done; bug ledger B7",
	.exceptions = "Ring 3; clone3.",
	.events = UKL_ON(SYS_LEAVE),
	.variants = UKL_VARIANT_ALL,
	.check = check_vfork,
};

#define UKL_GROUP th
#define UKL_BLOCKS "inv_thread.list"
#include "group.h"

const struct ukl_group ukl_group_th = {
	.id = "TH", .title = "threads, exec, exit", .file = "model/inv_thread.c",
	.inv = th_invariants,
};
