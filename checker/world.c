/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world.c - see world.h
 */
#include "world.h"

#include <string.h>

#define S(name) UKL_S_##name
#define K(low) (0xffffffff00000000ull | (low))

/* The kernel's places */
enum {
	TEXT = 0x81000000, GATE = 0x81600040, SEAM_OUT = 0x81600140, LSTAR = 0x81600800,
	KIRET = 0x81601001, HANDLER = 0x81601800, SWITCH_TO = 0x81020000,
	C_HANDLER = 0x81500000, SIGNALS = 0x81000800, APP = 0x81800000,
};

#define CEA        0xfffffe0000000000ull
#define ENTRY_SP   (CEA + 0x2fd8)	/* after the processor's push */
#define NMI_SP     (CEA + 0x5fd8)
#define DEBUG_SP   (CEA + 0x7fd8)
#define APP_IDT    K(0x82600000)
#define PERCPU     0xffff88800f800000ull
#define APP_CSX    0xffffffffffff0010ull
#define TASKS_AT   0xffff888001000000ull
#define STACKS_AT  0xffffc90000100000ull
#define INIT_TASK  K(0x82800000)
#define BPRM       0xffff888002000000ull
#define PF_KTHREAD_64 0x200000ull

/* What a frame and a signal's frame measure */
#define STACK_SIZE 0x4000ull
#define REGS_SIZE  (8ull * UKL_FRAME_SLOTS)
#define HW_SIZE    40ull
#define SIGFRAME   0x1b8ull
#define RED_ZONE   128ull
#define SC_FPSTATE 0x1c8ull
#define SA_FLAGS   0x4000004ull		/* SA_SIGINFO, SA_RESTORER */
#define SS_DISABLE_64 2ull

#define FLAGS_APP  0x40246ull		/* AC: the application runs with SMAP */
#define FLAGS_USER 0x246ull
#define FLAGS_RF   0x10000ull
#define NOW_OFF    2ull			/* interrupts are off */
#define NOW_ON     0x202ull

#define NR_READ 0u
#define NR_WRITE 1u
#define NR_RT_SIGRETURN 15u
#define NR_CLONE 56u
#define NR_FORK 57u
#define NR_VFORK 58u
#define NR_EXECVE 59u
#define NR_EXIT 60u
#define NR_ARCH_PRCTL 158u
#define ARCH_SET_FS 0x1002u
#define CLONE_THREAD_FLAGS 0x80100u	/* CLONE_VM, CLONE_SETTLS */
#define EFAULT_64 ((uint64_t)-14)
#define ENOSYS_64 ((uint64_t)-38)
#define ERESTARTSYS_64 ((uint64_t)-512)
#define NO_CALL ((uint64_t)-1)
#define VECTOR_DB 1u
#define VECTOR_NMI 2u
#define VECTOR_GP 13u
#define VECTOR_PF 14u
#define VECTOR_IRQ 0xecu

enum { T_USER, T_KTHREAD, T_APP, T_CHILD };	/* numbers of the tasks */

const struct ukl_layout ukl_world_layout = {
	.app_text_start = K(APP), .app_text_end = K(APP) + 0x10000,
	.app_data_start = 0x400000, .app_data_end = 0x410000, .app_entry = K(APP),
	.gate_call = K(GATE), .gate_jump = K(GATE) + 4,
	.seam_in_start = K(GATE), .seam_in_end = K(GATE) + 0x80,
	.seam_out_start = K(SEAM_OUT), .seam_out_end = K(SEAM_OUT) + 0x10,
	.text_start = K(TEXT), .text_end = K(TEXT) + 0x1000000,
	.kernel_idt = CEA, .app_idt = APP_IDT, .cea_start = CEA,
	.cea_end = CEA + 0x8000000000ull, .task_size_max = 0x7ffffffff000,
	.thread_size = STACK_SIZE, .app_csx = APP_CSX, .kernel_cs = 0x10,
	.kernel_ds = 0x18, .user_cs = 0x33, .user32_cs = 0x23, .user_ds = 0x2b,
	.exit_work = 0x2300e, .need_fpu_load = 0x4000, .pf_kthread = PF_KTHREAD_64,
	.pf_io_worker = 0x10, .cr4_pinned = 0x310800,
	.off_task_mode = 0x14, .off_task_ti_work = 8, .off_task_pf = 0x2c,
	.off_task_stack = 0x20, .off_task_pid = 0x500, .off_task_tgid = 0x504,
	.off_task_comm = 0x700, .pcpu_current = 0x1000, .pcpu_preempt = 0x1008,
	.pcpu_cpu = 0x100c, .pcpu_top = 0x1010, .off_ksig_flags = 8,
	.off_ksig_restorer = 0x10, .off_ksig_sig = 0x50, .off_sigframe_uc = 8,
	.off_sigframe_stack = 0x18, .off_sigframe_sc = 0x30, .off_sigframe_info = 0x138,
	.sigframe_size = SIGFRAME, .fix_eflags = 0x50dd5, .off_task_cred = 0x6f0,
	.off_cred_caps = 0x38, .cap_rawio = 0x20000,
};

const char *const ukl_move_name[UKL_MOVES] = {
#define MOVE_NAME(name, text) [UKL_MOVE_##name] = #name,
	UKL_MOVES_TABLE(MOVE_NAME)
};

const char *const ukl_move_text[UKL_MOVES] = {
#define MOVE_TEXT(name, text) [UKL_MOVE_##name] = text,
	UKL_MOVES_TABLE(MOVE_TEXT)
};

/* --- saying an event ------------------------------------------------------- */

struct telling {
	struct ukl_world *w;
	struct ukl_world_task *t;
	struct ukl_world_frame *top;
	ukl_emit_fn *emit;
	void *arg;
};

enum gs { GS_KERNEL, GS_USER };

