/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_stack.c - ST: which stack is used, and what lies where on it
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

#define SET_HW_WORDS (UKL_BIT(ip) | UKL_BIT(flags) | UKL_BIT(sp) | UKL_BIT(ss))

/* ST-kernel-on-kernel */
static enum ukl_result check_kernel_on_kernel(const struct ukl_view *v,
					      struct ukl_finding *f)
{
	bool call = v->kind == UKL_K_SYS_ENTER;
	uint64_t sp = call ? ARG(SYS_ENTER, rsp) : ARG(INT_C, rsp);

	if (v->kind == UKL_K_INT_IN_KERNEL) {
		/* SYSCALL's entry runs on the caller's stack for a few instructions. */
		if (may_hit_anywhere(ARG(INT_IN, vector)) || !v->cpu->gs_known)
			return UKL_VACUOUS;
		want_out(f, "sp", 0, v->lay->task_size_max, v->s[S(sp)]);
		return verdict(f);
	}
	if (!v->task->stack)
		return UKL_VACUOUS;
	if (!on_task_stack(v, sp))
		want_in(f, "rsp", v->task->stack, v->task->stack + v->lay->thread_size,
			sp);
	return verdict(f);
}

static const struct ukl_invariant st_kernel_on_kernel = {
	.id = "ST-kernel-on-kernel",
	.sentence = "Kernel code runs on kernel stacks: system calls and handlers of "
		    "the application and of ring 3 start on the task's stack, and no "
		    "kernel code that is interrupted has its RSP in the user half.",
	.why = "A kernel frame on pageable, shared memory can fault, be swapped out or "
	       "be rewritten by another thread.",
	.source = "arch/x86/include/asm/processor.h on_thread_stack; "
		  "bug ledger B1, B28",
	.exceptions = "The first instructions of SYSCALL's entry, which only #DB, NMI "
		      "and #MC can interrupt.",
	.events = UKL_ON(SYS_ENTER) | UKL_ON(INT_C_APP) | UKL_ON(INT_C_USER) |
		  UKL_ON(INT_IN_KERNEL),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_NSS,
	.check = check_kernel_on_kernel,
};

/* ST-app-on-user */
static enum ukl_result check_app_on_user(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	want_no_kernel_stack(v, f);
	return verdict(f);
}

static const struct ukl_invariant st_app_on_user = {
	.id = "ST-app-on-user",
	.sentence = "Application code does not run on its task's kernel stack, nor on one "
		    "of the CPU's.",
	.why = "The task's kernel stack is taken to be empty while the application "
	       "runs; every event puts its frame at the top.",
	.source = "arch/x86/kernel/traps.c sync_regs; arch/x86/entry/entry_64.S "
		  "asm_exc_nmi",
	.exceptions = "Any other value, which may be of the application's own or a "
		      "debugger's making.",
	.events = UKL_ON(GATE_IN) | UKL_ON(INT_IN_APP) | UKL_ON(APP_IN),
	.variants = UKL_VARIANT_ALL,
	.check = check_app_on_user,
};

/* ST-top */
static enum ukl_result check_top(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t end = v->task->stack + v->lay->thread_size;

	if (!own(v) || !v->task->stack)
		return UKL_VACUOUS;
	/* FRED kernels keep 16 bytes above the frame. */
	if (v->s[S(top)] != end - 16)
		want(f, "top_of_stack", end, v->s[S(top)]);
	return verdict(f);
}

static const struct ukl_invariant st_top = {
	.id = "ST-top",
	.sentence = "The per-CPU top_of_stack is the end of the current task's kernel "
		    "stack.",
	.why = "The gate and the frame copy load their stack pointer from it.",
	.source = "arch/x86/kernel/process_64.c __switch_to",
	.exceptions = "None.",
	.events = UKL_ON(GATE_IN) | UKL_ON(INT_C_APP) | UKL_ON(INT_C_USER),
	.variants = UKL_VARIANT_ALL,
	.check = check_top,
};

/* ST-frame-copy */
static enum ukl_result check_frame_copy(const struct ukl_view *v, struct ukl_finding *f)
{
	want_slots(f, SET_HW_WORDS, v->ctx->truth, v->s);
	want(f, "cs (selector)", v->ctx->truth[S(cs)] & 0xffff, v->s[S(cs)] & 0xffff);
	return verdict(f);
}

