/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage.h - which parts of the model some runs exercised
 *
 * The counts of one kernel variant: edges of the state machine and results of
 * invariants.  A file holds any number of these, as text:
 *
 *     ukl-coverage 1
 *     variant NAME
 *     runs N                          traces
 *     events N
 *     edge FROM KIND TO N
 *     invariant ID HELD NOT-JUDGED VIOLATED
 *
 * Each "variant" line begins the next one; what counts nothing has no line.  Files
 * of another version of the model, with names that are not known, are refused.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_COVERAGE_H
#define UKL_COVERAGE_H

#include <stdio.h>

#include "../model/model.h"
#include "../traces/error.h"

/* Every edge that there could be. */
#define UKL_FOR_EDGES(from, kind, to) \
	for (unsigned int from = 0; from < UKL_STATES; from++) \
		for (unsigned int kind = 0; kind < UKL_KINDS; kind++) \
			for (unsigned int to = 0; to < UKL_STATES; to++)

struct ukl_coverage {
	struct ukl_coverage *next;	/* of another variant, or NULL */
	char *variant;
	uint64_t runs, events;
	uint64_t edge[UKL_STATES][UKL_KINDS][UKL_STATES];
	uint64_t (*inv)[UKL_RESULTS];	/* by invariant */
};

/* That of a variant, made if need be; NULL if memory is short or there is none such. */
struct ukl_coverage *ukl_coverage_get(struct ukl_coverage **list, const char *variant,
				      struct ukl_error *err);
void ukl_coverage_free(struct ukl_coverage *list);

/* Adds what a model has counted, as one run. */
void ukl_coverage_add(struct ukl_coverage *cov, const struct ukl_model *model,
		      uint64_t events);

/* Adds the contents of a file. */
int ukl_coverage_load(struct ukl_coverage **list, const char *path,
		      struct ukl_error *err);
/* The same, but a file that is not there holds nothing. */
int ukl_coverage_load_old(struct ukl_coverage **list, const char *path,
			  struct ukl_error *err);

/* Replaces the file, whole or not at all. */
int ukl_coverage_save(const struct ukl_coverage *list, const char *path,
		      struct ukl_error *err);

#endif /* UKL_COVERAGE_H */
