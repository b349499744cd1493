/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tasks.c - the model's tasks and their context stacks; see tasks.h
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tasks.h"

int ukl_tasks_init(struct ukl_tasks *tasks, unsigned int capacity)
{
	memset(tasks, 0, sizeof(*tasks));
	tasks->capacity = capacity;
	for (tasks->buckets = 64; tasks->buckets < 2 * capacity; )
		tasks->buckets *= 2;
	/* calloc: a task that never appears never costs a page */
	tasks->pool = calloc(capacity, sizeof(*tasks->pool));
	tasks->bucket = calloc(tasks->buckets, sizeof(*tasks->bucket));
	if (tasks->pool && tasks->bucket)
		return 0;
	ukl_tasks_deinit(tasks);
	return -1;
}

void ukl_tasks_deinit(struct ukl_tasks *tasks)
{
	free(tasks->pool);
	free(tasks->bucket);
	memset(tasks, 0, sizeof(*tasks));
}

/* Task structures are cache-line aligned: the low bits say nothing. */
static struct ukl_task **chain(const struct ukl_tasks *tasks, uint64_t addr)
{
	uint64_t hash = (addr >> 6) * 0x9e3779b97f4a7c15ull;

	return &tasks->bucket[(hash >> 32) & (tasks->buckets - 1)];
}

struct ukl_task *ukl_tasks_find(const struct ukl_tasks *tasks, uint64_t addr)
{
	struct ukl_task *t = *chain(tasks, addr);

	while (t && t->addr != addr)
		t = t->next;
	return t;
}

static void unlink_task(struct ukl_tasks *tasks, struct ukl_task *t)
{
	struct ukl_task **p = chain(tasks, t->addr);

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
}

static bool gives_way(const struct ukl_task *a, const struct ukl_task *b)
{
	if (a->exiting != b->exiting)
		return a->exiting;
	return a->used < b->used;
}

static struct ukl_task *evict(struct ukl_tasks *tasks,
			      bool (*busy)(const void *arg, const struct ukl_task *t),
			      const void *arg)
{
	struct ukl_task *best = NULL;

	for (unsigned int i = 0; i < tasks->capacity; i++) {
		struct ukl_task *t = &tasks->pool[i];

		if (!busy(arg, t) && (!best || gives_way(t, best)))
			best = t;
	}
	unlink_task(tasks, best);
	return best;
}

struct ukl_task *ukl_tasks_get(struct ukl_tasks *tasks, uint64_t addr,
			       bool (*busy)(const void *arg, const struct ukl_task *t),
			       const void *arg)
{
	struct ukl_task *t = ukl_tasks_find(tasks, addr);
	struct ukl_task **p = chain(tasks, addr);

	if (t)
		return t;
	if (tasks->used < tasks->capacity)
		t = &tasks->pool[tasks->used++];
	else
		t = evict(tasks, busy, arg);
	ukl_task_reset(tasks, t);
	t->addr = addr;
	t->next = *p;
	*p = t;
	return t;
}

void ukl_task_reset(struct ukl_tasks *tasks, struct ukl_task *t)
{
	uint64_t addr = t->addr;
	struct ukl_task *next = t->next;

	ukl_ctx_drop(tasks, t, 0);
	memset(t, 0, offsetof(struct ukl_task, ctx));
	t->addr = addr;
	t->next = next;
}

void ukl_tasks_forget(struct ukl_tasks *tasks)
{
	for (unsigned int i = 0; i < tasks->used; i++)
		ukl_task_reset(tasks, &tasks->pool[i]);
	memset(tasks->bucket, 0, tasks->buckets * sizeof(*tasks->bucket));
	tasks->used = 0;
	/* A call that was open may still be. */
	tasks->edit_epoch++;
}

/* An overfull stack loses its bottom, which is the least likely to matter. */
static void make_room(struct ukl_tasks *tasks, struct ukl_task *t)
{
	if (t->ctx[0].edits)
		tasks->edit_open--;
	memmove(&t->ctx[0], &t->ctx[1], (UKL_MODEL_DEPTH - 1) * sizeof(t->ctx[0]));
	t->depth--;
	t->base_known = false;
}

struct ukl_ctx *ukl_ctx_push(struct ukl_tasks *tasks, struct ukl_task *t)
{
	struct ukl_ctx *ctx;

	if (t->depth == UKL_MODEL_DEPTH)
		make_room(tasks, t);
	ctx = &t->ctx[t->depth++];
	memset(ctx, 0, offsetof(struct ukl_ctx, truth));
	ctx->edit_epoch = tasks->edit_epoch;
	ctx->edited = tasks->edit_open > 0;
	return ctx;
}

void ukl_ctx_drop(struct ukl_tasks *tasks, struct ukl_task *t, unsigned int depth)
{
	while (t->depth > depth) {
		if (!t->ctx[--t->depth].edits)
			continue;
		tasks->edit_open--;
		tasks->edit_epoch++;
	}
}

void ukl_ctx_edits(struct ukl_tasks *tasks, struct ukl_ctx *ctx)
{
	ctx->edits = true;
	tasks->edit_open++;
	tasks->edit_epoch++;
}
