/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tasks.h - the model's tasks and their context stacks (private to the model)
 *
 * A fixed pool, found by task address.  When it is full, the task that exited
 * first gives way, else the one that has not run for longest: what is then not
 * known any more makes invariants vacuous, never wrong.
 *
 * Thread rule: one thread at a time per pool.
 */
#ifndef UKL_TASKS_H
#define UKL_TASKS_H

#include "model.h"

struct ukl_tasks {
	unsigned int capacity, used;	/* used: taken at least once */
	unsigned int buckets;		/* a power of two */
	struct ukl_task **bucket;
	struct ukl_task *pool;
	unsigned int edit_open;		/* contexts with ->edits set */
	uint64_t edit_epoch;		/* counts their openings and closings */
};

int ukl_tasks_init(struct ukl_tasks *tasks, unsigned int capacity);
void ukl_tasks_deinit(struct ukl_tasks *tasks);

struct ukl_task *ukl_tasks_find(const struct ukl_tasks *tasks, uint64_t addr);
/* Finds or makes it; busy tells which tasks must not give way. */
struct ukl_task *ukl_tasks_get(struct ukl_tasks *tasks, uint64_t addr,
			       bool (*busy)(const void *arg, const struct ukl_task *t),
			       const void *arg);
/* Everything but the address and the links becomes unknown. */
void ukl_task_reset(struct ukl_tasks *tasks, struct ukl_task *t);
void ukl_tasks_forget(struct ukl_tasks *tasks);

/* A fresh context on top; only its header is cleared, the caller fills truth. */
struct ukl_ctx *ukl_ctx_push(struct ukl_tasks *tasks, struct ukl_task *t);
void ukl_ctx_drop(struct ukl_tasks *tasks, struct ukl_task *t, unsigned int depth);
void ukl_ctx_edits(struct ukl_tasks *tasks, struct ukl_ctx *ctx);

#endif /* UKL_TASKS_H */