static struct telling telling(struct ukl_world *w, ukl_emit_fn *emit, void *arg)
{
	struct ukl_world_task *t = &w->task[w->cur];

	return (struct telling){
		.w = w, .t = t, .top = t->depth ? &t->frame[t->depth - 1] : NULL,
		.emit = emit, .arg = arg,
	};
}

/* regs may be NULL: then the class samples none. */
static struct ukl_event begin(const struct telling *y, enum ukl_class cls,
			      enum ukl_side side, uint64_t pc, const uint64_t *regs,
			      enum gs gs)
{
	struct ukl_event ev = { .cls = cls, .side = side, .arg = { pc } };
	uint64_t *s = ev.state;

	if (regs)
		memcpy(s, regs, UKL_FRAME_SLOTS * sizeof(*regs));
	s[S(fs_base)] = y->t->fs;
	s[S(gs_base)] = gs == GS_KERNEL ? PERCPU : y->t->user_gs;
	s[S(kgs_base)] = gs == GS_KERNEL ? y->t->user_gs : PERCPU;
	s[S(cr3)] = y->t->cr3;
	s[S(cr4)] = 0x310ff0;
	s[S(task)] = y->t->addr;
	s[S(mode)] = y->t->mode;
	s[S(top)] = y->t->stack + STACK_SIZE;
	return ev;
}

static void say(const struct telling *y, struct ukl_event *ev)
{
	ev->order = ev->time = y->w->order++;
	y->emit(y->arg, ev);
}

#define ARG(ev, CLASS, name) ((ev).arg[UKL_A_##CLASS##_##name])

static uint64_t frame_at(const struct ukl_world_task *t)
{
	return t->stack + STACK_SIZE - REGS_SIZE;
}

static uint64_t hw_at(const struct ukl_world_task *t)
{
	return t->stack + STACK_SIZE - HW_SIZE;
}

static void mode_write(const struct telling *y, uint64_t pc, uint64_t value,
		       uint64_t rsp, uint64_t now)
{
	struct ukl_event ev = begin(y, UKL_EV_MODE_WRITE, UKL_SIDE_KERNEL, pc, NULL,
				    GS_KERNEL);

	ARG(ev, MODE_WRITE, task) = y->t->addr;
	ARG(ev, MODE_WRITE, value) = value;
	ARG(ev, MODE_WRITE, rsp) = rsp;
	ARG(ev, MODE_WRITE, now) = now;
	say(y, &ev);
	y->t->mode = value;
}

static void control(const struct telling *y, enum ukl_side side, uint64_t pc,
		    uint64_t reg, uint64_t value)
{
	struct ukl_event ev = begin(y, UKL_EV_CTRL, side, pc, NULL, GS_KERNEL);

	ARG(ev, CTRL, reg) = reg;
	ARG(ev, CTRL, value) = value;
	say(y, &ev);
}

/* An event whose argument beside pc is the place of the pt_regs that it shows */
static struct ukl_event of_frame(const struct telling *y, enum ukl_class cls, uint64_t pc)
{
	struct ukl_event ev = begin(y, cls, UKL_SIDE_KERNEL, pc, y->top->regs, GS_KERNEL);

	ev.arg[1] = frame_at(y->t);
	return ev;
}

/* --- the application's way in and out -------------------------------------- */

static void app_in(const struct telling *y)
{
	struct ukl_event ev = begin(y, UKL_EV_APP_IN, UKL_SIDE_APP, y->t->regs[S(ip)],
				    y->t->regs, GS_KERNEL);

	ARG(ev, APP_IN, swapgs) = y->w->swapgs;
	say(y, &ev);
}

static void to_kernel_idt(const struct telling *y, uint64_t pc)
{
	control(y, UKL_SIDE_KERNEL, pc, UKL_CTRL_IDTR, CEA);
}

static struct ukl_world_frame *push(struct telling *y, int how)
{
	struct ukl_world_frame *f = &y->t->frame[y->t->depth++];

	memset(f, 0, sizeof(*f));
	f->how = how;
	y->top = f;
	return f;
}

static void say_gate_in(struct telling *y, bool jump)
{
	struct ukl_world_task *t = y->t;
	struct ukl_event ev = begin(y, UKL_EV_GATE_IN, UKL_SIDE_APP, K(GATE) + 4 * jump,
				    t->regs, GS_KERNEL);

	ev.state[S(ip)] = K(GATE) + 4 * jump;
	if (jump) {
		ev.state[S(cx)] = t->regs[S(ip)] + 5;
		ev.state[S(r11)] = t->regs[S(flags)];
	} else {
		ARG(ev, GATE_IN, ret) = t->regs[S(ip)] + 5;
		ev.state[S(sp)] -= 8;
	}
	ARG(ev, GATE_IN, swapgs) = y->w->swapgs;
	say(y, &ev);
}

/* The pt_regs of a system call whose instruction is of this length */
static void call_regs(struct telling *y, uint64_t nr, unsigned int length)
{
	struct ukl_world_frame *f = push(y, UKL_FRAME_CALL);
	uint64_t *r = f->regs;

	f->nr = nr;
	memcpy(r, y->t->regs, sizeof(f->regs));
	r[S(orig_ax)] = nr;
	r[S(ax)] = ENOSYS_64;
	r[S(ip)] += length;
	r[S(cx)] = r[S(ip)];
	r[S(r11)] = r[S(flags)];
}

static void app_call(struct telling *y, uint64_t nr, bool jump)
{
	struct ukl_event ev;

	y->t->regs[S(ax)] = nr;
	say_gate_in(y, jump);
	mode_write(y, K(GATE) + 0x7c, 1, frame_at(y->t), NOW_OFF);
	to_kernel_idt(y, K(GATE) + 0x80);
	call_regs(y, nr, 5);
	y->top->gated = true;
	ev = of_frame(y, UKL_EV_SYS_ENTER, K(GATE) + 0x88);
	ARG(ev, SYS_ENTER, rsp) = frame_at(y->t);
	ARG(ev, SYS_ENTER, now) = NOW_OFF;
	say(y, &ev);
}

