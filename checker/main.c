/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - the program ukl: finds the verb and runs it
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} verbs[] = {
	{ "record",   ukl_cmd_record,   "run a guest under QEMU and record it" },
	{ "check",    ukl_cmd_check,    "judge traces by the invariants" },
	{ "list",     ukl_cmd_list,     "list the invariants" },
	{ "describe", ukl_cmd_describe, "explain one invariant" },
	{ "dump",     ukl_cmd_dump,     "print a trace, one event per line" },
	{ "stats",    ukl_cmd_stats,    "count what a trace holds" },
	{ "cover",    ukl_cmd_cover,    "say which parts of the model were exercised" },
	{ "diff",     ukl_cmd_diff,     "show where two runs of a program part" },
	{ "reduce",   ukl_cmd_reduce,   "shrink a trace to what one violation needs" },
	{ "state",    ukl_cmd_state,    "say what the model knows at an event" },
	{ "replay",   ukl_cmd_replay,   "stand on an event of a recorded run, under GDB" },
	{ "explore",  ukl_cmd_explore,  "try all that can happen on the model" },
	{ "help",     cmd_help,         "show this text, or that of a verb" },
	{ "version",  cmd_version,      "show the version" },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static void print_usage(FILE *out)
{
	fputs("usage: ukl VERB [OPTION...] [ARGUMENT...]\n\n"
	      "Records the transitions between application and kernel in a Unikernel"
	      " Linux\nguest, and checks them.\n\n", out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n'ukl VERB --help' explains a verb.\n\n"
	      "exit status: 0 conforms, or done; 1 violation; 2 trouble;"
	      " 3 inconclusive\n", out);
}

static int unknown(const char *name)
{
	fprintf(stderr, "ukl: \"%s\" is not a verb; see 'ukl --help'\n", name);
	return UKL_EXIT_TROUBLE;
}

/* "ukl help VERB" is "ukl VERB --help". */
static int cmd_help(int argc, char **argv)
{
	const struct verb *verb = argc > 1 ? find(argv[1]) : NULL;
	char *args[] = { argc > 1 ? argv[1] : NULL, (char[]){ "--help" }, NULL };

	if (argc > 1 && argv[1][0] != '-') {
		if (!verb)
			return unknown(argv[1]);
		if (verb->run != cmd_help)
			return verb->run(2, args);
	}
	print_usage(stdout);
	return 0;
}

static int cmd_version(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--help"))
		puts("usage: ukl version");
	else
		puts("ukl " UKL_VERSION);
	return 0;
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		print_usage(stderr);
		return UKL_EXIT_TROUBLE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		verb = find("help");
	else if (!strcmp(argv[1], "--version"))
		verb = find("version");
	else
		verb = find(argv[1]);
	if (!verb)
		return unknown(argv[1]);
	return ukl_cmd_finish(verb->run(argc - 1, argv + 1));
}
