/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_isolation.c - IS: ordinary ring-3 processes beside the application
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

#define X86_CR4_FSGSBASE (1ull << 16)

static bool out(const struct ukl_view *v)
{
	return v->kind == UKL_K_INT_OUT_USER || v->kind == UKL_K_USER_OUT;
}

/* An event that interrupted 64-bit ring-3 code and must not show there. */
static bool interrupted_ring3(const struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;

	return ctx && ctx->tag == UKL_TAG_EVENT && ctx->from == UKL_AT_USER &&
		!ctx->exec &&
	       ctx->vector != VECTOR_SYSCALL && !edited(v) &&
	       (ctx->truth[S(cs)] & 0xffff) == v->lay->user_cs;
}

/* A 64-bit system call that cannot change a segment base. */
static bool plain_call(const struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;
	uint32_t nr;

	if (!ctx || ctx->tag != UKL_TAG_USER_SYSCALL || ctx->exec || edited(v) ||
	    !v->cpu->lstar_known || ctx->pc != v->cpu->lstar)
		return false;
	nr = ctx->truth[S(ax)];
	return nr != NR_ARCH_PRCTL && nr != NR_MODIFY_LDT && nr != NR_PTRACE &&
	       nr != NR_RT_SIGRETURN;
}

static bool bases_kept(const struct ukl_view *v)
{
	return (interrupted_ring3(v) || plain_call(v)) &&
	       (v->ctx->truth[S(cr4)] & X86_CR4_FSGSBASE);
}

/* IS-mode0 */
static enum ukl_result check_mode0(const struct ukl_view *v, struct ukl_finding *f)
{
	if (v->kind == UKL_K_USER_OUT) {
		if (!v->task->mode_known)
			return UKL_VACUOUS;
		want(f, "mode", 0, v->task->mode);
		return verdict(f);
	}
	if (!own(v) || (out(v) && v->ctx && v->ctx->exec))
		return UKL_VACUOUS;
	want(f, "mode", 0, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant is_mode0 = {
	.id = "IS-mode0",
	.sentence = "A task that executes in ring 3 has ukl_mode 0.",
	.why = "Anything else makes the kernel treat an ordinary process as the "
	       "application.",
	.source = "arch/x86/entry/entry_64.S error_entry; "
		  "bug ledger B11, B22",
	.exceptions = "The first return after an exec is MF-exec-clear's.",
	.events = UKL_ON(USER_IN) | UKL_ON(INT_IN_USER) | UKL_ON(INT_OUT_USER) |
		  UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL,
	.check = check_mode0,
};

/* IS-path */
static enum ukl_result check_path(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t swapgs = 0;

	if (!v->cpu->swapgs_known)
		return UKL_VACUOUS;
	switch (v->kind) {
	case UKL_K_USER_IN:
		swapgs = ARG(USER_IN, swapgs);
		break;
	case UKL_K_USER_OUT:
		swapgs = ARG(USER_OUT, swapgs);
		break;
	case UKL_K_INT_IN_USER:
		swapgs = ARG(INT_IN, swapgs);
		break;
	default:
		swapgs = ARG(INT_OUT, swapgs);
	}
	want(f, "SWAPGS count mod 2", !v->cpu->kernel_parity, swapgs & 1);
	return verdict(f);
}

static const struct ukl_invariant is_path = {
	.id = "IS-path",
	.sentence = "Ring 3 is entered and left with one SWAPGS each, 32-bit code "
		    "included.",
	.why = "Ring 3 must run on its own GS base; one SWAPGS too few or too many "
	       "gives it the kernel's, or the kernel its.",
	.source = "arch/x86/entry/entry_64.S "
		  "swapgs_restore_regs_and_return_to_usermode; bug ledger B11",
	.exceptions = "None.",
	.events = UKL_ON(USER_IN) | UKL_ON(INT_IN_USER) | UKL_ON(INT_OUT_USER) |
		  UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL,
	.check = check_path,
};

/* IS-gs-base */
static enum ukl_result check_gs_base(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!bases_kept(v))
		return UKL_VACUOUS;
	want(f, "gs_base", v->ctx->truth[S(gs_base)], v->s[S(gs_base)]);
	return verdict(f);
}

static const struct ukl_invariant is_gs_base = {
	.id = "IS-gs-base",
	.sentence = "Ring-3 code resumes with the GS base that it had.",
	.why = "A wrong one is the application's, another process's or the kernel's "
	       "own.",
	.source = "arch/x86/kernel/process_64.c x86_fsgsbase_load",
	.exceptions = "arch_prctl, sigreturn, 32-bit code, a debugger; CPUs without "
		      "FSGSBASE.",
	.events = UKL_ON(INT_OUT_USER) | UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL,
	.check = check_gs_base,
};

/* IS-fs-base */
static enum ukl_result check_fs_base(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!bases_kept(v))
		return UKL_VACUOUS;
	want(f, "fs_base", v->ctx->truth[S(fs_base)], v->s[S(fs_base)]);
	return verdict(f);
}

