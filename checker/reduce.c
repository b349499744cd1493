/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reduce.c - which events of a trace are needed for one violation; see reduce.h
 */
#include "reduce.h"

/* What a try leaves out: the CPU's events from .. to - 1, but never the last of all. */
struct cut {
	size_t from, to;
	unsigned int cpu;
};

static bool is_cut(const struct ukl_reduce *r, const struct cut *c, size_t i)
{
	return i >= c->from && i < c->to && r->event[i].cpu == c->cpu && i + 1 < r->n;
}

void ukl_first_report(void *arg, const struct ukl_violation *violation)
{
	struct ukl_first *first = arg;

	if (first->seen)
		return;
	first->seen = true;
	first->index = violation->index;
	first->order = violation->view->ev->order;
}

/* The last event must be the first that violates anything, and what it should. */
static bool violates_without(struct ukl_reduce *r, const struct cut *cut)
{
	struct ukl_first first = { .seen = false };
	const struct ukl_model_options options = {
		.cpus = r->cpus, .report = ukl_first_report, .arg = &first, .only = r->only,
	};
	struct ukl_model *model = ukl_model_create(r->layout, &options);
	size_t i;

	r->no_memory |= !model;
	for (i = 0; model && i < r->n && !first.seen && r->effort; i++) {
		if (is_cut(r, cut, i))
			continue;
		ukl_model_step(model, &r->event[i]);
		r->effort--;
	}
	ukl_model_destroy(model);
	r->tries++;
	return first.seen && i == r->n && first.index == r->invariant;
}

static void leave_out(struct ukl_reduce *r, const struct cut *cut)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (!is_cut(r, cut, i))
			r->event[kept++] = r->event[i];
	}
	r->n = kept;
}

/* The first event of the CPU from there on; r->n if there is none. */
static size_t find(const struct ukl_reduce *r, size_t from, unsigned int cpu)
{
	while (from < r->n && r->event[from].cpu != cpu)
		from++;
	return from;
}

/* Where as many of the CPU's events lie behind. */
static size_t skip(const struct ukl_reduce *r, size_t from, unsigned int cpu, size_t events)
{
	while (events-- && from < r->n)
		from = find(r, from + 1, cpu);
	return from;
}

/* From the front, for what is long ago matters least; each run overlaps the next. */
static void cut_runs(struct ukl_reduce *r, unsigned int cpu, size_t size)
{
	size_t from = find(r, 0, cpu);

	while (from + 1 < r->n && r->effort) {
		const struct cut cut = { from, skip(r, from, cpu, size), cpu };

		if (violates_without(r, &cut)) {
			leave_out(r, &cut);
			from = find(r, from, cpu);
		} else {
			from = skip(r, from, cpu, (size + 1) / 2);
		}
	}
}

/* All of a CPU's events, half of them, ... two, one. */
static void cut_all_sizes(struct ukl_reduce *r)
{
	size_t size = 1;

	while (size < r->n)
		size *= 2;
	for (; size; size /= 2) {
		for (unsigned int cpu = 0; cpu < r->cpus; cpu++)
			cut_runs(r, cpu, size);
	}
}

void ukl_reduce(struct ukl_reduce *r)
{
	size_t before;

	do {
		before = r->n;
		cut_all_sizes(r);
	} while (r->n < before && r->effort && !r->no_memory);
}
