/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * example.h - where in a trace an invariant held or was violated
 *
 * Errors: as the reader's; the result is set on success only.
 * Thread rule: one thread at a time.
 */
#ifndef UKL_EXAMPLE_H
#define UKL_EXAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../model/model.h"
#include "../traces/error.h"

struct ukl_example {
	const char *trace;		/* the caller's */
	bool found;			/* else the rest says nothing */
	uint64_t order;			/* of the event judged */
	uint64_t opened;		/* of that which opened the context it is in */
	uint16_t cls;			/* its enum ukl_class */
	uint8_t cpu;
	unsigned int n_pairs;		/* of a violation */
	struct ukl_pair pair[UKL_MODEL_PAIRS];
};

/* The first violation of the invariant in the trace. */
int ukl_example_failing(struct ukl_example *ex, const char *trace, unsigned int index,
			struct ukl_error *err);

/*
 * An event at which it held: the first, or if like is not NULL the nearest to that
 * one, of the same class if there is one.
 */
int ukl_example_passing(struct ukl_example *ex, const char *trace, unsigned int index,
			const struct ukl_example *like, struct ukl_error *err);

/*
 * The event, behind a ">", between its neighbours on the same CPU, and the one that
 * opened the context, both with all that was sampled at them; below it, what was
 * expected and found.
 */
int ukl_example_print(const struct ukl_example *ex, FILE *out, struct ukl_error *err);

#endif /* UKL_EXAMPLE_H */
