/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage.c - fuzz target: the files of "ukl check --coverage"
 *
 * What is understood must be the same when written, read and written again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../checker/coverage.h"
#include "fuzz.h"

static char *contents(const char *path)
{
	struct stat st;
	FILE *in = fopen(path, "rb");
	char *text;

	FUZZ_EXPECT(in && !fstat(fileno(in), &st));
	text = calloc(1, (size_t)st.st_size + 1);
	FUZZ_EXPECT(fread(text, 1, (size_t)st.st_size, in) == (size_t)st.st_size);
	fclose(in);
	return text;
}

/* Reads one file and writes it to another; false if it was not understood. */
static bool copy(const char *from, const char *to)
{
	struct ukl_error err = { .code = UKL_OK };
	struct ukl_coverage *list = NULL;
	int ret = ukl_coverage_load(&list, from, &err);

	FUZZ_EXPECT(ret == (int)err.code && (!ret || *err.text));
	if (!ret)
		FUZZ_EXPECT(!ukl_coverage_save(list, to, NULL));
	ukl_coverage_free(list);
	return !ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *once, *twice;

	fuzz_file("input", data, size);
	if (!copy(fuzz_path("input"), fuzz_path("once")))
		return 0;
	FUZZ_EXPECT(copy(fuzz_path("once"), fuzz_path("twice")));
	once = contents(fuzz_path("once"));
	twice = contents(fuzz_path("twice"));
	FUZZ_EXPECT(!strcmp(once, twice));
	free(once);
	free(twice);
	return 0;
}
