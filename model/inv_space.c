/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_space.c - AS: address space, control registers and access to user memory
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

#define X86_CR0_PE (1ull << 0)
#define X86_CR0_WP (1ull << 16)
#define X86_CR0_PG (1ull << 31)

/* Is the kernel at work for the application or for ring 3? */
static bool serves(const struct ukl_task *t)
{
	const struct ukl_ctx *bottom = ukl_bottom(t);

	return bottom && (bottom->tag == UKL_TAG_SYSCALL || bottom->app ||
			  bottom->tag == UKL_TAG_USER_SYSCALL ||
			  (bottom->tag == UKL_TAG_EVENT &&
			   bottom->from == UKL_AT_USER));
}

/* AS-cr3 */
static enum ukl_result check_as_cr3(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx || v->ctx->exec || v->ctx->tag != UKL_TAG_EVENT ||
	    !v->task->cr3_known)
		return UKL_VACUOUS;
	want(f, "cr3", v->task->cr3 & CR3_BASE, v->s[S(cr3)] & CR3_BASE);
	return verdict(f);
}

static const struct ukl_invariant as_cr3 = {
	.id = "AS-cr3",
	.sentence = "The application resumes after an event on the page tables that it "
		    "had.",
	.why = "Its address space is its mm's, in the kernel's flavour, on every CPU.",
	.source = "arch/x86/mm/tlb.c switch_mm_irqs_off",
	.exceptions = "PCID bits.  System calls are SX-cr3's.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_as_cr3,
};

/* AS-cr4 */
static enum ukl_result check_cr4(const struct ukl_view *v, struct ukl_finding *f)
{
	const uint64_t *pinned = ukl_model_cr4_pinned(v->model);
	uint64_t cr4 = v->s[S(cr4)];

	if (v->kind == UKL_K_CTRL) {
		if (ARG(CTRL, reg) != UKL_CTRL_CR4 || !serves(v->task) ||
		    !in_range(ARG(CTRL, pc), v->lay->text_start, v->lay->text_end))
			return UKL_VACUOUS;
		cr4 = ARG(CTRL, value);
	}
	if (!pinned)
		return UKL_VACUOUS;
	want_set(f, "cr4", *pinned, cr4);
	return verdict(f);
}

static const struct ukl_invariant as_cr4 = {
	.id = "AS-cr4",
	.sentence = "The pinned bits of CR4 (SMEP, SMAP, UMIP, FSGSBASE) stay set "
		    "while the application runs and while the kernel serves it or ring "
		    "3.",
	.why = "They protect the whole machine; a unikernel is no reason to drop them.",
	.source = "arch/x86/kernel/cpu/common.c cr4_pinned_mask; bug ledger B16",
	.exceptions = "Code outside kernel text, which starts CPUs and other kernels; "
		      "bits that were clear when the first program ran.",
	.events = UKL_ON(GATE_IN) | UKL_ON(APP_IN) | UKL_ON(CTRL),
	.variants = UKL_VARIANT_ALL,
	.check = check_cr4,
};

/* AS-cr0 */
static enum ukl_result check_cr0(const struct ukl_view *v, struct ukl_finding *f)
{
	if (ARG(CTRL, reg) != UKL_CTRL_CR0 || !v->cpu->gs_known ||
	    !in_range(ARG(CTRL, pc), v->lay->text_start, v->lay->text_end))
		return UKL_VACUOUS;
	want_set(f, "cr0", X86_CR0_PE | X86_CR0_WP | X86_CR0_PG, ARG(CTRL, value));
	return verdict(f);
}

static const struct ukl_invariant as_cr0 = {
	.id = "AS-cr0",
	.sentence = "Protection, paging and write protection are never switched off in "
		    "CR0.",
	.why = "Application text and kernel text are read-only only as long as CR0.WP "
	       "is set.",
	.source = "arch/x86/kernel/cpu/common.c native_write_cr0",
	.exceptions = "Not judged before the CPU's first task switch, nor outside "
		      "kernel text.",
	.events = UKL_ON(CTRL),
	.variants = UKL_VARIANT_ALL,
	.check = check_cr0,
};

