/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_text.h - one event as one line of text
 *
 *     ORDER TIME CPU SIDE CLASS ARG=VALUE ... %SLOT=VALUE ...
 *
 * Numbers before CLASS are decimal, values hexadecimal.  A value that means
 * something to a person is followed by it in angle brackets:
 *
 *     17 4711 0 kernel int_c pc=0xffffffff81e00010 <exc_page_fault> frame=...
 *
 * Programs may skip whatever stands in angle brackets; words are parted by one
 * space.  The format is stable: fields are only ever added at the end of a line.
 */
#ifndef UKL_EVENT_TEXT_H
#define UKL_EVENT_TEXT_H

#include <stdio.h>

#include "../traces/ukl_trace.h"
#include "annotate.h"

enum ukl_text_flags {
	UKL_TEXT_CHANGED = 1,		/* the slots that the event changed */
	UKL_TEXT_STATE = 2,		/* every slot that the class samples */
	UKL_TEXT_INSN = 4,		/* "; INSTRUCTION" at pc */
	UKL_TEXT_LINE = 8,		/* "@ FILE:LINE" of pc */
};

/* annotate may be NULL.  No newline at the end. */
void ukl_event_text(FILE *out, const struct ukl_event *event,
		    struct ukl_annotate *annotate, unsigned int flags);

/* The line of tests/support/ukl_assemble.c for this event; no newline. */
void ukl_event_assemble(FILE *out, const struct ukl_event *event);

/* "#PF" and so on for the vectors that the SDM names, else NULL. */
const char *ukl_vector_name(uint64_t vector);

#endif /* UKL_EVENT_TEXT_H */
