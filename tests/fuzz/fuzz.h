/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the fuzz targets share
 *
 * A target is one function that libFuzzer calls with bytes, or replay.c with those of
 * a file.  It must take any bytes; a promise that is not kept ends the program.
 *
 * Thread rule: one thread.
 */
#ifndef UKL_FUZZ_H
#define UKL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../traces/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, by SIGABRT, unless the promise is kept. */
#define FUZZ_EXPECT(promise) \
	do { \
		if (!(promise)) \
			fuzz_broken(__FILE__, __LINE__, #promise); \
	} while (0)

__attribute__((noreturn))
void fuzz_broken(const char *file, int line, const char *promise);

/* What is left of the input; reading beyond its end yields zeros. */
struct fuzz_input {
	const uint8_t *p, *end;
};

size_t fuzz_left(const struct fuzz_input *in);
void fuzz_take(struct fuzz_input *in, void *to, size_t size);
uint8_t fuzz_byte(struct fuzz_input *in);

/* A directory of this process, which goes when it ends. */
const char *fuzz_dir(void);
/* dir "/" name, in a static buffer that the fourth later call uses again. */
const char *fuzz_path(const char *name);
/* Makes or replaces the file of that name there. */
void fuzz_file(const char *name, const void *data, size_t size);

/* The metadata of the fixtures' base, and what it says. */
const char *fuzz_metadata(size_t *size);
const struct ukl_env *fuzz_env(void);

/* What a verb has printed, stdout and stderr, and what it returned. */
struct fuzz_run {
	int status;
	char *out, *err;
};

/* argv ends with NULL.  What it has printed is good until the third later call. */
struct fuzz_run fuzz_verb(int (*verb)(int argc, char **argv), const char *const *argv);

/*
 * A trace made of the input: whatever that is, the trace is a valid one.  A byte with
 * the number of CPUs, one with the size of packets; then events as they lie on disk,
 * the CPU in the upper half of "side".
 */
const char *fuzz_trace(struct fuzz_input *in);

#endif /* UKL_FUZZ_H */
