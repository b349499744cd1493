/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explore.c - see explore.h
 */
#include "explore.h"

#include <stdlib.h>
#include <string.h>

#include "../traces/vocabulary.h"

#define OTHER_VALUES 30u
#define REPEATS 16u

static void on_violation(void *arg, const struct ukl_violation *violation)
{
	struct ukl_explorer *x = arg;

	if (x->first < 0)
		x->first = violation->index;
	for (unsigned int i = 0; i < x->hits; i++) {
		if (x->hit[i] == violation->index)
			return;
	}
	x->hit[x->hits++] = violation->index;
}

static void list_edges(struct ukl_explorer *x)
{
	for (unsigned int from = 0; from < UKL_STATES; from++)
		for (unsigned int kind = 0; kind < UKL_KINDS; kind++)
			for (unsigned int to = 0; to < UKL_STATES; to++) {
				if (!ukl_edge_find(from, kind, to) ||
				    x->edges == UKL_EXPLORE_EDGES)
					continue;
				x->edge[x->edges].from = from;
				x->edge[x->edges].kind = kind;
				x->edge[x->edges++].to = to;
			}
}

int ukl_explorer_init(struct ukl_explorer *x)
{
	const struct ukl_model_options options = {
		.cpus = 1, .tasks = 2 * UKL_WORLD_TASKS, .report = on_violation, .arg = x,
	};

	memset(x, 0, sizeof(*x));
	x->model = ukl_model_create(&ukl_world_layout, &options);
	x->change = calloc(ukl_invariant_count(), sizeof(*x->change));
	list_edges(x);
	x->hit = calloc(ukl_invariant_count(), sizeof(*x->hit));
	return x->model && x->change && x->hit ? 0 : -1;
}

void ukl_explorer_deinit(struct ukl_explorer *x)
{
	ukl_model_destroy(x->model);
	free(x->change);
	free(x->hit);
	free(x->witness);
}

static void keep(void *arg, const struct ukl_event *ev)
{
	struct ukl_explorer *x = arg;

	if (x->n < UKL_EXPLORE_EVENTS)
		x->event[x->n++] = *ev;
}

/* --- all sequences --------------------------------------------------------- */

static void run(struct ukl_explorer *x)
{
	x->first = -1;
	x->hits = 0;
	ukl_model_forget(x->model);
	for (unsigned int i = 0; i < x->n; i++)
		ukl_model_step(x->model, &x->event[i]);
}

static void run_legal(struct ukl_explorer *x)
{
	run(x);
	x->sequences++;
	x->events += x->n;
	if (x->first < 0 || x->violated)
		return;
	x->violated = true;
	x->violating = x->path;
	x->violating_invariant = x->first;
}

static void walk(struct ukl_explorer *x, const struct ukl_world *from, unsigned int depth,
		 void (*leaf)(struct ukl_explorer *x))
{
	unsigned int n = x->n;
	bool end = true;

	for (unsigned int move = 0; depth && move < UKL_MOVES; move++) {
		struct ukl_world w = *from;

		if (!ukl_world_can(from, move))
			continue;
		end = false;
		x->path.move[x->path.n++] = move;
		ukl_world_do(&w, move, keep, x);
		walk(x, &w, depth - 1, leaf);
		x->path.n--;
		x->n = n;
	}
	if (end)
		leaf(x);
}

static void walk_all(struct ukl_explorer *x, unsigned int depth,
		     void (*leaf)(struct ukl_explorer *x))
{
	struct ukl_world w;

	x->n = x->path.n = 0;
	ukl_world_init(&w, keep, x);
	walk(x, &w, depth, leaf);
}

void ukl_explore(struct ukl_explorer *x, unsigned int depth)
{
	walk_all(x, depth, run_legal);
}

/* --- witnesses ------------------------------------------------------------- */

/* How much has been exercised: edges taken and invariants that held. */
static unsigned int exercised(const struct ukl_explorer *x)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < x->edges; i++)
		n += ukl_model_edge_count(x->model, x->edge[i].from, x->edge[i].kind,
					  x->edge[i].to) > 0;
	for (unsigned int i = 0; i < ukl_invariant_count(); i++)
		n += ukl_model_count(x->model, i, UKL_HOLDS) > 0;
	return n;
}

static void add_witness(struct ukl_explorer *x)
{
	struct ukl_sequence *bigger;

	if (x->witnesses == x->room) {
		bigger = realloc(x->witness, (x->room + 64) * sizeof(*bigger));
		if (!bigger) {
			x->failed = true;
			return;
		}
		x->witness = bigger;
		x->room += 64;
	}
	x->witness[x->witnesses++] = x->path;
}

static void run_witness(struct ukl_explorer *x)
{
	unsigned int before = exercised(x);

	run_legal(x);
	if (exercised(x) > before)
		add_witness(x);
}

void ukl_explore_witnesses(struct ukl_explorer *x, unsigned int depth)
{
	walk_all(x, depth, run_witness);
}

bool ukl_explore_events(struct ukl_explorer *x, const struct ukl_sequence *sequence)
{
	struct ukl_world w;

	x->n = 0;
	ukl_world_init(&w, keep, x);
	for (unsigned int i = 0; i < sequence->n; i++) {
		if (!ukl_world_can(&w, sequence->move[i]))
			return false;
		ukl_world_do(&w, sequence->move[i], keep, x);
	}
	return true;
}

/* --- changes --------------------------------------------------------------- */

