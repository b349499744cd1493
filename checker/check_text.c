/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check_text.c - "ukl check" for people: stories, then the verdict in words
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../traces/vocabulary.h"
#include "check.h"
#include "cmd.h"
#include "wrap.h"

static void on_violation(struct ukl_check *c, const struct ukl_violation *violation)
{
	ukl_story_text(&c->story, stdout, violation, c->trace, ukl_check_annotate(c),
		       c->bold);
}

static const char *bold(const struct ukl_check *c, int st)
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
static void print_ids(const struct ukl_check *c, enum ukl_outcome outcome)
{
	unsigned int column = 99;

	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		const char *id = ukl_invariant_at(i, NULL)->id;

		if (ukl_check_outcome(c, i) != outcome)
			continue;
		if (column + 2 + strlen(id) > 80) {
			fputs("\n   ", stdout);
			column = 3;
		}
		column += printf(" %s", id);
	}
	putchar('\n');
}

static void print_violated(const struct ukl_check *c)
{
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		uint64_t n = ukl_model_count(c->model, i, UKL_VIOLATED);

		if (n)
			printf("    %-22s %12" PRIu64 " times\n",
			       ukl_invariant_at(i, NULL)->id, n);
	}
}

static void print_counts(const struct ukl_check *c)
{
	printf("\n  invariant                     held    not judged      violated\n");
	for (unsigned int i = 0; i < ukl_invariant_count(); i++)
		printf("    %-22s %10" PRIu64 " %13" PRIu64 " %13" PRIu64 "\n",
		       ukl_invariant_at(i, NULL)->id,
		       ukl_model_count(c->model, i, UKL_HOLDS),
		       ukl_model_count(c->model, i, UKL_VACUOUS),
		       ukl_model_count(c->model, i, UKL_VIOLATED));
}

static void print_events(const struct ukl_check *c)
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

static void print_exercised(const struct ukl_check *c)
{
	uint64_t invariants = 0, comparisons = 0;

	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		uint64_t n = ukl_model_count(c->model, i, UKL_HOLDS);

		invariants += n != 0;
		comparisons += n;
	}
	printf("\n  %" PRIu64 " invariants exercised, %" PRIu64 " comparisons held\n",
	       invariants, comparisons);
}

static bool app_ran(const struct ukl_check *c)
{
	return ukl_env_is_user(ukl_reader_env(c->reader)) ||
	       c->class_count[UKL_EV_APP_IN] || c->class_count[UKL_EV_GATE_IN];
}

static void end(struct ukl_check *c)
{
	unsigned int idle = ukl_check_outcomes(c, UKL_OUTCOME_VACUOUS);
	const char *reduced = ukl_env_get(ukl_reader_env(c->reader), UKL_ENV_REDUCED);
	int st = ukl_check_status(c);
	char buf[1024];

	printf("%s: %s%s%s", c->trace, bold(c, st), ukl_verdict_name[st],
	       c->bold ? "\033[0m" : "");
	if (*ukl_check_reason(c, buf, sizeof(buf)))
		printf(" (%s)", buf);
	printf("\n  %s\n", in_words(st));
	print_events(c);
	print_exercised(c);
	if (c->violations) {
		printf("\n  violated (%" PRIu64 " time%s in all):\n", c->violations,
		       c->violations == 1 ? "" : "s");
		print_violated(c);
	}
	if (idle) {
		printf("\n  %u vacuous, their premise never occurred in this trace:",
		       idle);
		print_ids(c, UKL_OUTCOME_VACUOUS);
	}
	if (reduced) {
		fputs("\n  note: no record of a run, but reduced ", stdout);
		ukl_put_text(stdout, reduced);
		putchar('\n');
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

const struct ukl_check_format ukl_check_text = {
	.name = "text",
	.violation = on_violation,
	.end = end,
};