static const struct ukl_invariant is_fs_base = {
	.id = "IS-fs-base",
	.sentence = "Ring-3 code resumes with the FS base that it had.",
	.why = "It is its thread pointer.",
	.source = "arch/x86/kernel/process_64.c x86_fsgsbase_load",
	.exceptions = "As for IS-gs-base.",
	.events = UKL_ON(INT_OUT_USER) | UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL,
	.check = check_fs_base,
};

static uint64_t differ(const uint64_t *a, const uint64_t *b)
{
	uint64_t any = (a[S(flags)] ^ b[S(flags)]) & FLAGS_FRAME;

	for (unsigned int i = 0; i < UKL_S_orig_ax; i++)
		any |= a[i] ^ b[i];
	return any | (a[S(sp)] ^ b[S(sp)]);
}

static enum ukl_result unchanged(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!differ(v->ctx->truth, v->s)) {
		/* A restartable sequence that was interrupted goes on elsewhere. */
		return v->ctx->truth[S(ip)] == v->s[S(ip)] ? UKL_HOLDS : UKL_VACUOUS;
	}
	want_slots(f, UKL_SET_GPRS | UKL_BIT(sp), v->ctx->truth, v->s);
	want(f, "flags", v->ctx->truth[S(flags)] & FLAGS_FRAME,
	     v->s[S(flags)] & FLAGS_FRAME);
	return verdict(f);
}

/* IS-transparent */
static enum ukl_result check_is_transparent(const struct ukl_view *v,
					    struct ukl_finding *f)
{
	if (!interrupted_ring3(v) || v->ctx->vector < FIRST_IRQ || renewed(v))
		return UKL_VACUOUS;
	return unchanged(v, f);
}

static const struct ukl_invariant is_transparent = {
	.id = "IS-transparent",
	.sentence = "After an interrupt a ring-3 process has the registers that it "
		    "had.",
	.why = "Changes to the entry code for the application must not touch its "
	       "neighbours.",
	.source = "arch/x86/entry/entry_64.S "
		  "swapgs_restore_regs_and_return_to_usermode",
	.exceptions = "RF; signal handlers, rseq aborts, debuggers; 32-bit code.",
	.events = UKL_ON(INT_OUT_USER),
	.variants = UKL_VARIANT_ALL,
	.check = check_is_transparent,
};

/* IS-retry */
static enum ukl_result check_is_retry(const struct ukl_view *v, struct ukl_finding *f)
{
	/* A call of the vsyscall page is emulated and has then returned. */
	if (!interrupted_ring3(v) || v->ctx->vector != VECTOR_PF || renewed(v) ||
	    !in_user_half(v->lay, v->ctx->truth[S(ip)]))
		return UKL_VACUOUS;
	return unchanged(v, f);
}

static const struct ukl_invariant is_retry = {
	.id = "IS-retry",
	.sentence = "After a page fault that is serviced a ring-3 process has the "
		    "registers that it had.",
	.why = "It executes the instruction again and must not notice; the frame went the "
	       "same way through error_entry() as the application's do.",
	.source = "arch/x86/mm/fault.c exc_page_fault; arch/x86/entry/entry_64.S "
		  "error_return",
	.exceptions = "As for IS-transparent; the vsyscall page.",
	.events = UKL_ON(INT_OUT_USER),
	.variants = UKL_VARIANT_ALL,
	.check = check_is_retry,
};

/* IS-call-regs */
#define NR_URETPROBE 335u

static enum ukl_result check_call_regs(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!ctx || ctx->pc != v->cpu->lstar || ctx->exec || edited(v) || renewed(v) ||
	    (uint32_t)ctx->truth[S(ax)] == NR_URETPROBE)
		return UKL_VACUOUS;
	want_slots(f, (UKL_SET_GPRS & ~(UKL_BIT(ax) | UKL_BIT(cx) | UKL_BIT(r11))) |
		   UKL_BIT(sp), ctx->truth, v->s);
	return verdict(f);
}

