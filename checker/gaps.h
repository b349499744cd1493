/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gaps.h - what of the model is covered, item by item, and why the rest is not
 *
 * Items are the states, kinds of event, edges and invariants of one variant.  Each is
 * covered or has one of three reasons; an edge that was taken and is not declared is
 * an item, too.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_GAPS_H
#define UKL_GAPS_H

#include "coverage.h"

enum ukl_item_what {
	UKL_ITEM_STATE, UKL_ITEM_KIND, UKL_ITEM_EDGE, UKL_ITEM_INVARIANT, UKL_ITEM_WHATS
};

enum ukl_item_status {
	UKL_COVERED,
	UKL_IMPOSSIBLE,		/* in this variant */
	UKL_NO_WORKLOAD,	/* the reason says why */
	UKL_NEVER_TRIED,
	UKL_UNDECLARED,		/* an edge that the machine does not have */
	UKL_ITEM_STATUSES
};

struct ukl_item {
	enum ukl_item_what what;
	enum ukl_item_status status;
	uint8_t from, kind, to;		/* STATE: from; KIND: kind; EDGE: all three */
	char name[80];
	uint64_t count;			/* INVARIANT: held or violated */
	const char *reason;		/* NO_WORKLOAD, else "" */
};

struct ukl_items {
	unsigned int n, room;
	struct ukl_item *item;
	unsigned int total[UKL_ITEM_WHATS][UKL_ITEM_STATUSES];
};

extern const char *const ukl_item_what_name[UKL_ITEM_WHATS];
extern const char *const ukl_item_status_name[UKL_ITEM_STATUSES];

/* 0, or -1 if memory is short.  Deinit in either case. */
int ukl_items_init(struct ukl_items *items, const struct ukl_coverage *cov);
void ukl_items_deinit(struct ukl_items *items);

#endif /* UKL_GAPS_H */
