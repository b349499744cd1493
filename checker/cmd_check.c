/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_check.c - "ukl check": runs the model over traces and gives a verdict
 *
 * A violation that was judged on whole evidence stands, whatever happened to the
 * rest of the trace.  "Conforms" is only said of a whole one.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "cmd.h"
#include "coverage.h"

static const char help[] =
	"usage: ukl check [OPTION...] TRACE...\n\n"
	"Checks traces against the invariants of 'ukl list'. The verdict on each is\n"
	"conforms, violation or inconclusive; stories tell the first violations.\n"
	"TRACE is a directory, or - for a tar archive of one on standard input.\n\n"
	"  --format=text|json|ktap|junit\n"
	"                       for people, as JSON Lines, as the kernel's test protocol,\n"
	"                       as JUnit's XML\n"
	"  --only ID,...        judge only these invariants (may be repeated)\n"
	"  --max-violations N   tell at most N stories a trace (default 5), one for\n"
	"                       each invariant violated\n"
	"  --vmlinux FILE       take names from this kernel, not the recorded one\n"
	"  --color=auto|always|never\n"
	"  --coverage FILE      add to FILE what the traces that conform exercised, for\n"
	"                       'ukl cover'\n"
	"  --verbose            also every invariant's counts, and the speed\n"
	"  --quiet              print nothing: the exit status tells\n"
	"  --help               show this text\n\n"
	"exit status: 0 all conform; 1 some violation; 2 trouble; 3 inconclusive\n"
	"(a trace is torn, still being recorded or has lost events, or nothing was\n"
	"exercised, as in a trace of user mode)\n";

#define PROGRESS_EVENTS (1u << 20)

/* --- the work -------------------------------------------------------------- */

static const struct ukl_check_format quiet = { .name = "quiet" };

static void on_violation(void *arg, const struct ukl_violation *violation)
{
	struct ukl_check *c = arg;

	if (!c->violations++) {
		c->first = violation->index;
		c->first_order = violation->view->ev->order;
	}
	/* Once each: the same rule broken again is the same story. */
	if (!c->format->violation || c->told[violation->index] ||
	    c->stories >= c->max_stories)
		return;
	c->told[violation->index] = true;
	c->stories++;
	c->format->violation(c, violation);
}

static void unreadable(struct ukl_check *c, const struct ukl_error *err)
{
	if (c->format->unreadable)
		c->format->unreadable(c, err);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void progress(const struct ukl_check *c, uint64_t events, bool done)
{
	if (c->format == &quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, done ? "\r\033[K" : "\rukl: check: %" PRIu64 " events", events);
}

static void run(struct ukl_check *c)
{
	struct ukl_reader *reader = c->reader;
	struct ukl_model *model = c->model;
	bool tells = c->format->violation;
	const struct ukl_event *ev;
	uint64_t events = 0;
	double start = now();

	while ((ev = ukl_reader_next(reader))) {
		c->class_count[ev->cls]++;
		if (++events % PROGRESS_EVENTS == 0)
			progress(c, events, false);
		/* With evidence missing, nothing that follows can be judged. */
		if (ukl_reader_gap(reader))
			continue;
		c->judged++;
		if (tells)
			ukl_story_note(&c->story, ev);
		ukl_model_step(model, ev);
	}
	if (events >= PROGRESS_EVENTS)
		progress(c, events, true);
	c->seconds = now() - start;
	ukl_reader_summary(c->reader, &c->sum);
}

static int nomem(const struct ukl_check *c)
{
	struct ukl_error err;

	ukl_error_set(&err, UKL_ERR_NOMEM, c->trace ? c->trace : "", UKL_NOWHERE,
		      "not enough memory for the model");
	return ukl_cmd_fail(&err);
}

/* Every rule is about the kernel and what the processor does in it. */
static const bool *chosen(const struct ukl_check *c)
{
	if (ukl_env_is_user(ukl_reader_env(c->reader)))
		return c->none;
	return c->some_only ? c->only : NULL;
}

static int prepare(struct ukl_check *c)
{
	unsigned int cpus = ukl_reader_streams(c->reader);
	const struct ukl_model_options options = {
		.cpus = cpus, .report = on_violation, .arg = c, .only = chosen(c),
	};
	struct ukl_layout layout;
	struct ukl_error err;

	/* A kernel that the user names must be there; names are wanted later, if ever. */
	if ((c->vmlinux && ukl_check_open_names(c, &err)) ||
	    ukl_env_get_layout(ukl_reader_env(c->reader), &layout, &err)) {
		unreadable(c, &err);
		return ukl_cmd_fail(&err);
	}
	c->model = ukl_model_create(&layout, &options);
	if (!c->model || ukl_story_init(&c->story, cpus))
		return nomem(c);
	return 0;
}

static void release(struct ukl_check *c)
{
	ukl_story_deinit(&c->story);
	ukl_model_destroy(c->model);
	ukl_annotate_close(c->annotate);
	ukl_reader_close(c->reader);
	c->model = NULL;
	c->annotate = NULL;
	c->reader = NULL;
	c->annotate_tried = false;
	c->judged = c->violations = c->stories = 0;
	c->first = -1;
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		c->told[i] = false;
		free(c->kept[i]);
		c->kept[i] = NULL;
	}
	memset(c->class_count, 0, sizeof(c->class_count));
}

/* A run that breaks a rule takes any edge, and tells nothing about tests. */
static int note_coverage(struct ukl_check *c)
{
	const char *variant = ukl_env_get(ukl_reader_env(c->reader), UKL_ENV_VARIANT);
	struct ukl_coverage *cov;
	struct ukl_error err;

	if (!c->coverage_file || ukl_check_status(c) != UKL_EXIT_CONFORMS)
		return 0;
	cov = ukl_coverage_get(&c->coverage, variant ? variant : "base", &err);
	if (!cov)
		return ukl_cmd_fail(&err);
	ukl_coverage_add(cov, c->model, c->judged);
	return 0;
}

