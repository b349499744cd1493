/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sequence.c - what a program's tasks did; see sequence.h
 */
#include "sequence.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR_NMI	2u
#define VECTOR_MC	18u
#define FIRST_IRQ	32u
#define VECTOR_SYSCALL	0x80u
#define EXIT_SIGNAL	0x7fu		/* of an exit code */

/* A task of the program that is alive. */
struct life {
	uint64_t task;			/* 0: this place is free */
	unsigned int member;
	unsigned int children;
	bool active;			/* the program is its image */
	bool foreign;			/* the application's, while ring 3 is looked at */
};

struct ukl_sequence {
	struct ukl_sequence_options opt;
	struct ukl_reader *reader;
	struct ukl_model *model;
	struct life *life;
	unsigned int n, roots;
	uint8_t *end;			/* enum ukl_end by member */
	unsigned int ends;
	bool no_memory, gap;
	bool have;			/* item is that of the current event */
	struct ukl_item item;
};

/* --- tasks ----------------------------------------------------------------- */

/* One more place in an array; the old array stays if memory is short. */
static void *grow(struct ukl_sequence *seq, void *array, unsigned int n, size_t size)
{
	void *larger = realloc(array, (n + 1) * size);

	seq->no_memory |= !larger;
	return larger;
}

static unsigned int family_place(struct ukl_sequence *seq, int parent, unsigned int nth)
{
	struct ukl_family *f = seq->opt.family;
	struct ukl_member *larger;

	for (unsigned int i = 0; i < f->n; i++) {
		if (f->member[i].parent == parent && f->member[i].nth == nth)
			return i;
	}
	larger = grow(seq, f->member, f->n, sizeof(*larger));
	if (!larger)
		return 0;
	f->member = larger;
	f->member[f->n] = (struct ukl_member){ .parent = parent, .nth = nth };
	return f->n++;
}

static struct life *find(struct ukl_sequence *seq, uint64_t task)
{
	for (unsigned int i = 0; i < seq->n; i++) {
		if (seq->life[i].task == task)
			return &seq->life[i];
	}
	return NULL;
}

/* Where the task has, or gets, its place; NULL if memory is short. */
static struct life *place(struct ukl_sequence *seq, uint64_t task)
{
	struct life *life = find(seq, task), *larger;

	if (!life)
		life = find(seq, 0);
	if (life)
		return life;
	larger = grow(seq, seq->life, seq->n, sizeof(*larger));
	if (!larger)
		return NULL;
	seq->life = larger;
	return &seq->life[seq->n++];
}

static struct life *birth(struct ukl_sequence *seq, uint64_t task, struct life *parent)
{
	int from = parent ? (int)parent->member : -1;
	unsigned int nth = parent ? parent->children++ : seq->roots++;
	struct life *life = place(seq, task);

	if (life)
		*life = (struct life){ .task = task, .active = true,
				       .member = family_place(seq, from, nth) };
	return life;
}

/* A program of that name that the application has executed is none of its own. */
static void note_foreign(struct ukl_sequence *seq, uint64_t task)
{
	struct life *life = task ? place(seq, task) : NULL;

	if (life)
		*life = (struct life){ .task = task, .foreign = true };
}

static void note_end(struct ukl_sequence *seq, unsigned int member, uint64_t code)
{
	uint8_t *larger;

	for (; seq->ends <= member; seq->ends++) {
		larger = grow(seq, seq->end, seq->ends, sizeof(*larger));
		if (!larger)
			return;
		seq->end = larger;
		seq->end[seq->ends] = UKL_END_UNSEEN;
	}
	seq->end[member] = (code & EXIT_SIGNAL) == SIGKILL ? UKL_END_KILLED : UKL_END_OTHER;
}

/* The task runs the program: it is a new one, or came back to it. */
static struct life *begin(struct ukl_sequence *seq, struct life *life, uint64_t task)
{
	if (!life && task)
		return birth(seq, task, NULL);
	if (life)
		life->active = true;
	return life;
}