static const struct ukl_invariant is_call_regs = {
	.id = "IS-call-regs",
	.sentence = "A system call of a ring-3 process leaves its stack pointer and all "
		    "registers but RAX, RCX and R11 as they were.",
	.why = "The ABI promises it, and the application's gate shares the return with "
	       "entry_SYSCALL_64(): what is changed there for the one must not show in "
	       "the other.",
	.source = "arch/x86/entry/entry_64.S "
		  "swapgs_restore_regs_and_return_to_usermode; System V x86-64 psABI A.2.1",
	.exceptions = "rt_sigreturn that restored registers, uretprobe, execve, the "
		      "start of a signal handler, registers that a debugger may have "
		      "changed, 32-bit calls.",
	.events = UKL_ON(INT_OUT_USER) | UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL,
	.check = check_call_regs,
};

/* IS-exec-start */
static enum ukl_result check_is_exec_start(const struct ukl_view *v,
					   struct ukl_finding *f)
{
	static const uint64_t zero[UKL_FRAME_SLOTS];

	if (!v->ctx || !v->ctx->exec || edited(v))
		return UKL_VACUOUS;
	want_in(f, "ip", 0, v->lay->task_size_max, v->s[S(ip)]);
	want_clear(f, "sp", 15, v->s[S(sp)]);
	want(f, "flags", X86_IF, v->s[S(flags)] & FLAGS_FRAME);
	want(f, "ss", v->lay->user_ds, v->s[S(ss)]);
	want(f, "fs_base", 0, v->s[S(fs_base)]);
	want(f, "gs_base", 0, v->s[S(gs_base)]);
	want_gprs(f, zero, v->s);
	return verdict(f);
}

static const struct ukl_invariant is_exec_start = {
	.id = "IS-exec-start",
	.sentence = "A ring-3 program starts with registers and segment bases zero, the "
		    "user's SS, RSP a multiple of 16, and no flag but IF.",
	.why = "It is the psABI's start state.  What is left of the caller is a leak, and "
	       "if the caller was the application it is one of kernel addresses, or of "
	       "AC, which start_thread() has to take away.",
	.source = "arch/x86/kernel/process_64.c start_thread; docs/bugs-found.md",
	.exceptions = "Registers that a debugger may have changed.",
	.events = UKL_ON(INT_OUT_USER),
	.variants = UKL_VARIANT_ALL,
	.check = check_is_exec_start,
};

/* IS-sysret */
static enum ukl_result check_sysret(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = ukl_bottom(v->task);

	if (!v->task->base_known)
		return UKL_VACUOUS;
	want(f, "open SYSCALLs of ring 3", 1, ctx && ctx->tag == UKL_TAG_USER_SYSCALL);
	if (v->cpu->lstar_known && ctx && ctx->pc == v->cpu->lstar)
		want_in(f, "ip", 0, v->lay->task_size_max, v->s[S(ip)]);
	return verdict(f);
}

static const struct ukl_invariant is_sysret = {
	.id = "IS-sysret",
	.sentence = "SYSRET ends a SYSCALL of ring 3 and nothing else, and goes to the "
		    "user half.",
	.why = "SYSRET to the application would drop it to ring 3; to a non-canonical "
	       "address it faults at CPL 0 on the user's stack.",
	.source = "arch/x86/entry/common.c do_syscall_64; Intel SDM 2B SYSRET",
	.exceptions = "Not judged if the call began before the trace.  Where SYSEXIT "
		      "goes.",
	.events = UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL,
	.check = check_sysret,
};

/* IS-idt */
static enum ukl_result check_is_idt(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->cpu->idt_known)
		return UKL_VACUOUS;
	want_not(f, "IDT base", v->lay->app_idt, v->cpu->idt);
	return verdict(f);
}

static const struct ukl_invariant is_idt = {
	.id = "IS-idt",
	.sentence = "Ring 3 never runs on the application's IDT.",
	.why = "Its events would be delivered and classified as the application's.",
	.source = "arch/x86/kernel/idt.c ukl_setup_app_idt",
	.exceptions = "Not judged before the CPU's first LIDT in the trace.",
	.events = UKL_ON(USER_IN) | UKL_ON(INT_IN_USER) | UKL_ON(INT_OUT_USER) |
		  UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_BASE,
	.check = check_is_idt,
};

/* IS-smepsmap */
static enum ukl_result check_smepsmap(const struct ukl_view *v, struct ukl_finding *f)
{
	const uint64_t *pinned = ukl_model_cr4_pinned(v->model);

	if (!pinned)
		return UKL_VACUOUS;
	want_set(f, "cr4", *pinned, v->s[S(cr4)]);
	return verdict(f);
}

