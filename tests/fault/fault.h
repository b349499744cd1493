/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault.h - what the two halves of fault.so share
 *
 * calls.c stands between a program and the C library and lets one call fail; runs.c
 * has the program run again and again and judges what it made of it.
 *
 * Thread rule: the counter is atomic, the rest is written before there are threads.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
	FAULT_MEMORY,		/* the nth allocation fails */
	FAULT_CALLS,		/* the nth call of the system fails */
	FAULT_SHORT,		/* every read and write does less than it was asked to */
	FAULT_INTERRUPTED,	/* every second one is interrupted by a signal */
	FAULT_KINDS
};

/* Shared by the process that judges and those that it judges. */
struct fault {
	bool armed;
	enum fault_kind kind;
	uint64_t nth;		/* from 1; 0: none fails */
	uint64_t seen;		/* calls of that kind */
	const char *name;	/* the one that failed, or NULL */
	const void *caller;
};

extern struct fault *fault;

/* From now on what is printed goes through calls that can fail. */
void fault_stdout(void);

#endif /* FAULT_H */
