/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_list.c - "ukl list": the invariants, one line each, from the catalogue
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../model/model.h"
#include "cmd.h"
#include "json.h"

static const char help[] =
	"usage: ukl list [OPTION...] [GROUP...]\n\n"
	"Lists the invariants that 'ukl check' judges, or those of the groups named\n"
	"(SE, SX, MF ...). 'ukl describe ID' tells all about one.\n\n"
	"  --format=text|json\n"
	"  --help             show this text\n\n"
	"exit status: 0 done; 2 trouble\n";

static bool chosen(const struct ukl_group *group, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++) {
		if (!strcmp(*names, group->id))
			return true;
	}
	return false;
}

static void list_text(char **names)
{
	for (unsigned int g = 0; ukl_catalogue[g]; g++) {
		const struct ukl_group *group = ukl_catalogue[g];

		if (!chosen(group, names))
			continue;
		printf("%s - %s\n", group->id, group->title);
		for (unsigned int i = 0; group->inv[i]; i++)
			printf("  %-22s %s\n", group->inv[i]->id,
			       group->inv[i]->sentence);
	}
}

static void list_json(char **names)
{
	const char *comma = "";

	putchar('[');
	for (unsigned int g = 0; ukl_catalogue[g]; g++) {
		const struct ukl_group *group = ukl_catalogue[g];

		for (unsigned int i = 0; chosen(group, names) && group->inv[i]; i++) {
			printf("%s\n {\"id\": \"%s\", \"group\": \"%s\""
			       ", \"sentence\": ",
			       comma, group->inv[i]->id, group->id);
			ukl_json_string(stdout, group->inv[i]->sentence);
			putchar('}');
			comma = ",";
		}
	}
	puts("\n]");
}

static bool group_exists(const char *name)
{
	for (unsigned int g = 0; ukl_catalogue[g]; g++) {
		if (!strcmp(ukl_catalogue[g]->id, name))
			return true;
	}
	return false;
}

int ukl_cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	bool json = false;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (opt == 'h') {
			fputs(help, stdout);
			return UKL_EXIT_CONFORMS;
		}
		if (opt != 'f')
			return ukl_cmd_bad_option("list", opt, argv);
		json = !strcmp(optarg, "json");
		if (!json && strcmp(optarg, "text"))
			return ukl_cmd_usage("list", "--format: there is no \"%s\"",
					     optarg);
	}
	for (int i = optind; i < argc; i++) {
		if (!group_exists(argv[i]))
			return ukl_cmd_usage("list", "there is no group \"%s\"",
					     argv[i]);
	}
	if (json)
		list_json(argv + optind);
	else
		list_text(argv + optind);
	return UKL_EXIT_CONFORMS;
}
