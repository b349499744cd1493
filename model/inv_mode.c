/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_mode.c - MF: ukl_mode, the kernel's own claim of which side it is on
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

static bool is_own_write(const struct ukl_view *v)
{
	return v->task->addr && ARG(MODE_WRITE, task) == v->task->addr;
}

/* Inside the calls that replace a program, the flag follows the program. */
static bool in_exec(const struct ukl_task *t)
{
	const struct ukl_ctx *bottom = ukl_bottom(t);
	uint32_t nr;

	if (!bottom || bottom->tag == UKL_TAG_FORK_CHILD || bottom->exec)
		return true;
	if (bottom->tag == UKL_TAG_EVENT)
		return bottom->vector == VECTOR_SYSCALL;
	nr = bottom->truth[S(ax)];
	/* 11 and 358: the i386 calls, by the other entries */
	return nr == NR_EXECVE || nr == NR_EXECVEAT ||
	       (bottom->tag == UKL_TAG_USER_SYSCALL && (nr == 11 || nr == 358));
}

/* MF-domain */
static enum ukl_result check_domain(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t value = ARG(MODE_WRITE, value);

	if (v->kind == UKL_K_FORK)
		value = ARG(FORK, mode);
	else if (v->kind == UKL_K_SWITCH)
		value = ARG(SWITCH, mode);
	want_in(f, "mode", 0, 3, value);
	return verdict(f);
}

static const struct ukl_invariant mf_domain = {
	.id = "MF-domain",
	.sentence = "ukl_mode is 0 (no UKL thread), 1 (UKL thread in the kernel) or 2 "
		    "(in the application).",
	.why = "Entry code compares it with these values and nothing else.",
	.source = "arch/x86/entry/entry_64.S error_entry; "
		  "UKL RFC 03/10; arch/x86/include/asm/ukl.h",
	.exceptions = "None.",
	.events = UKL_ON(MODE_WRITE) | UKL_ON(FORK) | UKL_ON(SWITCH),
	.variants = UKL_VARIANT_ALL,
	.check = check_domain,
};

/* MF-alternate */
static enum ukl_result check_alternate(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t value = ARG(MODE_WRITE, value);

	if (!is_own_write(v) || !v->task->mode_known)
		return UKL_VACUOUS;
	if (value == 2)
		want(f, "mode before", 1, v->task->mode);
	else if (value == 1 && v->task->mode)
		want(f, "mode before", 2, v->task->mode);
	else if (value == 0)
		want_not(f, "mode before", 2, v->task->mode);
	else
		return UKL_VACUOUS;
	return verdict(f);
}

static const struct ukl_invariant mf_alternate = {
	.id = "MF-alternate",
	.sentence = "A thread's ukl_mode alternates: 2 is stored only over 1, 1 only "
		    "over 2.",
	.why = "The flag is no counter: a second store of the same value means that "
	       "two entries or two exits were nested.",
	.source = "arch/x86/include/asm/ukl_mode.h ukl_enter_app, ukl_enter_kernel; "
		  "UKL RFC 03/10",
	.exceptions = "The first store of 1, which is MF-by-exec's.  What is stored "
		      "for another task, which is MF-own's.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL,
	.check = check_alternate,
};

/* Whose memory may be another's by now, or a child's that does not run yet */
static bool may_be_gone(const struct ukl_task *t)
{
	return !t || t->exiting || !t->base_known;
}

/* MF-own */
static enum ukl_result check_own(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_task *t;

	if (!v->task->addr)
		return UKL_VACUOUS;
	if (!is_own_write(v)) {
		t = ukl_model_task(v->model, ARG(MODE_WRITE, task));
		if (may_be_gone(t))
			return UKL_VACUOUS;
	}
	want(f, "task", v->task->addr, ARG(MODE_WRITE, task));
	return verdict(f);
}

static const struct ukl_invariant mf_own = {
	.id = "MF-own",
	.sentence = "A CPU stores only to the ukl_mode of its current task.",
	.why = "There is no lock; a store through a task pointer that was read before "
	       "a schedule() reclassifies another task.",
	.source = "bug ledger B2; arch/x86/include/asm/current.h get_current",
	.exceptions = "copy_thread() preparing a child that does not run yet: a task "
		      "that the trace has not shown to be born or to run a program, or "
		      "that has exited.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL,
	.check = check_own,
};