static void int_in(struct telling *y, enum ukl_side side, unsigned int vector,
		   uint64_t rsp, const uint64_t *regs, enum gs gs)
{
	struct ukl_event ev = begin(y, UKL_EV_INT_IN, side, K(HANDLER), regs, gs);

	ARG(ev, INT_IN, vector) = vector;
	ARG(ev, INT_IN, rsp) = rsp;
	ARG(ev, INT_IN, swapgs) = y->w->swapgs;
	if (vector == VECTOR_PF) {
		ARG(ev, INT_IN, error) = gs == GS_USER ? 6 : 2;
		ARG(ev, INT_IN, rsp) -= 8;
		ev.state[S(flags)] |= FLAGS_RF;
		ev.state[S(cr2)] = 0x800000;
	}
	say(y, &ev);
}

static void int_c(struct telling *y, uint64_t frame, const uint64_t *regs)
{
	struct ukl_event ev = begin(y, UKL_EV_INT_C, UKL_SIDE_KERNEL, K(C_HANDLER), regs,
				    GS_KERNEL);

	ARG(ev, INT_C, frame) = frame;
	ARG(ev, INT_C, rsp) = frame - 8;
	ARG(ev, INT_C, now) = NOW_OFF;
	if (y->top && y->top->vector == VECTOR_PF)
		ev.state[S(cr2)] = 0x800000;
	say(y, &ev);
}

static struct ukl_world_frame *push_event(struct telling *y, unsigned int vector,
					  const uint64_t *regs)
{
	struct ukl_world_frame *f = push(y, UKL_FRAME_EVENT);

	f->vector = vector;
	memcpy(f->regs, regs, sizeof(f->regs));
	f->regs[S(orig_ax)] = NO_CALL;
	if (vector == VECTOR_PF)
		f->regs[S(flags)] |= FLAGS_RF;
	return f;
}

/* In application text, or at the gate's first instruction */
static void app_event(struct telling *y, unsigned int vector, bool gate)
{
	struct ukl_world_frame *f;
	uint64_t regs[UKL_FRAME_SLOTS];

	memcpy(regs, y->t->regs, sizeof(regs));
	regs[S(cs)] = 0x10;
	if (gate) {
		regs[S(ip)] = K(GATE);
		regs[S(sp)] -= 8;
	}
	int_in(y, UKL_SIDE_APP, vector, ENTRY_SP, regs, GS_KERNEL);
	mode_write(y, K(TEXT) + 0x708, 1, ENTRY_SP - 0x90, NOW_OFF);
	to_kernel_idt(y, K(TEXT) + 0x70f);
	f = push_event(y, vector, regs);
	f->gate = gate;
	f->hw = hw_at(y->t);
	f->regs[S(cs)] = APP_CSX;
	int_c(y, frame_at(y->t), f->regs);
}

static void int_out(struct telling *y, uint64_t pc, uint64_t rsp, const uint64_t *regs,
		    enum gs gs, enum ukl_side side)
{
	struct ukl_event ev = begin(y, UKL_EV_INT_OUT, side, pc, regs, gs);

	ARG(ev, INT_OUT, rsp) = rsp;
	ARG(ev, INT_OUT, now) = NOW_OFF;
	ARG(ev, INT_OUT, swapgs) = y->w->swapgs;
	say(y, &ev);
}

/* Pops the context's registers into the program. */
static void resume(struct telling *y)
{
	memcpy(y->t->regs, y->top->regs, sizeof(y->t->regs));
	y->t->depth = 0;
	y->top = NULL;
}

/* The seam on the way out, up to the IRET */
static void say_out_to_app(struct telling *y)
{
	mode_write(y, K(SEAM_OUT) - 7, 2, hw_at(y->t) - 16, NOW_OFF);
	control(y, UKL_SIDE_GATE, K(SEAM_OUT), UKL_CTRL_IDTR, APP_IDT);
	int_out(y, K(SEAM_OUT) + 14, hw_at(y->t), y->top->regs, GS_KERNEL, UKL_SIDE_GATE);
}

/* The IRET faults.  What the kernel makes of that is the application's fault. */
static void iret_fault(struct telling *y)
{
	uint64_t regs[UKL_FRAME_SLOTS];

	say_out_to_app(y);
	memcpy(regs, y->top->regs, sizeof(regs));
	regs[S(ip)] = K(SEAM_OUT) + 14;
	regs[S(cs)] = 0x10;
	regs[S(flags)] = FLAGS_RF | NOW_OFF;
	regs[S(sp)] = hw_at(y->t);
	int_in(y, UKL_SIDE_GATE, VECTOR_GP, ENTRY_SP - 8, regs, GS_KERNEL);
	mode_write(y, K(TEXT) + 0x708, 1, ENTRY_SP - 0x90, NOW_OFF);
	to_kernel_idt(y, K(TEXT) + 0x70f);
	y->top->regs[S(orig_ax)] = NO_CALL;
	int_c(y, frame_at(y->t), y->top->regs);
}

static void out_to_app(struct telling *y)
{
	bool gate = y->top->gate && !y->top->signalled;

	say_out_to_app(y);
	resume(y);
	if (!gate) {
		app_in(y);
		return;
	}
	/* At the gate again: the call is begun anew, and goes through. */
	y->t->regs[S(sp)] += 8;
	y->t->regs[S(ip)] = K(APP) + 0x100;
	app_call(y, NR_WRITE, false);
}

/* --- ring 3 ---------------------------------------------------------------- */

static void user_call(struct telling *y, uint64_t nr)
{
	struct ukl_world_task *t = y->t;
	struct ukl_event ev;

	t->regs[S(ax)] = nr;
	call_regs(y, nr, 2);
	ev = begin(y, UKL_EV_USER_IN, UKL_SIDE_USER, K(LSTAR), y->top->regs, GS_USER);
	ev.state[S(ax)] = nr;
	ARG(ev, USER_IN, swapgs) = y->w->swapgs++;
	say(y, &ev);
}

