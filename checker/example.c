/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * example.c - where in a trace an invariant held or was violated; see example.h
 *
 * The trace is read twice, to find the event and to print it, so nothing has to be
 * remembered of it.
 */
#include "example.h"

#include <stdlib.h>
#include <string.h>

#include "../traces/reader.h"
#include "../traces/whole.h"
#include "event_text.h"
#include "story.h"
#include "wrap.h"

#define BEFORE 3u	/* events shown */
#define AFTER  1u
#define WIDTH  96u
#define MARGIN 2u	/* of an event's first line */
#define INDENT 6u	/* ... and of the lines that go on */

struct search {
	struct ukl_example *ex;
	const struct ukl_example *like;
	unsigned int index;
	enum ukl_result want;
	struct ukl_reader *reader;
	struct ukl_model *model;
};

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool better(const struct search *s, const struct ukl_event *ev)
{
	const struct ukl_example *ex = s->ex, *like = s->like;

	if (!ex->found || !like)
		return !ex->found;
	if ((ev->cls == like->cls) != (ex->cls == like->cls))
		return ev->cls == like->cls;
	return distance(ev->order, like->order) < distance(ex->order, like->order);
}

static void take(struct search *s, const struct ukl_event *ev, uint64_t opened)
{
	if (!better(s, ev))
		return;
	s->ex->found = true;
	s->ex->order = ev->order;
	s->ex->opened = opened;
	s->ex->cls = ev->cls;
	s->ex->cpu = ev->cpu;
}

static void on_violation(void *arg, const struct ukl_violation *violation)
{
	const struct ukl_finding *f = violation->finding;
	struct search *s = arg;

	if (s->ex->found)
		return;
	s->ex->n_pairs = f->n;
	memcpy(s->ex->pair, f->pair, f->n * sizeof(*f->pair));
}

/* What opened the context in which the event comes; itself, if it opens one. */
static uint64_t opened_by(const struct ukl_model *model, const struct ukl_event *ev)
{
	const struct ukl_task *t = ukl_model_current(model, ev->cpu);

	switch (ev->cls) {
	case UKL_EV_GATE_IN:
	case UKL_EV_INT_IN:
	case UKL_EV_USER_IN:
	case UKL_EV_APP_IN:
		return ev->order;
	}
	return t->depth ? t->ctx[t->depth - 1].order : ev->order;
}

static int run(struct search *s, struct ukl_error *err)
{
	const struct ukl_event *ev;
	uint64_t before = 0, now;

	while ((ev = ukl_reader_next(s->reader)) && !ukl_reader_gap(s->reader)) {
		uint64_t opened = opened_by(s->model, ev);

		ukl_model_step(s->model, ev);
		now = ukl_model_count(s->model, s->index, s->want);
		if (now != before)
			take(s, ev, opened);
		before = now;
	}
	return ukl_reader_trouble(s->reader, err);
}

/* A model that judges this invariant only. */
static struct ukl_model *model_for(struct search *s, struct ukl_error *err)
{
	struct ukl_model_options options = {
		.cpus = ukl_reader_streams(s->reader), .report = on_violation, .arg = s,
	};
	struct ukl_model *model = NULL;
	struct ukl_layout layout;
	bool *only;

	if (ukl_env_get_layout(ukl_reader_env(s->reader), &layout, err))
		return NULL;
	only = calloc(ukl_invariant_count(), sizeof(*only));
	if (only) {
		only[s->index] = true;
		options.only = only;
		model = ukl_model_create(&layout, &options);
	}
	free(only);
	if (!model)
		ukl_error_set(err, UKL_ERR_NOMEM, s->ex->trace, UKL_NOWHERE,
			      "not enough memory for the model");
	return model;
}

static int search(struct search *s, const char *trace, struct ukl_error *err)
{
	int ret;

	memset(s->ex, 0, sizeof(*s->ex));
	s->ex->trace = trace;
	if (ukl_reader_open(&s->reader, trace, err))
		return -1;
	s->model = model_for(s, err);
	ret = s->model ? 0 : -1;
	if (s->model)
		ret = run(s, err);
	ukl_model_destroy(s->model);
	ukl_reader_close(s->reader);
	return ret;
}

