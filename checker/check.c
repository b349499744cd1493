/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.c - the verdict on a trace; see check.h
 */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"

const char *const ukl_verdict_name[] = {
	[UKL_EXIT_CONFORMS] = "conforms",
	[UKL_EXIT_VIOLATION] = "violation",
	[UKL_EXIT_TROUBLE] = "unreadable",
	[UKL_EXIT_INCONCLUSIVE] = "inconclusive",
};

const char *const ukl_outcome_name[UKL_OUTCOMES] = {
	[UKL_OUTCOME_HELD] = "held",
	[UKL_OUTCOME_VIOLATED] = "violated",
	[UKL_OUTCOME_VACUOUS] = "vacuous",
	[UKL_OUTCOME_NOT_CHOSEN] = "not_chosen",
};

enum ukl_outcome ukl_check_outcome(const struct ukl_check *c, unsigned int i)
{
	if (c->some_only && !c->only[i])
		return UKL_OUTCOME_NOT_CHOSEN;
	if (ukl_model_count(c->model, i, UKL_VIOLATED))
		return UKL_OUTCOME_VIOLATED;
	return ukl_model_count(c->model, i, UKL_HOLDS) ? UKL_OUTCOME_HELD :
							 UKL_OUTCOME_VACUOUS;
}

unsigned int ukl_check_outcomes(const struct ukl_check *c, enum ukl_outcome outcome)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ukl_invariant_count(); i++)
		n += ukl_check_outcome(c, i) == outcome;
	return n;
}

/* Anything at all that was compared and held? */
static bool exercised(const struct ukl_check *c)
{
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		if (ukl_model_count(c->model, i, UKL_HOLDS))
			return true;
	}
	return false;
}

int ukl_check_status(const struct ukl_check *c)
{
	if (c->violations)
		return UKL_EXIT_VIOLATION;
	if (c->sum.state != UKL_TRACE_COMPLETE && c->sum.reason.code == UKL_ERR_IO)
		return UKL_EXIT_TROUBLE;
	if (c->sum.state != UKL_TRACE_COMPLETE || c->sum.discarded ||
	    c->judged != c->sum.events || !exercised(c))
		return UKL_EXIT_INCONCLUSIVE;
	return UKL_EXIT_CONFORMS;
}

const char *ukl_check_flaw(const struct ukl_check *c, char *buf, size_t size)
{
	const struct ukl_summary *sum = &c->sum;

	buf[0] = 0;
	if (sum->state != UKL_TRACE_COMPLETE)
		snprintf(buf, size, "the trace is %s: %s",
			 ukl_trace_state_name[sum->state], sum->reason.text);
	else if (sum->discarded)
		snprintf(buf, size, "%" PRIu64 " events were lost while recording",
			 sum->discarded);
	else if (ukl_env_is_user(ukl_reader_env(c->reader)))
		snprintf(buf, size, "a user-mode trace: the system calls of an ordinary"
			 " program, for ukl diff --syscalls; no kernel in it, so every"
			 " invariant is vacuous");
	else if (!c->violations && !exercised(c))
		snprintf(buf, size, "nothing in it exercises an invariant");
	else if (c->judged != sum->events)
		snprintf(buf, size,
			 "only the first %" PRIu64 " events are whole evidence",
			 c->judged);
	return buf;
}

const char *ukl_check_reason(const struct ukl_check *c, char *buf, size_t size)
{
	if (!c->violations)
		return ukl_check_flaw(c, buf, size);
	snprintf(buf, size, "%s first, at event %" PRIu64,
		 ukl_invariant_at(c->first, NULL)->id, c->first_order);
	return buf;
}

int ukl_check_open_names(struct ukl_check *c, struct ukl_error *err)
{
	c->annotate_tried = true;
	return ukl_annotate_open(&c->annotate, c->vmlinux, ukl_reader_env(c->reader),
				 err);
}

/* Only a story needs names, and only then may a missing vmlinux matter. */
struct ukl_annotate *ukl_check_annotate(struct ukl_check *c)
{
	struct ukl_error err;

	if (!c->annotate_tried && ukl_check_open_names(c, &err))
		ukl_error_print(stderr, &err);
	return c->annotate;
}
