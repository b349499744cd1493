/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_check.c - "ukl check": runs the model over traces and gives a verdict
 *
 * A violation that was judged on whole evidence stands, whatever happened to the
 * rest of the trace.  "Conforms" is only said of a whole one.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../model/model.h"
#include "../traces/reader.h"
#include "../traces/vocabulary.h"
#include "cmd.h"
#include "json.h"
#include "story.h"

static const char help[] =
	"usage: ukl check [OPTION...] TRACE...\n\n"
	"Checks traces against the invariants of 'ukl list'. The verdict on each is\n"
	"conforms, violation or inconclusive; stories tell the first violations.\n"
	"TRACE is a directory, or - for a tar archive of one on standard input.\n\n"
	"  --format=text|json\n"
	"  --only ID,...        judge only these invariants (may be repeated)\n"
	"  --max-violations N   tell at most N stories a trace (default 5), one for\n"
	"                       each invariant violated\n"
	"  --vmlinux FILE       take names from this kernel, not the recorded one\n"
	"  --color=auto|always|never\n"
	"  --verbose            also every invariant's counts, and the speed\n"
	"  --quiet              print nothing: the exit status tells\n"
	"  --help               show this text\n\n"
	"exit status: 0 all conform; 1 some violation; 2 trouble; 3 inconclusive\n"
	"(a trace is torn, still being recorded or has lost events, or nothing was\n"
	"exercised)\n";

#define PROGRESS_EVENTS (1u << 20)

struct check {
	/* the command line */
	const char *vmlinux;
	uint64_t max_stories;
	bool json, quiet, verbose, bold, some_only;
	bool *only;
	/* one trace */
	const char *trace;
	struct ukl_reader *reader;
	struct ukl_annotate *annotate;
	bool annotate_tried;
	struct ukl_model *model;
	struct ukl_story story;
	struct ukl_summary sum;
	uint64_t class_count[UKL_CLASSES];
	uint64_t judged;		/* events, before the first gap */
	uint64_t violations, stories;
	bool *told;			/* by invariant: has its story */
	int first;			/* invariant violated first, or -1 */
	uint64_t first_order;
	double seconds;
};

/* --- violations ------------------------------------------------------------ */

/* Only a story needs names, and only then may a missing vmlinux matter. */
static struct ukl_annotate *annotate(struct check *c)
{
	struct ukl_error err;

	if (c->annotate_tried)
		return c->annotate;
	c->annotate_tried = true;
	if (ukl_annotate_open(&c->annotate, c->vmlinux, ukl_reader_env(c->reader),
			      &err))
		ukl_error_print(stderr, &err);
	return c->annotate;
}

static void on_violation(void *arg, const struct ukl_violation *violation)
{
	struct check *c = arg;

	if (!c->violations++) {
		c->first = violation->index;
		c->first_order = violation->view->ev->order;
	}
	/* Once each: the same rule broken again is the same story. */
	if (c->quiet || c->told[violation->index] || c->stories >= c->max_stories)
		return;
	c->told[violation->index] = true;
	if (c->stories++ && c->json)
		fputs(",", stdout);
	if (c->json) {
		fputs("\n  ", stdout);
		ukl_story_json(&c->story, stdout, violation, annotate(c));
	} else {
		ukl_story_text(&c->story, stdout, violation, c->trace, annotate(c),
			       c->bold);
	}
}

/* --- the verdict ----------------------------------------------------------- */

static uint64_t count_by(const struct check *c, enum ukl_result result, bool all)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		uint64_t n = ukl_model_count(c->model, i, result);

		sum += all ? n : n != 0;
	}
	return sum;
}

/* Neither held nor violated: its premise never occurred. */
static bool vacuous(const struct check *c, unsigned int i)
{
	return !ukl_model_count(c->model, i, UKL_HOLDS) &&
	       !ukl_model_count(c->model, i, UKL_VIOLATED) &&
	       (!c->some_only || c->only[i]);
}

static bool app_ran(const struct check *c)
{
	return c->class_count[UKL_EV_APP_IN] || c->class_count[UKL_EV_GATE_IN];
}

static int status(const struct check *c)
{
	if (c->violations)
		return UKL_EXIT_VIOLATION;
	if (c->sum.state != UKL_TRACE_COMPLETE && c->sum.reason.code == UKL_ERR_IO)
		return UKL_EXIT_TROUBLE;
	if (c->sum.state != UKL_TRACE_COMPLETE || c->sum.discarded ||
	    c->judged != c->sum.events || !count_by(c, UKL_HOLDS, true))
		return UKL_EXIT_INCONCLUSIVE;
	return UKL_EXIT_CONFORMS;
}

