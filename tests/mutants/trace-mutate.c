// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trace-mutate.c - small lies in a trace: which does the model see?
 *
 *     trace-mutate rules                what the rules of lies.c are
 *     trace-mutate judge TRACE N SEED   tells lies and judges them
 *     trace-mutate make TRACE OUT N SEED the same lies as traces OUT/1, OUT/2 ...
 *     trace-mutate parts TRACE          judges the trace from each of its events on
 *
 * For each rule and each kind of event that it can be applied to, "judge" and "make" take
 * N places after the first program began, by chance but always the same for one SEED.
 * What comes before a lie is as recorded, and PAST events of it are known to the model;
 * what comes after it is judged for AFTER events.  A line for each lie:
 *
 *     RULE KIND EVENT OUTCOME LATER
 *
 * OUTCOME is the invariants that the first violation is of, LATER events after the lie;
 * or "cover", if none is, but an edge was taken that the machine does not declare, so
 * that "ukl cover" says it; or "-".  EVENT counts from 0 as in "ukl dump".  Of a trace
 * that "make" writes less is known: BEFORE events, and what was set up before.  It prints
 * "RULE KIND EVENT" for each.
 *
 * "parts" judges PAST events from each on.  A line for each part that does not conform:
 * the event that it begins with, the invariants, the event that violates; and then how
 * many parts there were.
 *
 * Exit status: 0 done; 2 trouble, for one if the trace itself does not conform.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../model/model.h"
#include "../../traces/reader.h"
#include "../../traces/writer.h"
#include "lies.h"

#define PAST 6000u
#define BEFORE 300u
#define AFTER 300u

struct trace {
	struct ukl_reader *reader;
	const struct ukl_env *env;
	struct ukl_layout layout;
	struct ukl_event *event;
	uint8_t *kind;		/* of each event */
	unsigned int cpus;
	size_t n, room;
};

struct place {
	const struct lie *lie;
	size_t event;
	uint64_t chance;
	uint8_t kind;
};

struct places {
	struct place *place;
	size_t n, room;
};

/* The first event that violates, and what */
static struct {
	bool any;
	uint64_t order;
	char ids[4096];
} first;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "trace-mutate: %s: %s\n", what, why);
	exit(2);
}

static void check(int ret, const struct ukl_error *err)
{
	if (!ret)
		return;
	ukl_error_print(stderr, err);
	exit(2);
}

static void *grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	*room = *room ? 2 * *room : 1024;
	array = realloc(array, *room * size);
	if (!array)
		die("trace", "memory is short");
	return array;
}

static void load(struct trace *t, const char *dir)
{
	const struct ukl_event *e;
	struct ukl_error err;

	check(ukl_reader_open(&t->reader, dir, &err), &err);
	t->env = ukl_reader_env(t->reader);
	check(ukl_env_get_layout(t->env, &t->layout, &err), &err);
	t->cpus = ukl_reader_streams(t->reader);
	while ((e = ukl_reader_next(t->reader))) {
		t->event = grow(t->event, t->n, &t->room, sizeof(*t->event));
		t->event[t->n++] = *e;
	}
	t->kind = calloc(t->n + 1, 1);
	if (!t->kind || !t->n)
		die(dir, t->n ? "memory is short" : "the trace has no event");
}

/*
 * JUDGING
 */

static void on_violation(void *arg, const struct ukl_violation *violation)
{
	uint64_t order = violation->view->ev->order;

	(void)arg;
	if (first.any && order != first.order)
		return;
	if (first.any)
		strcat(first.ids, ",");
	first.any = true;
	first.order = order;
	strcat(first.ids, violation->inv->id);
}

static void on_event(void *arg, const struct ukl_view *view)
{
	struct trace *t = arg;

	t->kind[view->ev->order] = view->kind;
}

static struct ukl_model *model_of(struct trace *t, ukl_observe_fn *observe)
{
	const struct ukl_model_options options = {
		.cpus = t->cpus, .report = on_violation, .observe = observe, .arg = t,
	};
	struct ukl_model *m = ukl_model_create(&t->layout, &options);

	if (!m)
		die("model", "memory is short");
	return m;
}

/* How often an edge was taken that is not declared */
static uint64_t strays(const struct ukl_model *m)
{
	uint64_t sum = 0;

	for (unsigned int from = 0; from < UKL_STATES; from++)
		for (unsigned int kind = 0; kind < UKL_KINDS; kind++)
			for (unsigned int to = 0; to < UKL_STATES; to++) {
				uint64_t n = ukl_model_edge_count(m, from, kind, to);

				if (n && ukl_edge_counts(from, kind, to) &&
				    !ukl_edge_find(from, kind, to))
					sum += n;
			}
	return sum;
}

