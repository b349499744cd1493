/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd.h - the verbs of the program ukl
 *
 * A verb gets argv with its own name as argv[0] and returns the program's exit
 * status.  It prints its result to stdout and anything else to stderr, and
 * answers --help with its usage on stdout and status 0.
 */
#ifndef UKL_CMD_H
#define UKL_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "../traces/error.h"

enum ukl_exit {
	UKL_EXIT_CONFORMS = 0,		/* also: done what was asked */
	UKL_EXIT_VIOLATION = 1,
	UKL_EXIT_TROUBLE = 2,		/* usage, I/O, unreadable */
	UKL_EXIT_INCONCLUSIVE = 3,	/* torn, lost events, nothing exercised */
};

#define UKL_VERSION "0.1.0"

int ukl_cmd_record(int argc, char **argv);
int ukl_cmd_check(int argc, char **argv);
int ukl_cmd_list(int argc, char **argv);
int ukl_cmd_describe(int argc, char **argv);
int ukl_cmd_dump(int argc, char **argv);
int ukl_cmd_stats(int argc, char **argv);
int ukl_cmd_cover(int argc, char **argv);
int ukl_cmd_reduce(int argc, char **argv);
int ukl_cmd_explore(int argc, char **argv);
int ukl_cmd_diff(int argc, char **argv);
int ukl_cmd_replay(int argc, char **argv);
int ukl_cmd_state(int argc, char **argv);

/* Reports on stderr, returns UKL_EXIT_TROUBLE. */
int ukl_cmd_fail(const struct ukl_error *err);

/* "ukl: VERB: message; see 'ukl VERB --help'", returns UKL_EXIT_TROUBLE. */
__attribute__((format(printf, 2, 3)))
int ukl_cmd_usage(const char *verb, const char *format, ...);

/*
 * For what getopt_long() rejected; set opterr = 0 and begin the short options with
 * ":" so that it keeps quiet itself.  key is what it returned.
 */
int ukl_cmd_bad_option(const char *verb, int key, char **argv);

/*
 * The value of --only, a list of invariants' ids; sets their places in
 * only[ukl_invariant_count()].  list is taken apart.
 */
int ukl_cmd_only(const char *verb, char *list, bool *only);

/* A number in digits, as C writes it.  option is the name, without dashes. */
int ukl_cmd_number(const char *verb, const char *option, const char *text,
		   uint64_t *value);

/*
 * Flushes stdout; returns status, or UKL_EXIT_TROUBLE if what was printed did not
 * all arrive.  main() calls it for every verb.
 */
int ukl_cmd_finish(int status);

/*
 * Whether to colour stdout.  when is "auto", "always", "never" or NULL for auto;
 * auto means a terminal and no NO_COLOR.  Returns 0, 1, or -1 for a bad word.
 */
int ukl_cmd_color(const char *when);

#endif /* UKL_CMD_H */
