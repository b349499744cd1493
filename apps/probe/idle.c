// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * idle.c - something for a debugger: it counts, and ends when told by another
 */
#include <time.h>

#include "probe.h"

volatile unsigned long idle_count;
volatile int idle_stop;

__attribute__((noinline)) static void idle_step(void)
{
	const struct timespec soon = { 0, 1000000 };

	idle_count++;
	nanosleep(&soon, NULL);
}

int help_idle(char **argv)
{
	(void)argv;
	while (!idle_stop)
		idle_step();
	return idle_stop;
}