static const struct ukl_invariant st_frame_copy = {
	.id = "ST-frame-copy",
	.sentence = "RIP, CS, RFLAGS, RSP and SS in the pt_regs that a C handler gets "
		    "are the words that the processor pushed, but for IF: the application's "
		    "is set.",
	.why = "Handlers and the return use the copy on the task stack.",
	.source = "arch/x86/kernel/traps.c sync_regs",
	.exceptions = "A fault of the IRET to ring 3, which the kernel reports as one "
		      "of ring 3.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL,
	.check = check_frame_copy,
};

/* ST-saved-regs */
static enum ukl_result check_saved_regs(const struct ukl_view *v, struct ukl_finding *f)
{
	if (v->ctx->vector == VECTOR_SYSCALL)
		return UKL_VACUOUS;
	want_gprs(f, v->ctx->truth, v->s);
	return verdict(f);
}

static const struct ukl_invariant st_saved_regs = {
	.id = "ST-saved-regs",
	.sentence = "The general registers in the pt_regs that a C handler gets are "
		    "those of the interrupted code.",
	.why = "The return restores them from there; a stub that uses a register "
	       "before it is saved corrupts the interrupted code.",
	.source = "arch/x86/entry/calling.h PUSH_AND_CLEAR_REGS; bug ledger B3",
	.exceptions = "INT 0x80, which is a system call.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL,
	.check = check_saved_regs,
};

/* ST-frame-place */
static enum ukl_result check_st_frame_place(const struct ukl_view *v,
					    struct ukl_finding *f)
{
	unsigned int vector = v->ctx->vector;

	if (v->kind != UKL_K_INT_C_KERNEL) {
		want(f, "address of pt_regs", v->s[S(top)] - PT_REGS_SIZE,
		     ARG(INT_C, frame));
		return verdict(f);
	}
	/* These copy it: for nesting, for emulated calls, to leave the IST. */
	if (vector == VECTOR_NMI || vector == VECTOR_BP || vector == VECTOR_VC)
		return UKL_VACUOUS;
	want(f, "address of pt_regs", v->ctx->hw - PT_REGS_IP, ARG(INT_C, frame));
	return verdict(f);
}

static const struct ukl_invariant st_frame_place = {
	.id = "ST-frame-place",
	.sentence = "For the application and for ring 3 a C handler gets its pt_regs "
		    "at the top of the task stack; for the kernel, where the processor "
		    "pushed them.",
	.why = "current_pt_regs() is the top; sleeping, signals and ptrace need the "
	       "frame off the entry stack, and a kernel frame must not be moved onto "
	       "live ones.",
	.source = "arch/x86/entry/entry_64.S error_entry; bug ledger B9",
	.exceptions = "NMI, #BP and #VC in the kernel, whose entries copy the frame by "
		      "design.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_NSS,
	.check = check_st_frame_place,
};

/* ST-entry-stack */
static enum ukl_result check_entry_stack(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	want_in(f, "address of the pushed words", v->lay->cea_start, v->lay->cea_end,
		v->hw);
	return verdict(f);
}

static const struct ukl_invariant st_entry_stack = {
	.id = "ST-entry-stack",
	.sentence = "What interrupts the application or ring 3 is pushed on the CPU's own "
		    "entry stacks, whatever RSP is.",
	.why = "The application's stack is user memory that may be absent: a push there "
	       "is a double fault, and the interrupt that it was for is lost.  For ring "
	       "3 the stack is TSS.sp0, for the application the gate's IST.",
	.source = "arch/x86/kernel/idt.c ukl_setup_app_idt; "
		  "arch/x86/include/asm/switch_to.h update_task_stack; bug ledger B10",
	.exceptions = "None.",
	.events = UKL_ON(INT_IN_APP) | UKL_ON(INT_IN_USER),
	.variants = UKL_VARIANT_BASE,
	.check = check_entry_stack,
};