static void user_event(struct telling *y, unsigned int vector)
{
	struct ukl_world_frame *f;

	int_in(y, UKL_SIDE_USER, vector, ENTRY_SP, y->t->regs, GS_USER);
	y->w->swapgs++;
	f = push_event(y, vector, y->t->regs);
	f->hw = hw_at(y->t);
	int_c(y, frame_at(y->t), f->regs);
}

static void out_to_user(struct telling *y)
{
	bool fast = y->top->how == UKL_FRAME_CALL && !y->top->signalled && !y->top->exec;
	uint64_t regs[UKL_FRAME_SLOTS];
	struct ukl_event ev;

	y->w->swapgs++;
	memcpy(regs, y->top->regs, sizeof(regs));
	if (fast) {
		ev = begin(y, UKL_EV_USER_OUT, UKL_SIDE_KERNEL, K(LSTAR) + 0x100, regs,
			   GS_USER);
		ARG(ev, USER_OUT, swapgs) = y->w->swapgs;
		say(y, &ev);
	} else {
		int_out(y, K(KIRET), hw_at(y->t), regs, GS_USER, UKL_SIDE_KERNEL);
	}
	resume(y);
}

/* --- events in the kernel -------------------------------------------------- */

static void kernel_regs(const struct telling *y, uint64_t *regs)
{
	memset(regs, 0, UKL_FRAME_SLOTS * sizeof(*regs));
	for (unsigned int i = 0; i < 15; i++)
		regs[i] = 0x900 + i;
	regs[S(ip)] = K(TEXT) + 0x500 + 0x10 * y->t->depth;
	regs[S(cs)] = 0x10;
	regs[S(flags)] = FLAGS_APP;
	regs[S(ss)] = 0x18;
	regs[S(sp)] = y->t->stack + 0x3840 - 0x400 * y->t->depth;
}

static void kernel_event(struct telling *y, unsigned int vector)
{
	uint64_t regs[UKL_FRAME_SLOTS], hw;
	struct ukl_world_frame *f;

	kernel_regs(y, regs);
	hw = regs[S(sp)] - 0x38;
	int_in(y, UKL_SIDE_KERNEL, vector, hw, regs, GS_KERNEL);
	f = push_event(y, vector, regs);
	f->kernel = true;
	f->hw = hw;
	int_c(y, f->hw - 8 * S(ip), f->regs);
}

static void kernel_return(struct telling *y)
{
	uint64_t regs[UKL_FRAME_SLOTS];

	memcpy(regs, y->top->regs, sizeof(regs));
	y->t->depth--;
	int_out(y, K(KIRET), y->top->hw, regs, GS_KERNEL, UKL_SIDE_KERNEL);
}

/* Whole: nothing else can come in.  The copies that its entry makes are told, too. */
static void nmi(struct telling *y)
{
	bool app = !y->t->depth && y->t->app;
	uint64_t regs[UKL_FRAME_SLOTS], self[UKL_FRAME_SLOTS];

	if (y->t->depth)
		kernel_regs(y, regs);
	else
		memcpy(regs, y->t->regs, sizeof(regs));
	if (app)
		regs[S(cs)] = 0x10;
	int_in(y, app ? UKL_SIDE_APP : UKL_SIDE_KERNEL, VECTOR_NMI, NMI_SP, regs,
	       GS_KERNEL);
	memcpy(self, regs, sizeof(self));
	self[S(ip)] = K(TEXT) + 0x782;
	self[S(sp)] = NMI_SP - 0x58;
	self[S(flags)] = NOW_OFF;
	int_out(y, K(TEXT) + 0x780, NMI_SP - 0x80, self, GS_KERNEL, UKL_SIDE_KERNEL);
	regs[S(orig_ax)] = NO_CALL;
	y->top = NULL;
	int_c(y, NMI_SP - 0x100, regs);
	if (app) {
		mode_write(y, K(TEXT) + 0x718, 1, NMI_SP - 0x200, NOW_OFF);
		to_kernel_idt(y, K(TEXT) + 0x71f);
		mode_write(y, K(TEXT) + 0x728, 2, NMI_SP - 0x200, NOW_OFF);
		control(y, UKL_SIDE_KERNEL, K(TEXT) + 0x730, UKL_CTRL_IDTR, APP_IDT);
	}
	int_out(y, K(TEXT) + 0x790, NMI_SP - 0x80, regs, GS_KERNEL, UKL_SIDE_KERNEL);
	if (app)
		app_in(y);
}

/* #DB in the kernel, where an instruction or a word is watched: whole, too */
static void debug(struct telling *y)
{
	uint64_t regs[UKL_FRAME_SLOTS];

	kernel_regs(y, regs);
	int_in(y, UKL_SIDE_KERNEL, VECTOR_DB, DEBUG_SP, regs, GS_KERNEL);
	regs[S(orig_ax)] = NO_CALL;
	y->top = NULL;
	int_c(y, DEBUG_SP - 8 * S(ip), regs);
	int_out(y, K(KIRET), DEBUG_SP, regs, GS_KERNEL, UKL_SIDE_KERNEL);
}

/* --- signals --------------------------------------------------------------- */

static void say_frame(const struct telling *y, enum ukl_class cls)
{
	struct ukl_event ev = of_frame(y, cls, K(SIGNALS));

	say(y, &ev);
}

/* A handler may not find the gate: the call that led there is undone first. */
static void look_for_signals(struct telling *y)
{
	struct ukl_world_frame *f = y->top;

	if (f->gate) {
		f->regs[S(ip)] = K(APP) + 0x100;
		f->regs[S(sp)] += 8;
	}
	say_frame(y, UKL_EV_SIG_CHECK);
}