/* It must be a true one; and what each event is. */
static void judge_truth(struct trace *t)
{
	struct ukl_model *m = model_of(t, on_event);

	for (size_t i = 0; i < t->n; i++)
		ukl_model_step(m, &t->event[i]);
	if (first.any || strays(m))
		die("trace", "does not conform as it is");
	ukl_model_destroy(m);
}

/*
 * PARTS
 */

static void judge_parts(struct trace *t)
{
	struct ukl_model *m = model_of(t, NULL);

	for (size_t from = 0; from < t->n; from++) {
		ukl_model_forget(m);
		for (size_t i = from; i < t->n && i < from + PAST && !first.any; i++)
			ukl_model_step(m, &t->event[i]);
		if (first.any)
			printf("%zu %s %" PRIu64 "\n", from, first.ids, first.order);
		memset(&first, 0, sizeof(first));
	}
	printf("%zu parts\n", t->n);
	ukl_model_destroy(m);
}

/*
 * PLACES
 */

static void add_places(struct places *p, const struct trace *t, size_t event,
		       const struct window *w, uint64_t seed)
{
	uint64_t state = seed ^ event;

	for (const struct lie *lie = lies; lie->name; lie++) {
		if (!lie_applies(lie, w))
			continue;
		p->place = grow(p->place, p->n, &p->room, sizeof(*p->place));
		p->place[p->n++] = (struct place){
			.lie = lie, .event = event, .kind = t->kind[event],
			.chance = lie_chance(&state),
		};
	}
}

/* Where the first program begins; what boots is not what the rules are about. */
static size_t first_program(const struct trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (UKL_ON_PROGRAM >> t->kind[i] & 1)
			return i;
	die("trace", "no program runs in it");
	return 0;
}

