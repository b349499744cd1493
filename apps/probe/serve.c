// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * serve.c - the echo server as a part of this program
 *
 * A mixed load wants a server and the probes at once, and there is one application
 * in a kernel.
 */
#include "probe.h"

#define main echo_main
#define check echo_check
#include "../echo/echo.c"
#undef check
#undef main

int help_serve(char **argv)
{
	int n = 0;

	while (argv[n])
		n++;
	return echo_main(n + 1, argv - 1);
}
