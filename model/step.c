/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * step.c - the model's one step: classify the event, judge it, apply it
 *
 * An event is judged against the state before it.  Then the transition table says
 * in which places a task can be when it happens, where it is next, and what else
 * changes.  The model follows the machine even where the machine is wrong, so one
 * bug is one violation and not an avalanche.
 *
 * Errors: none but lack of memory at creation.  Threads: see model.h.
 */
#include <stdlib.h>

#include "judge.h"
#include "tasks.h"

struct ukl_model {
	struct ukl_layout lay;
	struct ukl_model_options opt;
	struct ukl_tasks tasks;
	struct ukl_cpu *cpu;
	struct ukl_task *limbo;			/* one for each CPU */
	struct ukl_tally tally[UKL_GROUP_COUNT];
	bool *wanted;				/* by invariant: all, or options.only */
	const struct ukl_view *view;		/* of the event that is judged */
	unsigned int violations;		/* at this event */
	uint64_t judged[UKL_KINDS];		/* events */
	uint64_t edge_count[UKL_STATES][UKL_KINDS][UKL_STATES];
	uint64_t cr4_pinned;
	bool cr4_known;
};

/*
 * CLASSIFICATION
 */

/* Vectors whose delivery pushes an error code: Intel SDM 3A, table 6-1. */
static bool has_error_code(unsigned int vector)
{
	return vector < 32 && (0x60227d00u >> vector & 1);
}

/*
 * The kernel executes neither the user half nor, on a stack there, anything but its
 * text (which holds the seams): it was the application's jump into the unknown.
 */
static bool jumped_off(const struct ukl_layout *l, const uint64_t *s)
{
	return in_user_half(l, s[S(ip)]) ||
	       (in_user_half(l, s[S(sp)]) &&
		!in_range(s[S(ip)], l->text_start, l->text_end));
}

static enum ukl_where interrupted(const struct ukl_layout *l, const uint64_t *s)
{
	if (s[S(cs)] & 3)
		return UKL_AT_USER;
	if (in_app_text(l, s[S(ip)]) || jumped_off(l, s))
		return UKL_AT_APP;
	if (in_seam_in(l, s[S(ip)]))
		return UKL_AT_SEAM_IN;
	return in_seam_out(l, s[S(ip)]) ? UKL_AT_SEAM_OUT : UKL_AT_KERNEL;
}

static enum ukl_kind classify_int_in(struct ukl_view *v)
{
	v->from = interrupted(v->lay, v->s);
	v->hw = ARG(INT_IN, rsp) + 8 * has_error_code(ARG(INT_IN, vector));
	if (v->from == UKL_AT_USER)
		return UKL_K_INT_IN_USER;
	if (v->from == UKL_AT_APP)
		return UKL_K_INT_IN_APP;
	/* In the gate it is the application's until the stack is the kernel's. */
	if (v->from == UKL_AT_SEAM_IN && in_user_half(v->lay, v->s[S(sp)]))
		return UKL_K_INT_IN_APP;
	return UKL_K_INT_IN_KERNEL;
}

static enum ukl_kind classify_int_c(struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!ctx || ctx->tag != UKL_TAG_EVENT || ctx->have_regs || ctx->iret_fault) {
		v->ctx = NULL;
		return UKL_K_INT_C_OTHER;
	}
	if (ctx->from == UKL_AT_USER)
		return UKL_K_INT_C_USER;
	if (!ctx->app)
		return UKL_K_INT_C_KERNEL;
	if (!ctx->paranoid)
		return UKL_K_INT_C_APP;
	v->ctx = NULL;
	return UKL_K_INT_C_OTHER;
}

/* IST stacks are pages of their own. */
static bool same_page(uint64_t a, uint64_t b)
{
	return !((a ^ b) >> 12);
}

/*
 * An IRET that only goes on: sync_core() and the NMI entry return to the next
 * instruction; an NMI during an NMI makes the first one return into itself.
 */
static bool returns_to_self(const struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (v->s[S(ip)] == ARG(INT_OUT, pc) + 2)
		return true;
	return ctx && ctx->tag == UKL_TAG_EVENT && ctx->vector == VECTOR_NMI &&
	       same_page(v->s[S(sp)], ctx->hw) && !same_page(ctx->truth[S(sp)], ctx->hw);
}

static enum ukl_kind classify_int_out(struct ukl_view *v)
{
	enum ukl_where to = interrupted(v->lay, v->s);

	v->hw = ARG(INT_OUT, rsp);
	if (to == UKL_AT_USER) {
		v->ctx = ukl_bottom(v->task);
		return UKL_K_INT_OUT_USER;
	}
	if (returns_to_self(v))
		return UKL_K_INT_OUT_SELF;
	if (to == UKL_AT_APP)
		return UKL_K_INT_OUT_APP;
	if (to == UKL_AT_SEAM_IN && in_user_half(v->lay, v->s[S(sp)]))
		return UKL_K_INT_OUT_APP;
	if (v->ctx && v->ctx->tag != UKL_TAG_EVENT)
		v->ctx = NULL;
	return UKL_K_INT_OUT_KERNEL;
}