/* MF-gs-guard */
static enum ukl_result check_gs_guard(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->cpu->gs_known)
		return UKL_VACUOUS;
	want(f, "gs_base", v->cpu->gs_base, v->s[S(gs_base)]);
	return verdict(f);
}

static const struct ukl_invariant mf_gs_guard = {
	.id = "MF-gs-guard",
	.sentence = "ukl_mode is stored only while the kernel's GS base is active.",
	.why = "error_entry() and the gate find the flag through current, which is "
	       "relative to GS: on ring 3's base, as after a fault at .Lgs_change or of "
	       "an IRET, they would write wherever ring 3 says.",
	.source = "arch/x86/entry/entry_64.S error_entry; bug ledger B13",
	.exceptions = "Not judged before the CPU's first task switch, which tells the "
		      "base.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL,
	.check = check_gs_guard,
};

/* MF-by-exec */
static enum ukl_result check_by_exec(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_own_write(v) || !v->task->mode_known || v->task->mode ||
	    !ARG(MODE_WRITE, value) || !v->task->base_known)
		return UKL_VACUOUS;
	/* exec makes it one that is in the kernel. */
	if (!in_exec(v->task) || ARG(MODE_WRITE, value) != 1)
		ukl_note(f, "mode", UKL_REL_EQ, 0, 0, ARG(MODE_WRITE, value));
	return verdict(f);
}

static const struct ukl_invariant mf_by_exec = {
	.id = "MF-by-exec",
	.sentence = "A task becomes a UKL thread only inside execve.",
	.why = "Becoming one means running at CPL 0; it needs the permission check, a "
	       "fresh address space and credentials that exec provides.",
	.source = "fs/binfmt_ukl.c load_ukl_binary; "
		  "bug ledger B22; UKL RFC 08/10",
	.exceptions = "Children of UKL threads are born so.  Not judged if the system "
		      "call was entered before the trace began.  What is stored for "
		      "another task.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL,
	.check = check_by_exec,
};

/* A store by the code of exec, and not by a gate or handler on its way in or out. */
static bool is_exec_write(const struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_own_write(v) || !ctx || ARG(MODE_WRITE, value) == 2)
		return false;
	if (ctx->tag == UKL_TAG_SYSCALL)
		return ctx->phase == UKL_PHASE_C;
	return ctx->tag == UKL_TAG_USER_SYSCALL || ctx->tag == UKL_TAG_FORK_CHILD;
}

/* MF-exec-order */
static enum ukl_result check_exec_order(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_exec_write(v))
		return UKL_VACUOUS;
	want(f, "begin_new_exec() before", 1, v->ctx->exec_begun);
	return verdict(f);
}

static const struct ukl_invariant mf_exec_order = {
	.id = "MF-exec-order",
	.sentence = "exec changes ukl_mode only after the point of no return.",
	.why = "An exec that fails must leave the thread what it was, and what it is "
	       "after that point has passed every check that exec makes.",
	.source = "fs/exec.c begin_new_exec; bug ledger B22",
	.exceptions = "Not judged if the system call was entered before the trace began, "
		      "nor by INT 0x80.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL,
	.check = check_exec_order,
};

/* MF-authorised */
static enum ukl_result check_authorised(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_exec_write(v) || ARG(MODE_WRITE, value) != 1 || !v->ctx->exec_begun)
		return UKL_VACUOUS;
	want_set(f, "capabilities", v->lay->cap_rawio, v->ctx->caps);
	return verdict(f);
}

static const struct ukl_invariant mf_authorised = {
	.id = "MF-authorised",
	.sentence = "Only a thread with CAP_SYS_RAWIO becomes a UKL thread.",
	.why = "It gets ring 0, which is no less than iopl() and /dev/mem give.",
	.source = "fs/binfmt_ukl.c load_ukl_binary; bug ledger B22",
	.exceptions = "As for MF-exec-order.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_BASE,
	.check = check_authorised,
};

/* MF-nonukl-zero */
static enum ukl_result check_nonukl_zero(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	const struct ukl_task *next;

	if (v->kind == UKL_K_SWITCH) {
		next = ukl_model_task(v->model, ARG(SWITCH, next));
		if (!next || !next->kthread || next->exiting)
			return UKL_VACUOUS;
		want(f, "mode", 0, ARG(SWITCH, mode));
		return verdict(f);
	}
	if (!(ARG(FORK, pf) & (v->lay->pf_kthread | v->lay->pf_io_worker)) &&
	    (!v->task->mode_known || v->task->mode))
		return UKL_VACUOUS;
	want(f, "mode", 0, ARG(FORK, mode));
	return verdict(f);
}

