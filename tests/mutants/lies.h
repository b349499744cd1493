/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lies.h - the small lies that are told in traces, by rule
 *
 * A lie changes one event, or which events there are; all else stays as recorded.
 */
#ifndef UKL_LIES_H
#define UKL_LIES_H

#include <stdbool.h>
#include <stddef.h>

#include "../../traces/layout.h"
#include "../../traces/ukl_trace.h"

/* Some events around the one concerned, and room for one more. */
struct window {
	struct ukl_layout layout;
	struct ukl_event *event;
	size_t n, at;
	uint64_t chance;	/* for rules that choose: the event's place in the trace */
};

/* Changes w, from the event concerned on. */
struct lie {
	const char *name;
	const char *what;
	void (*apply)(struct window *w);
};

extern const struct lie lies[];		/* ends with name NULL */

/* NULL if there is none of that name. */
const struct lie *lie_find(const char *name);

/* Whether it changes anything; w is at most 3 events of one CPU. */
bool lie_applies(const struct lie *lie, const struct window *w);

/* splitmix64: equally distributed, and the same everywhere */
uint64_t lie_chance(uint64_t *state);

#endif /* UKL_LIES_H */