static const char *const verdict_name[] = {
	[UKL_EXIT_CONFORMS] = "conforms",
	[UKL_EXIT_VIOLATION] = "violation",
	[UKL_EXIT_TROUBLE] = "unreadable",
	[UKL_EXIT_INCONCLUSIVE] = "inconclusive",
};

/* Why a trace does not conform, or "" if it does; one clause. */
static const char *reason(const struct check *c, char *buf, size_t size)
{
	const struct ukl_summary *sum = &c->sum;

	buf[0] = 0;
	if (c->violations)
		snprintf(buf, size, "%s first, at event %" PRIu64,
			 ukl_invariant_at(c->first, NULL)->id, c->first_order);
	else if (sum->state != UKL_TRACE_COMPLETE)
		snprintf(buf, size, "the trace is %s: %s",
			 ukl_trace_state_name[sum->state], sum->reason.text);
	else if (sum->discarded)
		snprintf(buf, size, "%" PRIu64 " events were lost while recording",
			 sum->discarded);
	else if (!count_by(c, UKL_HOLDS, true))
		snprintf(buf, size, "nothing in it exercises an invariant");
	else if (c->judged != sum->events)
		snprintf(buf, size,
			 "only the first %" PRIu64 " events are whole evidence",
			 c->judged);
	return buf;
}

static const char *bold(const struct check *c, int st)
{
	static const char *const color[] = { "\033[1;32m", "\033[1;31m", "\033[1;31m",
					     "\033[1;33m" };

	return c->bold ? color[st] : "";
}

/* One sentence for who has never seen a verdict. */
static const char *in_words(int st)
{
	switch (st) {
	case UKL_EXIT_CONFORMS:
		return "Every transition kept every rule that applies to it.";
	case UKL_EXIT_VIOLATION:
		return "The kernel or the application broke a rule: see above.";
	case UKL_EXIT_INCONCLUSIVE:
		return "No rule was seen broken, but the evidence is not complete.";
	}
	return "The trace could not be read to its end.";
}

/* Names in lines of bearable length. */
static void print_ids(const struct check *c, bool (*which)(const struct check *,
							   unsigned int))
{
	unsigned int column = 99;

	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		const char *id = ukl_invariant_at(i, NULL)->id;

		if (!which(c, i))
			continue;
		if (column + 2 + strlen(id) > 80) {
			fputs("\n   ", stdout);
			column = 3;
		}
		column += printf(" %s", id);
	}
	putchar('\n');
}

static void print_violated(const struct check *c)
{
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		uint64_t n = ukl_model_count(c->model, i, UKL_VIOLATED);

		if (n)
			printf("    %-22s %12" PRIu64 " times\n",
			       ukl_invariant_at(i, NULL)->id, n);
	}
}

static void print_counts(const struct check *c)
{
	printf("\n  invariant                     held    not judged      violated\n");
	for (unsigned int i = 0; i < ukl_invariant_count(); i++)
		printf("    %-22s %10" PRIu64 " %13" PRIu64 " %13" PRIu64 "\n",
		       ukl_invariant_at(i, NULL)->id,
		       ukl_model_count(c->model, i, UKL_HOLDS),
		       ukl_model_count(c->model, i, UKL_VACUOUS),
		       ukl_model_count(c->model, i, UKL_VIOLATED));
}

static void print_events(const struct check *c)
{
	printf("\n  %" PRIu64 " events on %u CPU%s, %" PRIu64 " lost while recording\n",
	       c->sum.events, c->sum.n_streams, c->sum.n_streams == 1 ? "" : "s",
	       c->sum.discarded);
	for (unsigned int i = 0; i < UKL_CLASSES; i++) {
		const char *meaning = ukl_class_info[i].meaning;

		/* Its first clause; the rest is about the event's values. */
		if (c->class_count[i])
			printf("    %-12s %12" PRIu64 "   %.*s\n",
			       ukl_class_info[i].name,
			       c->class_count[i], (int)strcspn(meaning, ";"), meaning);
	}
}

