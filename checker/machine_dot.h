/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine_dot.h - the state machine as a picture, in Graphviz's language
 *
 * A box is a state, with the events that leave a task in it; an arrow holds the events
 * that lead from one to the other.  With items, colours say what was covered.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_MACHINE_DOT_H
#define UKL_MACHINE_DOT_H

#include <stdio.h>

#include "gaps.h"

/* items may be NULL: the machine as it is declared for all variants, in black. */
void ukl_machine_dot(FILE *out, const char *title, const struct ukl_items *items);

#endif /* UKL_MACHINE_DOT_H */