/* AS-ac */
static enum ukl_result check_as_ac(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!(v->ctx->truth[S(cr4)] & X86_CR4_SMAP))
		return UKL_VACUOUS;
	want_clear(f, "flags", X86_AC, ARG(INT_C, now));
	return verdict(f);
}

static const struct ukl_invariant as_ac = {
	.id = "AS-ac",
	.sentence = "EFLAGS.AC is clear when a C handler is entered, if SMAP is on.",
	.why = "The application runs with AC set, and uaccess may have been "
	       "interrupted; the handler must fault on a stray access to the user half "
	       "all the same.",
	.source = "arch/x86/entry/entry_64.S idtentry, ASM_CLAC",
	.exceptions = "None.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL,
	.check = check_as_ac,
};

/* AS-clac */
static enum ukl_result check_clac(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t now = ARG(SYS_LEAVE, now);

	if (!(v->s[S(cr4)] & X86_CR4_SMAP))
		return UKL_VACUOUS;
	if (v->kind == UKL_K_MODE_WRITE) {
		if (ARG(MODE_WRITE, value) != 2 || !v->ctx || v->ctx->paranoid ||
		    v->ctx->tag == UKL_TAG_FORK_CHILD)
			return UKL_VACUOUS;
		now = ARG(MODE_WRITE, now);
	}
	want_clear(f, "flags", X86_AC, now);
	return verdict(f);
}

static const struct ukl_invariant as_clac = {
	.id = "AS-clac",
	.sentence = "EFLAGS.AC is clear when do_syscall_64() returns and when the kernel "
		    "declares itself application again.",
	.why = "Every STAC has its CLAC; one that is missing leaves the rest of the call, "
	       "and whoever is scheduled in it, without SMAP.",
	.source = "arch/x86/include/asm/smap.h clac; "
		  "arch/x86/include/asm/uaccess.h __uaccess_end",
	.exceptions = "#DB, NMI and #MC, which interrupt anything; a thread's first "
		      "return; processors without SMAP.",
	.events = UKL_ON(SYS_LEAVE) | UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_BASE,
	.check = check_clac,
};

/* AS-app-ac */
static enum ukl_result check_app_ac(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;
	bool child;

	if (!ctx || ctx->exec)
		return UKL_VACUOUS;
	child = ctx->tag == UKL_TAG_FORK_CHILD;
	if (!((child ? ctx->regs : ctx->truth)[S(flags)] & X86_AC))
		return UKL_VACUOUS;
	want_set(f, "flags", X86_AC, v->s[S(flags)]);
	return verdict(f);
}

static const struct ukl_invariant as_app_ac = {
	.id = "AS-app-ac",
	.sentence = "An application that had EFLAGS.AC set is resumed with it set, "
		    "whatever a debugger or a signal frame says.",
	.why = "Under SMAP it could not touch its own memory without: the fault would "
	       "recur for ever.",
	.source = "arch/x86/kernel/ptrace.c set_flags; Intel SDM 3A 4.6",
	.exceptions = "execve, whose start state is TH-exec-start's.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_BASE,
	.check = check_app_ac,
};

/* AS-range */
static enum ukl_result check_range(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *call = v->ctx;

	if (!call || call->exec || renewed(v) || edited(v) || !touches_kernel(v->lay, call))
		return UKL_VACUOUS;
	/* Restarted for a signal, it will be refused the next time. */
	if (v->s[S(ip)] == call->ret)
		want_in(f, "ax", MIN_ERROR, 0, v->s[S(ax)]);
	return verdict(f);
}

static const struct ukl_invariant as_range = {
	.id = "AS-range",
	.sentence = "read() and write() of the application with a buffer outside the user "
		    "half and its static data fail.",
	.why = "The application can reach the kernel's memory, but system calls must not: "
	       "an accident there would be the kernel's store, at an address of the "
	       "application's choosing.",
	.source = "arch/x86/include/asm/uaccess_64.h __access_ok; bug ledger B18",
	.exceptions = "Signals and debuggers that replaced the result.  A buffer that "
		      "begins in the user half, and one whose call starts again.",
	.events = UKL_ON(SYS_LEAVE),
	.variants = UKL_VARIANT_BASE,
	.check = check_range,
};

