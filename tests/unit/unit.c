/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unit.c - see unit.h
 */
#define _GNU_SOURCE			/* nftw, mkdtemp */
#include "unit.h"

#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../traces/vocabulary.h"

#define MAX_DIRS 256

static const char *suite_name;
static unsigned int n_run, n_failed;
static char *dirs[MAX_DIRS];
static int n_dirs;

__attribute__((noreturn))
static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

/* --- running ------------------------------------------------------------- */

static void completed(const CU_pTest test, const CU_pSuite suite,
		      const CU_pFailureRecord failure)
{
	(void)suite;
	printf("%sok %u - %s: %s\n", failure ? "not " : "", ++n_run, suite_name,
	       test->pName);
	n_failed += failure != NULL;
	for (const CU_FailureRecord *f = failure; f; f = f->pNext)
		printf("# %s:%u: %s\n", f->strFileName, f->uiLineNumber,
		       f->strCondition);
	fflush(stdout);
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void remove_dirs(void)
{
	for (int i = 0; i < n_dirs; i++) {
		nftw(dirs[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
		free(dirs[i]);
	}
	n_dirs = 0;
}

int unit_main(const char *suite, const struct unit_test *tests)
{
	CU_pSuite s;
	unsigned int n = 0;

	suite_name = suite;
	if (CU_initialize_registry() || !(s = CU_add_suite(suite, NULL, NULL)))
		give_up("CUnit");
	for (; tests[n].name; n++)
		if (!CU_add_test(s, tests[n].name, tests[n].run))
			give_up("CUnit");
	atexit(remove_dirs);
	printf("TAP version 13\n1..%u\n", n);
	CU_set_test_complete_handler(completed);
	CU_run_all_tests();
	CU_cleanup_registry();
	return n_failed || n_run != n;
}

/* --- helpers ------------------------------------------------------------- */

uint64_t unit_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

const char *unit_dir(void)
{
	const char *base = getenv("TMPDIR");
	char path[4096];

	snprintf(path, sizeof(path), "%s/ukl-unit-XXXXXX",
		 base && *base ? base : "/tmp");
	if (n_dirs == MAX_DIRS || !mkdtemp(path))
		give_up(path);
	dirs[n_dirs] = strdup(path);
	return dirs[n_dirs++];
}

const char *unit_path(const char *dir, const char *name)
{
	static char path[4][4096];
	static int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", dir, name);
	return path[next];
}

uint8_t *unit_read_file(const char *path, size_t *len)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (!in || fseek(in, 0, SEEK_END) || (size = ftell(in)) < 0)
		give_up(path);
	rewind(in);
	data = malloc((size_t)size + 1);
	if (!data || fread(data, 1, (size_t)size, in) != (size_t)size)
		give_up(path);
	fclose(in);
	*len = (size_t)size;
	return data;
}

void unit_write_file(const char *path, const void *data, size_t len)
{
	FILE *out = fopen(path, "wb");

	if (!out || (len && fwrite(data, 1, len, out) != len) || fclose(out))
		give_up(path);
}

void unit_env(struct ukl_env *env)
{
	ukl_env_init(env);
	if (ukl_env_set(env, UKL_ENV_CLOCK, "order", NULL))
		give_up("ukl_env_set");
}

struct ukl_writer *unit_writer(const char *dir, unsigned int streams,
			       unsigned int packet_size)
{
	struct ukl_writer *w;
	struct ukl_error err;
	struct ukl_env env;

	unit_env(&env);
	if (ukl_writer_open(&w, dir, &env, streams, &err)) {
		ukl_error_print(stderr, &err);
		exit(2);
	}
	ukl_env_deinit(&env);
	ukl_writer_packet_size(w, packet_size);
	return w;
}

/* --- random events ------------------------------------------------------- */

/* Few distinct values, so that many slots stay as they are. */
static void random_state(uint64_t state[UKL_STATE_SLOTS], uint64_t *seed)
{
	for (int i = 0; i < UKL_STATE_SLOTS; i++) {
		uint64_t r = unit_random(seed);

		state[i] = r % 4 ? r % 3 : r;
	}
}

static void random_event(struct ukl_event *e, uint64_t *seed, uint32_t *sampled,
			 uint64_t state[UKL_STATE_SLOTS])
{
	do
		e->cls = 1 + unit_random(seed) % (UKL_CLASSES - 1);
	while (e->cls == UKL_EV_END || !ukl_class_info[e->cls].name);
	e->side = unit_random(seed) % UKL_SIDES;
	for (unsigned int i = 0; i < UKL_MAX_ARGS; i++)
		e->arg[i] = i < ukl_class_info[e->cls].n_args ? unit_random(seed) : 0;
	*sampled = ukl_class_info[e->cls].samples;
	random_state(state, seed);
}

static int merge_order(const void *a, const void *b)
{
	const struct ukl_event *x = a, *y = b;

	if (x->time != y->time)
		return x->time > y->time ? 1 : -1;
	if (x->cpu != y->cpu)
		return x->cpu - y->cpu;
	return (x->order > y->order) - (x->order < y->order);
}

struct unit_events unit_write_random(struct ukl_writer *w, unsigned int streams,
				     size_t n, uint64_t seed, bool ties)
{
	struct unit_events all = { n, calloc(n + 1, sizeof(*all.event)) };
	uint64_t (*vec)[UKL_STATE_SLOTS] = calloc(streams, sizeof(*vec));
	uint64_t state[UKL_STATE_SLOTS], now = 1;
	uint32_t sampled;

	if (!all.event || !vec)
		give_up("calloc");
	for (size_t i = 0; i < n; i++) {
		struct ukl_event *e = &all.event[i];

		random_event(e, &seed, &sampled, state);
		e->cpu = (uint8_t)(unit_random(&seed) % streams);
		now += ties ? unit_random(&seed) % 2 : 1;
		e->time = now;
		e->order = i;
		for (int slot = 0; slot < UKL_STATE_SLOTS; slot++)
			if (sampled >> slot & 1 && vec[e->cpu][slot] != state[slot]) {
				e->changed |= 1u << slot;
				vec[e->cpu][slot] = state[slot];
			}
		memcpy(e->state, vec[e->cpu], sizeof(e->state));
		ukl_writer_event(w, e->cpu, now, (enum ukl_class)e->cls,
				 (enum ukl_side)e->side, e->arg, sampled, state);
	}
	free(vec);
	qsort(all.event, n, sizeof(*all.event), merge_order);
	return all;
}
