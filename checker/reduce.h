/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reduce.h - which events of a trace are needed for one violation
 *
 * Takes away whole CPUs and runs of a CPU's successive events, long ones first, for
 * as long as the same event is the first to violate anything, and violates the same
 * invariant.  In the end neither one event nor two successive ones of a CPU can be
 * taken away.  That need not be the least there is: events that are superfluous
 * together, but lie apart, stay.
 *
 * The work is bounded by the number of events judged, so the result depends on
 * nothing but the events.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_REDUCE_H
#define UKL_REDUCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../model/model.h"

struct ukl_reduce {
	/* given; the last event is the violating one */
	const struct ukl_layout *layout;
	const bool *only;		/* as in struct ukl_model_options */
	unsigned int cpus;
	unsigned int invariant;
	uint64_t effort;		/* events that may be judged; what is left of it */
	struct ukl_event *event;
	size_t n;
	/* found */
	uint64_t tries;
	bool no_memory;
};

/* The first violation that a model reports; zeroed before. */
struct ukl_first {
	bool seen;
	unsigned int index;		/* of the invariant */
	uint64_t order;			/* of the event */
};

/* A ukl_report_fn; arg is a struct ukl_first. */
void ukl_first_report(void *arg, const struct ukl_violation *violation);

/* Leaves the events that are needed in event[0 .. n - 1]. */
void ukl_reduce(struct ukl_reduce *r);

#endif /* UKL_REDUCE_H */
