/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_reduce.c - "ukl reduce": the events that the first violation of a trace needs
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../traces/reader.h"
#include "../traces/writer.h"
#include "cmd.h"
#include "reduce.h"

static const char help[] =
	"usage: ukl reduce [OPTION...] TRACE --out DIR\n\n"
	"Writes to DIR the events of TRACE that are needed for its first violation: a\n"
	"trace in which the same event violates the same invariant, and nothing before\n"
	"it violates any. Neither one nor two successive events of it can be left out.\n\n"
	"  --out DIR          where the reduced trace goes\n"
	"  --only ID,...      judge only these invariants (may be repeated)\n"
	"  --effort N         judge at most N million events (default 200)\n"
	"  --help             show this text\n\n"
	"exit status: 0 reduced; 2 trouble; 3 nothing is violated\n";

#define EFFORT 200u		/* million events */
#define WINDOW 1024u		/* events looked at first, before the violation */

struct reduce {
	const char *trace, *out;
	bool *only;
	bool some_only;
	uint64_t effort;
	struct ukl_layout layout;
	struct ukl_env env;		/* of the reduced trace */
	struct ukl_reduce core;
	char uuid[37];			/* of the trace */
	uint64_t at;			/* the violating event */
};

/* --- reading --------------------------------------------------------------- */

static int nomem(const char *trace, struct ukl_error *err)
{
	return ukl_error_set(err, UKL_ERR_NOMEM, trace, UKL_NOWHERE, "out of memory");
}

/* What the model says of the events from .. on, as long as they are whole evidence. */
static int judge(struct reduce *r, const char *trace, uint64_t from, struct ukl_first *first,
		 struct ukl_error *err)
{
	struct ukl_model_options options = {
		.report = ukl_first_report, .arg = first, .only = r->some_only ? r->only : NULL,
	};
	const struct ukl_event *ev;
	struct ukl_reader *reader;
	struct ukl_model *model;
	int ret;

	if (ukl_reader_open(&reader, trace, err))
		return err->code;
	options.cpus = ukl_reader_streams(reader);
	model = ukl_model_create(&r->layout, &options);
	first->seen = false;
	while (model && !first->seen && (ev = ukl_reader_next(reader)) &&
	       !ukl_reader_gap(reader)) {
		if (ev->order >= from)
			ukl_model_step(model, ev);
	}
	ret = model ? ukl_reader_trouble(reader, err) : nomem(trace, err);
	ukl_reader_close(reader);
	ukl_model_destroy(model);
	return ret;
}

/*
 * Where to begin: a trace may be long, and what a violation needs is most often
 * near it.  Each window that does not do is eight times smaller than the next.
 */
static int find_window(struct reduce *r, uint64_t *from, struct ukl_error *err)
{
	struct ukl_first first;

	for (uint64_t size = WINDOW; size <= r->at; size *= 8) {
		*from = r->at + 1 - size;
		if (judge(r, r->trace, *from, &first, err))
			return err->code;
		if (first.seen && first.order == r->at &&
		    first.index == r->core.invariant)
			return 0;
	}
	*from = 0;
	return 0;
}

/* The events from .. r->at; END is the writer's to make. */
static int load(struct reduce *r, uint64_t from, struct ukl_error *err)
{
	const struct ukl_event *ev;
	struct ukl_reader *reader;
	int ret;

	r->core.event = calloc(r->at - from + 1, sizeof(*r->core.event));
	if (!r->core.event)
		return nomem(r->trace, err);
	if (ukl_reader_open(&reader, r->trace, err))
		return err->code;
	while ((ev = ukl_reader_next(reader)) && ev->order <= r->at) {
		if (ev->order >= from && ev->cls != UKL_EV_END)
			r->core.event[r->core.n++] = *ev;
	}
	ret = ukl_reader_trouble(reader, err);
	ukl_reader_close(reader);
	return ret;
}

static int read_head(struct reduce *r, struct ukl_error *err)
{
	struct ukl_reader *reader;
	int ret;

	if (ukl_reader_open(&reader, r->trace, err))
		return err->code;
	ret = ukl_env_get_layout(ukl_reader_env(reader), &r->layout, err);
	if (!ret)
		ret = ukl_env_copy(&r->env, ukl_reader_env(reader), err);
	r->core.cpus = ukl_reader_streams(reader);
	snprintf(r->uuid, sizeof(r->uuid), "%s", ukl_reader_uuid(reader));
	ukl_reader_close(reader);
	return ret;
}

/* --- writing --------------------------------------------------------------- */

static unsigned int streams(const struct reduce *r)
{
	unsigned int last = 0;

	for (size_t i = 0; i < r->core.n; i++) {
		if (r->core.event[i].cpu > last)
			last = r->core.event[i].cpu;
	}
	return last + 1;
}

/* A reduced trace says so, for it is no record of a run. */
static int set_env(struct reduce *r, struct ukl_error *err)
{
	char text[160];

	snprintf(text, sizeof(text), "to %zu events for %s, violated by event %" PRIu64
		 " of trace %s", r->core.n,
		 ukl_invariant_at(r->core.invariant, NULL)->id, r->at, r->uuid);
	return ukl_env_set(&r->env, UKL_ENV_REDUCED, text, err);
}

