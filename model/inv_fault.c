/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_fault.c - PF: page faults and double faults
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

/* The same fault that often in a row, and nothing else between, is no progress. */
#define MAX_REPEATS 15u

static bool is_fault(const struct ukl_ctx *ctx)
{
	return ctx && ctx->tag == UKL_TAG_EVENT && ctx->vector == VECTOR_PF;
}

/* PF-cr2 */
static enum ukl_result check_cr2(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_fault(v->ctx))
		return UKL_VACUOUS;
	want(f, "cr2", v->ctx->truth[S(cr2)], v->s[S(cr2)]);
	return verdict(f);
}

static const struct ukl_invariant pf_cr2 = {
	.id = "PF-cr2",
	.sentence = "CR2 still holds the faulting address when exc_page_fault() reads "
		    "it.",
	.why = "A fault taken by the entry code in between would overwrite it, and the "
	       "wrong page would be serviced.",
	.source = "arch/x86/mm/fault.c exc_page_fault",
	.exceptions = "None.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL,
	.check = check_cr2,
};

/* PF-user-flag */
static enum ukl_result check_user_flag(const struct ukl_view *v, struct ukl_finding *f)
{
	bool app = v->kind == UKL_K_INT_C_APP;

	if (!is_fault(v->ctx))
		return UKL_VACUOUS;
	want(f, "cs", app ? v->lay->app_csx : v->ctx->truth[S(cs)], v->s[S(cs)]);
	return verdict(f);
}

static const struct ukl_invariant pf_user_flag = {
	.id = "PF-user-flag",
	.sentence = "The frame of a page fault bears the application's mark if the "
		    "application faulted, and else the CS that was pushed.",
	.why = "From the mark follow X86_PF_USER and FAULT_FLAG_USER: whether a bad "
	       "access is a SIGSEGV or an oops, whether the fault may wait for "
	       "mmap_lock and sleep.",
	.source = "arch/x86/mm/fault.c do_user_addr_fault; bug ledger B19",
	.exceptions = "None.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL,
	.check = check_user_flag,
};

/* PF-if */
static enum ukl_result check_pf_if(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_fault(v->ctx) ||
	    (v->kind != UKL_K_INT_C_APP && v->ctx->from != UKL_AT_SEAM_OUT))
		return UKL_VACUOUS;
	want_set(f, "flags pushed", X86_IF, v->ctx->truth[S(flags)]);
	want_set(f, "flags", X86_IF, v->s[S(flags)]);
	return verdict(f);
}

static const struct ukl_invariant pf_if = {
	.id = "PF-if",
	.sentence = "A page fault of the application, of its gate or of the return to it "
		    "is taken with interrupts on.",
	.why = "do_user_addr_fault() may sleep; it refuses faults of frames whose IF "
	       "is clear.",
	.source = "arch/x86/mm/fault.c do_user_addr_fault; bug ledger B8",
	.exceptions = "An application that cleared IF by POPF, and its gate then: only "
		      "the frame must have it.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL,
	.check = check_pf_if,
};

/* PF-atomic */
static enum ukl_result check_atomic(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_fault(v->ctx) || !own(v))
		return UKL_VACUOUS;
	want(f, "preempt", 0, v->s[S(preempt)] & PREEMPT_MASK);
	return verdict(f);
}

static const struct ukl_invariant pf_atomic = {
	.id = "PF-atomic",
	.sentence = "The handler of an application's page fault starts with preemption "
		    "count zero.",
	.why = "faulthandler_disabled() would refuse to service it, and sleeping would "
	       "be a bug.",
	.source = "include/linux/uaccess.h faulthandler_disabled",
	.exceptions = "None.",
	.events = UKL_ON(INT_C_APP),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_SHORTCUT,
	.check = check_atomic,
};

/* Does the fault call the vsyscall page?  The kernel makes the call and returns from it. */
static bool calls_vsyscall(const struct ukl_ctx *ctx)
{
	return in_range(ctx->truth[S(ip)], VSYSCALL_PAGE, VSYSCALL_PAGE + VSYSCALL_SIZE) &&
	       ctx->truth[S(cr2)] == ctx->truth[S(ip)];
}

