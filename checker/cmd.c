/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd.c - what the verbs share; see cmd.h
 */
#include "cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../model/model.h"

int ukl_cmd_fail(const struct ukl_error *err)
{
	ukl_error_print(stderr, err);
	return UKL_EXIT_TROUBLE;
}

int ukl_cmd_usage(const char *verb, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "ukl: %s: ", verb);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "; see 'ukl %s --help'\n", verb);
	return UKL_EXIT_TROUBLE;
}

int ukl_cmd_bad_option(const char *verb, int key, char **argv)
{
	return ukl_cmd_usage(verb, key == ':' ? "\"%s\" needs a value" :
			     "\"%s\" is not an option here", argv[optind - 1]);
}

int ukl_cmd_only(const char *verb, char *list, bool *only)
{
	for (char *id = strtok(list, ","); id; id = strtok(NULL, ",")) {
		int i = ukl_invariant_find(id);

		if (i < 0)
			return ukl_cmd_usage(verb, "--only: there is no invariant"
					     " \"%s\"", id);
		only[i] = true;
	}
	return 0;
}

/* Digits first, as strtoull() would take "-1" for a very large number. */
int ukl_cmd_number(const char *verb, const char *option, const char *text,
		   uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (text[0] >= '0' && text[0] <= '9' && !*end && !errno)
		return 0;
	return ukl_cmd_usage(verb, "--%s: \"%s\" is not a number", option, text);
}

/* A result that was lost on a full disk must not end in status 0. */
int ukl_cmd_finish(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	perror("ukl: standard output");
	return UKL_EXIT_TROUBLE;
}

/* The variable's mere presence counts, unless it is empty: no-color.org. */
static bool no_color(void)
{
	const char *value = getenv("NO_COLOR");

	return value && *value;
}

int ukl_cmd_color(const char *when)
{
	if (!when || !strcmp(when, "auto"))
		return !no_color() && isatty(STDOUT_FILENO);
	if (!strcmp(when, "always"))
		return 1;
	return strcmp(when, "never") ? -1 : 0;
}