/* Other values for a word: near it, flags of it, and what matters somewhere else. */
static unsigned int other_values(uint64_t old, uint64_t *value)
{
	const struct ukl_layout *l = &ukl_world_layout;
	const uint64_t all[OTHER_VALUES] = {
		old + 1, 0, 1, 2, 3, old + 8, old - 8, old ^ 1ull << 63, ~0ull,
		old ^ 0x100, old ^ 0x200, old ^ 0x4000, old ^ 0x40000, old ^ 1 << 20,
		old & ~0x10000ull, l->kernel_cs, l->user_cs, 6, 14, 0xec,
		l->app_text_start, l->text_start, l->app_idt, l->cea_start + 0x100,
		l->cea_start + 0x2fd8, l->cea_start + 0x5fd8, l->gate_call, 8,
		old + 0x300, (uint64_t)-512,
	};
	unsigned int n = 0;

	for (unsigned int i = 0; i < OTHER_VALUES; i++) {
		if (all[i] != old)
			value[n++] = all[i];
	}
	return n;
}

/* Notes what that breaks; best is what it breaks first. */
static void try_change(struct ukl_explorer *x, const struct ukl_sequence *sequence,
		       const struct ukl_change *change)
{
	run(x);
	for (unsigned int i = 0; i < x->hits; i++) {
		struct ukl_change *to = &x->change[x->hit[i]];

		if (to->found && (to->first || x->hit[i] != x->first))
			continue;
		*to = *change;
		to->sequence = *sequence;
		to->found = true;
		to->first = x->hit[i] == x->first;
	}
}

static void change_word(struct ukl_explorer *x, const struct ukl_sequence *sequence,
			struct ukl_change *change, uint64_t *word)
{
	uint64_t value[OTHER_VALUES], old = *word;
	unsigned int n = other_values(old, value);

	for (unsigned int i = 0; i < n; i++) {
		*word = change->value = value[i];
		try_change(x, sequence, change);
	}
	*word = old;
}

/* The end, from that event on, over and over again */
static void repeat(struct ukl_explorer *x, const struct ukl_sequence *sequence,
		   struct ukl_change *change)
{
	unsigned int n = x->n, part = n - change->event;

	if (n + REPEATS * part > UKL_EXPLORE_EVENTS)
		return;
	for (unsigned int i = 0; i < REPEATS; i++, x->n += part)
		memcpy(&x->event[x->n], &x->event[change->event],
		       part * sizeof(*x->event));
	change->how = UKL_CHANGE_REPEAT;
	try_change(x, sequence, change);
	x->n = n;
}

/* The event is missing, is there twice, or changes places with the next. */
static void change_order(struct ukl_explorer *x, const struct ukl_sequence *sequence,
			 struct ukl_change *change)
{
	static struct ukl_event all[UKL_EXPLORE_EVENTS + 1];
	struct ukl_event *ev = &x->event[change->event];
	unsigned int n = x->n, rest = n - change->event - 1;

	if (!rest || n == UKL_EXPLORE_EVENTS)
		return;
	memcpy(all, x->event, n * sizeof(*all));
	change->how = UKL_CHANGE_SWAP;
	ev[0] = all[change->event + 1];
	ev[1] = all[change->event];
	try_change(x, sequence, change);
	change->how = UKL_CHANGE_DROP;
	memcpy(ev, all + change->event + 1, rest * sizeof(*ev));
	x->n = n - 1;
	try_change(x, sequence, change);
	change->how = UKL_CHANGE_TWICE;
	memcpy(ev, all + change->event, sizeof(*ev));
	memcpy(ev + 1, all + change->event, (rest + 1) * sizeof(*ev));
	x->n = n + 1;
	try_change(x, sequence, change);
	x->n = n;
	memcpy(x->event, all, n * sizeof(*all));
}

static void change_event(struct ukl_explorer *x, const struct ukl_sequence *sequence,
			 unsigned int event)
{
	struct ukl_event *ev = &x->event[event];
	const struct ukl_class_info *info = &ukl_class_info[ev->cls];
	struct ukl_change change = { .how = UKL_CHANGE_ARG, .event = event };

	for (change.which = 0; change.which < info->n_args; change.which++)
		change_word(x, sequence, &change, &ev->arg[change.which]);
	change.how = UKL_CHANGE_SLOT;
	for (change.which = 0; change.which < UKL_STATE_SLOTS; change.which++) {
		if (info->samples >> change.which & 1)
			change_word(x, sequence, &change, &ev->state[change.which]);
	}
	change_order(x, sequence, &change);
	repeat(x, sequence, &change);
}

/* Up to here the events are the same as those of the witness before. */
static unsigned int in_common(const struct ukl_sequence *a, const struct ukl_sequence *b,
			      struct ukl_explorer *x)
{
	struct ukl_sequence common = { .n = 0 };

	while (common.n < a->n && common.n < b->n &&
	       a->move[common.n] == b->move[common.n]) {
		common.move[common.n] = a->move[common.n];
		common.n++;
	}
	ukl_explore_events(x, &common);
	return x->n;
}

void ukl_explore_changes(struct ukl_explorer *x)
{
	for (unsigned int i = 0; i < x->witnesses; i++) {
		const struct ukl_sequence *witness = &x->witness[i];
		unsigned int event = i ? in_common(witness - 1, witness, x) : 0;

		ukl_explore_events(x, witness);
		for (; event < x->n; event++)
			change_event(x, witness, event);
	}
}