/* Classes with one kind each. */
static const uint8_t plain_kind[UKL_CLASSES] = {
	[UKL_EV_GATE_IN] = UKL_K_GATE_IN,
	[UKL_EV_SYS_ENTER] = UKL_K_SYS_ENTER,
	[UKL_EV_SYS_LEAVE] = UKL_K_SYS_LEAVE,
	[UKL_EV_MODE_WRITE] = UKL_K_MODE_WRITE,
	[UKL_EV_APP_IN] = UKL_K_APP_IN,
	[UKL_EV_APP_EDGE] = UKL_K_APP_EDGE,
	[UKL_EV_USER_IN] = UKL_K_USER_IN,
	[UKL_EV_USER_OUT] = UKL_K_USER_OUT,
	[UKL_EV_SWITCH] = UKL_K_SWITCH,
	[UKL_EV_TASK] = UKL_K_TASK,
	[UKL_EV_FORK] = UKL_K_FORK,
	[UKL_EV_EXEC] = UKL_K_EXEC,
	[UKL_EV_EXIT] = UKL_K_EXIT,
	[UKL_EV_CTRL] = UKL_K_CTRL,
	[UKL_EV_STRAY_WRITE] = UKL_K_STRAY_WRITE,
	[UKL_EV_SIG_CHECK] = UKL_K_SIG_CHECK,
	[UKL_EV_SIG_SETUP] = UKL_K_SIG_SETUP,
	[UKL_EV_SIG_FRAME] = UKL_K_SIG_FRAME,
	[UKL_EV_SIG_START] = UKL_K_SIG_START,
	[UKL_EV_SIG_RETURN] = UKL_K_SIG_RETURN,
	[UKL_EV_SIG_RESTORED] = UKL_K_SIG_RESTORED,
	[UKL_EV_SIG_FORCE] = UKL_K_SIG_FORCE,
	[UKL_EV_FIXUP] = UKL_K_FIXUP,
	[UKL_EV_EXEC_BEGIN] = UKL_K_EXEC_BEGIN,
	[UKL_EV_OOPS] = UKL_K_OOPS,
	[UKL_EV_END] = UKL_K_END,
};

static void classify(struct ukl_view *v)
{
	const struct ukl_task *t = v->task;

	v->ctx = t->depth ? &t->ctx[t->depth - 1] : NULL;
	v->kind = v->ev->cls < UKL_CLASSES ? plain_kind[v->ev->cls] : UKL_K_NONE;
	switch (v->ev->cls) {
	case UKL_EV_INT_IN:
		v->kind = classify_int_in(v);
		break;
	case UKL_EV_INT_C:
		v->kind = classify_int_c(v);
		break;
	case UKL_EV_INT_OUT:
		v->kind = classify_int_out(v);
		break;
	case UKL_EV_SYS_ENTER:
	case UKL_EV_SYS_LEAVE:
		if (v->ctx && v->ctx->tag != UKL_TAG_SYSCALL)
			v->ctx = NULL;
	}
}

/*
 * JUDGEMENT
 */

static void report(struct ukl_model *m, const struct ukl_view *v, unsigned int index,
		   const struct ukl_finding *f)
{
	const struct ukl_violation violation = {
		.index = index,
		.inv = ukl_invariant_at(index, NULL),
		.view = v,
		.finding = f,
	};

	if (m->opt.report)
		m->opt.report(m->opt.arg, &violation);
}

/* What was not asked for is judged, but nobody hears of it. */
void ukl_violated(struct ukl_tally *t, unsigned int i, struct ukl_finding f)
{
	struct ukl_model *m = t->model;

	if (!m->wanted[t->first + i])
		return;
	m->violations++;
	t->violated[i]++;
	report(m, m->view, t->first + i, &f);
}

/*
 * STATES
 */

static const uint8_t state_at[UKL_WHERES] = {
	[UKL_AT_APP] = UKL_IN_APP,
	[UKL_AT_SEAM_IN] = UKL_IN_GATE,
	[UKL_AT_KERNEL] = UKL_IN_KERNEL,
	[UKL_AT_SEAM_OUT] = UKL_IN_RETURN,
	[UKL_AT_USER] = UKL_IN_USER,
};

