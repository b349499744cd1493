// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tasks.c - which tasks are known
 *
 * A set of task_struct addresses of fixed size, in open addressing, with flags.
 * Look-ups take no lock, because with writers=prove every store of the kernel may
 * make one; changes are rare (fork, switch, exit) and take a lock.
 *
 * A task enters when it is first seen by SWITCH or FORK and stays: the slab gives
 * its memory to the next one.  If the set ever fills up it is emptied; tasks are
 * then announced once more, and a stray write to a task that has not run since
 * would be missed.
 */
#include <pthread.h>

#include "recorder.h"

#define SLOTS 65536u
#define FULL  (SLOTS / 4 * 3)

static _Atomic uint64_t slot[SLOTS];
static _Atomic uint8_t flags[SLOTS];
static unsigned int used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The task's slot, or the empty one where it belongs.  The set is never full. */
static unsigned int find(uint64_t task)
{
	unsigned int i = (unsigned int)((task * 0x9e3779b97f4a7c15ull) >> 48) % SLOTS;
	uint64_t key;

	while ((key = atomic_load_explicit(&slot[i], memory_order_acquire)) &&
	       key != task)
		i = (i + 1) % SLOTS;
	return i;
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

	if (atomic_load_explicit(&slot[i], memory_order_relaxed))
		return i;
	if (used == FULL) {
		empty();
		i = find(task);
	}
	used++;
	atomic_store_explicit(&flags[i], 0, memory_order_relaxed);
	atomic_store_explicit(&slot[i], task, memory_order_release);
	return i;
}

bool tasks_watched(uint64_t task)
{
	unsigned int i = find(task);

	return task && atomic_load_explicit(&slot[i], memory_order_relaxed) &&
	       !(atomic_load_explicit(&flags[i], memory_order_relaxed) & TASK_DEAD);
}

unsigned int tasks_flags(uint64_t task)
{
	unsigned int result;

	pthread_mutex_lock(&lock);
	result = atomic_load_explicit(&flags[find_or_add(task)], memory_order_relaxed);
	pthread_mutex_unlock(&lock);
	return result;
}

void tasks_set(uint64_t task, unsigned int set, unsigned int clear)
{
	unsigned int i, old;

	pthread_mutex_lock(&lock);
	i = find_or_add(task);
	old = atomic_load_explicit(&flags[i], memory_order_relaxed);
	atomic_store_explicit(&flags[i], (uint8_t)((old & ~clear) | set),
			      memory_order_relaxed);
	pthread_mutex_unlock(&lock);
}
