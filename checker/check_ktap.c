/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check_ktap.c - "ukl check" as KTAP version 1, the kernel's test protocol
 *
 * A test for each trace, ok if it conforms; in it a subtest for each invariant that
 * was to be judged.  A vacuous one is skipped: it did not pass.
 */
#include <stdio.h>

#include "check.h"
#include "cmd.h"

#define INDENT "  "

static void open_tests(unsigned int traces)
{
	printf("KTAP version 1\n1..%u\n", traces);
}

/* "#" would begin a directive, a newline another line. */
static void put_name(const char *name)
{
	for (const char *p = name; *p; p++)
		putchar(*p == '#' || *(const unsigned char *)p < ' ' ? '_' : *p);
}

static void begin(struct ukl_check *c)
{
	unsigned int chosen = ukl_invariant_count() -
			      ukl_check_outcomes(c, UKL_OUTCOME_NOT_CHOSEN);

	fputs(INDENT "KTAP version 1\n" INDENT "# Subtest: ", stdout);
	put_name(c->trace);
	printf("\n" INDENT "1..%u\n", chosen);
}

static void on_violation(struct ukl_check *c, const struct ukl_violation *violation)
{
	ukl_story_brief(stdout, INDENT "# ", violation, ukl_check_annotate(c));
}

static void put_invariant(const struct ukl_check *c, unsigned int i, unsigned int n)
{
	enum ukl_outcome outcome = ukl_check_outcome(c, i);

	printf(INDENT "%sok %u %s%s\n", outcome == UKL_OUTCOME_VIOLATED ? "not " : "", n,
	       ukl_invariant_at(i, NULL)->id,
	       outcome == UKL_OUTCOME_VACUOUS ? " # SKIP vacuous" : "");
}

static void put_result(const struct ukl_check *c, bool ok)
{
	printf("%sok %u ", ok ? "" : "not ", c->number);
	put_name(c->trace);
}

/* KTAP has no word for inconclusive; what could not be judged is an error. */
static void end(struct ukl_check *c)
{
	int status = ukl_check_status(c);
	unsigned int n = 0;
	char buf[1024];

	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		if (ukl_check_outcome(c, i) != UKL_OUTCOME_NOT_CHOSEN)
			put_invariant(c, i, ++n);
	}
	put_result(c, status == UKL_EXIT_CONFORMS);
	if (status != UKL_EXIT_CONFORMS && status != UKL_EXIT_VIOLATION)
		printf(" # ERROR %s: %s", ukl_verdict_name[status],
		       ukl_check_reason(c, buf, sizeof(buf)));
	putchar('\n');
}

static void unreadable(struct ukl_check *c, const struct ukl_error *err)
{
	put_result(c, false);
	printf(" # ERROR %s\n", err->text);
}

const struct ukl_check_format ukl_check_ktap = {
	.name = "ktap",
	.open = open_tests,
	.begin = begin,
	.violation = on_violation,
	.end = end,
	.unreadable = unreadable,
};
