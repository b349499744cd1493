/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explore.h - tries all that the small machine of world.h can do, on the real model
 *
 * Every sequence of so many moves goes through ukl_model_step().  Some sequences,
 * which together exercise all that is exercised at a smaller depth, are then changed
 * in one place in every way known here, to see which invariants that breaks.
 *
 * Thread rule: one thread at a time per struct ukl_explorer.
 */
#ifndef UKL_EXPLORE_H
#define UKL_EXPLORE_H

#include "../model/model.h"
#include "world.h"

#define UKL_EXPLORE_DEPTH 12u		/* moves at most */
#define UKL_EXPLORE_EVENTS 512u		/* of one sequence */
#define UKL_EXPLORE_EDGES 1024u		/* at least as many as are declared */

struct ukl_sequence {
	unsigned int n;
	uint8_t move[UKL_EXPLORE_DEPTH];
};

/* A change of one event. */
struct ukl_change {
	enum { UKL_CHANGE_ARG, UKL_CHANGE_SLOT, UKL_CHANGE_DROP, UKL_CHANGE_TWICE,
	       UKL_CHANGE_SWAP,		/* with the next one */
	       UKL_CHANGE_REPEAT	/* from it to the end, 16 more times */
	} how;
	bool found;
	bool first;			/* nothing else was violated before */
	struct ukl_sequence sequence;
	unsigned int event;
	unsigned int which;		/* ARG, SLOT */
	uint64_t value;
};

struct ukl_explorer {
	struct ukl_model *model;
	struct ukl_sequence path;
	unsigned int n;			/* events of path */
	struct ukl_event event[UKL_EXPLORE_EVENTS];
	uint64_t sequences, events;	/* run so far */
	/* the first violation of a legal sequence */
	bool violated;
	struct ukl_sequence violating;
	unsigned int violating_invariant;
	/* sequences that exercise something that those before did not */
	unsigned int witnesses, room;
	struct ukl_sequence *witness;
	bool failed;			/* memory was short */
	unsigned int edges;		/* that are declared */
	struct { uint8_t from, kind, to; } edge[UKL_EXPLORE_EDGES];
	/* by invariant: whether it breaks, and how */
	struct ukl_change *change;
	int first;			/* violated in the run that goes on, or -1 */
	unsigned int hits;
	uint16_t *hit;			/* all that were, each once */
};

/* 0, or -1 if memory is short.  Deinit in either case. */
int ukl_explorer_init(struct ukl_explorer *x);
void ukl_explorer_deinit(struct ukl_explorer *x);

/* Runs all sequences of so many moves, or shorter where nothing more can happen. */
void ukl_explore(struct ukl_explorer *x, unsigned int depth);
/* Also finds the witnesses; slower. */
void ukl_explore_witnesses(struct ukl_explorer *x, unsigned int depth);
/* Looks for one change for each invariant, among the witnesses. */
void ukl_explore_changes(struct ukl_explorer *x);

/* The events of a sequence, in x->event; false if its moves are not possible. */
bool ukl_explore_events(struct ukl_explorer *x, const struct ukl_sequence *sequence);

#endif /* UKL_EXPLORE_H */