/* On its CPU: the last interrupt, the event, and the next */
static void all_places(struct places *p, const struct trace *t, uint64_t seed)
{
	size_t begin = first_program(t);
	static struct ukl_event last[UKL_MAX_STREAMS][3];
	static size_t seen[UKL_MAX_STREAMS];
	static bool interrupted[UKL_MAX_STREAMS];

	for (size_t i = 0; i < t->n; i++) {
		const struct ukl_event *e = &t->event[i];
		struct window w = { .layout = t->layout, .event = last[e->cpu],
				    .n = 3, .at = 1 };

		if (e->cls == UKL_EV_END)
			continue;
		w.event[2] = *e;
		w.chance = seen[e->cpu];
		if (interrupted[e->cpu] && seen[e->cpu] >= begin)
			add_places(p, t, seen[e->cpu], &w, seed);
		seen[e->cpu] = i;
		w.event[1] = *e;
		if (e->cls != UKL_EV_INT_IN)
			continue;
		interrupted[e->cpu] = true;
		w.event[0] = *e;
	}
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_chance(const void *one, const void *other)
{
	const struct place *a = one, *b = other;
	int rule = compare((uintptr_t)a->lie, (uintptr_t)b->lie);
	int kind = compare(a->kind, b->kind);

	return rule ? rule : kind ? kind : compare(a->chance, b->chance);
}

static int by_event(const void *one, const void *other)
{
	const struct place *a = one, *b = other;
	int event = compare(a->event, b->event);

	return event ? event : compare((uintptr_t)a->lie, (uintptr_t)b->lie);
}

/* N of each rule and kind */
static void thin_out(struct places *p, size_t n)
{
	size_t kept = 0, same = 0;

	qsort(p->place, p->n, sizeof(*p->place), by_chance);
	for (size_t i = 0; i < p->n; i++) {
		const struct place *a = &p->place[i], *b = a - !!i;

		same = a->lie == b->lie && a->kind == b->kind ? same + 1 : 1;
		if (same <= n)
			p->place[kept++] = *a;
	}
	p->n = kept;
	qsort(p->place, p->n, sizeof(*p->place), by_event);
}

/*
 * LIES
 */

/* MSRs and the IDTR are written seldom, and known for as long as the machine runs. */
static bool sets_up(const struct ukl_event *e)
{
	return e->cls == UKL_EV_CTRL && (e->arg[UKL_A_CTRL_reg] >= 0xc0000080 ||
					 e->arg[UKL_A_CTRL_reg] == UKL_CTRL_IDTR);
}

/* What is around the place, with the lie told */
static struct window tell(const struct trace *t, const struct place *p)
{
	static struct ukl_event event[BEFORE + AFTER + 1];
	size_t from = p->event > BEFORE ? p->event - BEFORE : 0;
	size_t to = p->event + AFTER < t->n ? p->event + AFTER : t->n;
	struct window w = { .layout = t->layout, .event = event, .n = to - from,
			    .at = p->event - from, .chance = p->event };

	memcpy(event, &t->event[from], w.n * sizeof(*event));
	p->lie->apply(&w);
	for (size_t i = 0; i < w.n; i++)
		event[i].order = from + i;
	return w;
}

static void learn(struct ukl_model *m, const struct trace *t, size_t at)
{
	ukl_model_forget(m);
	for (size_t i = 0; i < at; i++) {
		if (i + PAST >= at || sets_up(&t->event[i]))
			ukl_model_step(m, &t->event[i]);
	}
}

static void judge_lie(struct ukl_model *m, const struct trace *t, const struct place *p)
{
	struct window w = tell(t, p);
	uint64_t before = strays(m);
	size_t i = w.at;

	learn(m, t, p->event);
	memset(&first, 0, sizeof(first));
	while (i < w.n && !first.any)
		ukl_model_step(m, &w.event[i++]);
	if (!first.any)
		strcpy(first.ids, strays(m) == before ? "-" : "cover");
	printf("%s %s %zu %s %zu\n", p->lie->name, ukl_kind_id[p->kind], p->event,
	       first.ids, first.any ? i - w.at - 1 : 0);
}

static void judge_lies(struct trace *t, const struct places *p)
{
	struct ukl_model *m = model_of(t, NULL);

	for (size_t i = 0; i < p->n; i++)
		judge_lie(m, t, &p->place[i]);
	ukl_model_destroy(m);
}

/*
 * TRACES
 */

static void write_event(struct ukl_writer *writer, const struct ukl_event *e)
{
	if (e->cls != UKL_EV_END)
		ukl_writer_event(writer, e->cpu, e->time, (enum ukl_class)e->cls,
				 (enum ukl_side)e->side, e->arg, UINT32_MAX, e->state);
}

static void write_lie(const struct trace *t, const struct place *p, const char *dir)
{
	struct window w = tell(t, p);
	struct ukl_writer *writer;
	struct ukl_error err;

	check(ukl_writer_open(&writer, dir, t->env, t->cpus, &err), &err);
	for (size_t i = 0; i < p->event - w.at; i++)
		if (sets_up(&t->event[i]))
			write_event(writer, &t->event[i]);
	for (size_t i = 0; i < w.n; i++)
		write_event(writer, &w.event[i]);
	check(ukl_writer_close(writer, &err), &err);
	printf("%s %s %zu\n", p->lie->name, ukl_kind_id[p->kind], p->event);
}

static void write_lies(const struct trace *t, const struct places *p, const char *out)
{
	char dir[4096];

	for (size_t i = 0; i < p->n; i++) {
		snprintf(dir, sizeof(dir), "%s/%zu", out, i + 1);
		write_lie(t, &p->place[i], dir);
	}
}

static uint64_t number_of(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*end || !*text)
		die(text, "is not a number");
	return value;
}

static struct places places_of(const struct trace *t, const char *n, const char *seed)
{
	struct places p = { 0 };

	all_places(&p, t, number_of(seed));
	thin_out(&p, number_of(n));
	return p;
}

static void print_rules(void)
{
	for (const struct lie *lie = lies; lie->name; lie++)
		printf("%-14s %s\n", lie->name, lie->what);
}

int main(int argc, char **argv)
{
	const char *goal = argc > 1 ? argv[1] : "";
	static struct trace t;
	struct places p = { 0 };

	if (argc > 2) {
		load(&t, argv[2]);
		judge_truth(&t);
	}
	if (!strcmp(goal, "rules") && argc == 2) {
		print_rules();
	} else if (!strcmp(goal, "judge") && argc == 5) {
		p = places_of(&t, argv[3], argv[4]);
		judge_lies(&t, &p);
	} else if (!strcmp(goal, "make") && argc == 6) {
		p = places_of(&t, argv[4], argv[5]);
		write_lies(&t, &p, argv[3]);
	} else if (!strcmp(goal, "parts") && argc == 3) {
		judge_parts(&t);
	} else {
		fputs("usage: trace-mutate rules | judge TRACE N SEED |"
		      " make TRACE OUT N SEED | parts TRACE\n", stderr);
		return 2;
	}
	free(p.place);
	free(t.event);
	free(t.kind);
	if (t.reader)
		ukl_reader_close(t.reader);
	return 0;
}
