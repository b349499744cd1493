/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h - what the groups of probes share
 *
 * A group is one file and one function, listed in PROBE_GROUPS.  It does one kind of
 * transition in every way it can be done and prints one line for each thing that must
 * hold, the same in ring 0 and in ring 3: nothing that differs from run to run (pids,
 * addresses, times) is printed.
 *
 * Thread rule: check() may be called by any thread; groups run one after the other.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>

/* GROUP(name): void probe_name(void), in name.c */
#define PROBE_GROUPS(GROUP) \
	GROUP(calls)

#define PROBE_DECLARE(name) void probe_##name(void);
PROBE_GROUPS(PROBE_DECLARE)
#undef PROBE_DECLARE

/* Prints "WHAT ok" or "WHAT wrong"; one wrong line makes the program end with 1. */
void check(const char *what, bool ok);

/* Whether this is the application in the kernel: CPL 0. */
bool in_ring0(void);

#endif /* PROBE_H */