static bool is_named(const struct ukl_view *v, const char *name)
{
	char comm[17] = "";

	memcpy(comm, &v->ev->arg[UKL_A_TASK_comm0], 16);
	return !strncmp(comm, name, 15);
}

/* A ring-3 program is known by its name, which is told behind each exec. */
static void follow_name(struct ukl_sequence *seq, const struct ukl_view *v)
{
	uint64_t task = v->ev->arg[UKL_A_TASK_task];
	struct life *life = find(seq, task);

	if (life && life->foreign)
		return;
	if (is_named(v, seq->opt.ring3))
		begin(seq, life, task);
	else if (life)
		life->active = false;
}

static void follow_fork(struct ukl_sequence *seq, const struct ukl_view *v,
			struct life *life)
{
	uint64_t worker = v->lay->pf_kthread | v->lay->pf_io_worker;

	if (!life || (v->ev->arg[UKL_A_FORK_pf] & worker))
		return;
	if (life->foreign)
		note_foreign(seq, v->ev->arg[UKL_A_FORK_child]);
	else if (life->active)
		birth(seq, v->ev->arg[UKL_A_FORK_child], life);
}

/* Who belongs to the program from this event on; returns the current task's life. */
static struct life *follow(struct ukl_sequence *seq, const struct ukl_view *v)
{
	struct life *life = v->task->addr ? find(seq, v->task->addr) : NULL;

	switch (v->kind) {
	case UKL_K_GATE_IN:
	case UKL_K_APP_IN:
	case UKL_K_INT_IN_APP:
		if (!seq->opt.ring3)
			life = begin(seq, life, v->task->addr);
		else if (!life)
			note_foreign(seq, v->task->addr);
		break;
	case UKL_K_TASK:
		if (seq->opt.ring3)
			follow_name(seq, v);
		break;
	case UKL_K_EXEC:
		if (life)
			life->active = false;
		break;
	default:
		break;
	}
	return life;
}

/* --- items ----------------------------------------------------------------- */

static bool asynchronous(uint64_t vector)
{
	return vector == VECTOR_NMI || vector == VECTOR_MC ||
	       (vector >= FIRST_IRQ && vector != VECTOR_SYSCALL);
}

/* Is it part of what an interrupt does? */
static bool in_interrupt(const struct ukl_view *v)
{
	if (v->ev->cls == UKL_EV_INT_IN &&
	    asynchronous(v->ev->arg[UKL_A_INT_IN_vector]))
		return true;
	for (unsigned int i = 0; i < v->task->depth; i++) {
		const struct ukl_ctx *ctx = &v->task->ctx[i];

		if (ctx->tag == UKL_TAG_EVENT && asynchronous(ctx->vector))
			return true;
	}
	return false;
}

/* Says nothing of the task, or nothing that its other events do not. */
#define NEVER (UKL_ON(TASK) | UKL_ON(END))
#define SELDOM (NEVER | UKL_ON(SWITCH) | UKL_ON(CTRL) | UKL_ON(APP_IN) | \
		UKL_ON(INT_OUT_SELF))

static bool wanted(const struct ukl_sequence *seq, const struct ukl_view *v)
{
	switch (seq->opt.detail) {
	case UKL_DETAIL_CALLS:
		return (seq->item.call || seq->item.result) &&
		       ukl_call_find(seq->item.nr)->result != 'x';
	case UKL_DETAIL_ALL:
		return !(NEVER >> v->kind & 1);
	default:
		return !(SELDOM >> v->kind & 1) && !in_interrupt(v);
	}
}

/* A call whose first instruction faulted begins again; that is one call. */
static bool begins_call(const struct ukl_view *v)
{
	if (v->kind == UKL_K_USER_IN)
		return true;
	return v->kind == UKL_K_GATE_IN &&
	       !(v->task->where == UKL_AT_SEAM_IN && v->ctx &&
		 v->ctx->tag == UKL_TAG_SYSCALL);
}

