/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sequence.h - what a program's tasks did, one step after the other
 *
 * Runs the model over a trace and yields the transitions of the application's tasks,
 * or of the ring-3 program of a given name.  A task's place in its family tells which
 * task of another trace it is to be compared with: the nth program that ran, the nth
 * child of a task.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_SEQUENCE_H
#define UKL_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../model/model.h"
#include "../traces/reader.h"
#include "calls.h"

/* Tasks by parent and birth, shared by the sequences that are compared. */
struct ukl_family {
	unsigned int n;
	struct ukl_member {
		int parent;		/* -1: none that belongs to the program */
		unsigned int nth;	/* of its children */
	} *member;
};

enum ukl_detail {
	UKL_DETAIL_TRANSITIONS,	/* those of asynchronous events left out */
	UKL_DETAIL_ALL,
	UKL_DETAIL_CALLS,	/* system calls and their results */
};

struct ukl_item {
	uint64_t order;			/* of its event */
	unsigned int member;		/* of the family */
	uint32_t pid;
	enum ukl_kind kind;
	bool call, result;		/* a system call begins; ends */
	bool in_call;			/* nr is that of a system call */
	uint32_t nr;			/* or a vector, signal or value */
	uint64_t value;			/* a result */
	uint64_t arg[UKL_CALL_ARGS];	/* of a call */
};

struct ukl_sequence_options {
	enum ukl_detail detail;
	const char *ring3;		/* name of a program, or NULL */
	struct ukl_family *family;
};

struct ukl_sequence;

int ukl_sequence_open(struct ukl_sequence **seq, const char *trace,
		      const struct ukl_sequence_options *options, struct ukl_error *err);
void ukl_sequence_close(struct ukl_sequence *seq);

/* NULL at the end, which may be a gap; good until the next call. */
const struct ukl_item *ukl_sequence_next(struct ukl_sequence *seq);

/* How a task ended */
enum ukl_end {
	UKL_END_UNSEEN = 0,	/* in user mode, whose recorder dies with its task */
	UKL_END_KILLED,		/* by SIGKILL, wherever it stood */
	UKL_END_OTHER,		/* by itself, by another signal, or not at all */
};

/* Behind the end: that of a member of the family */
enum ukl_end ukl_sequence_end(const struct ukl_sequence *seq, unsigned int member);

/* Behind the end: is the trace whole? */
bool ukl_sequence_whole(const struct ukl_sequence *seq);
/* ... and did the system let it be read?  See ukl_reader_trouble(). */
int ukl_sequence_trouble(const struct ukl_sequence *seq, struct ukl_error *err);
/* Was memory short? Then it ended too early. */
bool ukl_sequence_no_memory(const struct ukl_sequence *seq);

#endif /* UKL_SEQUENCE_H */