static void print_text(const struct check *c)
{
	unsigned int n = ukl_invariant_count(), idle = 0;
	int st = status(c);
	char buf[1024];

	for (unsigned int i = 0; i < n; i++)
		idle += vacuous(c, i);
	printf("%s: %s%s%s", c->trace, bold(c, st), verdict_name[st],
	       c->bold ? "\033[0m" : "");
	if (*reason(c, buf, sizeof(buf)))
		printf(" (%s)", buf);
	printf("\n  %s\n", in_words(st));
	print_events(c);
	printf("\n  %" PRIu64 " invariants exercised, %" PRIu64 " comparisons held\n",
	       count_by(c, UKL_HOLDS, false), count_by(c, UKL_HOLDS, true));
	if (c->violations) {
		printf("\n  violated (%" PRIu64 " times in all):\n", c->violations);
		print_violated(c);
	}
	if (idle) {
		printf("\n  %u vacuous, their premise never occurred in this trace:",
		       idle);
		print_ids(c, vacuous);
	}
	if (!app_ran(c))
		puts("\n  note: the application never ran in this trace");
	if (c->verbose) {
		print_counts(c);
		printf("\n  %.3f s, %.1f million events a second\n", c->seconds,
		       c->sum.events / 1e6 / (c->seconds > 0 ? c->seconds : 1));
	}
	putchar('\n');
}

static void json_counts(const struct check *c)
{
	const char *comma = "";

	fputs(", \"events\": {", stdout);
	for (unsigned int i = 0; i < UKL_CLASSES; i++) {
		if (!c->class_count[i])
			continue;
		printf("%s\"%s\": %" PRIu64, comma, ukl_class_info[i].name,
		       c->class_count[i]);
		comma = ", ";
	}
	fputs("}, \"invariants\": [", stdout);
	for (unsigned int i = 0; i < ukl_invariant_count(); i++)
		printf("%s\n  {\"id\": \"%s\", \"held\": %" PRIu64 ", \"not_judged\": %"
		       PRIu64 ", \"violated\": %" PRIu64 "}", i ? "," : "",
		       ukl_invariant_at(i, NULL)->id,
		       ukl_model_count(c->model, i, UKL_HOLDS),
		       ukl_model_count(c->model, i, UKL_VACUOUS),
		       ukl_model_count(c->model, i, UKL_VIOLATED));
	fputs("]}", stdout);
}

/* Stories come first because they are told as they happen. */
static void json_begin(const struct check *c)
{
	fputs("{\"trace\": ", stdout);
	ukl_json_string(stdout, c->trace);
	fputs(", \"violations\": [", stdout);
}

static void json_end(const struct check *c)
{
	char buf[1024];

	printf("], \"verdict\": \"%s\", \"reason\": ", verdict_name[status(c)]);
	ukl_json_string(stdout, reason(c, buf, sizeof(buf)));
	printf(", \"state\": \"%s\", \"total\": %" PRIu64 ", \"discarded\": %" PRIu64
	       ", \"violated\": %" PRIu64, ukl_trace_state_name[c->sum.state],
	       c->sum.events, c->sum.discarded, c->violations);
	json_counts(c);
}

/* So that the list has an entry for each trace asked about. */
static void json_unreadable(const struct check *c, const struct ukl_error *err)
{
	if (!c->json || c->quiet)
		return;
	fputs("{\"trace\": ", stdout);
	ukl_json_string(stdout, c->trace);
	fputs(", \"violations\": [], \"verdict\": \"unreadable\", \"reason\": ",
	      stdout);
	ukl_json_string(stdout, err->text);
	putchar('}');
}

/* --- the work -------------------------------------------------------------- */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void progress(const struct check *c, uint64_t events, bool done)
{
	if (c->quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, done ? "\r\033[K" : "\rukl: check: %" PRIu64 " events", events);
}

static void run(struct check *c)
{
	const struct ukl_event *ev;
	uint64_t events = 0;
	double start = now();

	while ((ev = ukl_reader_next(c->reader))) {
		c->class_count[ev->cls]++;
		if (++events % PROGRESS_EVENTS == 0)
			progress(c, events, false);
		/* With evidence missing, nothing that follows can be judged. */
		if (ukl_reader_gap(c->reader))
			continue;
		c->judged++;
		ukl_story_note(&c->story, ev);
		ukl_model_step(c->model, ev);
	}
	if (events >= PROGRESS_EVENTS)
		progress(c, events, true);
	c->seconds = now() - start;
	ukl_reader_summary(c->reader, &c->sum);
}

static int nomem(const struct check *c)
{
	struct ukl_error err;

	ukl_error_set(&err, UKL_ERR_NOMEM, c->trace ? c->trace : "", UKL_NOWHERE,
		      "not enough memory for the model");
	return ukl_cmd_fail(&err);
}