static bool is_call(const struct ukl_ctx *ctx)
{
	return ctx && (ctx->tag == UKL_TAG_SYSCALL || ctx->tag == UKL_TAG_USER_SYSCALL);
}

/* Codes by which the kernel tells itself to make a call again, or to say EINTR. */
static bool is_restart(uint64_t ax)
{
	return ax >= (uint64_t)-516 && ax <= (uint64_t)-512;
}

/*
 * What a call has come to is seen by the first look for signals, if there is one: later
 * a handler's registers are in its place, or the task is dead.  A call that is made
 * again has none, nor have sigreturn and exec.
 */
static bool ends_call(const struct ukl_view *v)
{
	const struct ukl_ctx *ctx = v->ctx;

	if (!is_call(ctx) || ctx->exec || ctx->renewed)
		return false;
	switch (v->kind) {
	case UKL_K_SIG_CHECK:
		return !ctx->sig_checks && !is_restart(v->s[UKL_S_ax]);
	case UKL_K_SIG_SETUP:
		return is_restart(ctx->result) && v->s[UKL_S_ax] == (uint64_t)-EINTR;
	case UKL_K_INT_OUT_APP:
	case UKL_K_INT_OUT_USER:
	case UKL_K_USER_OUT:
		return !ctx->sig_checks;
	default:
		return false;
	}
}

/* The argument that tells events of one kind apart, plus one. */
static const uint8_t telling[UKL_CLASSES] = {
	[UKL_EV_MODE_WRITE] = 1 + UKL_A_MODE_WRITE_value,
	[UKL_EV_INT_IN] = 1 + UKL_A_INT_IN_vector,
	[UKL_EV_EXIT] = 1 + UKL_A_EXIT_code,
	[UKL_EV_CTRL] = 1 + UKL_A_CTRL_reg,
	[UKL_EV_SIG_SETUP] = 1 + UKL_A_SIG_SETUP_sig,
	[UKL_EV_SIG_START] = 1 + UKL_A_SIG_START_sig,
	[UKL_EV_SIG_FORCE] = 1 + UKL_A_SIG_FORCE_sig,
	[UKL_EV_FIXUP] = 1 + UKL_A_FIXUP_vector,
};

static void fill_number(struct ukl_item *item, const struct ukl_view *v)
{
	unsigned int arg = telling[v->ev->cls];

	item->nr = 0;
	item->in_call = !arg && is_call(v->ctx);
	if (arg)
		item->nr = v->ev->arg[arg - 1];
	else if (item->in_call)
		item->nr = v->ctx->truth[UKL_S_ax];
	else if (v->ctx && v->ctx->tag == UKL_TAG_EVENT)
		item->nr = v->ctx->vector;
}

static void fill_call(struct ukl_item *item, const uint64_t *s)
{
	static const uint8_t slot[UKL_CALL_ARGS] = {
		UKL_S_di, UKL_S_si, UKL_S_dx, UKL_S_r10, UKL_S_r8, UKL_S_r9,
	};

	item->nr = s[UKL_S_ax];
	for (unsigned int i = 0; i < UKL_CALL_ARGS; i++)
		item->arg[i] = s[slot[i]];
}

static void fill(struct ukl_sequence *seq, const struct ukl_view *v, unsigned int member)
{
	struct ukl_item *item = &seq->item;

	item->order = v->ev->order;
	item->member = member;
	item->pid = v->task->pid;
	item->kind = v->kind;
	item->call = begins_call(v);
	item->result = ends_call(v);
	fill_number(item, v);
	if (item->call)
		fill_call(item, v->s);
	if (item->result)
		item->value = v->s[UKL_S_ax];
	/* There is more to a signal than what call it ends. */
	if (item->result && seq->opt.detail == UKL_DETAIL_CALLS)
		item->nr = v->ctx->truth[UKL_S_ax];
	else if (v->kind == UKL_K_SIG_SETUP)
		item->result = false;
}

