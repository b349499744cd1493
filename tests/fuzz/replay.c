/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - a fuzz target over given inputs, without libFuzzer
 *
 *   TARGET FILE|DIRECTORY...
 *
 * Prints how many inputs there were.  Exit status 0, or 2 if one cannot be read; an
 * input that breaks a promise ends the program, after its name.
 */
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static unsigned int inputs;
static const char *current;

__attribute__((noreturn))
static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

/* Just as long as it is, so that a sanitizer sees what is read beyond. */
static void replay(const char *path, size_t size)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);

	if (!in || !data || fread(data, 1, size, in) != size)
		give_up(path);
	fclose(in);
	current = path;
	LLVMFuzzerTestOneInput(data, size);
	current = NULL;
	free(data);
	inputs++;
}

static int visit(const char *path, const struct stat *st, int flag)
{
	if (flag == FTW_F)
		replay(path, (size_t)st->st_size);
	return 0;
}

/* Last words: whose fault it was.  A sanitizer told to abort comes here, too. */
static void on_abort(int number)
{
	(void)number;
	if (current)
		dprintf(STDERR_FILENO, "the input was %s\n", current);
}

int main(int argc, char **argv)
{
	signal(SIGABRT, on_abort);
	for (int i = 1; i < argc; i++)
		if (ftw(argv[i], visit, 16))
			give_up(argv[i]);
	printf("%u inputs\n", inputs);
	return 0;
}
