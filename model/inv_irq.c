/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inv_irq.c - IR: interrupts and exceptions, from the processor's push to IRET
 *
 * One block an invariant: the check, then all there is to say about it.
 */
#include "judge.h"

/* Selector and the register state an interrupt has to give back. */
#define SET_RESUME (UKL_SET_GPRS | UKL_BIT(ip) | UKL_BIT(sp))

static bool is_event(const struct ukl_ctx *ctx)
{
	return ctx && ctx->tag == UKL_TAG_EVENT;
}

/* Interrupts proper and NMI: their handlers have no business with the registers. */
static bool is_interrupt(const struct ukl_ctx *ctx)
{
	return is_event(ctx) && ctx->vector != VECTOR_SYSCALL &&
	       (ctx->vector >= FIRST_IRQ || ctx->vector == VECTOR_NMI);
}

static void want_resumed(const struct ukl_view *v, struct ukl_finding *f)
{
	want_slots(f, moved_on(v) ? SET_RESUME & ~UKL_BIT(ip) : SET_RESUME,
		   v->ctx->truth, v->s);
	want(f, "flags", v->ctx->truth[S(flags)] & FLAGS_FRAME,
	     v->s[S(flags)] & FLAGS_FRAME);
}

/* IR-classify */
static enum ukl_result check_classify(const struct ukl_view *v, struct ukl_finding *f)
{
	bool app = v->kind == UKL_K_INT_C_APP;

	if (v->ctx->vector == VECTOR_PF)
		return UKL_VACUOUS;
	want(f, "cs", app ? v->lay->app_csx : v->ctx->truth[S(cs)], v->s[S(cs)]);
	return verdict(f);
}

static const struct ukl_invariant ir_classify = {
	.id = "IR-classify",
	.sentence = "A frame bears the application's mark if the application was "
		    "interrupted, and else the CS that was pushed.",
	.why = "user_mode() asks the mark: sleeping, signals, preemption, accounting "
	       "and the return path all follow it.",
	.source = "arch/x86/include/asm/ptrace.h user_mode; bug ledger B5, B13",
	.exceptions = "NMI in the application, which stays on its own stack.  Page "
		      "faults are PF-user-flag's.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL,
	.check = check_classify,
};

/* IR-irqoff */
static enum ukl_result check_irqoff(const struct ukl_view *v, struct ukl_finding *f)
{
	want_clear(f, "flags", X86_IF, ARG(INT_C, now));
	return verdict(f);
}

static const struct ukl_invariant ir_irqoff = {
	.id = "IR-irqoff",
	.sentence = "Interrupts are off when the C handler is entered.",
	.why = "irqentry_enter() tells lockdep, RCU and context tracking first.",
	.source = "kernel/entry/common.c irqentry_enter",
	.exceptions = "None.",
	.events = UKL_ON_INT_C,
	.variants = UKL_VARIANT_ALL,
	.check = check_irqoff,
};

/* IR-exit-work */
static enum ukl_result check_exit_work(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (ARG(MODE_WRITE, value) != 2 || !is_event(ctx) || ctx->paranoid ||
	    ARG(MODE_WRITE, task) != v->task->addr)
		return UKL_VACUOUS;
	return no_exit_work(v, f);
}

static const struct ukl_invariant ir_exit_work = {
	.id = "IR-exit-work",
	.sentence = "When an interrupt or exception gives back to the application, "
		    "interrupts are off and no exit work is pending.",
	.why = "Preemption of the application and its signals happen in "
	       "irqentry_exit_to_user_mode(), or not at all.",
	.source = "kernel/entry/common.c irqentry_exit_to_user_mode",
	.exceptions = "With several CPUs the work word is not judged: another CPU may "
		      "set a bit and send its interrupt at any time.",
	.events = UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_BYP,
	.check = check_exit_work,
};

/* IR-no-loss */
static enum ukl_result check_no_loss(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_event(ctx) || ctx->paranoid || ctx->iret_fault)
		return UKL_VACUOUS;
	want(f, "C handlers entered", 1, ctx->have_regs);
	return verdict(f);
}

