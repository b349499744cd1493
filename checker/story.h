/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * story.h - tells a violation so that a person understands it
 *
 * Remembers the last events of each CPU, because those are what led there, without
 * their state: 'ukl dump' shows that.  The memory is constant; noting is a copy.
 *
 * Thread rule: one thread at a time per story.
 */
#ifndef UKL_STORY_H
#define UKL_STORY_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../model/model.h"
#include "annotate.h"

#define UKL_STORY_EVENTS 12u	/* shown before a violation */
#define UKL_STORY_RING 16u	/* remembered: a power of two */

/* The front part of a struct ukl_event, up to a power of two of bytes */
struct ukl_story_event {
	uint64_t part[16];
};
_Static_assert(sizeof(struct ukl_story_event) >= offsetof(struct ukl_event, state),
	       "raise ukl_story_event.part");

struct ukl_story {
	unsigned int cpus;
	struct ukl_story_event (*ring)[UKL_STORY_RING];	/* by CPU */
	uint64_t *count;		/* noted, by CPU */
};

int ukl_story_init(struct ukl_story *story, unsigned int cpus);
void ukl_story_deinit(struct ukl_story *story);

/* Before the model steps on it. */
static inline void ukl_story_note(struct ukl_story *story, const struct ukl_event *ev)
{
	unsigned int cpu = ev->cpu;

	if (cpu < story->cpus)
		memcpy(&story->ring[cpu][story->count[cpu]++ % UKL_STORY_RING], ev,
		       sizeof(struct ukl_story_event));
}

/*
 * The whole story, several lines.  trace is the path for the commands shown;
 * annotate may be NULL; bold says whether to set off the headings.
 */
void ukl_story_text(const struct ukl_story *story, FILE *out,
		    const struct ukl_violation *violation, const char *trace,
		    struct ukl_annotate *annotate, bool bold);

/* Of that story, what was expected and what was found. */
void ukl_story_pairs(FILE *out, const struct ukl_pair *pair, unsigned int n,
		     struct ukl_annotate *annotate, bool bold);

/* What was violated where, expected and found: some lines, each behind prefix. */
void ukl_story_brief(FILE *out, const char *prefix,
		     const struct ukl_violation *violation,
		     struct ukl_annotate *annotate);

/* The members of a JSON object. */
void ukl_story_json(const struct ukl_story *story, FILE *out,
		    const struct ukl_violation *violation,
		    struct ukl_annotate *annotate);

#endif /* UKL_STORY_H */
