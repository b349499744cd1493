// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe - every kind of transition an application can make, group by group
 *
 *   probe [GROUP...]	the groups named, or all; see probe.h
 *
 * Built by ukl-cc for ring 0 and by musl-gcc for ring 3; the outputs are to be equal.
 * Exit status 0, or 1 if a line says "wrong", or 2 if there is no such group.
 */
#include <stdio.h>
#include <string.h>

#include "probe.h"

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
#define PROBE_ROW(name) { #name, probe_##name },
	PROBE_GROUPS(PROBE_ROW)
#undef PROBE_ROW
};

static const unsigned int n_groups = sizeof(groups) / sizeof(*groups);
static bool wrong;

void check(const char *what, bool ok)
{
	printf("%-60s %s\n", what, ok ? "ok" : "wrong");
	fflush(stdout);
	if (!ok)
		__atomic_store_n(&wrong, true, __ATOMIC_RELAXED);
}

bool in_ring0(void)
{
	unsigned short cs;

	__asm__("mov %%cs, %0" : "=r"(cs));
	return !(cs & 3);
}

static int run(const char *name)
{
	for (unsigned int i = 0; i < n_groups; i++) {
		if (strcmp(groups[i].name, name))
			continue;
		printf("# %s\n", name);
		groups[i].run();
		return 0;
	}
	printf("# no group of probes is called \"%s\"\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int a = 1; a < argc && !status; a++)
		status = run(argv[a]);
	for (unsigned int i = 0; argc == 1 && i < n_groups; i++)
		status = run(groups[i].name);
	printf("# %s\n", status || wrong ? "something is wrong" : "all is well");
	return status ? status : wrong;
}