static const struct ukl_invariant ir_no_loss = {
	.id = "IR-no-loss",
	.sentence = "What interrupts the application or ring 3 reaches its C handler "
		    "before they go on.",
	.why = "The local APIC has handed the vector over and waits for the end of "
	       "interrupt, which common_interrupt() and the like send: without it the "
	       "device is never heard of again.",
	.source = "arch/x86/kernel/irq.c common_interrupt; bug ledger B10",
	.exceptions = "NMI in the application; a fault of the IRET to either, which is "
		      "IR-iret-fault's.",
	.events = UKL_ON(INT_OUT_APP) | UKL_ON(INT_OUT_USER),
	.variants = UKL_VARIANT_ALL,
	.check = check_no_loss,
};

/*
 * A frame taken out of the gate, because it was to be shown: in front of the call
 * again, where the slot of the return address is as before it.
 */
static bool rewound(const struct ukl_view *v)
{
	return in_seam_in(v->lay, v->ctx->truth[S(ip)]) &&
	       in_app_text(v->lay, v->s[S(ip)]);
}

static void want_rewound(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_ctx *gate = v->task->depth > 1 ? v->ctx - 1 : NULL;

	want_slots(f, UKL_SET_GPRS, v->ctx->truth, v->s);
	if (gate && gate->tag == UKL_TAG_SYSCALL && gate->phase == UKL_PHASE_ENTRY) {
		want(f, "ip", gate->ret - GATE_INSN_LEN, v->s[S(ip)]);
		want(f, "sp", gate->sp, v->s[S(sp)]);
	} else { /* before the gate's first instruction */
		want(f, "sp", v->ctx->truth[S(sp)] +
		     (v->ctx->truth[S(ip)] == v->lay->gate_call ? 8 : 0), v->s[S(sp)]);
	}
	want(f, "flags", v->ctx->truth[S(flags)] & FLAGS_FRAME,
	     v->s[S(flags)] & FLAGS_FRAME);
}

/* IR-transparent */
static enum ukl_result check_ir_transparent(const struct ukl_view *v,
					    struct ukl_finding *f)
{
	if (!is_interrupt(v->ctx) || !v->ctx->app || v->ctx->exec || edited(v) ||
	    renewed(v))
		return UKL_VACUOUS;
	if (rewound(v))
		want_rewound(v, f);
	else
		want_resumed(v, f);
	return verdict(f);
}

static const struct ukl_invariant ir_transparent = {
	.id = "IR-transparent",
	.sentence = "After an interrupt the application has the registers, stack "
		    "pointer and flags that it had before, and goes on where it was.",
	.why = "It did not ask for the interrupt, so nothing of it may show.",
	.source = "arch/x86/entry/entry_64.S error_return; arch/x86/kernel/ukl.c "
		  "ukl_rewind_gate",
	.exceptions = "RF; the start of a signal handler; registers that a debugger "
		      "may have changed; RIP within the text of a thread that "
		      "registered restartable sequences, which rseq moves.  From the "
		      "gate, which is one instruction to the application, it may also "
		      "go on at the call that led there.  An NMI counts as an "
		      "interrupt.",
	.events = UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_ALL,
	.check = check_ir_transparent,
};

/* IR-kernel-regs */
static enum ukl_result check_kernel_regs(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	if (!is_interrupt(v->ctx) || v->ctx->iret_fault)
		return UKL_VACUOUS;
	want_resumed(v, f);
	return verdict(f);
}

static const struct ukl_invariant ir_kernel_regs = {
	.id = "IR-kernel-regs",
	.sentence = "After an interrupt the kernel has the registers, stack pointer "
		    "and flags that it had before, and goes on where it was.",
	.why = "An entry change for the application must not touch the kernel's own "
	       "path.",
	.source = "arch/x86/entry/entry_64.S restore_regs_and_return_to_kernel",
	.exceptions = "RF.  Exceptions may change registers by the exception table "
		      "and are not judged here.  An NMI counts as an interrupt.",
	.events = UKL_ON(INT_OUT_KERNEL),
	.variants = UKL_VARIANT_ALL,
	.check = check_kernel_regs,
};

/* IR-frame-return */
static enum ukl_result check_frame_return(const struct ukl_view *v,
					  struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_event(ctx) || ctx->iret_fault || ctx->vector == VECTOR_NMI ||
	    ctx->vector == VECTOR_BP || ctx->vector == VECTOR_VC)
		return UKL_VACUOUS;
	want(f, "rsp", ctx->hw, ARG(INT_OUT, rsp));
	return verdict(f);
}

