/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.h - what two runs of one program may do differently in a system call
 *
 * A table by system call number says of each argument and of the result how it is
 * compared, by a letter that ukl_call_rules() explains.
 *
 * A call that is not in it has its number compared and its result as "e".  These are
 * all the differences that "ukl diff --syscalls" allows; docs/user-mode.md shows them.
 *
 * Thread rule: constant data.
 */
#ifndef UKL_CALLS_H
#define UKL_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define UKL_CALL_ARGS 6u

struct ukl_call {
	const char *name;		/* NULL: not in the table */
	const char *args;		/* at most UKL_CALL_ARGS letters */
	char result;
};

/* Never NULL. */
const struct ukl_call *ukl_call_find(uint32_t nr);

bool ukl_call_same_args(uint32_t nr, const uint64_t *a, const uint64_t *b);
bool ukl_call_same_result(uint32_t nr, uint64_t a, uint64_t b);

/* "read(0x3, &, 0x1000)": "&" is an address, "." what is not compared. */
void ukl_call_text(FILE *out, uint32_t nr, const uint64_t *args);
/* "read = 0x10", "read = -4" */
void ukl_call_result_text(FILE *out, uint32_t nr, uint64_t result);

/* "read", "call 999" */
void ukl_call_name(FILE *out, uint32_t nr);

/* The letters, behind "#", and the whole table. */
void ukl_call_rules(FILE *out);

#endif /* UKL_CALLS_H */