/* PF-retry */
static enum ukl_result check_pf_retry(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!is_fault(v->ctx) || !v->ctx->app || v->ctx->exec || edited(v) ||
	    renewed(v))
		return UKL_VACUOUS;
	if (calls_vsyscall(v->ctx)) {
		want_slots(f, UKL_SET_GPRS & ~UKL_BIT(ax), v->ctx->truth, v->s);
		want(f, "sp", v->ctx->truth[S(sp)] + 8, v->s[S(sp)]);
	} else {
		want_slots(f, UKL_SET_GPRS | UKL_BIT(sp) |
			   (moved_on(v) ? 0 : UKL_BIT(ip)), v->ctx->truth, v->s);
	}
	want(f, "flags", v->ctx->truth[S(flags)] & FLAGS_FRAME,
	     v->s[S(flags)] & FLAGS_FRAME);
	return verdict(f);
}

static const struct ukl_invariant pf_retry = {
	.id = "PF-retry",
	.sentence = "After a page fault the application executes the faulting "
		    "instruction again with the registers that it had; after a call of "
		    "the vsyscall page it has returned from there.",
	.why = "The fault is to be invisible; there is no exception table for the "
	       "application.",
	.source = "arch/x86/mm/fault.c do_user_addr_fault; "
		  "arch/x86/entry/vsyscall/vsyscall_64.c emulate_vsyscall; bug ledger B8",
	.exceptions = "RF; the start of a signal handler; registers that a debugger "
		      "may have changed; RIP, if rseq may have moved it.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_pf_retry,
};

/* PF-progress */
static enum ukl_result check_progress(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_task *t = v->task;

	if (ARG(INT_IN, vector) != VECTOR_PF || ukl_model_cpus(v->model) != 1)
		return UKL_VACUOUS;
	if (t->repeats < MAX_REPEATS || t->last_fault[0] != v->s[S(ip)] ||
	    t->last_fault[1] != v->s[S(cr2)] || t->last_fault[2] != ARG(INT_IN, error))
		return UKL_HOLDS;
	ukl_note(f, "same fault in succession", UKL_REL_IN, 0, MAX_REPEATS + 1,
		 t->repeats + 1);
	return verdict(f);
}

static const struct ukl_invariant pf_progress = {
	.id = "PF-progress",
	.sentence = "The same page fault of the application does not come more than "
		    "16 times in a row.",
	.why = "The kernel has to change the page table or send a signal; a write "
	       "fault that is serviced as a read never ends.",
	.source = "bug ledger B9; arch/x86/mm/fault.c do_user_addr_fault",
	.exceptions = "With several CPUs another thread may undo each service, so it "
		      "is not judged.  A system call, another event or a switch of "
		      "tasks ends the row; the same is one of the same instruction, "
		      "address and error code.",
	.events = UKL_ON(INT_IN_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_progress,
};

/* PF-no-double-fault */
static enum ukl_result check_no_double_fault(const struct ukl_view *v,
					     struct ukl_finding *f)
{
	uint64_t vector = ARG(INT_IN, vector);

	if (vector != VECTOR_PF && vector != VECTOR_DF)
		return UKL_VACUOUS;
	want_not(f, "vector", VECTOR_DF, vector);
	return verdict(f);
}

static const struct ukl_invariant pf_no_double_fault = {
	.id = "PF-no-double-fault",
	.sentence = "No fault of the application is a double fault.",
	.why = "A #DF means that the frame of another event could not be pushed, as on "
	       "an absent stack page; if that was an interrupt, it is lost.",
	.source = "arch/x86/kernel/traps.c exc_double_fault; "
		  "bug ledger B9, B10; Intel SDM 3A 6.15 #DF",
	.exceptions = "None.",
	.events = UKL_ON(INT_IN_APP),
	.variants = UKL_VARIANT_BASE | UKL_VARIANT_PF_SS,
	.check = check_no_double_fault,
};

/* PF-kernel-fixup */
static enum ukl_result check_kernel_fixup(const struct ukl_view *v,
					  struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_fault(ctx) || ctx->iret_fault || ctx->from != UKL_AT_KERNEL)
		return UKL_VACUOUS;
	want(f, "sp", ctx->truth[S(sp)], v->s[S(sp)]);
	if (v->s[S(ip)] == ctx->truth[S(ip)]) {
		want_gprs(f, ctx->truth, v->s);
		want(f, "flags", ctx->truth[S(flags)] & FLAGS_FRAME,
		     v->s[S(flags)] & FLAGS_FRAME);
	}
	return verdict(f);
}