static int save_coverage(struct ukl_check *c)
{
	struct ukl_error err;

	if (!c->coverage)
		return 0;
	if (ukl_coverage_load_old(&c->coverage, c->coverage_file, &err))
		return ukl_cmd_fail(&err);
	if (ukl_coverage_save(c->coverage, c->coverage_file, &err))
		return ukl_cmd_fail(&err);
	return 0;
}

static int judge(struct ukl_check *c)
{
	int ret = prepare(c);
	struct ukl_error err;

	if (ret)
		return ret;
	if (c->format->begin)
		c->format->begin(c);
	run(c);
	if (c->format->end)
		c->format->end(c);
	/* A violation stands, and yet the rest could not be read. */
	if (ukl_reader_trouble(c->reader, &err))
		ukl_cmd_fail(&err);
	ret = note_coverage(c);
	return ret ? ret : ukl_check_status(c);
}

static int check_trace(struct ukl_check *c, const char *trace)
{
	struct ukl_error err;
	int ret;

	c->trace = trace;
	c->number++;
	if (ukl_reader_open(&c->reader, trace, &err)) {
		unreadable(c, &err);
		return ukl_cmd_fail(&err);
	}
	ret = judge(c);
	release(c);
	return ret;
}

/* Trouble means that a question was not answered; a violation is an answer. */
static int worse(int a, int b)
{
	static const int rank[] = { [UKL_EXIT_CONFORMS] = 0,
				   [UKL_EXIT_INCONCLUSIVE] = 1,
				    [UKL_EXIT_TROUBLE] = 2, [UKL_EXIT_VIOLATION] = 3 };

	return rank[a] > rank[b] ? a : b;
}

/* --- the command line ------------------------------------------------------ */

enum option_key {
	OPT_HELP = 256, OPT_FORMAT, OPT_ONLY, OPT_MAX, OPT_VMLINUX, OPT_COLOR,
	OPT_VERBOSE, OPT_QUIET, OPT_COVERAGE,
};

static const struct option options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "max-violations", required_argument, NULL, OPT_MAX },
	{ "vmlinux", required_argument, NULL, OPT_VMLINUX },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "coverage", required_argument, NULL, OPT_COVERAGE },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ NULL, 0, NULL, 0 }
};

static const struct ukl_check_format *const formats[] = {
	&ukl_check_text, &ukl_check_json, &ukl_check_ktap, &ukl_check_junit,
};

static int parse_format(struct ukl_check *c, const char *text)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i]->name, text))
			continue;
		c->format = formats[i];
		return 0;
	}
	return ukl_cmd_usage("check", "--format: there is no \"%s\"", text);
}

static int parse_color(struct ukl_check *c, const char *text)
{
	int color = ukl_cmd_color(text);

	if (color < 0)
		return ukl_cmd_usage("check", "--color: there is no \"%s\"", text);
	c->bold = color;
	return 0;
}

/* 0, an exit status, or -1 if getopt_long() was not content. */
static int parse_option(struct ukl_check *c, int key)
{
	switch (key) {
	case OPT_FORMAT:
		return parse_format(c, optarg);
	case OPT_ONLY:
		c->some_only = true;
		return ukl_cmd_only("check", optarg, c->only);
	case OPT_MAX:
		return ukl_cmd_number("check", "max-violations", optarg,
				      &c->max_stories);
	case OPT_VMLINUX:
		c->vmlinux = optarg;
		return 0;
	case OPT_COLOR:
		return parse_color(c, optarg);
	case OPT_COVERAGE:
		c->coverage_file = optarg;
		return 0;
	case OPT_VERBOSE:
		c->verbose = true;
		return 0;
	case OPT_QUIET:
		c->silent = true;
		return 0;
	}
	return -1;
}

static int check_all(struct ukl_check *c, char **traces, int n)
{
	int ret = UKL_EXIT_CONFORMS;

	if (c->format->open)
		c->format->open(n);
	for (int i = 0; i < n; i++)
		ret = worse(ret, check_trace(c, traces[i]));
	if (c->format->close)
		c->format->close();
	return worse(ret, save_coverage(c));
}

static int parse_and_run(struct ukl_check *c, int argc, char **argv)
{
	int key, ret;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (key == OPT_HELP) {
			fputs(help, stdout);
			return UKL_EXIT_CONFORMS;
		}
		ret = parse_option(c, key);
		if (ret)
			return ret > 0 ? ret : ukl_cmd_bad_option("check", key, argv);
	}
	if (optind == argc)
		return ukl_cmd_usage("check", "give a trace");
	if (c->silent)
		c->format = &quiet;
	return check_all(c, argv + optind, argc - optind);
}

int ukl_cmd_check(int argc, char **argv)
{
	unsigned int n = ukl_invariant_count();
	struct ukl_check c = {
		.format = &ukl_check_text, .max_stories = 5, .first = -1,
		.bold = ukl_cmd_color(NULL),
	};
	int ret;

	c.only = calloc(n, sizeof(*c.only));
	c.none = calloc(n, sizeof(*c.none));
	c.told = calloc(n, sizeof(*c.told));
	c.kept = calloc(n, sizeof(*c.kept));
	ret = c.only && c.none && c.told && c.kept ? parse_and_run(&c, argc, argv) : nomem(&c);
	ukl_coverage_free(c.coverage);
	free(c.only);
	free(c.none);
	free(c.told);
	free(c.kept);
	return ret;
}