static uint64_t handler(const struct ukl_world_task *t)
{
	return t->app ? K(APP) + 0x900 : 0x401900;
}

static uint64_t restorer(const struct ukl_world_task *t)
{
	return t->app ? K(APP) + 0xa00 : 0x402000;
}

static void sig_event(const struct telling *y, enum ukl_class cls, uint64_t sig)
{
	struct ukl_event ev = of_frame(y, cls, K(SIGNALS));

	ev.arg[2] = sig;
	if (cls == UKL_EV_SIG_START)
		ARG(ev, SIG_START, handler) = handler(y->t);
	say(y, &ev);
}

static void sig_frame(const struct telling *y, uint64_t at, uint64_t sig)
{
	struct ukl_event ev = begin(y, UKL_EV_SIG_FRAME, UKL_SIDE_KERNEL, K(SIGNALS),
				    y->top->regs, GS_KERNEL);

	/* To the program its selectors are always ring 3's. */
	ev.state[S(cs)] = 0x33;
	ev.state[S(ss)] = 0x2b;
	ARG(ev, SIG_FRAME, frame) = at;
	ARG(ev, SIG_FRAME, pretcode) = restorer(y->t);
	ARG(ev, SIG_FRAME, restorer) = restorer(y->t);
	ARG(ev, SIG_FRAME, flags) = SA_FLAGS;
	ARG(ev, SIG_FRAME, stack_flags) = SS_DISABLE_64;
	ARG(ev, SIG_FRAME, fpstate) = at + SC_FPSTATE;
	if (sig == 11) {
		ARG(ev, SIG_FRAME, trapno) = VECTOR_PF;
		ARG(ev, SIG_FRAME, err) = 6;
		ARG(ev, SIG_FRAME, cr2) = 0x800000;
	}
	say(y, &ev);
}

static void force(const struct telling *y)
{
	struct ukl_event ev = begin(y, UKL_EV_SIG_FORCE, UKL_SIDE_KERNEL, K(SIGNALS), NULL,
				    GS_KERNEL);

	ARG(ev, SIG_FORCE, sig) = 11;
	ARG(ev, SIG_FORCE, code) = 1;
	ARG(ev, SIG_FORCE, addr) = 0x800000;
	say(y, &ev);
}

static void signal(struct telling *y)
{
	struct ukl_world_frame *f = y->top;
	uint64_t sig = f->vector == VECTOR_PF ? 11 : 10, at;

	if (sig == 11)
		force(y);
	if (f->how == UKL_FRAME_CALL)
		f->regs[S(ax)] = 1;
	look_for_signals(y);
	sig_event(y, UKL_EV_SIG_SETUP, sig);
	at = ((f->regs[S(sp)] - RED_ZONE - 0x240 - SIGFRAME) & ~15ull) - 8;
	sig_frame(y, at, sig);
	memcpy(y->t->saved, f->regs, sizeof(y->t->saved));
	y->t->in_handler = true;
	f->signalled = true;
	f->regs[S(ax)] = 0;
	f->regs[S(di)] = sig;
	f->regs[S(si)] = at + 0x138;
	f->regs[S(dx)] = at + 8;
	f->regs[S(ip)] = handler(y->t);
	f->regs[S(sp)] = at;
	f->regs[S(flags)] &= ~(uint64_t)FLAGS_RF;
	sig_event(y, UKL_EV_SIG_START, sig);
}

static void sigreturn(struct telling *y)
{
	struct ukl_world_task *t = y->t;
	struct ukl_event ev;

	t->regs[S(sp)] += 8;		/* the handler's RET */
	t->regs[S(ip)] = restorer(t);
	if (t->app)
		app_call(y, NR_RT_SIGRETURN, false);
	else
		user_call(y, NR_RT_SIGRETURN);
	ev = begin(y, UKL_EV_SIG_RETURN, UKL_SIDE_KERNEL, K(SIGNALS), t->saved, GS_KERNEL);
	ev.state[S(cs)] = 0x33;
	ev.state[S(ss)] = 0x2b;
	ARG(ev, SIG_RETURN, frame) = y->top->regs[S(sp)] - 8;
	say(y, &ev);
	memcpy(y->top->regs, t->saved, sizeof(y->top->regs));
	y->top->regs[S(orig_ax)] = NO_CALL;
	say_frame(y, UKL_EV_SIG_RESTORED);
	y->top->signalled = true;
	t->in_handler = false;
}

/* --- tasks ----------------------------------------------------------------- */

static void describe(const struct telling *y, unsigned int n, const char *comm)
{
	const struct ukl_world_task *t = &y->w->task[n];
	struct ukl_event ev = begin(y, UKL_EV_TASK, UKL_SIDE_KERNEL, 0, NULL, GS_KERNEL);

	ARG(ev, TASK, task) = t->addr;
	ARG(ev, TASK, ids) = (n + 1) * 0x100000001ull;
	ARG(ev, TASK, stack) = t->stack;
	memcpy(&ARG(ev, TASK, comm0), comm, strlen(comm));
	say(y, &ev);
}

static struct ukl_world_task *new_task(struct ukl_world *w, unsigned int n)
{
	struct ukl_world_task *t = &w->task[n];

	memset(t, 0, sizeof(*t));
	t->alive = true;
	t->addr = TASKS_AT + 0x1000 * n;
	t->stack = STACKS_AT + 0x100000ull * n;
	t->cr3 = 0x2000 + 0x1000 * n;
	return t;
}

static void say_fork(const struct telling *y, unsigned int n, uint64_t pf)
{
	const struct ukl_world_task *child = &y->w->task[n];
	struct ukl_event ev = begin(y, UKL_EV_FORK, UKL_SIDE_KERNEL, K(TEXT) + 0x200,
				    child->frame[0].regs, GS_KERNEL);

	ARG(ev, FORK, child) = child->addr;
	ARG(ev, FORK, mode) = child->mode;
	ARG(ev, FORK, pf) = pf;
	ARG(ev, FORK, stack) = child->stack;
	say(y, &ev);
}