static const struct ukl_invariant ir_frame_return = {
	.id = "IR-frame-return",
	.sentence = "The IRET that ends an event in the kernel pops the words that the "
		    "processor pushed for it.",
	.why = "Anything else means that the stack is out of balance or that the frame "
	       "was moved as if it were the application's.",
	.source = "arch/x86/entry/entry_64.S restore_regs_and_return_to_kernel",
	.exceptions = "NMI, #BP and #VC, whose entries copy the frame by design.  A "
		      "fault of the IRET to a program.",
	.events = UKL_ON(INT_OUT_KERNEL),
	.variants = UKL_VARIANT_ALL,
	.check = check_frame_return,
};

/* IR-gs-parity */
static enum ukl_result check_gs_parity(const struct ukl_view *v, struct ukl_finding *f)
{
	bool kernel = v->kind == UKL_K_INT_OUT_KERNEL;

	if (!v->cpu->gs_known || (kernel && (!is_event(v->ctx) || v->ctx->iret_fault ||
					     v->ctx->paranoid)))
		return UKL_VACUOUS;
	want(f, "gs_base", v->cpu->gs_base, v->s[S(gs_base)]);
	if (v->cpu->swapgs_known)
		want(f, "SWAPGS count mod 2", v->cpu->kernel_parity,
		     ARG(INT_OUT, swapgs) & 1);
	if (is_interrupt(v->ctx) && !v->ctx->exec && undisturbed(v) && !edited(v))
		want(f, "SWAPGS count", v->ctx->swapgs, ARG(INT_OUT, swapgs));
	return verdict(f);
}

static const struct ukl_invariant ir_gs_parity = {
	.id = "IR-gs-parity",
	.sentence = "An IRET to the application or within the kernel leaves the "
		    "kernel's GS base active; an interrupt executes no SWAPGS at all.",
	.why = "The application runs on the kernel's GS base; so does the next entry, "
	       "which does not SWAPGS.",
	.source = "arch/x86/entry/entry_64.S error_entry, ukl_return_to_app; bug "
		  "ledger B11",
	.exceptions = "#DB, NMI and #MC in the kernel may interrupt code that runs on "
		      "ring 3's GS base.  SWAPGS are not counted over a task switch.",
	.events = UKL_ON(INT_OUT_APP) | UKL_ON(INT_OUT_KERNEL),
	.variants = UKL_VARIANT_ALL,
	.check = check_gs_parity,
};

/* IR-iret-sane */
static enum ukl_result check_iret_sane(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t ss = v->s[S(ss)] & 0xffff;

	want(f, "cs (selector)", v->lay->kernel_cs, v->s[S(cs)] & 0xffff);
	if (ss != 0)
		want(f, "ss (selector)", v->lay->kernel_ds, ss);
	return verdict(f);
}

static const struct ukl_invariant ir_iret_sane = {
	.id = "IR-iret-sane",
	.sentence = "An IRET that stays at CPL 0 pops __KERNEL_CS, with __KERNEL_DS or "
		    "a null SS.",
	.why = "Any other selector raises #GP inside IRET, with half of the state "
	       "restored.",
	.source = "arch/x86/kernel/signal_64.c force_valid_ss; "
		  "Intel SDM 2A IRET; bug ledger B12, B20",
	.exceptions = "Returns to ring 3, whose selectors sigreturn may set to "
		      "nonsense.",
	.events = UKL_ON(INT_OUT_APP) | UKL_ON(INT_OUT_KERNEL) | UKL_ON(INT_OUT_SELF),
	.variants = UKL_VARIANT_ALL,
	.check = check_iret_sane,
};

/* IR-iret-irqoff */
static enum ukl_result check_iret_irqoff(const struct ukl_view *v,
					 struct ukl_finding *f)
{
	want_clear(f, "flags", X86_IF, ARG(INT_OUT, now));
	return verdict(f);
}

