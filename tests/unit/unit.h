/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unit.h - what the unit tests share
 *
 * Each test program is one table of tests and a main() that calls unit_main().
 * It prints TAP, one line a test, and exits 1 if any failed.
 *
 * Helpers end the program on trouble of their own (no temporary directory): a
 * test that could not run must not look like one that passed.
 */
#ifndef UKL_UNIT_H
#define UKL_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <CUnit/CUnit.h>

#include "../../traces/reader.h"
#include "../../traces/writer.h"

struct unit_test {
	const char *name;
	void (*run)(void);
};

/* tests ends with an entry without name. */
int unit_main(const char *suite, const struct unit_test *tests);

/* xorshift64; the same sequence in every run. */
uint64_t unit_random(uint64_t *seed);

/* A new empty directory, removed with all it holds at exit. */
const char *unit_dir(void);

/* dir "/" name, in a static buffer that the fourth later call uses again. */
const char *unit_path(const char *dir, const char *name);

/* Whole files; *len bytes to be freed. */
uint8_t *unit_read_file(const char *path, size_t *len);
void unit_write_file(const char *path, const void *data, size_t len);

/* An env with a clock and nothing else. */
void unit_env(struct ukl_env *env);

/* A writer in dir, which must open. */
struct ukl_writer *unit_writer(const char *dir, unsigned int streams,
			       unsigned int packet_size);

/* The random events of a test: what was written, in the order of the merge. */
struct unit_events {
	size_t n;
	struct ukl_event *event;	/* END not among them */
};

/*
 * Writes n random events over the streams and returns what a reader must yield.
 * The clock is common and strictly increasing unless ties is set.
 */
struct unit_events unit_write_random(struct ukl_writer *writer, unsigned int streams,
				     size_t n, uint64_t seed, bool ties);

#endif /* UKL_UNIT_H */