/* A child of the program that runs: its registers, but for what clone was given */
static void born(struct telling *y, unsigned int n)
{
	struct ukl_world_task *parent = y->t, *child = new_task(y->w, n);
	bool thread = y->top->nr == NR_CLONE;

	child->app = parent->app;
	child->mode = parent->mode;
	child->user_gs = parent->user_gs;
	child->fs = thread ? y->top->regs[S(r8)] : parent->fs;
	if (thread || y->top->nr == NR_VFORK)
		child->cr3 = parent->cr3;
	child->depth = 1;
	child->frame[0] = *y->top;
	child->frame[0].how = UKL_FRAME_CHILD;
	child->frame[0].gated = false;
	child->frame[0].regs[S(ax)] = 0;
	if (thread)
		child->frame[0].regs[S(sp)] = y->top->regs[S(si)];
	say_fork(y, n, 0);
	describe(y, n, "child");
	y->top->born = true;
	if (y->top->nr == NR_VFORK)
		parent->waits_for = n;
	y->top->regs[S(ax)] = n + 1;
}

/* The memory that a child of vfork used is its parent's again. */
static void let_go(struct ukl_world *w, unsigned int n)
{
	for (unsigned int i = 0; i < UKL_WORLD_TASKS; i++) {
		if (w->task[i].waits_for == n)
			w->task[i].waits_for = 0;
	}
}

static void program_regs(uint64_t *r, bool app)
{
	memset(r, 0, UKL_FRAME_SLOTS * sizeof(*r));
	r[S(ip)] = app ? K(APP) : 0x401000;
	r[S(cs)] = app ? APP_CSX : 0x33;
	r[S(ss)] = app ? 0x18 : 0x2b;
	r[S(flags)] = app ? 0x40202 : 0x202;
	r[S(sp)] = app ? 0x7ffc0000 : 0x7ffd0000;
}

static void exec(struct telling *y, bool app)
{
	struct ukl_world_task *t = y->t;
	struct ukl_event ev = begin(y, UKL_EV_EXEC_BEGIN, UKL_SIDE_KERNEL,
				    K(TEXT) + 0x2f0, NULL, GS_KERNEL);

	ARG(ev, EXEC_BEGIN, bprm) = BPRM;
	ARG(ev, EXEC_BEGIN, caps) = -1;
	say(y, &ev);
	let_go(y->w, y->w->cur);
	mode_write(y, K(TEXT) + 0x300, 0, t->stack + 0x3c00, NOW_ON);
	t->cr3 += 0x100000;
	t->fs = t->user_gs = 0;
	ev = begin(y, UKL_EV_EXEC, UKL_SIDE_KERNEL, K(TEXT) + 0x310, NULL, GS_KERNEL);
	ARG(ev, EXEC, bprm) = BPRM;
	say(y, &ev);
	describe(y, y->w->cur, app ? "UKL" : "sh");
	if (app)
		mode_write(y, K(TEXT) + 0x320, 1, t->stack + 0x3c00, NOW_ON);
	t->app = app;
	t->in_handler = false;
	y->top->exec = true;
	program_regs(y->top->regs, app);
}

static void leave(struct telling *y)
{
	struct ukl_event ev = begin(y, UKL_EV_EXIT, UKL_SIDE_KERNEL, K(TEXT) + 0x400, NULL,
				    GS_KERNEL);

	say(y, &ev);
	let_go(y->w, y->w->cur);
	y->top->dead = true;
}

static bool can_run(const struct ukl_world *w, unsigned int n)
{
	return n != w->cur && w->task[n].alive && !w->task[n].waits_for;
}

/* The signal's frame cannot be written: the end of the program. */
static void no_frame(struct telling *y)
{
	struct ukl_event ev;

	look_for_signals(y);
	sig_event(y, UKL_EV_SIG_SETUP, 10);
	ev = of_frame(y, UKL_EV_SIG_START, K(SIGNALS));
	ARG(ev, SIG_START, sig) = 10;
	ARG(ev, SIG_START, failed) = 1;
	say(y, &ev);
	leave(y);
}

static int next_task(const struct ukl_world *w)
{
	for (unsigned int i = 1; i < UKL_WORLD_TASKS; i++) {
		unsigned int n = (w->cur + i) % UKL_WORLD_TASKS;

		if (can_run(w, n))
			return n;
	}
	return -1;
}

static void switch_task(struct telling *y, unsigned int n)
{
	const struct ukl_world_task *next = &y->w->task[n];
	struct ukl_event ev = begin(y, UKL_EV_SWITCH, UKL_SIDE_KERNEL, K(SWITCH_TO), NULL,
				    GS_KERNEL);

	ARG(ev, SWITCH, prev) = n == y->w->cur ? INIT_TASK : y->t->addr;	/* boot's */
	ARG(ev, SWITCH, next) = next->addr;
	ARG(ev, SWITCH, mode) = next->mode;
	ARG(ev, SWITCH, stack) = next->stack;
	ARG(ev, SWITCH, rsp) = next->stack + 0x3e00;
	/* The address space is the next one's already, and so are the bases. */
	ev.state[S(fs_base)] = next->fs;
	ev.state[S(cr3)] = next->cr3;
	say(y, &ev);
	if (y->top && y->top->dead)
		y->t->alive = false;
	y->w->before = y->w->cur;
	y->w->cur = n;
	*y = telling(y->w, y->emit, y->arg);
}

/* --- moves ----------------------------------------------------------------- */