static const struct ukl_invariant ir_iret_irqoff = {
	.id = "IR-iret-irqoff",
	.sentence = "Interrupts are off at every IRET that returns from an event or a "
		    "system call.",
	.why = "Behind the last look at the exit work, and on the way to the application "
	       "behind the store to ukl_mode, nothing may come: what did would be taken "
	       "for the application's, and its frame be put over the one being popped.",
	.source = "arch/x86/entry/entry_64.S ukl_return_to_app; kernel/entry/common.c "
		  "irqentry_exit",
	.exceptions = "An IRET to the next instruction, as sync_core() has it.",
	.events = UKL_ON_INT_OUT,
	.variants = UKL_VARIANT_ALL,
	.check = check_iret_irqoff,
};

/* IR-iret-fault */
static enum ukl_result check_iret_fault(const struct ukl_view *v, struct ukl_finding *f)
{
	const struct ukl_task *t = v->task;
	const struct ukl_ctx *ctx = t->depth ? &t->ctx[t->depth - 1] : NULL;

	if (!is_event(ctx) || ctx->paranoid || ctx->from != UKL_AT_SEAM_OUT)
		return UKL_VACUOUS;
	want(f, "cs", v->lay->app_csx, v->s[S(cs)]);
	want(f, "address of pt_regs", v->s[S(top)] - PT_REGS_SIZE, ARG(INT_C, frame));
	want(f, "mode", 1, v->s[S(mode)]);
	return verdict(f);
}

static const struct ukl_invariant ir_iret_fault = {
	.id = "IR-iret-fault",
	.sentence = "A fault of the IRET to the application is the application's: its "
		    "handler gets the frame that could not be entered, at the top of the "
		    "task stack and marked, and ukl_mode says kernel.",
	.why = "A debugger or sigreturn can make a frame that IRET refuses.  That is a "
	       "signal, as fixup_bad_iret() has it for ring 3, and no oops; and nothing "
	       "may SWAPGS on the way, since GS is the kernel's already.",
	.source = "arch/x86/kernel/ukl.c ukl_sync_regs; arch/x86/kernel/traps.c "
		  "fixup_bad_iret",
	.exceptions = "#DB, NMI and #MC at the IRET, which are no faults of it.  QEMU "
		      "raises what a bad RIP causes behind the IRET, so that only the "
		      "fixtures exercise this.",
	.events = UKL_ON(INT_C_OTHER),
	.variants = UKL_VARIANT_ALL & ~UKL_VARIANT_RET,
	.check = check_iret_fault,
};

/* Which sides may a context give back to? */
static bool may_return(const struct ukl_ctx *ctx, enum ukl_kind kind)
{
	if (ctx->exec || ctx->iret_fault)
		return kind != UKL_K_INT_OUT_KERNEL || ctx->iret_fault;
	switch (ctx->tag) {
	case UKL_TAG_SYSCALL:
		return kind == UKL_K_INT_OUT_APP;
	case UKL_TAG_USER_SYSCALL:
		return kind == UKL_K_INT_OUT_USER;
	case UKL_TAG_FORK_CHILD:
		return !ctx->kthread && kind != UKL_K_INT_OUT_KERNEL;
	}
	if (ctx->app)
		return kind == UKL_K_INT_OUT_APP;
	if (ctx->from == UKL_AT_USER)
		return kind == UKL_K_INT_OUT_USER;
	return kind == UKL_K_INT_OUT_KERNEL;
}

/* IR-cpl-match */
static enum ukl_result check_cpl_match(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->ctx)
		return UKL_VACUOUS;
	if (!may_return(v->ctx, v->kind))
		ukl_note(f, "side returned to (1 application, 3 kernel, 5 ring 3)",
			 UKL_REL_EQ, v->ctx->app ? UKL_AT_APP : v->ctx->from, 0,
			 v->kind == UKL_K_INT_OUT_USER ? UKL_AT_USER :
			 v->kind == UKL_K_INT_OUT_APP ? UKL_AT_APP : UKL_AT_KERNEL);
	return verdict(f);
}

static const struct ukl_invariant ir_cpl_match = {
	.id = "IR-cpl-match",
	.sentence = "What came from ring 3 returns to ring 3, what came from the "
		    "application to the application, and what came from the kernel to "
		    "the kernel.",
	.why = "Anything else is an escalation of privilege or a lost frame.",
	.source = "arch/x86/entry/entry_64.S swapgs_restore_regs_and_return_to_usermode; "
		  "bug ledger B11, B12",
	.exceptions = "execve, which may start either kind of program; a fault of the "
		      "IRET to one.",
	.events = UKL_ON_INT_OUT,
	.variants = UKL_VARIANT_ALL,
	.check = check_cpl_match,
};