static const struct ukl_invariant is_smepsmap = {
	.id = "IS-smepsmap",
	.sentence = "SMEP, SMAP and the other pinned bits of CR4 are set whenever ring "
		    "3 enters or is returned to.",
	.why = "Ordinary processes keep the protection that they have on any Linux.",
	.source = "arch/x86/kernel/cpu/common.c cr4_pinned_mask; bug ledger B16",
	.exceptions = "Bits that were clear when the first program ran: the processor "
		      "lacks them, or the command line says no.",
	.events = UKL_ON(USER_IN) | UKL_ON(INT_IN_USER) | UKL_ON(INT_OUT_USER) |
		  UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL,
	.check = check_smepsmap,
};

/* IS-no-forge */
static enum ukl_result check_no_forge(const struct ukl_view *v, struct ukl_finding *f)
{
	if (v->kind == UKL_K_INT_OUT_USER) {
		want(f, "cs above the selector", 0, v->s[S(cs)] >> 16);
		return verdict(f);
	}
	if (whose(v, v->ctx) != UKL_AT_APP || v->ctx->paranoid)
		return UKL_VACUOUS;
	want(f, "cs", v->lay->app_csx, v->s[S(cs)]);
	want(f, "ss", v->lay->kernel_ds, v->s[S(ss)]);
	return verdict(f);
}

static const struct ukl_invariant is_no_forge = {
	.id = "IS-no-forge",
	.sentence = "Whatever a debugger or sigreturn stores, the application's frame "
		    "keeps its mark and selectors, and none of ring 3 gets the mark.",
	.why = "The mark decides which return is taken, and with it the privilege level.",
	.source = "arch/x86/kernel/ptrace.c set_segment_reg; bug ledger B12",
	.exceptions = "A system call that replaced the program; NMI, whose frame stays "
		      "where it was pushed.",
	.events = UKL_ON(SYS_LEAVE) | UKL_ON(INT_OUT_APP) | UKL_ON(INT_OUT_USER),
	.variants = UKL_VARIANT_ALL,
	.check = check_no_forge,
};

/* IS-uaccess */
static enum ukl_result check_uaccess(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *call = ukl_bottom(v->task);

	if (!call || call->tag != UKL_TAG_USER_SYSCALL || call->exec || call->renewed ||
	    ctx_edited(v, call) || !v->cpu->lstar_known || call->pc != v->cpu->lstar ||
	    !touches_kernel(v->lay, call))
		return UKL_VACUOUS;
	if (v->s[S(ip)] == call->truth[S(ip)])
		want_in(f, "ax", MIN_ERROR, 0, v->s[S(ax)]);
	return verdict(f);
}

static const struct ukl_invariant is_uaccess = {
	.id = "IS-uaccess",
	.sentence = "read() and write() of a ring-3 process with a buffer in the kernel's "
		    "half fail.",
	.why = "Whatever is allowed to the application, its neighbours must not reach "
	       "kernel memory by system calls.",
	.source = "arch/x86/include/asm/uaccess_64.h __access_ok; bug ledger B18",
	.exceptions = "Signals and debuggers that replaced the result.  A buffer that "
		      "begins in the user half, and one whose call starts again.",
	.events = UKL_ON(INT_OUT_USER) | UKL_ON(USER_OUT),
	.variants = UKL_VARIANT_ALL,
	.check = check_uaccess,
};

/* IS-df */
static enum ukl_result check_df(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || v->ctx->tag != UKL_TAG_EVENT || v->ctx->vector != VECTOR_DF)
		return UKL_VACUOUS;
	want_not(f, "ip", v->ctx->truth[S(ip)], v->s[S(ip)]);
	return verdict(f);
}

static const struct ukl_invariant is_df = {
	.id = "IS-df",
	.sentence = "Nothing goes on where a double fault struck.",
	.why = "exc_double_fault() reports it and ends the machine: a stack overflow of "
	       "the kernel's is no page fault that could be serviced, whoever runs.",
	.source = "arch/x86/kernel/traps.c exc_double_fault; bug ledger B9",
	.exceptions = "What Linux makes of a bad IRET to a 16-bit stack: that goes on "
		      "elsewhere.",
	.events = UKL_ON_INT_OUT,
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_PF_DF,
	.check = check_df,
};

#define UKL_GROUP is
#define UKL_BLOCKS "inv_isolation.list"
#include "group.h"

const struct ukl_group ukl_group_is = {
	.id = "IS", .title = "isolation of ring 3", .file = "model/inv_isolation.c",
	.inv = is_invariants,
};