static const struct ukl_invariant pf_kernel_fixup = {
	.id = "PF-kernel-fixup",
	.sentence = "After a page fault of its own the kernel either repeats the "
		    "instruction with the same registers and flags or goes on in its "
		    "own text, on the same stack.",
	.why = "uaccess relies on both: service and retry, or the exception table's "
	       "fixup.",
	.source = "arch/x86/mm/extable.c fixup_exception",
	.exceptions = "A fixup may change general registers. Text of the kernel that is freed "
		      "after boot is its own, too.",
	.events = UKL_ON(INT_OUT_KERNEL),
	.variants = UKL_VARIANT_ALL,
	.check = check_kernel_fixup,
};

/* PF-kernel-strict */
static enum ukl_result check_kernel_strict(const struct ukl_view *v,
					   struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_fault(ctx) || ctx->iret_fault || ctx->from != UKL_AT_KERNEL)
		return UKL_VACUOUS;
	if (v->kind == UKL_K_SIG_FORCE)
		want(f, "signals for a fault of the kernel's own", 0, 1);
	else if (v->s[S(ip)] != ctx->truth[S(ip)])
		want(f, "look-ups in the exception table", 1, ctx->fixup);
	return verdict(f);
}

static const struct ukl_invariant pf_kernel_strict = {
	.id = "PF-kernel-strict",
	.sentence = "A page fault of the kernel's own is never a signal, and only the "
		    "exception table sends the kernel elsewhere.",
	.why = "A fault without an entry is a bug that page_fault_oops() has to show, for "
	       "UKL threads too; one with an entry is the EFAULT of a system call.",
	.source = "arch/x86/mm/fault.c kernelmode_fixup_or_oops; bug ledger B19",
	.exceptions = "A fault of the IRET to a program, which is the program's; kprobes.",
	.events = UKL_ON(INT_OUT_KERNEL) | UKL_ON(SIG_FORCE),
	.variants = UKL_VARIANT_ALL,
	.check = check_kernel_strict,
};

/* PF-extable */
static enum ukl_result check_extable(const struct ukl_view *v, struct ukl_finding *f)
{
	want(f, "cs (selector)", v->lay->kernel_cs, v->s[S(cs)] & 0xffff);
	want_not(f, "cs", v->lay->app_csx, v->s[S(cs)]);
	want_out(f, "ip", v->lay->app_text_start, v->lay->app_text_end, v->s[S(ip)]);
	return verdict(f);
}

static const struct ukl_invariant pf_extable = {
	.id = "PF-extable",
	.sentence = "The exception table is asked about the kernel's own faults only.",
	.why = "An entry says how the kernel goes on after an access for somebody else; "
	       "the application's faults are signals or are serviced.",
	.source = "arch/x86/mm/extable.c fixup_exception",
	.exceptions = "None.",
	.events = UKL_ON(FIXUP),
	.variants = UKL_VARIANT_ALL,
	.check = check_extable,
};

/* PF-no-oops */
static enum ukl_result check_no_oops(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!ctx || ctx->tag != UKL_TAG_EVENT || ctx->paranoid)
		return UKL_VACUOUS;
	want_not(f, "exceptions of the application that end in an oops", ctx->app, true);
	return verdict(f);
}

static const struct ukl_invariant pf_no_oops = {
	.id = "PF-no-oops",
	.sentence = "No fault of the application is an oops.",
	.why = "It is the program's fault, to be answered by a signal: a NULL pointer in "
	       "an application must not look like one in the kernel, nor kill init.",
	.source = "arch/x86/mm/fault.c page_fault_oops; bug ledger B19",
	.exceptions = "Oopses of the kernel itself.",
	.events = UKL_ON(OOPS),
	.variants = UKL_VARIANT_ALL,
	.check = check_no_oops,
};

#define UKL_GROUP pf
#define UKL_BLOCKS "inv_fault.list"
#include "group.h"

const struct ukl_group ukl_group_pf = {
	.id = "PF", .title = "page faults", .file = "model/inv_fault.c",
	.inv = pf_invariants,
};
