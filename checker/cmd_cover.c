/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_cover.c - "ukl cover": which parts of the model some runs exercised
 *
 * Takes traces, and files of what runs before have exercised, and adds them up by the
 * kernel's variant.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../traces/reader.h"
#include "cmd.h"
#include "coverage.h"
#include "gaps.h"
#include "json.h"
#include "machine_dot.h"

static const char help[] =
	"usage: ukl cover [OPTION...] FILE...\n\n"
	"Merges runs and says which states, events, edges and invariants of the model\n"
	"they exercised, for each variant of the kernel, and why not the others.\n"
	"FILE is a trace (a directory, or - for a tar archive of one on standard\n"
	"input) or what --save or 'ukl check --coverage' wrote.\n\n"
	"  --format=text|json|dot  dot is a picture of the state machine for Graphviz;\n"
	"                          without FILE it has no colours\n"
	"  --variant NAME          this variant only\n"
	"  --save FILE             also write the sum there\n"
	"  --verbose               also what was covered, with counts\n"
	"  --help                  show this text\n\n"
	"exit status: 0 all was exercised, or has a reason; 1 an edge was taken that the\n"
	"model does not have; 2 trouble; 3 something was never tried\n";

enum format { TEXT, JSON, DOT };

struct cover {
	enum format format;
	const char *save, *variant;
	bool verbose;
	struct ukl_coverage *list;
};

/* --- reading --------------------------------------------------------------- */

static int nomem(const char *file, struct ukl_error *err)
{
	return ukl_error_set(err, UKL_ERR_NOMEM, file, UKL_NOWHERE,
			     "not enough memory for the model");
}

static int run_model(struct ukl_model *model, struct ukl_reader *reader, const char *file,
		     struct ukl_coverage *cov, struct ukl_error *err)
{
	const struct ukl_event *ev;
	struct ukl_summary sum;
	uint64_t events = 0;

	while ((ev = ukl_reader_next(reader))) {
		/* With evidence missing, nobody knows where the tasks are. */
		if (ukl_reader_gap(reader))
			continue;
		events++;
		ukl_model_step(model, ev);
	}
	ukl_reader_summary(reader, &sum);
	if (ukl_reader_trouble(reader, err))
		return err->code;
	if (events != sum.events)
		fprintf(stderr, "ukl: %s: only the first %" PRIu64 " events are whole"
			" evidence\n", file, events);
	ukl_coverage_add(cov, model, events);
	return 0;
}

static int add_reader(struct cover *c, struct ukl_reader *reader, const char *file,
		      struct ukl_error *err)
{
	const struct ukl_env *env = ukl_reader_env(reader);
	const struct ukl_model_options options = { .cpus = ukl_reader_streams(reader) };
	const char *variant = ukl_env_get(env, UKL_ENV_VARIANT);
	struct ukl_coverage *cov;
	struct ukl_layout layout;
	struct ukl_model *model;
	int ret;

	cov = ukl_coverage_get(&c->list, variant ? variant : "base", err);
	if (!cov)
		return err->code;
	ret = ukl_env_get_layout(env, &layout, err);
	if (ret)
		return ret;
	model = ukl_model_create(&layout, &options);
	if (!model)
		return nomem(file, err);
	ret = run_model(model, reader, file, cov, err);
	ukl_model_destroy(model);
	return ret;
}

static int add_trace(struct cover *c, const char *file, struct ukl_error *err)
{
	struct ukl_reader *reader;
	int ret = ukl_reader_open(&reader, file, err);

	if (ret)
		return ret;
	ret = add_reader(c, reader, file, err);
	ukl_reader_close(reader);
	return ret;
}

static int add_file(struct cover *c, const char *file, struct ukl_error *err)
{
	struct stat st;

	if (!stat(file, &st) && S_ISREG(st.st_mode))
		return ukl_coverage_load(&c->list, file, err);
	return add_trace(c, file, err);
}

/* --- text ------------------------------------------------------------------ */

static void text_total(const struct ukl_items *items, enum ukl_item_what what)
{
	const unsigned int *n = items->total[what];
	unsigned int all = n[UKL_COVERED] + n[UKL_NEVER_TRIED];

	printf("  %-10s %4u of %u", ukl_item_what_name[what], n[UKL_COVERED], all);
	for (unsigned int s = UKL_IMPOSSIBLE; s < UKL_ITEM_STATUSES; s++) {
		if (n[s] && s != UKL_NEVER_TRIED)
			printf("; %u %s", n[s], ukl_item_status_name[s]);
	}
	putchar('\n');
}

static void text_item(const struct ukl_item *item)
{
	if (item->status == UKL_COVERED)
		printf("    %-46s %12" PRIu64 "\n", item->name, item->count);
	else if (item->status == UKL_UNDECLARED)
		printf("    %-46s %12" PRIu64 " times\n", item->name, item->count);
	else
		printf("    %s%s%s\n", item->name, *item->reason ? ": " : "", item->reason);
}

static void text_status(const struct ukl_items *items, enum ukl_item_status status)
{
	for (unsigned int what = 0; what < UKL_ITEM_WHATS; what++) {
		if (!items->total[what][status])
			continue;
		printf("\n  %s: %s\n", ukl_item_what_name[what],
		       ukl_item_status_name[status]);
		for (unsigned int i = 0; i < items->n; i++) {
			if (items->item[i].what == what && items->item[i].status == status)
				text_item(&items->item[i]);
		}
	}
}