static const struct ukl_invariant mf_nonukl_zero = {
	.id = "MF-nonukl-zero",
	.sentence = "ukl_mode is 0 in kernel threads, io workers and children of "
		    "ordinary tasks.",
	.why = "They have no application side; a flag copied with the parent's "
	       "task_struct would make their interrupts look like the application's.",
	.source = "arch/x86/kernel/process.c copy_thread; bug ledger B22",
	.exceptions = "A kernel thread that execs a program is an ordinary task from "
		      "then on.",
	.events = UKL_ON(FORK) | UKL_ON(SWITCH),
	.variants = UKL_VARIANT_ALL,
	.check = check_nonukl_zero,
};

/* MF-switch */
static enum ukl_result check_switch(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_task *next = ukl_model_task(v->model, ARG(SWITCH, next));

	if (!next || !next->mode_known || next->exiting)
		return UKL_VACUOUS;
	want(f, "mode", next->mode, ARG(SWITCH, mode));
	return verdict(f);
}

static const struct ukl_invariant mf_switch = {
	.id = "MF-switch",
	.sentence = "A task that is switched to has the ukl_mode that it had when it "
		    "was switched away.",
	.why = "The flag belongs to the thread: it says on which side that thread "
	       "stopped.",
	.source = "UKL RFC 03/10; arch/x86/kernel/process_64.c __switch_to",
	.exceptions = "A task that has exited: its memory may be another's by now.",
	.events = UKL_ON(SWITCH),
	.variants = UKL_VARIANT_ALL,
	.check = check_switch,
};

/* MF-exec-clear */
static enum ukl_result check_exec_clear(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || !v->ctx->exec || !v->task->mode_known)
		return UKL_VACUOUS;
	want(f, "mode", 0, v->task->mode);
	return verdict(f);
}

static const struct ukl_invariant mf_exec_clear = {
	.id = "MF-exec-clear",
	.sentence = "A program started in ring 3 has ukl_mode 0.",
	.why = "It would run at CPL 3 but be treated as UKL on kernel faults and user "
	       "access.",
	.source = "bug ledger B22; arch/x86/kernel/process.c flush_thread",
	.exceptions = "None.",
	.events = UKL_ON(INT_OUT_USER),
	.variants = UKL_VARIANT_ALL,
	.check = check_exec_clear,
};