/* The writer has told the reason; what it left is torn, and looks like it. */
static int finish(struct reduce *r, struct ukl_writer *writer, struct ukl_error *err)
{
	for (unsigned int i = 0; i < streams(r); i++)
		ukl_writer_flush(writer, i);
	if (!ukl_writer_discarded(writer))
		return ukl_writer_close(writer, err);
	ukl_writer_abandon(writer);
	return ukl_error_set(err, UKL_ERR_IO, r->out, UKL_NOWHERE,
			     "the reduced trace is not whole: give another --out");
}

/* Every slot is given: what an event left out had changed stays changed. */
static int write_events(struct reduce *r, struct ukl_error *err)
{
	struct ukl_writer *writer;

	if (set_env(r, err) ||
	    ukl_writer_open(&writer, r->out, &r->env, streams(r), err))
		return err->code;
	for (size_t i = 0; i < r->core.n; i++) {
		const struct ukl_event *ev = &r->core.event[i];

		ukl_writer_event(writer, ev->cpu, ev->time, (enum ukl_class)ev->cls,
				 (enum ukl_side)ev->side, ev->arg, UINT32_MAX,
				 ev->state);
	}
	return finish(r, writer, err);
}

/* --- the work -------------------------------------------------------------- */

static int nothing(const struct reduce *r)
{
	fprintf(stderr, "ukl: %s: no invariant is seen violated; there is nothing to"
		" reduce\n", r->trace);
	return UKL_EXIT_INCONCLUSIVE;
}

static int tell(const struct reduce *r, const struct ukl_first *first)
{
	printf("%s: %zu of %" PRIu64 " events, after %" PRIu64 " tries\n"
	       "  event %" PRIu64 " violates %s, as event %" PRIu64 " of %s does\n",
	       r->out, r->core.n, r->at + 1, r->core.tries, first->order,
	       ukl_invariant_at(first->index, NULL)->id, r->at, r->trace);
	if (!r->core.effort)
		puts("  the effort was used up: a larger --effort may find less");
	return 0;
}

/* What was written is judged as any trace is, and must say the same. */
static int write_and_judge(struct reduce *r)
{
	struct ukl_error err;
	struct ukl_first first;

	if (write_events(r, &err) || judge(r, r->out, 0, &first, &err))
		return ukl_cmd_fail(&err);
	if (first.seen && first.index == r->core.invariant)
		return tell(r, &first);
	ukl_error_set(&err, UKL_ERR_FORMAT, r->out, UKL_NOWHERE,
		      "the reduced trace does not violate %s: this is a bug of the model",
		      ukl_invariant_at(r->core.invariant, NULL)->id);
	return ukl_cmd_fail(&err);
}

static int run(struct reduce *r)
{
	struct ukl_error err;
	struct ukl_first first;
	uint64_t from;

	if (read_head(r, &err) || judge(r, r->trace, 0, &first, &err))
		return ukl_cmd_fail(&err);
	if (!first.seen)
		return nothing(r);
	r->at = first.order;
	r->core.invariant = first.index;
	r->core.layout = &r->layout;
	r->core.only = r->some_only ? r->only : NULL;
	r->core.effort = r->effort * 1000000;
	if (find_window(r, &from, &err) || load(r, from, &err))
		return ukl_cmd_fail(&err);
	ukl_reduce(&r->core);
	if (!r->core.no_memory)
		return write_and_judge(r);
	nomem(r->trace, &err);
	return ukl_cmd_fail(&err);
}

/* --- the command line ------------------------------------------------------ */

enum option_key { OPT_HELP = 256, OPT_OUT, OPT_ONLY, OPT_EFFORT };

static const struct option options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "effort", required_argument, NULL, OPT_EFFORT },
	{ NULL, 0, NULL, 0 }
};

/* 0, an exit status, or -1 if getopt_long() was not content. */
static int parse_option(struct reduce *r, int key)
{
	switch (key) {
	case OPT_OUT:
		r->out = optarg;
		return 0;
	case OPT_ONLY:
		r->some_only = true;
		return ukl_cmd_only("reduce", optarg, r->only);
	case OPT_EFFORT:
		return ukl_cmd_number("reduce", "effort", optarg, &r->effort);
	}
	return -1;
}

static bool same_directory(const char *a, const char *b)
{
	struct stat sa, sb;

	return !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static int parse_and_run(struct reduce *r, int argc, char **argv)
{
	int key, ret;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (key == OPT_HELP) {
			fputs(help, stdout);
			return 0;
		}
		ret = parse_option(r, key);
		if (ret)
			return ret > 0 ? ret : ukl_cmd_bad_option("reduce", key, argv);
	}
	if (argc - optind != 1 || !r->out)
		return ukl_cmd_usage("reduce", "give one trace, and --out");
	r->trace = argv[optind];
	/* It is read several times. */
	if (!strcmp(r->trace, "-"))
		return ukl_cmd_usage("reduce", "a trace from a pipe cannot be reduced");
	if (same_directory(r->trace, r->out))
		return ukl_cmd_usage("reduce", "--out: this is the trace itself");
	return run(r);
}

int ukl_cmd_reduce(int argc, char **argv)
{
	struct reduce r = { .effort = EFFORT };
	int ret;

	ukl_env_init(&r.env);
	r.only = calloc(ukl_invariant_count(), sizeof(*r.only));
	if (!r.only)
		return ukl_cmd_usage("reduce", "out of memory");
	ret = parse_and_run(&r, argc, argv);
	free(r.core.event);
	free(r.only);
	ukl_env_deinit(&r.env);
	return ret;
}