static void print_text(const struct cover *c, const struct ukl_coverage *cov,
		       const struct ukl_items *items)
{
	printf("variant %s: %" PRIu64 " run%s, %" PRIu64 " events\n", cov->variant,
	       cov->runs, cov->runs == 1 ? "" : "s", cov->events);
	for (unsigned int what = 0; what < UKL_ITEM_WHATS; what++)
		text_total(items, what);
	for (unsigned int s = c->verbose ? UKL_COVERED : UKL_IMPOSSIBLE;
	     s < UKL_ITEM_STATUSES; s++)
		text_status(items, s);
	putchar('\n');
}

/* --- json ------------------------------------------------------------------ */

static void json_item(const struct ukl_item *item, bool first)
{
	printf("%s\n  {\"what\": \"%s\", \"name\": \"%s\", \"count\": %" PRIu64
	       ", \"status\": \"%s\", \"reason\": ", first ? "" : ",",
	       ukl_item_what_name[item->what], item->name, item->count,
	       ukl_item_status_name[item->status]);
	ukl_json_string(stdout, item->reason);
	putchar('}');
}

static void print_json(const struct ukl_coverage *cov, const struct ukl_items *items,
		       bool first)
{
	printf("%s{\"variant\": \"%s\", \"runs\": %" PRIu64 ", \"events\": %" PRIu64
	       ", \"items\": [", first ? "" : ",\n", cov->variant, cov->runs,
	       cov->events);
	for (unsigned int i = 0; i < items->n; i++)
		json_item(&items->item[i], !i);
	fputs("]}", stdout);
}

/* --- the work -------------------------------------------------------------- */

static int verdict(const struct ukl_items *items)
{
	int ret = UKL_EXIT_CONFORMS;

	for (unsigned int what = 0; what < UKL_ITEM_WHATS; what++) {
		if (items->total[what][UKL_UNDECLARED])
			return UKL_EXIT_VIOLATION;
		if (items->total[what][UKL_NEVER_TRIED])
			ret = UKL_EXIT_INCONCLUSIVE;
	}
	return ret;
}

static int report(const struct cover *c, const struct ukl_coverage *cov, bool first)
{
	struct ukl_items items;
	struct ukl_error err;
	char title[128];
	int ret;

	if (ukl_items_init(&items, cov)) {
		nomem("", &err);
		ret = ukl_cmd_fail(&err);
	} else {
		ret = verdict(&items);
		snprintf(title, sizeof(title), "variant %.64s, %" PRIu64 " events",
			 cov->variant, cov->events);
		if (c->format == TEXT)
			print_text(c, cov, &items);
		else if (c->format == JSON)
			print_json(cov, &items, first);
		else
			ukl_machine_dot(stdout, title, &items);
	}
	ukl_items_deinit(&items);
	return ret;
}

/* An edge that cannot be is an answer; 2 is none, and 3 a part of one. */
static int worse(int a, int b)
{
	static const int rank[] = { 0, 3, 2, 1 };

	return rank[a] > rank[b] ? a : b;
}

static int report_all(const struct cover *c)
{
	int ret = UKL_EXIT_CONFORMS;
	bool first = true;

	if (c->format == JSON)
		putchar('[');
	for (const struct ukl_coverage *cov = c->list; cov; cov = cov->next) {
		if (c->variant && strcmp(cov->variant, c->variant))
			continue;
		ret = worse(ret, report(c, cov, first));
		first = false;
	}
	if (c->format == JSON)
		puts("]");
	if (first)
		return ukl_cmd_usage("cover", "no run is of variant \"%s\"", c->variant);
	return ret;
}

static int cover(struct cover *c, char **files)
{
	struct ukl_error err;

	if (!*files) {
		if (c->format != DOT)
			return ukl_cmd_usage("cover", "give a trace or a coverage file");
		ukl_machine_dot(stdout, "the state machine of a task", NULL);
		return UKL_EXIT_CONFORMS;
	}
	for (; *files; files++) {
		if (add_file(c, *files, &err))
			return ukl_cmd_fail(&err);
	}
	if (c->save && ukl_coverage_save(c->list, c->save, &err))
		return ukl_cmd_fail(&err);
	return report_all(c);
}

/* --- the command line ------------------------------------------------------ */

static int parse_format(struct cover *c, const char *text)
{
	static const char *const name[] = { [TEXT] = "text", [JSON] = "json",
					    [DOT] = "dot" };

	for (unsigned int i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		if (strcmp(text, name[i]))
			continue;
		c->format = i;
		return 0;
	}
	return ukl_cmd_usage("cover", "--format: there is no \"%s\"", text);
}

/* 0, an exit status, or -1 if getopt_long() was not content. */
static int parse_option(struct cover *c, int key)
{
	switch (key) {
	case 'f':
		return parse_format(c, optarg);
	case 'V':
		c->variant = optarg;
		return ukl_variant_set(optarg) ? 0 :
		       ukl_cmd_usage("cover", "--variant: there is no \"%s\"", optarg);
	case 's':
		c->save = optarg;
		return 0;
	case 'v':
		c->verbose = true;
		return 0;
	}
	return -1;
}

static int parse(struct cover *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "format", required_argument, NULL, 'f' },
		{ "variant", required_argument, NULL, 'V' },
		{ "save", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 }
	};
	int key;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		int ret;

		if (key == 'h') {
			fputs(help, stdout);
			return UKL_EXIT_CONFORMS;
		}
		ret = parse_option(c, key);
		if (ret)
			return ret > 0 ? ret : ukl_cmd_bad_option("cover", key, argv);
	}
	return cover(c, argv + optind);
}

int ukl_cmd_cover(int argc, char **argv)
{
	struct cover c = { .format = TEXT };
	int ret = parse(&c, argc, argv);

	ukl_coverage_free(c.list);
	return ret;
}
