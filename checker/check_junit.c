/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check_junit.c - "ukl check" as JUnit's XML, for CI systems
 *
 * A suite for each trace, a case for each invariant that was to be judged, by group;
 * a vacuous one is skipped.  One more case, "evidence", is an error if the trace
 * cannot carry a verdict.  There are no times in it: they would differ.
 */
#include <inttypes.h>
#include <stdio.h>

#include "../traces/whole.h"
#include "check.h"
#include "utf8.h"

/* U+FFFE and U+FFFF are well-formed UTF-8, but no XML. */
static bool is_xml(const unsigned char *p, size_t n)
{
	if (n > 1)
		return p[0] != 0xef || p[1] != 0xbf || p[2] < 0xbe;
	return *p == '\n' || (*p >= ' ' && *p < 0x7f);
}

/* Text or an attribute's value; what XML 1.0 cannot say becomes U+FFFD. */
static void put_xml(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		size_t n = ukl_utf8_length(p);

		if (*p == '&')
			fputs("&amp;", stdout);
		else if (*p == '<')
			fputs("&lt;", stdout);
		else if (*p == '>')
			fputs("&gt;", stdout);
		else if (*p == '"')
			fputs("&quot;", stdout);
		else if (n && is_xml(p, n))
			fwrite(p, 1, n, stdout);
		else
			fputs("\xef\xbf\xbd", stdout);
		p += n ? n : 1;
	}
}

static void open_suites(unsigned int traces)
{
	(void)traces;
	puts("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ukl check\">");
}

static void close_suites(void)
{
	puts("</testsuites>");
}

static void open_suite(const struct ukl_check *c, unsigned int tests,
		       unsigned int failures, unsigned int errors, unsigned int skipped)
{
	fputs("<testsuite name=\"", stdout);
	put_xml(c->trace);
	printf("\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", tests,
	       failures, errors, skipped);
}

/* Whether the trace can carry a verdict; why not, else "". */
static void put_evidence(const char *reason)
{
	fputs("<testcase classname=\"trace\" name=\"evidence\"", stdout);
	if (*reason) {
		fputs("><error message=\"", stdout);
		put_xml(reason);
		puts("\"/></testcase>");
	} else {
		puts("/>");
	}
}

/* A suite counts before it lists, so stories are kept until its end. */
static void on_violation(struct ukl_check *c, const struct ukl_violation *violation)
{
	char **text = &c->kept[violation->index];
	size_t size;
	FILE *out = open_memstream(text, &size);

	if (out)
		ukl_story_text(&c->story, out, violation, c->trace, ukl_check_annotate(c),
			       false);
	if (!out || close_text(out, text))
		fprintf(stderr, "ukl: %s: not enough memory for the story of %s\n",
			c->trace, violation->inv->id);
}

static void put_invariant(const struct ukl_check *c, unsigned int i)
{
	const struct ukl_group *group;
	const struct ukl_invariant *inv = ukl_invariant_at(i, &group);
	enum ukl_outcome outcome = ukl_check_outcome(c, i);

	printf("<testcase classname=\"%s\" name=\"%s\"", group->id, inv->id);
	if (outcome == UKL_OUTCOME_VACUOUS) {
		puts("><skipped message=\"vacuous\"/></testcase>");
	} else if (outcome == UKL_OUTCOME_VIOLATED) {
		printf("><failure message=\"violated: %" PRIu64 "\">",
		       ukl_model_count(c->model, i, UKL_VIOLATED));
		put_xml(c->kept[i] ? c->kept[i] : "");
		puts("</failure></testcase>");
	} else {
		puts("/>");
	}
}

static void end(struct ukl_check *c)
{
	unsigned int n = ukl_invariant_count();
	char flaw[1024];

	ukl_check_flaw(c, flaw, sizeof(flaw));
	open_suite(c, n - ukl_check_outcomes(c, UKL_OUTCOME_NOT_CHOSEN) + 1,
		   ukl_check_outcomes(c, UKL_OUTCOME_VIOLATED), *flaw != 0,
		   ukl_check_outcomes(c, UKL_OUTCOME_VACUOUS));
	put_evidence(flaw);
	for (unsigned int i = 0; i < n; i++) {
		if (ukl_check_outcome(c, i) != UKL_OUTCOME_NOT_CHOSEN)
			put_invariant(c, i);
	}
	puts("</testsuite>");
}

static void unreadable(struct ukl_check *c, const struct ukl_error *err)
{
	open_suite(c, 1, 0, 1, 0);
	put_evidence(err->text);
	puts("</testsuite>");
}

const struct ukl_check_format ukl_check_junit = {
	.name = "junit",
	.open = open_suites,
	.violation = on_violation,
	.end = end,
	.unreadable = unreadable,
	.close = close_suites,
};