/* IR-kernel-plain */
static enum ukl_result check_kernel_plain(const struct ukl_view *v,
					  struct ukl_finding *f)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_event(ctx) || ctx->app || ctx->from != UKL_AT_KERNEL || ctx->iret_fault ||
	    ctx->paranoid)
		return UKL_VACUOUS;
	if (v->kind == UKL_K_INT_OUT_KERNEL)
		return UKL_HOLDS;	/* a store was judged when it was made */
	if (ARG(MODE_WRITE, task) != v->task->addr)
		return UKL_VACUOUS;
	want(f, "stores to ukl_mode", 0, 1);
	return verdict(f);
}

static const struct ukl_invariant ir_kernel_plain = {
	.id = "IR-kernel-plain",
	.sentence = "An event in the kernel is entered and left without a store to "
		    "ukl_mode.",
	.why = "It is a plain kernel event even on behalf of a UKL thread; only the "
	       "outermost context changes sides.",
	.source = "arch/x86/entry/entry_64.S error_return",
	.exceptions = "#DB, NMI and #MC, which may have hit the gate.  A fault of the "
		      "IRET to a program.",
	.events = UKL_ON(INT_OUT_KERNEL) | UKL_ON(MODE_WRITE),
	.variants = UKL_VARIANT_ALL,
	.check = check_kernel_plain,
};

/* IR-idt */
static enum ukl_result check_ir_idt(const struct ukl_view *v, struct ukl_finding *f)
{
	if (!v->cpu->idt_known)
		return UKL_VACUOUS;
	if (v->kind == UKL_K_INT_OUT_APP)
		want(f, "IDT base", v->lay->app_idt, v->cpu->idt);
	else
		want(f, "IDT base", v->lay->kernel_idt, v->cpu->idt);
	return verdict(f);
}

static const struct ukl_invariant ir_idt = {
	.id = "IR-idt",
	.sentence = "The application runs on its own IDT, and its system calls and "
		    "handlers run on the kernel's.",
	.why = "The application's IDT keeps frames off its pageable stack, where a "
	       "push that faults loses the interrupt; in the kernel the same IDT would "
	       "push every nested event over the last one.",
	.source = "arch/x86/kernel/idt.c ukl_setup_app_idt; Intel SDM 3A 6.14.5; bug ledger B10",
	.exceptions = "Not judged before the CPU's first LIDT in the trace.",
	.events = UKL_ON(SYS_ENTER) | UKL_ON(INT_C_APP) | UKL_ON(INT_OUT_APP),
	.variants = UKL_VARIANT_BASE,
	.check = check_ir_idt,
};

/* IR-idt-order */
static enum ukl_result check_idt_order(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t base = ARG(CTRL, value);

	if (ARG(CTRL, reg) != UKL_CTRL_IDTR)
		return UKL_VACUOUS;
	if (base == v->lay->app_idt)
		want(f, "mode", 2, v->s[S(mode)]);
	else if (base == v->lay->kernel_idt && v->s[S(mode)])
		want(f, "mode", 1, v->s[S(mode)]);
	else
		return UKL_VACUOUS;
	return verdict(f);
}

static const struct ukl_invariant ir_idt_order = {
	.id = "IR-idt-order",
	.sentence = "The flag goes first and the IDT follows, both ways: the "
		    "application's IDT is loaded with ukl_mode 2, the kernel's with 1.",
	.why = "Whatever comes between the two restores the IDT by the flag, as "
	       "ukl_nmi_exit() does.  The other way round it leaves the application's "
	       "IDT to the kernel, and no test may meet the few instructions in which "
	       "it has to come.",
	.source = "arch/x86/include/asm/ukl_mode.h ukl_enter_kernel; docs/bugs-found.md",
	.exceptions = "The kernel's IDT in threads that are none of UKL's.",
	.events = UKL_ON(CTRL),
	.variants = UKL_VARIANT_BASE,
	.check = check_idt_order,
};

#define UKL_GROUP ir
#define UKL_BLOCKS "inv_irq.list"
#include "group.h"

const struct ukl_group ukl_group_ir = {
	.id = "IR", .title = "interrupts and exceptions", .file = "model/inv_irq.c",
	.inv = ir_invariants,
};
