/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_describe.c - "ukl describe": all there is to say about an invariant
 *
 * docs/invariants/ is what this says in markdown, with the fixtures for traces.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../model/model.h"
#include "cmd.h"
#include "example.h"
#include "wrap.h"

static const char help[] =
	"usage: ukl describe [OPTION...] ID...\n\n"
	"Tells an invariant's rule, why Linux needs it, where that can be read, when\n"
	"it is judged and when not. 'ukl list' shows the ids.\n\n"
	"  --format=text|markdown\n"
	"  --passing TRACE    also show an event of TRACE at which it held, if there\n"
	"                     is a failing one the nearest to that\n"
	"  --failing TRACE    also show its first violation in TRACE\n"
	"  --help             show this text\n\n"
	"exit status: 0 done; 2 trouble (a trace shows no such event, too)\n";

#define WIDTH 78u
#define INDENT 14u
#define PAGE_WIDTH 100u

struct describe {
	bool markdown;
	const char *passing, *failing;	/* traces, or NULL */
};

/* The names of the bits that are set, as one line. */
static const char *names(uint64_t bits, const char *const *name, unsigned int n,
			 char *text, size_t size)
{
	size_t len = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < n; i++) {
		if (bits >> i & 1)
			len += snprintf(text + len, size - len, "%s%s",
					len ? "; " : "", name[i]);
	}
	return text;
}

static const char *kinds(const struct ukl_invariant *inv, char *text, size_t size)
{
	return names(inv->events, ukl_kind_name, UKL_KINDS, text, size);
}

static const char *variants(const struct ukl_invariant *inv, char *text, size_t size)
{
	unsigned int n = 0;

	while (ukl_variant_name[n])
		n++;
	return names(inv->variants, ukl_variant_name, n, text, size);
}

/*
 * TEXT AND MARKDOWN
 */

static void paragraph(const char *heading, const char *text)
{
	printf("  %-*s", (int)(INDENT - 2), heading);
	ukl_wrap(stdout, text, INDENT, INDENT, WIDTH);
}

static void text(const struct ukl_invariant *inv, const struct ukl_group *group)
{
	char buf[2048];

	printf("%s (%s, %s)\n\n", inv->id, group->title, group->file);
	paragraph("rule", inv->sentence);
	paragraph("why", inv->why);
	paragraph("source", inv->source);
	paragraph("not judged", inv->exceptions);
	paragraph("judged at", kinds(inv, buf, sizeof(buf)));
	paragraph("variants", variants(inv, buf, sizeof(buf)));
	putchar('\n');
}

static void section(const char *heading, const char *words)
{
	printf("## %s\n\n", heading);
	ukl_wrap(stdout, words, 0, 0, PAGE_WIDTH);
	putchar('\n');
}

static void item(const char *heading, const char *words)
{
	unsigned int column = printf("- *%s:* ", heading);

	ukl_wrap(stdout, words, column, 2, PAGE_WIDTH);
}

static void markdown(const struct ukl_invariant *inv, const struct ukl_group *group)
{
	char buf[2048];

	printf("# %s\n\n", inv->id);
	ukl_wrap(stdout, inv->sentence, 0, 0, PAGE_WIDTH);
	printf("\nGroup: %s (`%s`)\n\n", group->title, group->file);
	section("Why Linux needs it", inv->why);
	item("Where", inv->source);
	puts("\n## When it is judged\n");
	item("At", kinds(inv, buf, sizeof(buf)));
	item("Not", inv->exceptions);
	item("Variants", variants(inv, buf, sizeof(buf)));
	putchar('\n');
}

/*
 * EXAMPLES
 */

static int not_there(const char *trace, const char *id, const char *what)
{
	fprintf(stderr, "ukl: describe: %s: %s is never %s in it\n", trace, id, what);
	return UKL_EXIT_TROUBLE;
}

static int print_example(const struct describe *d, const struct ukl_example *ex,
			 const char *id, const char *what)
{
	struct ukl_error err;

	if (!ex->found)
		return not_there(ex->trace, id, what);
	printf(d->markdown ? "## Where it is %s\n\n```\n" : "  %s at\n\n", what);
	if (ukl_example_print(ex, stdout, &err))
		return ukl_cmd_fail(&err);
	puts(d->markdown ? "```\n" : "");
	return 0;
}

static int examples(const struct describe *d, unsigned int index)
{
	const char *id = ukl_invariant_at(index, NULL)->id;
	struct ukl_example pass = { 0 }, fail = { 0 };
	struct ukl_error err;
	int ret = 0;

	if (d->failing && ukl_example_failing(&fail, d->failing, index, &err))
		return ukl_cmd_fail(&err);
	if (d->passing && ukl_example_passing(&pass, d->passing, index, &fail, &err))
		return ukl_cmd_fail(&err);
	if (d->passing)
		ret = print_example(d, &pass, id, "kept");
	if (!ret && d->failing)
		ret = print_example(d, &fail, id, "violated");
	return ret;
}

static int describe(const struct describe *d, unsigned int index)
{
	const struct ukl_group *group;
	const struct ukl_invariant *inv = ukl_invariant_at(index, &group);

	(d->markdown ? markdown : text)(inv, group);
	return examples(d, index);
}

/*
 * THE COMMAND LINE
 */

enum option_key { OPT_HELP = 256, OPT_FORMAT, OPT_PASSING, OPT_FAILING };

static const struct option options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "passing", required_argument, NULL, OPT_PASSING },
	{ "failing", required_argument, NULL, OPT_FAILING },
	{ NULL, 0, NULL, 0 }
};

static int parse_format(struct describe *d, const char *format)
{
	d->markdown = !strcmp(format, "markdown");
	if (d->markdown || !strcmp(format, "text"))
		return 0;
	return ukl_cmd_usage("describe", "--format: there is no \"%s\"", format);
}

/* Returns -1 to go on, else the exit status. */
static int parse(struct describe *d, int argc, char **argv)
{
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case OPT_HELP:
			fputs(help, stdout);
			return UKL_EXIT_CONFORMS;
		case OPT_FORMAT:
			if (parse_format(d, optarg))
				return UKL_EXIT_TROUBLE;
			break;
		case OPT_PASSING:
			d->passing = optarg;
			break;
		case OPT_FAILING:
			d->failing = optarg;
			break;
		default:
			return ukl_cmd_bad_option("describe", opt, argv);
		}
	}
	return -1;
}

int ukl_cmd_describe(int argc, char **argv)
{
	struct describe d = { 0 };
	int ret = parse(&d, argc, argv);

	if (ret >= 0)
		return ret;
	if (optind == argc)
		return ukl_cmd_usage("describe", "which invariant?");
	for (int i = optind; i < argc; i++) {
		if (ukl_invariant_find(argv[i]) < 0)
			return ukl_cmd_usage("describe", "there is no invariant \"%s\"",
					     argv[i]);
	}
	for (int i = optind; i < argc; i++) {
		ret = describe(&d, ukl_invariant_find(argv[i]));
		if (ret)
			return ret;
	}
	return UKL_EXIT_CONFORMS;
}