int ukl_example_failing(struct ukl_example *ex, const char *trace, unsigned int index,
			struct ukl_error *err)
{
	struct search s = { .ex = ex, .index = index, .want = UKL_VIOLATED };

	return search(&s, trace, err);
}

int ukl_example_passing(struct ukl_example *ex, const char *trace, unsigned int index,
			const struct ukl_example *like, struct ukl_error *err)
{
	struct search s = {
		.ex = ex, .index = index, .want = UKL_HOLDS,
		.like = like && like->found ? like : NULL,
	};

	return search(&s, trace, err);
}

static int print_event(const struct ukl_example *ex, const struct ukl_event *ev,
		       FILE *out, struct ukl_annotate *annotate)
{
	bool judged = ev->order == ex->order;
	char *text = NULL;
	size_t size;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return -1;
	ukl_event_text(line, ev, annotate,
		       judged || ev->order == ex->opened ? UKL_TEXT_STATE : 0);
	if (close_text(line, &text))
		return -1;
	fprintf(out, "%-*s", (int)MARGIN, judged ? ">" : "");
	ukl_wrap(out, text, MARGIN, INDENT, WIDTH);
	free(text);
	if (judged)
		ukl_story_pairs(out, ex->pair, ex->n_pairs, annotate, false);
	return 0;
}

/* The last events before the one judged, oldest first. */
struct ring {
	struct ukl_event ev[BEFORE];
	unsigned int n;
};

static int print_ring(const struct ukl_example *ex, const struct ring *ring, FILE *out,
		      struct ukl_annotate *annotate)
{
	unsigned int i = ring->n < BEFORE ? 0 : ring->n - BEFORE;

	for (; i < ring->n; i++) {
		if (print_event(ex, &ring->ev[i % BEFORE], out, annotate))
			return -1;
	}
	return 0;
}

/* Puts it into the ring; one that opened the context is shown when it leaves. */
static int pass_by(const struct ukl_example *ex, struct ring *ring,
		   const struct ukl_event *ev, FILE *out, struct ukl_annotate *annotate)
{
	struct ukl_event *place = &ring->ev[ring->n % BEFORE];

	if (ring->n++ >= BEFORE && place->order == ex->opened) {
		if (print_event(ex, place, out, annotate))
			return -1;
		if (place->order + BEFORE + 1 < ex->order)
			fprintf(out, "%*s...\n", (int)MARGIN, "");
	}
	*place = *ev;
	return 0;
}

static int print_around(const struct ukl_example *ex, struct ukl_reader *reader,
			FILE *out, struct ukl_annotate *annotate)
{
	struct ring ring = { .n = 0 };
	const struct ukl_event *ev;
	unsigned int after = 0;
	int ret = 0;

	while (!ret && after < AFTER && (ev = ukl_reader_next(reader))) {
		if (ev->cpu != ex->cpu)
			continue;
		if (ev->order < ex->order) {
			ret = pass_by(ex, &ring, ev, out, annotate);
			continue;
		}
		if (ev->order == ex->order)
			ret = print_ring(ex, &ring, out, annotate);
		if (!ret)
			ret = print_event(ex, ev, out, annotate);
		after += ev->order > ex->order;
	}
	return ret;
}

int ukl_example_print(const struct ukl_example *ex, FILE *out, struct ukl_error *err)
{
	struct ukl_annotate *annotate = NULL;
	struct ukl_reader *reader;
	int ret;

	if (ukl_reader_open(&reader, ex->trace, err))
		return -1;
	/* Names are welcome, but the example stands without. */
	if (ukl_annotate_open(&annotate, NULL, ukl_reader_env(reader), err))
		ukl_error_print(stderr, err);
	ret = print_around(ex, reader, out, annotate);
	if (ret)
		ukl_error_set(err, UKL_ERR_NOMEM, ex->trace, UKL_NOWHERE,
			      "not enough memory for a line of text");
	else
		ret = ukl_reader_trouble(reader, err);
	ukl_annotate_close(annotate);
	ukl_reader_close(reader);
	return ret;
}
