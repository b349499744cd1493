/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verbs.c - fuzz target: the other verbs that read traces
 *
 * A byte says which, one more may choose an invariant; then the trace, see
 * fuzz_trace().  A trace does not part from itself; what is violated in it is so in the
 * reduced one; an example is found where "ukl check" says that there is one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../checker/cmd.h"
#include "../../model/model.h"
#include "fuzz.h"

static const char *trace;
static const char *id;

static int verb(int (*run)(int argc, char **argv), const char *const *argv)
{
	return fuzz_verb(run, argv).status;
}

static int judged(const char *of)
{
	return verb(ukl_cmd_check, (const char *[]){ "check", "--quiet", "--only", id, of,
						     NULL });
}

static void dump(void)
{
	FUZZ_EXPECT(!verb(ukl_cmd_dump, (const char *[]){ "dump", "--state", "--lines",
							  "--disassemble", trace, NULL }));
}

static void assemble(void)
{
	FUZZ_EXPECT(!verb(ukl_cmd_dump, (const char *[]){ "dump", "--assemble", trace,
							  NULL }));
}

static void stats(void)
{
	FUZZ_EXPECT(!verb(ukl_cmd_stats, (const char *[]){ "stats", "--format=json", trace,
							   NULL }));
}

static void state(void)
{
	FUZZ_EXPECT(verb(ukl_cmd_state, (const char *[]){ "state", "--truth", trace,
							  NULL }) != UKL_EXIT_TROUBLE);
}

static void cover(void)
{
	FUZZ_EXPECT(verb(ukl_cmd_cover, (const char *[]){ "cover", "--verbose", trace,
							  NULL }) != UKL_EXIT_TROUBLE);
}

/* Or nothing of the application is in it. */
static void diff(void)
{
	static const char *const detail[] = { "--syscalls", "--all" };

	for (int i = 0; i < 2; i++) {
		int ret = verb(ukl_cmd_diff, (const char *[]){ "diff", trace, trace,
							       detail[i], NULL });

		FUZZ_EXPECT(ret == UKL_EXIT_CONFORMS || ret == UKL_EXIT_INCONCLUSIVE);
	}
}

static void reduce(void)
{
	const char *out = fuzz_path("reduced");
	int was = judged(trace);
	int ret = verb(ukl_cmd_reduce, (const char *[]){
		"reduce", "--effort=1", "--only", id, trace, "--out", out, NULL });

	FUZZ_EXPECT(ret == (was == UKL_EXIT_VIOLATION ? 0 : UKL_EXIT_INCONCLUSIVE));
	FUZZ_EXPECT(ret || judged(out) == UKL_EXIT_VIOLATION);
}

static void describe(void)
{
	int was = judged(trace);
	int passing = verb(ukl_cmd_describe, (const char *[]){ "describe", "--passing",
							       trace, id, NULL });
	int failing = verb(ukl_cmd_describe, (const char *[]){ "describe", "--failing",
							       trace, id, NULL });

	FUZZ_EXPECT((was == UKL_EXIT_VIOLATION) == !failing);
	FUZZ_EXPECT(was != UKL_EXIT_CONFORMS || !passing);
	FUZZ_EXPECT(was != UKL_EXIT_INCONCLUSIVE || passing);
}

static void (*const verbs[])(void) = {
	dump, assemble, stats, cover, diff, reduce, describe, state,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, data + size };
	unsigned int which = fuzz_byte(&in) % (sizeof(verbs) / sizeof(verbs[0]));

	id = ukl_invariant_at(fuzz_byte(&in) % ukl_invariant_count(), NULL)->id;
	trace = fuzz_trace(&in);
	verbs[which]();
	return 0;
}