/* MF-nmi */
static enum ukl_result check_nmi(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!own(v) || !ctx || ctx->tag != UKL_TAG_EVENT || !ctx->paranoid ||
	    ctx->truth[S(task)] != v->task->addr)
		return UKL_VACUOUS;
	want(f, "mode", ctx->truth[S(mode)], v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant mf_nmi = {
	.id = "MF-nmi",
	.sentence = "#DB, NMI and #MC leave ukl_mode as they found it.",
	.why = "They interrupt any instruction, entry and return code included, and "
	       "must not show; meanwhile the flag must say kernel, or exceptions in "
	       "the handler would do exit work in NMI context.",
	.source = "bug ledger B14; arch/x86/kernel/nmi.c exc_nmi",
	.exceptions = "Not judged if current was or is another task.",
	.events = UKL_ON(INT_OUT_APP) | UKL_ON(INT_OUT_KERNEL),
	.variants = UKL_VARIANT_ALL,
	.check = check_nmi,
};

/* MF-truth */
static enum ukl_result check_truth(const struct ukl_view *v, struct ukl_finding *f)
{
	/* How system calls end is SX-one-flip's business. */
	if (!own(v) || (v->kind == UKL_K_INT_OUT_APP &&
			(!v->ctx || v->ctx->tag == UKL_TAG_SYSCALL)))
		return UKL_VACUOUS;
	if (v->kind == UKL_K_SYS_LEAVE && !v->ctx && (v->s[S(cs)] & 3))
		return UKL_VACUOUS;
	if (v->kind != UKL_K_SYS_LEAVE)
		want(f, "mode", 2, v->s[S(mode)]);
	else if (v->ctx && v->ctx->exec && (v->s[S(cs)] & 3))
		want(f, "mode", 0, v->s[S(mode)]);
	else
		want(f, "mode", 1, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant mf_truth = {
	.id = "MF-truth",
	.sentence = "ukl_mode says application when application code runs or is "
		    "interrupted or resumed, and kernel when do_syscall_64() returns, "
		    "unless that was an exec of a ring-3 program, which has none.",
	.why = "It decides how the next event is classified: which stack it gets and "
	       "whether exit work is done.",
	.source = "arch/x86/entry/entry_64.S error_entry",
	.exceptions = "How a system call ends is SX-one-flip's, and what is read "
		      "while current is another task is TH-current's.  Of a call that "
		      "was entered before the trace began and leaves to ring 3 it is "
		      "not known whether it was an exec.",
	.events = UKL_ON(APP_IN) | UKL_ON(INT_IN_APP) | UKL_ON(INT_OUT_APP) |
		  UKL_ON(SYS_LEAVE),
	.variants = UKL_VARIANT_ALL,
	.check = check_truth,
};

/*
 * Stubs and paranoid handlers run for a while with the flag of what they
 * interrupted; an event in there is only ever another paranoid one.
 */
static bool flag_in_transit(const struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;

	/* They can hit the first instruction of a stub, before it shows. */
	if (v->kind == UKL_K_INT_IN_KERNEL &&
	    (v->from != UKL_AT_KERNEL || may_hit_anywhere(ARG(INT_IN, vector))))
		return true;
	if (!ctx || ctx->tag != UKL_TAG_EVENT)
		return ctx && ctx->phase == UKL_PHASE_OUT;
	return ctx->paranoid || (ctx->app && !ctx->flips_in) ||
	       ctx->phase == UKL_PHASE_OUT;
}

/* MF-handler */
static enum ukl_result check_handler(const struct ukl_view *v, struct ukl_finding *f)
{
	bool app = v->kind == UKL_K_INT_C_APP;

	if (!own(v) || (!app && flag_in_transit(v)))
		return UKL_VACUOUS;
	if (app)
		want(f, "mode", 1, v->s[S(mode)]);
	else
		want_not(f, "mode", 2, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant mf_handler = {
	.id = "MF-handler",
	.sentence = "While a handler or other kernel code runs, ukl_mode does not say "
		    "application.",
	.why = "An event nested in it would be taken for one of the application: its "
	       "frame would be moved over live ones and exit work be done in the "
	       "middle.",
	.source = "arch/x86/entry/entry_64.S error_entry; bug ledger B14",
	.exceptions = "Entry stubs before the flip, return code after it, and #DB, "
		      "NMI, #MC, which MF-nmi covers.",
	.events = UKL_ON(INT_C_APP) | UKL_ON(INT_C_KERNEL) | UKL_ON(INT_IN_KERNEL),
	.variants = UKL_VARIANT_ALL,
	.check = check_handler,
};

/* MF-writers */
static enum ukl_result check_writers(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_task *t;

	if (v->kind == UKL_K_STRAY_WRITE) {
		t = ukl_model_task(v->model, ARG(STRAY_WRITE, task));
		/* A dead task's memory may be anything by now. */
		if (may_be_gone(t))
			return UKL_VACUOUS;
		ukl_note(f, "mode", UKL_REL_EQ, t->mode, 0, ARG(STRAY_WRITE, value));
		return verdict(f);
	}
	if (!own(v) || !v->task->mode_known)
		return UKL_VACUOUS;
	want(f, "mode", v->task->mode, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant mf_writers = {
	.id = "MF-writers",
	.sentence = "Nothing stores to ukl_mode but the instructions that the kernel "
		    "declares, so it always has the value that was stored last.",
	.why = "The flag is trusted by entry code; a stray store reclassifies the next "
	       "event.",
	.source = "arch/x86/include/asm/ukl_mode.h ukl_set_mode; "
		  "the ukl_site.mode_write symbols; bug ledger B12",
	.exceptions = "As for MF-own.",
	.events = UKL_ON(GATE_IN) | UKL_ON(SYS_LEAVE) | UKL_ON(APP_IN) |
		UKL_ON(INT_IN_APP) |
		  UKL_ON(INT_IN_KERNEL) | UKL_ON(STRAY_WRITE),
	.variants = UKL_VARIANT_ALL,
	.check = check_writers,
};

#define UKL_GROUP mf
#define UKL_BLOCKS "inv_mode.list"
#include "group.h"

const struct ukl_group ukl_group_mf = {
	.id = "MF", .title = "mode flag", .file = "model/inv_mode.c",
	.inv = mf_invariants,
};
