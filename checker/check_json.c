/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check_json.c - "ukl check" for programs: JSON Lines
 *
 * An object a line: one of type "trace" for each trace, then those of type
 * "violation" as they are found, then one of type "verdict".  What is in them is
 * said by docs/ukl-check.schema.json.
 */
#include <inttypes.h>
#include <stdio.h>

#include "../traces/vocabulary.h"
#include "check.h"
#include "cmd.h"
#include "json.h"

#define SCHEMA_VERSION 1

static void begin_object(const struct ukl_check *c, const char *type)
{
	printf("{\"type\": \"%s\", \"trace\": ", type);
	ukl_json_string(stdout, c->trace);
}

static void env(const struct ukl_check *c, const char *key)
{
	const char *value = ukl_env_get(ukl_reader_env(c->reader), key);

	if (!value)
		return;
	printf(", \"%s\": ", key);
	ukl_json_string(stdout, value);
}

static void begin(struct ukl_check *c)
{
	begin_object(c, "trace");
	printf(", \"schema_version\": %d, \"uuid\": \"%s\", \"cpus\": %u", SCHEMA_VERSION,
	       ukl_reader_uuid(c->reader), ukl_reader_streams(c->reader));
	env(c, UKL_ENV_APP);
	env(c, UKL_ENV_VARIANT);
	env(c, UKL_ENV_CLOCK);
	env(c, UKL_ENV_BUILD_ID);
	puts("}");
}

static void on_violation(struct ukl_check *c, const struct ukl_violation *violation)
{
	begin_object(c, "violation");
	fputs(", ", stdout);
	ukl_story_json(&c->story, stdout, violation, ukl_check_annotate(c));
	puts("}");
}

static void put_classes(const struct ukl_check *c)
{
	const char *comma = "";

	fputs(", \"classes\": {", stdout);
	for (unsigned int i = 0; i < UKL_CLASSES; i++) {
		if (!c->class_count[i])
			continue;
		printf("%s\"%s\": %" PRIu64, comma, ukl_class_info[i].name,
		       c->class_count[i]);
		comma = ", ";
	}
	putchar('}');
}

static void put_invariant(const struct ukl_check *c, unsigned int i)
{
	printf("%s{\"id\": \"%s\", \"outcome\": \"%s\", \"held\": %" PRIu64
	       ", \"not_judged\": %" PRIu64 ", \"violated\": %" PRIu64 "}", i ? ", " : "",
	       ukl_invariant_at(i, NULL)->id, ukl_outcome_name[ukl_check_outcome(c, i)],
	       ukl_model_count(c->model, i, UKL_HOLDS),
	       ukl_model_count(c->model, i, UKL_VACUOUS),
	       ukl_model_count(c->model, i, UKL_VIOLATED));
}

static void put_verdict(const struct ukl_check *c, int status, const char *reason)
{
	begin_object(c, "verdict");
	printf(", \"verdict\": \"%s\", \"reason\": ", ukl_verdict_name[status]);
	ukl_json_string(stdout, reason);
}

static void end(struct ukl_check *c)
{
	char buf[1024];

	put_verdict(c, ukl_check_status(c), ukl_check_reason(c, buf, sizeof(buf)));
	printf(", \"state\": \"%s\", \"events\": %" PRIu64 ", \"judged\": %" PRIu64
	       ", \"discarded\": %" PRIu64 ", \"violated\": %" PRIu64,
	       ukl_trace_state_name[c->sum.state], c->sum.events, c->judged,
	       c->sum.discarded, c->violations);
	put_classes(c);
	fputs(", \"invariants\": [", stdout);
	for (unsigned int i = 0; i < ukl_invariant_count(); i++)
		put_invariant(c, i);
	puts("]}");
}

/* So that each trace asked about has its verdict. */
static void unreadable(struct ukl_check *c, const struct ukl_error *err)
{
	put_verdict(c, UKL_EXIT_TROUBLE, err->text);
	puts("}");
}

const struct ukl_check_format ukl_check_json = {
	.name = "json",
	.begin = begin,
	.violation = on_violation,
	.end = end,
	.unreadable = unreadable,
};