static int prepare(struct check *c)
{
	unsigned int cpus = ukl_reader_streams(c->reader);
	const struct ukl_model_options options = {
		.cpus = cpus, .report = on_violation, .arg = c,
		.only = c->some_only ? c->only : NULL,
	};
	struct ukl_layout layout;
	struct ukl_error err;

	if (ukl_env_get_layout(ukl_reader_env(c->reader), &layout, &err)) {
		json_unreadable(c, &err);
		return ukl_cmd_fail(&err);
	}
	c->model = ukl_model_create(&layout, &options);
	if (!c->model || ukl_story_init(&c->story, cpus))
		return nomem(c);
	return 0;
}

static void release(struct check *c)
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
	memset(c->told, 0, ukl_invariant_count() * sizeof(*c->told));
	memset(c->class_count, 0, sizeof(c->class_count));
}

static int judge(struct check *c)
{
	int ret = prepare(c);

	if (ret)
		return ret;
	if (c->json && !c->quiet)
		json_begin(c);
	run(c);
	if (c->json && !c->quiet)
		json_end(c);
	else if (!c->quiet)
		print_text(c);
	return status(c);
}

static int check_trace(struct check *c, const char *trace)
{
	struct ukl_error err;
	int ret;

	c->trace = trace;
	if (ukl_reader_open(&c->reader, trace, &err)) {
		json_unreadable(c, &err);
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
	OPT_VERBOSE,
	OPT_QUIET,
};

static const struct option options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "max-violations", required_argument, NULL, OPT_MAX },
	{ "vmlinux", required_argument, NULL, OPT_VMLINUX },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ NULL, 0, NULL, 0 }
};

static int parse_only(struct check *c, char *list)
{
	for (char *id = strtok(list, ","); id; id = strtok(NULL, ",")) {
		int i = ukl_invariant_find(id);

		if (i < 0)
			return ukl_cmd_usage("check", "--only: there is no invariant"
					     " \"%s\"", id);
		c->only[i] = true;
		c->some_only = true;
	}
	return 0;
}

static int parse_max(struct check *c, const char *text)
{
	char *end;

	c->max_stories = strtoull(text, &end, 0);
	if (text[0] >= '0' && text[0] <= '9' && !*end)
		return 0;
	return ukl_cmd_usage("check", "--max-violations: \"%s\" is not a number", text);
}

static int parse_format(struct check *c, const char *text)
{
	c->json = !strcmp(text, "json");
	if (c->json || !strcmp(text, "text"))
		return 0;
	return ukl_cmd_usage("check", "--format: there is no \"%s\"", text);
}

static int parse_color(struct check *c, const char *text)
{
	int color = ukl_cmd_color(text);

	if (color < 0)
		return ukl_cmd_usage("check", "--color: there is no \"%s\"", text);
	c->bold = color;
	return 0;
}

/* 0, an exit status, or -1 if getopt_long() was not content. */
static int parse_option(struct check *c, int key)
{
	switch (key) {
	case OPT_FORMAT:
		return parse_format(c, optarg);
	case OPT_ONLY:
		return parse_only(c, optarg);
	case OPT_MAX:
		return parse_max(c, optarg);
	case OPT_VMLINUX:
		c->vmlinux = optarg;
		return 0;
	case OPT_COLOR:
		return parse_color(c, optarg);
	case OPT_VERBOSE:
		c->verbose = true;
		return 0;
	case OPT_QUIET:
		c->quiet = true;
		return 0;
	}
	return -1;
}

static int check_all(struct check *c, char **traces, int n)
{
	bool list = c->json && !c->quiet;
	int ret = UKL_EXIT_CONFORMS;

	for (int i = 0; i < n; i++) {
		if (list)
			fputs(i ? ",\n" : "[", stdout);
		ret = worse(ret, check_trace(c, traces[i]));
	}
	if (list)
		puts("]");
	return ret;
}

static int parse_and_run(struct check *c, int argc, char **argv)
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
	return check_all(c, argv + optind, argc - optind);
}

int ukl_cmd_check(int argc, char **argv)
{
	struct check c = { .max_stories = 5, .first = -1, .bold = ukl_cmd_color(NULL) };
	int ret;

	c.only = calloc(ukl_invariant_count(), sizeof(*c.only));
	c.told = calloc(ukl_invariant_count(), sizeof(*c.told));
	ret = c.only && c.told ? parse_and_run(&c, argc, argv) : nomem(&c);
	free(c.only);
	free(c.told);
	return ret;
}