/* AS-no-syscall-insn */
static enum ukl_result check_no_syscall_insn(const struct ukl_view *v,
					     struct ukl_finding *f)
{
	const struct ukl_layout *l = v->lay;

	if (v->kind == UKL_K_INT_IN_APP) {
		if (ARG(INT_IN, vector) < FIRST_IRQ)
			return UKL_VACUOUS;
		want_not(f, "vector", VECTOR_SYSCALL, ARG(INT_IN, vector));
		return verdict(f);
	}
	/* SYSENTER does not say where it came from. */
	if (!v->cpu->lstar_known || ARG(USER_IN, pc) != v->cpu->lstar)
		return UKL_VACUOUS;
	want_out(f, "address after SYSCALL", l->app_text_start, l->app_text_end,
		 v->s[S(ip)]);
	return verdict(f);
}

static const struct ukl_invariant as_no_syscall_insn = {
	.id = "AS-no-syscall-insn",
	.sentence = "The application executes no SYSCALL and no INT 0x80.",
	.why = "At CPL 0 SYSCALL is not refused: its entry does SWAPGS and runs the "
	       "kernel on ring 3's GS base.",
	.source = "arch/x86/entry/entry_64.S entry_SYSCALL_64; "
		  "Intel SDM 2B SYSCALL; bug ledger B25",
	.exceptions = "SYSCALL is judged once the trace has shown LSTAR.",
	.events = UKL_ON(USER_IN) | UKL_ON(INT_IN_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_no_syscall_insn,
};

/* AS-gs-write */
static enum ukl_result check_gs_write(const struct ukl_view *v, struct ukl_finding *f)
{
	if (ARG(CTRL, reg) == UKL_CTRL_FSBASE)
		return UKL_VACUOUS;
	want_out(f, "address of the instruction", v->lay->app_text_start,
		 v->lay->app_text_end, ARG(CTRL, pc));
	return verdict(f);
}

static const struct ukl_invariant as_gs_write = {
	.id = "AS-gs-write",
	.sentence = "The application writes no control register, no MSR, no IDTR and "
		    "no GS base.",
	.why = "They are the kernel's; the application's thread pointer is the FS "
	       "base, which WRFSBASE may set.",
	.source = "arch/x86/entry/entry_64.S error_entry; "
		  "bug ledger B25; Intel SDM 2D WRGSBASE",
	.exceptions = "WRFSBASE.",
	.events = UKL_ON(CTRL),
	.variants = UKL_VARIANT_ALL,
	.check = check_gs_write,
};

/* AS-fetch */
static enum ukl_result check_fetch(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t vector = ARG(INT_IN, vector);

	/* Interrupts and failing fetches may come before the first instruction. */
	if (vector >= FIRST_IRQ || vector == VECTOR_DB || vector == VECTOR_NMI ||
	    vector == VECTOR_MC || (vector == VECTOR_PF && (ARG(INT_IN, error) & 16)))
		return UKL_VACUOUS;
	want_out(f, "ip", 0, v->lay->task_size_max, v->s[S(ip)]);
	return verdict(f);
}

static const struct ukl_invariant as_fetch = {
	.id = "AS-fetch",
	.sentence = "No instruction of the user half is executed at CPL 0.",
	.why = "SMEP forbids it: user-half memory can be written by ring 3.",
	.source = "arch/x86/kernel/cpu/common.c setup_smep; "
		  "Intel SDM 3A 4.6; bug ledger B25",
	.exceptions = "Seen only through the exceptions that such an instruction "
		      "raises; a jump there that fails to fetch is an application's "
		      "bug, not the kernel's.",
	.events = UKL_ON(INT_IN_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_fetch,
};

#define UKL_GROUP as
#define UKL_BLOCKS "inv_space.list"
#include "group.h"

const struct ukl_group ukl_group_as = {
	.id = "AS", .title = "address space", .file = "model/inv_space.c",
	.inv = as_invariants,
};
