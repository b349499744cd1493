/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_describe.c - "ukl describe": all there is to say about an invariant
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../model/model.h"
#include "cmd.h"

static const char help[] =
	"usage: ukl describe ID...\n\n"
	"Tells an invariant's rule, why Linux needs it, where that can be read, when\n"
	"it is judged and when not. 'ukl list' shows the ids.\n\n"
	"  --help             show this text\n\n"
	"exit status: 0 done; 2 trouble\n";

#define WIDTH 78u
#define INDENT 14u

static void paragraph(const char *heading, const char *text)
{
	unsigned int column = INDENT;

	printf("  %-*s", (int)(INDENT - 2), heading);
	while (*text) {
		unsigned int len = strcspn(text, " ");

		if (column > INDENT && column + 1 + len > WIDTH) {
			printf("\n%*s", (int)INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)len, text);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

/* The names of the bits that are set, as one paragraph. */
static void names(const char *heading, uint64_t bits, const char *const *name,
		  unsigned int n)
{
	char text[1024] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (bits >> i & 1)
			len += snprintf(text + len, sizeof(text) - len, "%s%s",
					len ? "; " : "", name[i]);
	}
	paragraph(heading, text);
}

static void describe(const struct ukl_invariant *inv, const struct ukl_group *group)
{
	unsigned int variants = 0;

	while (ukl_variant_name[variants])
		variants++;
	printf("%s (%s, %s)\n\n", inv->id, group->title, group->file);
	paragraph("rule", inv->sentence);
	paragraph("why", inv->why);
	paragraph("source", inv->source);
	paragraph("not judged", inv->exceptions);
	names("judged at", inv->events, ukl_kind_name, UKL_KINDS);
	names("variants", inv->variants, ukl_variant_name, variants);
	putchar('\n');
}

int ukl_cmd_describe(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int opt;

	opterr = 0;
	opt = getopt_long(argc, argv, ":", options, NULL);
	if (opt == 'h') {
		fputs(help, stdout);
		return UKL_EXIT_CONFORMS;
	}
	if (opt != -1)
		return ukl_cmd_bad_option("describe", opt, argv);
	if (optind == argc)
		return ukl_cmd_usage("describe", "which invariant?");
	for (int i = optind; i < argc; i++) {
		if (ukl_invariant_find(argv[i]) < 0)
			return ukl_cmd_usage("describe", "there is no invariant \"%s\"",
					     argv[i]);
	}
	for (int i = optind; i < argc; i++) {
		const struct ukl_group *group;
		const struct ukl_invariant *inv;

		inv = ukl_invariant_at(ukl_invariant_find(argv[i]), &group);
		describe(inv, group);
	}
	return UKL_EXIT_CONFORMS;
}
