/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - what "ukl check" knows of a trace, and the formats that tell it
 *
 * cmd_check.c fills a struct ukl_check and calls the format chosen: begin, any number
 * of violations, end for each trace that can be read, else unreadable.  Every format
 * but text with --verbose says the same for the same trace, byte for byte.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_CHECK_H
#define UKL_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../model/model.h"
#include "../traces/reader.h"
#include "annotate.h"
#include "story.h"

struct ukl_check_format;
struct ukl_coverage;

struct ukl_check {
	/* the command line */
	const struct ukl_check_format *format;
	const char *vmlinux, *coverage_file;
	uint64_t max_stories;
	bool verbose, bold, silent, some_only;
	bool *only;
	bool *none;			/* all false: of a user-mode trace nothing is judged */
	struct ukl_coverage *coverage;	/* of all traces that conform */
	/* one trace */
	const char *trace;
	unsigned int number;		/* among those asked about, from 1 */
	struct ukl_reader *reader;
	struct ukl_annotate *annotate;
	bool annotate_tried;
	struct ukl_model *model;
	struct ukl_story story;
	struct ukl_summary sum;
	uint64_t class_count[UKL_CLASSES];
	uint64_t judged;		/* events, before the first gap */
	uint64_t violations, stories;
	bool *told;			/* by invariant: has its story */
	char **kept;			/* by invariant: its story, if the format wants */
	int first;			/* invariant violated first, or -1 */
	uint64_t first_order;
	double seconds;
};

/* What a format has nothing to say to is NULL. */
struct ukl_check_format {
	const char *name;
	void (*open)(unsigned int traces);	/* before the first */
	void (*begin)(struct ukl_check *c);
	void (*violation)(struct ukl_check *c, const struct ukl_violation *violation);
	void (*end)(struct ukl_check *c);
	void (*unreadable)(struct ukl_check *c, const struct ukl_error *err);
	void (*close)(void);		/* behind the last */
};

extern const struct ukl_check_format ukl_check_text, ukl_check_json, ukl_check_ktap,
	ukl_check_junit;

/* The exit status for this trace, and what it is called. */
int ukl_check_status(const struct ukl_check *c);
extern const char *const ukl_verdict_name[];

/* Why its evidence is not whole, or "" if it is; one clause in buf. */
const char *ukl_check_flaw(const struct ukl_check *c, char *buf, size_t size);
/* Why it does not conform, or "" if it does: a violation, or that. */
const char *ukl_check_reason(const struct ukl_check *c, char *buf, size_t size);

enum ukl_outcome {
	UKL_OUTCOME_HELD, UKL_OUTCOME_VIOLATED, UKL_OUTCOME_VACUOUS,
	UKL_OUTCOME_NOT_CHOSEN,		/* by --only */
	UKL_OUTCOMES
};

/* What became of invariant i; vacuous: its premise never occurred. */
enum ukl_outcome ukl_check_outcome(const struct ukl_check *c, unsigned int i);
extern const char *const ukl_outcome_name[UKL_OUTCOMES];

/* How many invariants had that outcome. */
unsigned int ukl_check_outcomes(const struct ukl_check *c, enum ukl_outcome outcome);

/* Opens what names are taken from, once; 0, or what is wrong with it, in err. */
int ukl_check_open_names(struct ukl_check *c, struct ukl_error *err);

/* Names for a story; NULL if there is no vmlinux. */
struct ukl_annotate *ukl_check_annotate(struct ukl_check *c);

#endif /* UKL_CHECK_H */