/* ST-ist-single */
static enum ukl_result check_ist_single(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!in_cea(v->lay, v->hw) || ARG(INT_IN, vector) == VECTOR_NMI)
		return UKL_VACUOUS;
	for (unsigned int i = 0; i < v->task->depth; i++) {
		const struct ukl_ctx *ctx = &v->task->ctx[i];

		/* From ring 3 or the application nothing can be open below. */
		if (v->kind != UKL_K_INT_IN_KERNEL || ctx->tag != UKL_TAG_EVENT)
			continue;
		if (ctx->ist && !ctx->moved && ctx->cpu == v->ev->cpu)
			want_not(f, "address of the pushed frame", ctx->hw, v->hw);
	}
	return verdict(f);
}

static const struct ukl_invariant st_ist_single = {
	.id = "ST-ist-single",
	.sentence = "No event is delivered onto an entry or IST stack that still holds "
		    "the frame of another.",
	.why = "The processor starts at the same address each time: it would overwrite "
	       "it.",
	.source = "arch/x86/kernel/idt.c ukl_setup_app_idt; "
		  "Intel SDM 3A 6.14.5",
	.exceptions = "NMI, whose entry is made for it.  What interrupts a program is "
		      "the first, whatever the trace has open.",
	.events = UKL_ON_INT_IN,
	.variants = UKL_VARIANT_ALL,
	.check = check_ist_single,
};

/* ST-left-ist */
static enum ukl_result check_left_ist(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_task *t = v->task;

	if (!t->addr || ARG(SWITCH, prev) != t->addr)
		return UKL_VACUOUS;
	for (unsigned int i = 0; i < t->depth; i++) {
		const struct ukl_ctx *ctx = &t->ctx[i];

		if (ctx->tag == UKL_TAG_EVENT && ctx->ist && ctx->have_regs &&
		    !ctx->moved)
			want_out(f, "address of a live frame", v->lay->cea_start,
				 v->lay->cea_end, ctx->hw);
	}
	return verdict(f);
}

static const struct ukl_invariant st_left_ist = {
	.id = "ST-left-ist",
	.sentence = "No task is switched away while its frame lies on an entry or IST "
		    "stack.",
	.why = "Those stacks belong to the CPU: the next event there overwrites the "
	       "frame.",
	.source = "kernel/sched/core.c __schedule; "
		  "Intel SDM 3A 6.14.5; bug ledger B9",
	.exceptions = "Events whose C handler is not in the trace.",
	.events = UKL_ON(SWITCH),
	.variants = UKL_VARIANT_ALL,
	.check = check_left_ist,
};

/* ST-switch-stack */
static enum ukl_result check_switch_stack(const struct ukl_view *v,
					  struct ukl_finding *f)
{
	want_in(f, "rsp", ARG(SWITCH, stack), ARG(SWITCH, stack) + v->lay->thread_size,
		ARG(SWITCH, rsp));
	return verdict(f);
}

static const struct ukl_invariant st_switch_stack = {
	.id = "ST-switch-stack",
	.sentence = "__switch_to() runs on the kernel stack of the task switched to.",
	.why = "A thread that slept on its application stack would be resumed there "
	       "under another address space.",
	.source = "arch/x86/entry/entry_64.S __switch_to_asm; bug ledger B28",
	.exceptions = "None.",
	.events = UKL_ON(SWITCH),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_NSS,
	.check = check_switch_stack,
};

/* ST-iret-place */
static enum ukl_result check_iret_place(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!ctx || ctx->tag == UKL_TAG_SYSCALL ||
	    (ctx->tag == UKL_TAG_EVENT && ctx->paranoid))
		return UKL_VACUOUS;
	want(f, "rsp", v->s[S(top)] - 40, ARG(INT_OUT, rsp));
	return verdict(f);
}

static const struct ukl_invariant st_iret_place = {
	.id = "ST-iret-place",
	.sentence = "The IRET from an event, a fork or an exec to the application pops "
		    "the last five words of the task stack.",
	.why = "Anything left above would be overwritten by the next frame; anything "
	       "else popped is not the frame that was handled.",
	.source = "arch/x86/entry/entry_64.S ukl_return_to_app",
	.exceptions = "#DB, NMI and #MC, which return from their own stack.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL & ~(UKL_VARIANT_RET | UKL_VARIANT_NSS),
	.check = check_iret_place,
};

#define UKL_GROUP st
#define UKL_BLOCKS "inv_stack.list"
#include "group.h"

const struct ukl_group ukl_group_st = {
	.id = "ST", .title = "stacks", .file = "model/inv_stack.c",
	.inv = st_invariants,
};
