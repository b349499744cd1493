/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.h - what two runs of one program may do differently in a system call
 *
 * A table by system call number says of each argument and of the result how it is
 * compared:
 *
 *     v  the value
 *     i  its low 32 bits: descriptors, flags, signals
 *     p  an address: only whether it is 0
 *     e  results: the error, or that there is none
 *     -  not at all: pids, times, what depends on them
 *     x  results: the call is left out, for the scheduler decides how often it is made,
 *        or ring 3 asks its vdso instead
 *
 * A call that is not in it has its number compared and its result as "e".
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

/* The whole table, for people. */
void ukl_call_rules(FILE *out);

#endif /* UKL_CALLS_H */