/* The result of a call that nothing else has put registers into the frame of */
static void finish_call(struct telling *y, bool restart)
{
	struct ukl_world_frame *f = y->top;

	f->regs[S(ax)] = restart ? ERESTARTSYS_64 : f->nr == NR_READ ? EFAULT_64 :
			 f->nr != NR_ARCH_PRCTL;
	if (f->nr == NR_ARCH_PRCTL)
		y->t->fs = f->regs[S(si)];
	if (!restart)
		return;
	say_frame(y, UKL_EV_SIG_CHECK);
	f->regs[S(ax)] = f->nr;
	f->regs[S(ip)] -= y->t->app ? 5 : 2;
	f->signalled = true;
}

static void do_return(struct telling *y, enum ukl_move move)
{
	struct ukl_world_frame *f = y->top;
	struct ukl_event ev;

	if (f->kernel) {
		kernel_return(y);
		return;
	}
	if (f->how == UKL_FRAME_CALL && !f->signalled && !f->exec && !f->born)
		finish_call(y, move == UKL_MOVE_RETURN_RESTART);
	if (f->gated) {
		ev = of_frame(y, UKL_EV_SYS_LEAVE, K(GATE) + 0x90);
		ARG(ev, SYS_LEAVE, rsp) = frame_at(y->t);
		ARG(ev, SYS_LEAVE, now) = NOW_OFF;
		say(y, &ev);
	}
	if (move == UKL_MOVE_IRET_FAULT)
		iret_fault(y);
	if (y->t->app)
		out_to_app(y);
	else
		out_to_user(y);
}

static void wrfsbase(struct telling *y)
{
	uint64_t fs = y->t->fs + 0x1000;
	struct ukl_event ev = begin(y, UKL_EV_CTRL, UKL_SIDE_APP, y->t->regs[S(ip)], NULL,
				    GS_KERNEL);

	ARG(ev, CTRL, reg) = UKL_CTRL_FSBASE;
	ARG(ev, CTRL, value) = fs;
	say(y, &ev);
	y->t->fs = fs;
}

/* What the arguments of these calls are is said before they begin. */
static void set_args(struct telling *y, enum ukl_move move)
{
	uint64_t *r = y->t->regs;

	r[S(di)] = move == UKL_MOVE_CLONE ? CLONE_THREAD_FLAGS :
		   move == UKL_MOVE_SET_FS ? ARCH_SET_FS : 1;
	r[S(si)] = move == UKL_MOVE_CLONE ? 0x900000 :
		   move == UKL_MOVE_BAD_CALL ? 0xffff888000001000 : 0x700000;
	r[S(r8)] = 0xa00000;
}

static void begin_call(struct telling *y, enum ukl_move move)
{
	static const uint64_t nr[UKL_MOVES] = {
		[UKL_MOVE_CALL] = NR_WRITE, [UKL_MOVE_JUMP] = NR_WRITE,
		[UKL_MOVE_BAD_CALL] = NR_READ,
		[UKL_MOVE_SET_FS] = NR_ARCH_PRCTL, [UKL_MOVE_CLONE] = NR_CLONE,
		[UKL_MOVE_VFORK] = NR_VFORK, [UKL_MOVE_EXEC] = NR_EXECVE,
		[UKL_MOVE_EXEC_UKL] = NR_EXECVE, [UKL_MOVE_EXIT] = NR_EXIT,
	};

	set_args(y, move);
	if (y->t->app)
		app_call(y, nr[move], move == UKL_MOVE_JUMP);
	else
		user_call(y, nr[move]);
	if (move == UKL_MOVE_EXEC || move == UKL_MOVE_EXEC_UKL)
		exec(y, move == UKL_MOVE_EXEC_UKL);
	if (move == UKL_MOVE_EXIT)
		leave(y);
}

static void event(struct telling *y, unsigned int vector)
{
	if (y->t->depth)
		kernel_event(y, vector);
	else if (y->t->app)
		app_event(y, vector, false);
	else
		user_event(y, vector);
}

/* The application calls the gate, whose first access faults. */
static void gate_fault(struct telling *y)
{
	set_args(y, UKL_MOVE_CALL);
	y->t->regs[S(ax)] = NR_WRITE;
	y->t->regs[S(ip)] = K(APP) + 0x100;
	say_gate_in(y, false);
	app_event(y, VECTOR_PF, true);
}

static void fixup(struct telling *y)
{
	struct ukl_event ev = begin(y, UKL_EV_FIXUP, UKL_SIDE_KERNEL, K(TEXT) + 0x850,
				    y->top->regs, GS_KERNEL);

	ARG(ev, FIXUP, frame) = y->top->hw - 8 * S(ip);
	ARG(ev, FIXUP, vector) = y->top->vector;
	ARG(ev, FIXUP, addr) = 0x800000;
	say(y, &ev);
}

void ukl_world_do(struct ukl_world *w, enum ukl_move move, ukl_emit_fn *emit, void *arg)
{
	struct telling y = telling(w, emit, arg);

	switch (move) {
	case UKL_MOVE_IRQ:
	case UKL_MOVE_FAULT:
		event(&y, move == UKL_MOVE_IRQ ? VECTOR_IRQ : VECTOR_PF);
		break;
	case UKL_MOVE_GATE_FAULT:
		gate_fault(&y);
		break;
	case UKL_MOVE_NMI:
		nmi(&y);
		break;
	case UKL_MOVE_DEBUG:
		debug(&y);
		break;
	case UKL_MOVE_FIXUP:
		fixup(&y);
		break;
	case UKL_MOVE_FLUSH:
		control(&y, UKL_SIDE_KERNEL, K(TEXT) + 0x130, UKL_CTRL_CR3, y.t->cr3);
		break;
	case UKL_MOVE_KILL:
		leave(&y);
		break;
	case UKL_MOVE_SIGNAL:
		signal(&y);
		break;
	case UKL_MOVE_NO_FRAME:
		no_frame(&y);
		break;
	case UKL_MOVE_SIGRETURN:
		sigreturn(&y);
		break;
	case UKL_MOVE_BORN:
		born(&y, T_CHILD);
		break;
	case UKL_MOVE_SWITCH:
		switch_task(&y, next_task(w));
		break;
	case UKL_MOVE_SWITCH_BACK:
		switch_task(&y, w->before);
		break;
	case UKL_MOVE_RETURN:
	case UKL_MOVE_RETURN_RESTART:
	case UKL_MOVE_IRET_FAULT:
		do_return(&y, move);
		break;
	case UKL_MOVE_WRFSBASE:
		wrfsbase(&y);
		break;
	default:
		begin_call(&y, move);
	}
}