static void observe(void *arg, const struct ukl_view *v)
{
	struct ukl_sequence *seq = arg;
	struct life *life = follow(seq, v);

	if (life && life->active) {
		fill(seq, v, life->member);
		seq->have = wanted(seq, v);
	}
	if (v->kind == UKL_K_FORK)
		follow_fork(seq, v, life);
	if (v->kind == UKL_K_EXIT && life) {
		note_end(seq, life->member, v->ev->arg[UKL_A_EXIT_code]);
		life->task = 0;
	}
}

/* --- life ------------------------------------------------------------------ */

static int start_model(struct ukl_sequence *seq, struct ukl_error *err)
{
	const struct ukl_model_options options = {
		.cpus = ukl_reader_streams(seq->reader), .observe = observe, .arg = seq,
		.only = calloc(ukl_invariant_count(), sizeof(bool)),
	};
	struct ukl_layout layout;
	int ret = ukl_env_get_layout(ukl_reader_env(seq->reader), &layout, err);

	if (!ret && options.only)
		seq->model = ukl_model_create(&layout, &options);
	free((void *)options.only);
	if (ret || seq->model)
		return ret;
	return ukl_error_set(err, UKL_ERR_NOMEM, ukl_reader_name(seq->reader),
			     UKL_NOWHERE, "not enough memory for the model");
}

int ukl_sequence_open(struct ukl_sequence **seq, const char *trace,
		      const struct ukl_sequence_options *options, struct ukl_error *err)
{
	struct ukl_sequence *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return ukl_error_set(err, UKL_ERR_NOMEM, trace, UKL_NOWHERE,
				     "out of memory");
	s->opt = *options;
	ret = ukl_reader_open(&s->reader, trace, err);
	if (!ret)
		ret = start_model(s, err);
	if (!ret && ukl_env_is_user(ukl_reader_env(s->reader)))
		s->opt.ring3 = ukl_env_get(ukl_reader_env(s->reader), UKL_ENV_APP);
	if (ret)
		ukl_sequence_close(s);
	else
		*seq = s;
	return ret;
}

void ukl_sequence_close(struct ukl_sequence *seq)
{
	if (!seq)
		return;
	ukl_model_destroy(seq->model);
	if (seq->reader)
		ukl_reader_close(seq->reader);
	free(seq->life);
	free(seq->end);
	free(seq);
}

const struct ukl_item *ukl_sequence_next(struct ukl_sequence *seq)
{
	const struct ukl_event *ev;

	seq->have = false;
	while (!seq->gap && !seq->no_memory && (ev = ukl_reader_next(seq->reader))) {
		seq->gap = ukl_reader_gap(seq->reader);
		if (seq->gap)
			break;
		ukl_model_step(seq->model, ev);
		if (seq->have)
			return &seq->item;
	}
	return NULL;
}

enum ukl_end ukl_sequence_end(const struct ukl_sequence *seq, unsigned int member)
{
	if (member < seq->ends && seq->end[member])
		return seq->end[member];
	return ukl_env_is_user(ukl_reader_env(seq->reader)) ? UKL_END_UNSEEN :
							       UKL_END_OTHER;
}

bool ukl_sequence_whole(const struct ukl_sequence *seq)
{
	struct ukl_summary sum;

	ukl_reader_summary(seq->reader, &sum);
	return !seq->gap && sum.state == UKL_TRACE_COMPLETE && !sum.discarded;
}

int ukl_sequence_trouble(const struct ukl_sequence *seq, struct ukl_error *err)
{
	return ukl_reader_trouble(seq->reader, err);
}

bool ukl_sequence_no_memory(const struct ukl_sequence *seq)
{
	return seq->no_memory;
}