/* In the kernel: by what the innermost context is, and how far it has come. */
static const uint8_t state_in[][UKL_PHASES] = {
#define SORT(name, entry, entered, c, left) \
	[UKL_IN_##name] = { UKL_IN_##entry, UKL_IN_##entered, UKL_IN_##c, \
			    UKL_IN_##left, UKL_IN_##left }
	SORT(SYSCALL, GATE_KERNEL, GATE_KERNEL, SYSCALL, SYSCALL_LEFT),
	SORT(APP_EVENT, APP_STUB, APP_STUB_KERNEL, APP_EVENT, APP_EVENT),
	SORT(USER_EVENT, USER_STUB, USER_STUB, USER_EVENT, USER_EVENT),
	SORT(KERNEL_EVENT, KERNEL_STUB, KERNEL_STUB, KERNEL_EVENT, KERNEL_EVENT),
	SORT(USER_SYSCALL, USER_SYSCALL, USER_SYSCALL, USER_SYSCALL, USER_SYSCALL),
	SORT(CHILD, CHILD, CHILD, CHILD, CHILD),
	SORT(KTHREAD, KTHREAD, KTHREAD, KTHREAD, KTHREAD),
	SORT(OWN_STACK, OWN_STACK, OWN_STACK, OWN_STACK, OWN_STACK),
#undef SORT
};

static enum ukl_state state_of(const struct ukl_task *t)
{
	const struct ukl_ctx *top;

	if (t->where != UKL_AT_KERNEL || !t->depth)
		return state_at[t->where];
	top = &t->ctx[t->depth - 1];
	return state_in[top->sort][top->phase];
}

/* The task that was current before the event is the one that it moves. */
static void count_edge(struct ukl_model *m, struct ukl_task *t, enum ukl_kind kind)
{
	enum ukl_state to = state_of(t);

	m->edge_count[t->state][kind][to]++;
	t->state = to;
}

/*
 * APPLICATION
 */

struct step {
	struct ukl_model *m;
	const struct ukl_view *v;
	struct ukl_cpu *cpu;
	struct ukl_task *task;
	struct ukl_ctx *top;	/* of task, or NULL */
	uint64_t last_iret;	/* if the CPU's previous event was one: its address */
};

static bool runs_somewhere(const void *arg, const struct ukl_task *t)
{
	const struct ukl_model *m = arg;

	for (unsigned int i = 0; i < m->opt.cpus; i++) {
		if (m->cpu[i].cur == t)
			return true;
	}
	return false;
}

static struct ukl_task *task_get(struct ukl_model *m, uint64_t addr)
{
	return ukl_tasks_get(&m->tasks, addr, runs_somewhere, m);
}

static struct ukl_ctx *open_ctx(struct step *st, enum ukl_tag tag, enum ukl_state sort,
				enum ukl_where from, uint64_t pc)
{
	struct ukl_ctx *ctx = ukl_ctx_push(&st->m->tasks, st->task);

	ctx->tag = tag;
	ctx->sort = sort;
	ctx->from = from;
	ctx->pc = pc;
	ctx->cpu = st->v->ev->cpu;
	ctx->switches = st->cpu->switches;
	ctx->order = st->v->ev->order;
	ctx->time = st->v->ev->time;
	memcpy(ctx->truth, st->v->s, sizeof(ctx->truth));
	return ctx;
}

/*
 * Which calls edit registers of other tasks, or have the kernel edit the caller's;
 * i386 numbers count too, to be safe.
 */
static void note_edits(struct step *st, struct ukl_ctx *ctx, uint64_t nr)
{
	switch ((uint32_t)nr) {
	case NR_PTRACE:
	case NR_MODIFY_LDT:
	case 26:	/* i386 ptrace */
	case 123:	/* i386 modify_ldt */
	case 243:	/* i386 set_thread_area */
		ukl_ctx_edits(&st->m->tasks, ctx);
		break;
	case NR_RSEQ:
		st->task->sequences = true;
	}
}

/* What application code has in these registers is what it must find again. */
static void note_app_bases(struct step *st)
{
	const uint64_t *s = st->v->s;
	struct ukl_task *t = st->task;

	t->fs_base = s[S(fs_base)];
	t->kgs_base = s[S(kgs_base)];
	t->kgs_cpu = st->v->ev->cpu;
	t->cr3 = s[S(cr3)];
	t->fs_known = t->kgs_known = t->cr3_known = true;
}

/* The SWAPGS count's parity tells which GS base is active. */
static void note_parity(struct ukl_cpu *cpu, uint64_t swapgs, bool kernel)
{
	if (cpu->swapgs_known)
		return;
	cpu->kernel_parity = (swapgs ^ !kernel) & 1;
	cpu->swapgs_known = true;
}

/* The program runs, and no kernel context is open: what was is abandoned. */
static void abandon_all(struct step *st)
{
	ukl_ctx_drop(&st->m->tasks, st->task, 0);
	st->task->base_known = true;
}

static void apply_gate_in(struct step *st)
{
	const struct ukl_view *v = st->v;
	const struct ukl_layout *l = v->lay;
	bool call = ARG(GATE_IN, pc) != l->gate_jump;
	struct ukl_ctx *ctx;

	/* That may be another try, of a gate whose first instruction faulted. */
	abandon_all(st);
	st->task->repeats = 0;
	note_app_bases(st);
	note_parity(st->cpu, ARG(GATE_IN, swapgs), true);
	ctx = open_ctx(st, UKL_TAG_SYSCALL, UKL_IN_SYSCALL, UKL_AT_APP,
		       ARG(GATE_IN, pc));
	ctx->ret = call ? ARG(GATE_IN, ret) : v->s[S(cx)];
	ctx->sp = v->s[S(sp)] + (call ? 8 : 0);
	ctx->swapgs = ARG(GATE_IN, swapgs);
	note_edits(st, ctx, v->s[S(ax)]);
}

static void apply_sys_enter(struct step *st)
{
	struct ukl_ctx *ctx = st->top;

	if (!ctx || ctx->tag != UKL_TAG_SYSCALL)
		return;
	memcpy(ctx->regs, st->v->s, sizeof(ctx->regs));
	ctx->have_regs = true;
	ctx->hw = st->v->ev->arg[UKL_A_SYS_ENTER_frame];
	ctx->phase = UKL_PHASE_C;
}

static void note_arch_prctl(struct ukl_task *t, const struct ukl_ctx *ctx,
			    const uint64_t *regs)
{
	if ((uint32_t)ctx->truth[S(ax)] != NR_ARCH_PRCTL || regs[S(ax)] != 0)
		return;
	if (ctx->truth[S(di)] == ARCH_SET_FS_64)
		t->fs_base = ctx->truth[S(si)];
	if (ctx->truth[S(di)] == ARCH_SET_GS_64)
		t->kgs_base = ctx->truth[S(si)];
}

static void apply_sys_leave(struct step *st)
{
	struct ukl_ctx *ctx = st->top;

	if (!ctx || ctx->tag != UKL_TAG_SYSCALL)
		return;
	note_arch_prctl(st->task, ctx, st->v->s);
	memcpy(ctx->regs, st->v->s, sizeof(ctx->regs));
	ctx->have_regs = ctx->left = true;
	ctx->phase = UKL_PHASE_LEFT;
}

static void flip(struct step *st, uint64_t value)
{
	struct ukl_ctx *ctx = st->top;
	bool paranoid = ctx && ctx->paranoid;

	if (value == 2) {
		if (!paranoid)
			st->task->where = UKL_AT_SEAM_OUT;
		if (ctx && ctx->flips_out < 255)
			ctx->flips_out++;
		if (ctx && !paranoid)
			ctx->phase = UKL_PHASE_OUT;
		return;
	}
	st->task->where = UKL_AT_KERNEL;
	if (value != 1 || !ctx)
		return;
	if (ctx->flips_in < 255)
		ctx->flips_in++;
	if (ctx->phase == UKL_PHASE_ENTRY)
		ctx->phase = UKL_PHASE_ENTERED;
}

static void apply_mode_write(struct step *st)
{
	const struct ukl_view *v = st->v;
	struct ukl_task *t = ukl_tasks_find(&st->m->tasks, ARG(MODE_WRITE, task));

	if (!t)
		return;
	t->mode = ARG(MODE_WRITE, value);
	t->mode_known = true;
	if (t == st->task)
		flip(st, ARG(MODE_WRITE, value));
}

/*
 * NMI outside ring 3, and #DB and #MC outside ring 3 and application text, can hit
 * where no flag tells what was interrupted.  They stay on their own stack, save
 * ukl_mode and restore it.
 */
static bool is_paranoid(unsigned int vector, enum ukl_where from)
{
	if (vector == VECTOR_NMI)
		return from != UKL_AT_USER;
	return (vector == VECTOR_DB || vector == VECTOR_MC) && from != UKL_AT_USER &&
	       from != UKL_AT_APP;
}

static enum ukl_state sort_of_event(const struct ukl_view *v)
{
	if (is_paranoid(ARG(INT_IN, vector), v->from))
		return UKL_IN_OWN_STACK;
	if (v->kind == UKL_K_INT_IN_APP)
		return UKL_IN_APP_EVENT;
	return v->from == UKL_AT_USER ? UKL_IN_USER_EVENT : UKL_IN_KERNEL_EVENT;
}

/* An IRET to ring 3 or the application faulted: the kernel answers as if they had. */
static bool is_iret_fault(const struct step *st)
{
	return st->v->kind == UKL_K_INT_IN_KERNEL && st->last_iret &&
	       st->v->s[S(ip)] == st->last_iret;
}

static void prepare_event(struct step *st)
{
	const struct ukl_view *v = st->v;

	if (v->kind == UKL_K_INT_IN_USER) {
		abandon_all(st);
		note_parity(st->cpu, ARG(INT_IN, swapgs), false);
	} else if (v->kind == UKL_K_INT_IN_APP && v->from == UKL_AT_APP) {
		abandon_all(st);
		note_app_bases(st);
	}
}

/*
 * Is the pushed IF what the application made of it?  Not in the gate, unless it was
 * called so.
 */
static bool app_has_if(const struct step *st)
{
	const struct ukl_ctx *gate = st->top;

	return st->v->from == UKL_AT_APP ||
	       (gate && gate->tag == UKL_TAG_SYSCALL && !(gate->truth[S(flags)] & X86_IF));
}

static void apply_int_in(struct step *st)
{
	const struct ukl_view *v = st->v;
	bool iret_fault = is_iret_fault(st), app_if = app_has_if(st);
	struct ukl_ctx *ctx;

	prepare_event(st);
	ctx = open_ctx(st, UKL_TAG_EVENT, sort_of_event(v), v->from, ARG(INT_IN, pc));
	ctx->vector = ARG(INT_IN, vector);
	ctx->error = ARG(INT_IN, error);
	ctx->swapgs = ARG(INT_IN, swapgs);
	ctx->hw = v->hw;
	ctx->ist = in_cea(v->lay, v->hw);
	ctx->app = v->kind == UKL_K_INT_IN_APP;
	ctx->iret_fault = iret_fault;
	ctx->paranoid = ctx->sort == UKL_IN_OWN_STACK;
	/* It is resumed with interrupts on: POPF in ring 3 leaves IF alone. */
	if (ctx->app && !ctx->paranoid && app_if)
		ctx->truth[S(flags)] |= X86_IF;
	if (ctx->vector == VECTOR_SYSCALL)
		note_edits(st, ctx, v->s[S(ax)]);
}

static void count_repeats(struct ukl_task *t, const struct ukl_ctx *ctx)
{
	const uint64_t fault[3] = { ctx->truth[S(ip)], ctx->truth[S(cr2)], ctx->error };

	if (ctx->vector != VECTOR_PF) {
		t->repeats = 0;
		return;
	}
	t->repeats = memcmp(fault, t->last_fault, sizeof(fault)) ? 0 : t->repeats + 1;
	memcpy(t->last_fault, fault, sizeof(fault));
}

static void apply_int_c(struct step *st)
{
	const struct ukl_view *v = st->v;
	/* There is one: classify_int_c() saw it. */
	struct ukl_ctx *ctx = &st->task->ctx[st->task->depth - 1];

	memcpy(ctx->regs, v->s, sizeof(ctx->regs));
	ctx->have_regs = true;
	ctx->phase = UKL_PHASE_C;
	ctx->moved = ctx->ist && !in_cea(v->lay, ARG(INT_C, frame));
	if (ctx->app)
		count_repeats(st->task, ctx);
}

/* An IRET's fault whose handler has a program's frame is that program's by now. */
static void apply_int_c_other(struct step *st)
{
	uint64_t cs = st->v->s[S(cs)];
	struct ukl_ctx *ctx = st->top;

	if (!ctx || !ctx->iret_fault || ctx->paranoid)
		return;
	ctx->phase = UKL_PHASE_C;
	if (cs & 3)
		ctx->sort = UKL_IN_USER_EVENT;
	else if (cs == st->v->lay->app_csx)
		ctx->sort = UKL_IN_APP_EVENT;
}

static void set_landing(struct step *st)
{
	struct ukl_landing *to = &st->cpu->landing;
	const struct ukl_view *v = st->v;

	to->valid = in_app_text(v->lay, v->s[S(ip)]);
	to->syscall = v->ctx && v->ctx->tag == UKL_TAG_SYSCALL && !v->ctx->exec;
	to->orig_ax = to->syscall ? v->ctx->truth[S(ax)] : ~0ull;
	to->pc = ARG(INT_OUT, pc);
	memcpy(to->state, v->s, sizeof(to->state));
}

/* Only the gate goes on where it was; a program has no context open. */
static void apply_out_app(struct step *st)
{
	const struct ukl_view *v = st->v;
	struct ukl_task *t = st->task;

	set_landing(st);
	t->where = interrupted(v->lay, v->s);
	if (t->where != UKL_AT_SEAM_IN)
		abandon_all(st);
	else if (t->depth)
		ukl_ctx_drop(&st->m->tasks, t, t->depth - 1);
	note_app_bases(st);
	st->cpu->iret_pc = ARG(INT_OUT, pc);
}

/* The context whose pushed words this IRET pops; else the top one. */
static unsigned int depth_after(const struct ukl_task *t, uint64_t hw)
{
	for (unsigned int d = t->depth; d-- > 0; ) {
		if (t->ctx[d].tag == UKL_TAG_EVENT && t->ctx[d].hw == hw)
			return d;
	}
	return t->depth - 1;
}

static void apply_out_kernel(struct step *st)
{
	const struct ukl_view *v = st->v;
	struct ukl_task *t = st->task;

	if (v->ctx)
		ukl_ctx_drop(&st->m->tasks, t, depth_after(t, v->hw));
	t->where = interrupted(v->lay, v->s);
}

static void leave_to_user(struct step *st)
{
	abandon_all(st);
	/* Whatever the application knew is gone once ring 3 has run. */
	st->task->fs_known = st->task->kgs_known = st->task->cr3_known = false;
}

static void apply_out_user(struct step *st)
{
	const struct ukl_view *v = st->v;

	leave_to_user(st);
	st->cpu->iret_pc = ARG(INT_OUT, pc);
}

static void apply_user_in(struct step *st)
{
	const struct ukl_view *v = st->v;
	struct ukl_ctx *ctx;

	leave_to_user(st);
	note_parity(st->cpu, ARG(USER_IN, swapgs), false);
	ctx = open_ctx(st, UKL_TAG_USER_SYSCALL, UKL_IN_USER_SYSCALL, UKL_AT_USER,
		       ARG(USER_IN, pc));
	ctx->swapgs = ARG(USER_IN, swapgs);
	note_edits(st, ctx, v->s[S(ax)]);
}

static void apply_switch(struct step *st)
{
	const struct ukl_view *v = st->v;
	struct ukl_task *next = task_get(st->m, ARG(SWITCH, next));
	struct ukl_task *prev = ukl_tasks_find(&st->m->tasks, ARG(SWITCH, prev));

	if (prev)
		prev->repeats = 0;
	if (!st->cpu->gs_known) {
		st->cpu->gs_base = v->s[S(gs_base)];
		st->cpu->gs_known = in_kernel_half(st->cpu->gs_base);
	}
	st->cpu->switches++;
	next->stack = ARG(SWITCH, stack);
	next->used = v->ev->order;
	if (!next->mode_known) {
		next->mode = ARG(SWITCH, mode);
		next->mode_known = true;
	}
	st->cpu->cur = next;
}

static void apply_task(struct step *st)
{
	const struct ukl_view *v = st->v;
	struct ukl_task *t = task_get(st->m, ARG(TASK, task));

	/* Somebody else lives there now, born without wake_up_new_task(). */
	if (t->exiting && t->pid != (uint32_t)ARG(TASK, ids))
		ukl_task_reset(&st->m->tasks, t);
	t->pid = (uint32_t)ARG(TASK, ids);
	t->tgid = ARG(TASK, ids) >> 32;
	t->stack = ARG(TASK, stack);
	memcpy(t->comm, &ARG(TASK, comm0), 8);
	memcpy(t->comm + 8, &ARG(TASK, comm1), 8);
	t->comm[16] = 0;
}

/* The application's clone, fork or vfork; clone3 has its arguments in memory. */
static bool makes_child(const struct ukl_ctx *call)
{
	uint32_t nr;

	if (!call || call->tag != UKL_TAG_SYSCALL)
		return false;
	nr = call->truth[S(ax)];
	return nr >= NR_CLONE && nr <= NR_VFORK;
}

/* Was it asked for this, all of it?  fork and vfork take no flags. */
static bool asked_for(const struct ukl_ctx *call, uint64_t flags)
{
	uint32_t nr = call->truth[S(ax)];
	uint64_t given = nr == NR_CLONE ? call->truth[S(di)] :
			 nr == NR_VFORK ? CLONE_VFORK_64 | CLONE_VM_64 : 0;

	return (given & flags) == flags;
}

/* The FS base that a child starts with. */
static void child_fs(struct ukl_task *child, const struct ukl_ctx *call)
{
	if (!makes_child(call))
		return;
	child->fs_known = true;
	child->fs_base = call->truth[asked_for(call, CLONE_SETTLS_64) ? S(r8) :
							   S(fs_base)];
}

static void child_mm(struct ukl_ctx *birth, const struct ukl_ctx *call)
{
	if (!makes_child(call))
		return;
	birth->parent_cr3 = call->truth[S(cr3)];
	birth->shares_mm = asked_for(call, CLONE_VM_64);
}

static void apply_fork(struct step *st)
{
	const struct ukl_view *v = st->v;
	struct ukl_task *parent = st->task;
	struct ukl_task *child = task_get(st->m, ARG(FORK, child));
	struct ukl_ctx *ctx;

	ukl_task_reset(&st->m->tasks, child);
	child->stack = ARG(FORK, stack);
	child->mode = ARG(FORK, mode);
	child->mode_known = true;
	child->base_known = true;
	child->used = v->ev->order;
	child->where = UKL_AT_KERNEL;
	child->kthread = ARG(FORK, pf) & (v->lay->pf_kthread | v->lay->pf_io_worker);
	child->sequences = parent->sequences;
	child_fs(child, ukl_bottom(parent));
	st->task = child;
	ctx = open_ctx(st, UKL_TAG_FORK_CHILD, child->kthread ? UKL_IN_KTHREAD : UKL_IN_CHILD,
		       UKL_AT_KERNEL, ARG(FORK, pc));
	ctx->kthread = child->kthread;
	ctx->have_regs = true;
	memcpy(ctx->regs, v->s, sizeof(ctx->regs));
	child->state = state_of(child);
	child_mm(ctx, st->top);
	st->task = parent;
	if (makes_child(st->top) && asked_for(st->top, CLONE_VFORK_64)) {
		st->top->vforked = true;
		st->top->vfork_child = child->addr;
		child->vfork_parent = parent->addr;
	}
}

/* A child of vfork lets go of the memory that it shares with its parent. */
static void release_parent(struct step *st)
{
	struct ukl_task *parent = ukl_tasks_find(&st->m->tasks, st->task->vfork_parent);

	for (unsigned int i = 0; parent && i < parent->depth; i++) {
		if (parent->ctx[i].vfork_child == st->task->addr)
			parent->ctx[i].vfork_child = 0;
	}
	st->task->vfork_parent = 0;
}

static void apply_fixup(struct step *st)
{
	if (st->top)
		st->top->fixup = true;
}

static void apply_exec_begin(struct step *st)
{
	release_parent(st);
	if (!st->top)
		return;
	st->top->exec_begun = true;
	st->top->caps = st->v->ev->arg[UKL_A_EXEC_BEGIN_caps];
}

static void apply_exec(struct step *st)
{
	struct ukl_task *t = st->task;

	for (unsigned int i = 0; i < t->depth; i++)
		t->ctx[i].exec = true;
	t->fs_known = t->kgs_known = t->cr3_known = false;
	t->sequences = false;
}

static void apply_exit(struct step *st)
{
	st->task->exiting = true;
	release_parent(st);
	/* It will not return: calls that edit end here. */
	for (unsigned int i = 0; i < st->task->depth; i++) {
		struct ukl_ctx *ctx = &st->task->ctx[i];

		if (!ctx->edits)
			continue;
		ctx->edits = false;
		st->m->tasks.edit_open--;
		st->m->tasks.edit_epoch++;
	}
}

/* Signals concern the pt_regs of a context that returns to a program. */
static struct ukl_ctx *see_regs(struct step *st)
{
	struct ukl_ctx *ctx = st->top;

	if (!ctx)
		return NULL;
	memcpy(ctx->regs, st->v->s, sizeof(ctx->regs));
	ctx->have_regs = true;
	return ctx;
}

static void apply_sig_check(struct step *st)
{
	struct ukl_ctx *ctx = st->top;

	if (!ctx || ctx->sig_checks == 255)
		return;
	if (!ctx->sig_checks++)
		ctx->result = st->v->s[S(ax)];
}

static void apply_sig_setup(struct step *st)
{
	struct ukl_ctx *ctx = see_regs(st);

	if (!ctx)
		return;
	ctx->saving = true;
	ctx->sigframe = 0;
}

static void apply_sig_frame(struct step *st)
{
	const struct ukl_view *v = st->v;

	if (st->top)
		st->top->sigframe = ARG(SIG_FRAME, frame);
}

static void apply_sig_start(struct step *st)
{
	const struct ukl_view *v = st->v;
	struct ukl_ctx *ctx = st->top;

	if (!ctx)
		return;
	ctx->saving = false;
	if (ARG(SIG_START, failed))
		return;
	see_regs(st);
	ctx->renewed = ctx->handler = true;
}

static void apply_sig_return(struct step *st)
{
	if (!st->top)
		return;
	memcpy(st->top->sig, st->v->s, sizeof(st->top->sig));
	st->top->sigcontext = true;
}

static void apply_sig_restored(struct step *st)
{
	struct ukl_ctx *ctx = see_regs(st);

	if (!ctx)
		return;
	ctx->renewed = true;
	ctx->handler = ctx->sigcontext = false;
}

static void apply_sig_force(struct step *st)
{
	if (st->top)
		st->top->forced = true;
}

static void apply_ctrl(struct step *st)
{
	const struct ukl_view *v = st->v;
	uint64_t value = ARG(CTRL, value);

	switch (ARG(CTRL, reg)) {
	case UKL_CTRL_IDTR:
		st->cpu->idt = value;
		st->cpu->idt_known = true;
		break;
	case 0xc0000082:	/* LSTAR */
		st->cpu->lstar = value;
		st->cpu->lstar_known = true;
		break;
	case UKL_CTRL_FSBASE:
		/* WRFSBASE by the application itself */
		if (in_app_text(v->lay, ARG(CTRL, pc)))
			st->task->fs_base = value;
	}
}

/*
 * THE TRANSITION TABLE
 *
 *   next   where the task is then; KEEP if that depends, and the action says it.
 *
 * From which states that can happen is the machine's to say, see machine.c.
 */
#define KEEP UKL_WHERES

struct transition {
	uint8_t next;
	void (*apply)(struct step *st);
};

static const struct transition transitions[UKL_KINDS] = {
	[UKL_K_GATE_IN] = { UKL_AT_SEAM_IN, apply_gate_in },
	[UKL_K_SYS_ENTER] = { UKL_AT_KERNEL, apply_sys_enter },
	[UKL_K_SYS_LEAVE] = { UKL_AT_KERNEL, apply_sys_leave },
	[UKL_K_MODE_WRITE] = { KEEP, apply_mode_write },
	[UKL_K_INT_IN_APP] = { UKL_AT_KERNEL, apply_int_in },
	[UKL_K_INT_IN_KERNEL] = { UKL_AT_KERNEL, apply_int_in },
	[UKL_K_INT_IN_USER] = { UKL_AT_KERNEL, apply_int_in },
	[UKL_K_INT_C_APP] = { KEEP, apply_int_c },
	[UKL_K_INT_C_KERNEL] = { KEEP, apply_int_c },
	[UKL_K_INT_C_USER] = { KEEP, apply_int_c },
	[UKL_K_INT_C_OTHER] = { UKL_AT_KERNEL, apply_int_c_other },
	[UKL_K_INT_OUT_APP] = { KEEP, apply_out_app },
	[UKL_K_INT_OUT_KERNEL] = { KEEP, apply_out_kernel },
	[UKL_K_INT_OUT_USER] = { UKL_AT_USER, apply_out_user },
	[UKL_K_INT_OUT_SELF] = { KEEP, NULL },
	[UKL_K_APP_IN] = { UKL_AT_APP, NULL },
	[UKL_K_APP_EDGE] = { UKL_AT_KERNEL, NULL },
	[UKL_K_USER_IN] = { UKL_AT_KERNEL, apply_user_in },
	[UKL_K_USER_OUT] = { UKL_AT_USER, leave_to_user },
	[UKL_K_SWITCH] = { KEEP, apply_switch },
	[UKL_K_TASK] = { KEEP, apply_task },
	[UKL_K_FORK] = { KEEP, apply_fork },
	[UKL_K_EXEC] = { KEEP, apply_exec },
	[UKL_K_EXIT] = { KEEP, apply_exit },
	[UKL_K_CTRL] = { KEEP, apply_ctrl },
	[UKL_K_STRAY_WRITE] = { KEEP, NULL },
	[UKL_K_SIG_CHECK] = { KEEP, apply_sig_check },
	[UKL_K_SIG_SETUP] = { KEEP, apply_sig_setup },
	[UKL_K_SIG_FRAME] = { KEEP, apply_sig_frame },
	[UKL_K_SIG_START] = { KEEP, apply_sig_start },
	[UKL_K_SIG_RETURN] = { KEEP, apply_sig_return },
	[UKL_K_SIG_RESTORED] = { KEEP, apply_sig_restored },
	[UKL_K_SIG_FORCE] = { KEEP, apply_sig_force },
	[UKL_K_FIXUP] = { KEEP, apply_fixup },
	[UKL_K_EXEC_BEGIN] = { KEEP, apply_exec_begin },
	[UKL_K_OOPS] = { KEEP, NULL },
	[UKL_K_END] = { KEEP, NULL },
};

/* A promise of IRET concerns the very next event of the CPU, and no other. */
static void expire(struct ukl_cpu *cpu, enum ukl_kind kind)
{
	if (kind == UKL_K_TASK || kind == UKL_K_END)
		return;
	cpu->landing.valid = false;
	cpu->iret_pc = 0;
}

static inline __attribute__((always_inline))
void apply(struct step *st, enum ukl_kind kind)
{
	const struct transition *tr = &transitions[kind];
	struct ukl_task *t = st->task;

	st->top = t->depth ? &t->ctx[t->depth - 1] : NULL;
	st->last_iret = st->cpu->iret_pc;
	expire(st->cpu, kind);
	if (tr->apply)
		tr->apply(st);
	if (tr->next != KEEP)
		t->where = tr->next;
	count_edge(st->m, t, kind);
}

/* Classes that look at the per-CPU area and at the flags of what they came from */
static const bool names_task[UKL_CLASSES] = {
#define NAMES_TASK(id, NAME, name, samples, meaning, args) \
	[id] = !(~(samples) & (UKL_BIT(task) | UKL_BIT(flags))),
#define NO_ARG(NAME, name, meaning)
	UKL_EVENTS(NAMES_TASK, NO_ARG)
#undef NAMES_TASK
#undef NO_ARG
};

/*
 * The per-CPU area is wrong in the middle of a switch, but interrupts are off there,
 * and only what needs none (NMI, #DB, #MC) can be seen.
 */
static bool task_is_named(const struct ukl_event *ev)
{
	return ev->cls < UKL_CLASSES && names_task[ev->cls] &&
	       ev->state[S(flags)] & X86_IF && in_kernel_half(ev->state[S(task)]);
}

/* Before the first task switch, the per-CPU area is the only witness. */
static struct ukl_task *current_task(struct ukl_model *m, const struct ukl_event *ev)
{
	struct ukl_cpu *cpu = &m->cpu[ev->cpu];

	if (cpu->cur == cpu->limbo && task_is_named(ev))
		cpu->cur = task_get(m, ev->state[S(task)]);
	return cpu->cur;
}

/* What ukl_mode is, as long as no store to it was seen. */
static inline void learn_mode(const struct step *st)
{
	const struct ukl_view *v = st->v;

	if (!((UKL_ON_INT_IN | UKL_ON(SYS_ENTER) | UKL_ON(GATE_IN) | UKL_ON(USER_IN)) >>
	      v->kind & 1) || st->task->mode_known || !own(v))
		return;
	st->task->mode = v->s[S(mode)];
	st->task->mode_known = true;
}

/* By then the kernel has pinned what the processor has and the user left on. */
static inline void learn_cr4(struct ukl_model *m, const struct ukl_view *v)
{
	if (!(UKL_ON_PROGRAM >> v->kind & 1) || m->cr4_known)
		return;
	m->cr4_pinned = m->lay.cr4_pinned & v->s[S(cr4)];
	m->cr4_known = true;
}

/*
 * One function for each kind of event, with the checks of all groups and the action
 * inline.  It has copies that nobody else can change, so that they live in registers.
 */
typedef void step_fn(struct ukl_model *m, const struct ukl_view *at,
		     struct ukl_cpu *cpu, struct ukl_task *task);

#define JUDGE_GROUP(group, name) \
	ukl_judge_##group##_##name(&v, &m->tally[UKL_GROUP_##group]);
#define STEP(name, text) \
	__attribute__((flatten)) \
	static void step_##name(struct ukl_model *m, const struct ukl_view *at, \
				struct ukl_cpu *cpu, struct ukl_task *task) \
	{ \
		struct ukl_view v = { \
			.model = m, .lay = &m->lay, .ev = at->ev, .s = at->ev->state, \
			.cpu = cpu, .task = task, .ctx = at->ctx, \
			.kind = UKL_K_##name, .from = at->from, .hw = at->hw, \
			.edit_epoch = at->edit_epoch, \
		}; \
		struct step st = { .m = m, .v = &v, .cpu = cpu, .task = task }; \
		\
		learn_cr4(m, &v); \
		UKL_GROUPS(JUDGE_GROUP, name) \
		learn_mode(&st); \
		apply(&st, UKL_K_##name); \
	}
UKL_KINDS_TABLE(STEP)

static void step_NONE(struct ukl_model *m, const struct ukl_view *at,
		      struct ukl_cpu *cpu, struct ukl_task *task)
{
	struct step st = { .m = m, .v = at, .cpu = cpu, .task = task };

	apply(&st, UKL_K_NONE);
}

static step_fn *const steps[UKL_KINDS] = {
	[UKL_K_NONE] = step_NONE,
#define STEP_ENTRY(name, text) [UKL_K_##name] = step_##name,
	UKL_KINDS_TABLE(STEP_ENTRY)
};

unsigned int ukl_model_step(struct ukl_model *m, const struct ukl_event *ev)
{
	struct ukl_cpu *cpu = &m->cpu[ev->cpu];
	struct ukl_view v = { .model = m, .lay = &m->lay, .ev = ev, .s = ev->state };
	struct ukl_task *task;

	if (ev->cpu >= m->opt.cpus)
		return 0;
	task = current_task(m, ev);
	v.cpu = cpu;
	v.task = task;
	v.edit_epoch = m->tasks.edit_epoch;
	classify(&v);
	if (m->opt.observe)
		m->opt.observe(m->opt.arg, &v);
	m->judged[v.kind]++;
	m->violations = 0;
	m->view = &v;
	steps[v.kind](m, &v, cpu, task);
	return m->violations;
}

/*
 * LIFE
 */

static void cpus_reset(struct ukl_model *m)
{
	for (unsigned int i = 0; i < m->opt.cpus; i++) {
		memset(&m->cpu[i], 0, sizeof(m->cpu[i]));
		memset(&m->limbo[i], 0, sizeof(m->limbo[i]));
		m->cpu[i].limbo = m->cpu[i].cur = &m->limbo[i];
	}
}

void ukl_model_forget(struct ukl_model *m)
{
	ukl_tasks_forget(&m->tasks);
	cpus_reset(m);
}

static int tallies_init(struct ukl_model *m)
{
	unsigned int first = 0;

	m->wanted = calloc(ukl_invariant_count(), sizeof(*m->wanted));
	if (!m->wanted)
		return -1;
	for (unsigned int g = 0; g < UKL_GROUP_COUNT; g++) {
		m->tally[g].first = first;
		m->tally[g].model = m;
		while (ukl_catalogue[g]->inv[first - m->tally[g].first])
			first++;
	}
	for (unsigned int i = 0; i < first; i++)
		m->wanted[i] = !m->opt.only || m->opt.only[i];
	return 0;
}

struct ukl_model *ukl_model_create(const struct ukl_layout *layout,
				   const struct ukl_model_options *options)
{
	struct ukl_model *m = calloc(1, sizeof(*m));
	unsigned int tasks;

	if (!m)
		return NULL;
	m->lay = *layout;
	m->opt = *options;
	tasks = m->opt.tasks ? m->opt.tasks : UKL_MODEL_TASKS;
	/* Every CPU's current task must fit, and the one that it switches to. */
	if (tasks < 2 * m->opt.cpus + 2)
		tasks = 2 * m->opt.cpus + 2;
	m->cpu = calloc(m->opt.cpus, sizeof(*m->cpu));
	m->limbo = calloc(m->opt.cpus, sizeof(*m->limbo));
	if (ukl_tasks_init(&m->tasks, tasks) || !m->cpu || !m->limbo || tallies_init(m)) {
		ukl_model_destroy(m);
		return NULL;
	}
	m->opt.only = NULL;
	cpus_reset(m);
	return m;
}

void ukl_model_destroy(struct ukl_model *m)
{
	if (!m)
		return;
	ukl_tasks_deinit(&m->tasks);
	free(m->cpu);
	free(m->limbo);
	free(m->wanted);
	free(m);
}

/*
 * QUESTIONS
 */

/* Every event at which it could have been judged */
static uint64_t occasions(const struct ukl_model *m, unsigned int index)
{
	uint64_t sum = 0;

	for (uint64_t k = ukl_invariant_at(index, NULL)->events; k; k &= k - 1)
		sum += m->judged[__builtin_ctzll(k)];
	return sum;
}

uint64_t ukl_model_count(const struct ukl_model *m, unsigned int index,
			 enum ukl_result result)
{
	const struct ukl_tally *t = &m->tally[UKL_GROUP_COUNT - 1];
	uint64_t held, violated;

	if (!m->wanted[index])
		return 0;
	while (index < t->first)
		t--;
	held = t->held[index - t->first];
	violated = t->violated[index - t->first];
	if (result == UKL_VACUOUS)
		return occasions(m, index) - held - violated;
	return result == UKL_HOLDS ? held : violated;
}

uint64_t ukl_model_edge_count(const struct ukl_model *m, enum ukl_state from,
			      enum ukl_kind kind, enum ukl_state to)
{
	return m->edge_count[from][kind][to];
}

uint64_t ukl_model_kind_count(const struct ukl_model *m, enum ukl_kind kind)
{
	return m->judged[kind];
}

const struct ukl_task *ukl_model_task(const struct ukl_model *m, uint64_t addr)
{
	return ukl_tasks_find(&m->tasks, addr);
}

const struct ukl_task *ukl_model_current(const struct ukl_model *m, unsigned int cpu)
{
	return m->cpu[cpu].cur;
}

const uint64_t *ukl_model_cr4_pinned(const struct ukl_model *m)
{
	return m->cr4_known ? &m->cr4_pinned : NULL;
}

unsigned int ukl_model_cpus(const struct ukl_model *m)
{
	return m->opt.cpus;
}
