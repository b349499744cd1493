// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tasks.c - which tasks are known
 *
 * A set of task_struct addresses of fixed size, in open addressing.  Look-ups
 * take no lock, because with writers=prove every store of the kernel makes one;
 * changes are rare (fork, first run, exit) and take a lock.
 *
 * A task enters when it is first seen by SWITCH or FORK.  It leaves with the
 * switch that follows its EXIT: its memory may be freed and become anything then.
 * If the set ever fills up it is emptied; tasks are then announced once more and
 * a stray write to a task that has not run since would be missed.
 */
#include <pthread.h>

#include "recorder.h"

#define SLOTS 65536u
#define FULL  (SLOTS / 4 * 3)
#define GONE  1u			/* was taken once: look-ups go on past it */

static _Atomic uint64_t slot[SLOTS];
static uint8_t flags[SLOTS];
static unsigned int used;		/* GONE included */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned int first(uint64_t task)
{
	return (unsigned int)((task * 0x9e3779b97f4a7c15ull) >> 48) % SLOTS;
}

/* The task's slot, or SLOTS. */
static unsigned int find(uint64_t task)
{
	for (unsigned int i = first(task), n = 0; n < SLOTS; i = (i + 1) % SLOTS, n++) {
		uint64_t key = atomic_load_explicit(&slot[i], memory_order_acquire);

		if (key == task)
			return i;
		if (!key)
			break;
	}
	return SLOTS;
}

static void empty(void)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		atomic_store_explicit(&slot[i], 0, memory_order_release);
	used = 0;
}

static unsigned int find_or_add(uint64_t task)
{
	unsigned int i = find(task);

	if (i < SLOTS)
		return i;
	if (used == FULL)
		empty();
	i = first(task);
	while (atomic_load_explicit(&slot[i], memory_order_relaxed) > GONE)
		i = (i + 1) % SLOTS;
	used += !atomic_load_explicit(&slot[i], memory_order_relaxed);
	flags[i] = 0;
	atomic_store_explicit(&slot[i], task, memory_order_release);
	return i;
}

bool tasks_known(uint64_t task)
{
	return task > GONE && find(task) < SLOTS;
}

unsigned int tasks_flags(uint64_t task)
{
	unsigned int result;

	pthread_mutex_lock(&lock);
	result = flags[find_or_add(task)];
	pthread_mutex_unlock(&lock);
	return result;
}

void tasks_set(uint64_t task, unsigned int set, unsigned int clear)
{
	unsigned int i;

	pthread_mutex_lock(&lock);
	i = find_or_add(task);
	flags[i] = (uint8_t)((flags[i] & ~clear) | set);
	pthread_mutex_unlock(&lock);
}

void tasks_drop(uint64_t task)
{
	unsigned int i;

	pthread_mutex_lock(&lock);
	i = find(task);
	if (i < SLOTS)
		atomic_store_explicit(&slot[i], GONE, memory_order_release);
	pthread_mutex_unlock(&lock);
}
