/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdicts.c - does this model judge the fixtures as it should?
 *
 *     verdicts LIST
 *
 * For mutants of the model.  A line of LIST is one of
 *
 *     pass ID DIR        the trace conforms and takes declared edges only; ID, unless it
 *                        is "-", has held
 *     idle ID DIR        the same, but the premise of ID has not occurred
 *     fail ID DIR        ID is the first that is violated
 *     exact ID,ID... DIR the first event that violates anything violates these
 *     edges - DIR        the trace takes declared edges only
 *     stray - DIR        it takes one that is not declared
 *     parts - DIR        the trace conforms from whichever event it begins, and for a
 *                        model of two processors
 *     explore - N        so do all sequences of N moves of checker/world.h
 *     variant NAME SET   this is the set that NAME means
 *
 * Prints the first line that is not so.
 *
 * Exit status: 0 all are so, 1 one is not, 2 trouble.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../checker/world.h"
#include "../../model/model.h"
#include "../../traces/reader.h"

static int first;
static uint64_t first_order;
static char first_ids[4096];		/* all that the first event violates */

static void on_violation(void *arg, const struct ukl_violation *violation)
{
	uint64_t order = violation->view->ev->order;

	(void)arg;
	if (first < 0) {
		first = violation->index;
		first_order = order;
		first_ids[0] = 0;
	}
	if (order != first_order)
		return;
	if (first_ids[0])
		strcat(first_ids, ",");
	strcat(first_ids, violation->inv->id);
}

static bool declared(const struct ukl_model *m)
{
	for (unsigned int from = 0; from < UKL_STATES; from++)
		for (unsigned int kind = 0; kind < UKL_KINDS; kind++)
			for (unsigned int to = 0; to < UKL_STATES; to++)
				if (ukl_model_edge_count(m, from, kind, to) &&
				    ukl_edge_counts(from, kind, to) &&
				    !ukl_edge_find(from, kind, to))
					return false;
	return true;
}

static bool as_it_should(const char *how, const char *ids, const struct ukl_model *m)
{
	int id = ukl_invariant_find(ids);
	bool held = id >= 0 && ukl_model_count(m, id, UKL_HOLDS);

	if (!strcmp(how, "edges") || !strcmp(how, "stray"))
		return declared(m) == !strcmp(how, "edges");
	if (!strcmp(how, "fail"))
		return first == id;
	if (!strcmp(how, "exact"))
		return first >= 0 && !strcmp(first_ids, ids);
	if (!strcmp(how, "parts"))
		return first < 0;
	return first < 0 && declared(m) &&
	       (!strcmp(ids, "-") || held == !strcmp(how, "pass"));
}

/* A whole trace in memory, and what its addresses mean */
struct trace {
	struct ukl_layout layout;
	unsigned int cpus, n;
	struct ukl_event event[4096];
};

static void load(struct trace *t, const char *dir)
{
	const struct ukl_event *ev;
	struct ukl_reader *reader;

	if (ukl_reader_open(&reader, dir, NULL) ||
	    ukl_env_get_layout(ukl_reader_env(reader), &t->layout, NULL))
		exit(2);
	t->cpus = ukl_reader_streams(reader);
	t->n = 0;
	while ((ev = ukl_reader_next(reader)) &&
	       t->n < sizeof(t->event) / sizeof(t->event[0]))
		t->event[t->n++] = *ev;
	ukl_reader_close(reader);
}

/* From that event on; with so many CPUs, of which the others do nothing */
static bool judge(const struct trace *t, const char *how, const char *ids,
		  unsigned int from, unsigned int cpus)
{
	const struct ukl_model_options options = {
		.cpus = cpus, .tasks = 16, .report = on_violation,
	};
	struct ukl_model *m = ukl_model_create(&t->layout, &options);
	bool ok;

	if (!m)
		exit(2);
	first = -1;
	for (unsigned int i = from; i < t->n; i++)
		ukl_model_step(m, &t->event[i]);
	ok = as_it_should(how, ids, m);
	ukl_model_destroy(m);
	return ok;
}

static bool judge_parts(const struct trace *t)
{
	for (unsigned int from = 0; from < t->n; from++) {
		if (!judge(t, "parts", "-", from, t->cpus))
			return false;
	}
	return judge(t, "pass", "-", 0, t->cpus + 1);
}

static bool judge_trace(const char *how, const char *ids, const char *dir)
{
	static struct trace t;

	load(&t, dir);
	return strcmp(how, "parts") ? judge(&t, how, ids, 0, t.cpus) : judge_parts(&t);
}

/* --- all sequences --------------------------------------------------------- */

static struct ukl_event sequence[512];
static unsigned int length;

static void keep(void *arg, const struct ukl_event *ev)
{
	(void)arg;
	if (length < sizeof(sequence) / sizeof(sequence[0]))
		sequence[length++] = *ev;
}

static void walk(struct ukl_model *m, const struct ukl_world *from, unsigned int moves)
{
	unsigned int n = length;

	for (unsigned int move = 0; moves && move < UKL_MOVES && first < 0; move++) {
		struct ukl_world w = *from;

		if (!ukl_world_can(from, move))
			continue;
		ukl_world_do(&w, move, keep, NULL);
		walk(m, &w, moves - 1);
		length = n;
	}
	if (moves)
		return;
	ukl_model_forget(m);
	for (unsigned int i = 0; i < length; i++)
		ukl_model_step(m, &sequence[i]);
}

static bool explore(unsigned int moves)
{
	const struct ukl_model_options options = {
		.cpus = 1, .tasks = 8, .report = on_violation,
	};
	struct ukl_model *m = ukl_model_create(&ukl_world_layout, &options);
	struct ukl_world w;
	bool ok;

	if (!m)
		exit(2);
	first = -1;
	length = 0;
	ukl_world_init(&w, keep, NULL);
	walk(m, &w, moves);
	ok = first < 0 && declared(m);
	ukl_model_destroy(m);
	return ok;
}

static bool is_so(const char *how, const char *id, const char *what)
{
	if (!strcmp(how, "explore"))
		return explore(atoi(what));
	if (!strcmp(how, "variant"))
		return ukl_variant_set(id) == strtoul(what, NULL, 16);
	return judge_trace(how, id, what);
}

int main(int argc, char **argv)
{
	FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
	char how[8], id[1024], dir[4096];

	if (!list)
		return 2;
	while (fscanf(list, "%7s %1023s %4095s", how, id, dir) == 3) {
		if (is_so(how, id, dir))
			continue;
		printf("%s %s %s\n", how, id, strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir);
		return 1;
	}
	return 0;
}