/* --- what can be ----------------------------------------------------------- */

static bool program_can(const struct ukl_world *w, const struct ukl_world_task *t,
			enum ukl_move move)
{
	switch (move) {
	case UKL_MOVE_CALL:
	case UKL_MOVE_BAD_CALL:
	case UKL_MOVE_EXEC:
	case UKL_MOVE_EXIT:
	case UKL_MOVE_IRQ:
	case UKL_MOVE_FAULT:
		return true;
	case UKL_MOVE_NMI:
	case UKL_MOVE_JUMP:
	case UKL_MOVE_SET_FS:
	case UKL_MOVE_GATE_FAULT:
	case UKL_MOVE_WRFSBASE:
		return t->app;
	case UKL_MOVE_EXEC_UKL:
		return !t->app;
	case UKL_MOVE_CLONE:
	case UKL_MOVE_VFORK:
		return !w->task[T_CHILD].alive;
	case UKL_MOVE_SIGRETURN:
		return t->in_handler;
	default:
		return false;
	}
}

/* Its pt_regs are a program's, and as the program left them. */
static bool may_signal(const struct ukl_world_task *t, const struct ukl_world_frame *f)
{
	return !f->kernel && f->how != UKL_FRAME_KTHREAD && !f->signalled && !f->exec &&
	       !t->in_handler && !f->born && !f->dead &&
	       !(f->how == UKL_FRAME_CALL && f->nr != NR_WRITE);
}

/* clone and vfork make their child before they return. */
static bool has_work(const struct ukl_world_frame *f)
{
	return f->how == UKL_FRAME_CALL && !f->born &&
	       (f->nr == NR_CLONE || f->nr == NR_VFORK);
}

static bool may_return(const struct ukl_world_task *t, const struct ukl_world_frame *f)
{
	return !f->dead && f->how != UKL_FRAME_KTHREAD && !t->waits_for && !has_work(f);
}

static bool kernel_can(const struct ukl_world *w, const struct ukl_world_task *t,
		       const struct ukl_world_frame *f, enum ukl_move move)
{
	switch (move) {
	case UKL_MOVE_IRQ:
	case UKL_MOVE_FAULT:
		return t->depth < UKL_WORLD_DEPTH && !f->dead;
	case UKL_MOVE_NMI:
	case UKL_MOVE_DEBUG:
	case UKL_MOVE_FLUSH:
		return true;
	case UKL_MOVE_KILL:
		return !f->kernel && !f->dead && !t->waits_for;
	case UKL_MOVE_FIXUP:
		return f->kernel && f->vector == VECTOR_PF;
	case UKL_MOVE_SIGNAL:
	case UKL_MOVE_NO_FRAME:
		return may_signal(t, f);
	case UKL_MOVE_BORN:
		return has_work(f) && !w->task[T_CHILD].alive;
	case UKL_MOVE_SWITCH:
		return next_task(w) >= 0;
	case UKL_MOVE_SWITCH_BACK:
		return can_run(w, w->before) && next_task(w) != (int)w->before;
	case UKL_MOVE_RETURN:
		return may_return(t, f);
	case UKL_MOVE_IRET_FAULT:
		return may_return(t, f) && t->app && !f->kernel && !f->gate;
	case UKL_MOVE_RETURN_RESTART:
		return f->how == UKL_FRAME_CALL && f->nr == NR_WRITE && may_signal(t, f);
	default:
		return false;
	}
}

bool ukl_world_can(const struct ukl_world *w, enum ukl_move move)
{
	const struct ukl_world_task *t = &w->task[w->cur];

	return t->depth ? kernel_can(w, t, &t->frame[t->depth - 1], move) :
			  program_can(w, t, move);
}

/* --- the beginning --------------------------------------------------------- */

static void make_kthread(struct telling *y)
{
	struct ukl_world_task *k = new_task(y->w, T_KTHREAD);

	k->kthread = true;
	k->depth = 1;
	k->frame[0].how = UKL_FRAME_KTHREAD;
	say_fork(y, T_KTHREAD, PF_KTHREAD_64);
	describe(y, T_KTHREAD, "kworker");
}

/*
 * The boot's task makes a kernel thread and gives way to the ring-3 program; that
 * makes the child which executes the application.
 */
void ukl_world_init(struct ukl_world *w, ukl_emit_fn *emit, void *arg)
{
	struct telling y;

	memset(w, 0, sizeof(*w));
	new_task(w, T_USER)->addr = INIT_TASK;
	y = telling(w, emit, arg);
	to_kernel_idt(&y, K(TEXT) + 0x100);
	control(&y, UKL_SIDE_KERNEL, K(TEXT) + 0x110, 0xc0000082, K(LSTAR));
	kernel_event(&y, VECTOR_IRQ);
	kernel_return(&y);
	make_kthread(&y);
	new_task(w, T_USER)->user_gs = 0x7000;
	program_regs(w->task[T_USER].regs, false);
	describe(&y, T_USER, "sh");
	switch_task(&y, T_USER);
	control(&y, UKL_SIDE_KERNEL, K(TEXT) + 0x120, UKL_CTRL_CR0, 0x80050033);
	user_call(&y, NR_FORK);
	born(&y, T_APP);
	switch_task(&y, T_APP);
	out_to_user(&y);
	user_call(&y, NR_EXECVE);
	exec(&y, true);
	out_to_app(&y);
}
