/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_oom.c - the first, second, third ... allocation fails
 *
 * The linker sends the library's allocations here (--wrap).  Each failure must be
 * reported as such; what was allocated before is watched by the sanitizers.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unit.h"

static int countdown = -1;		/* 0: the next one fails; -1: none */

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

#define WRAP(name, params, args) \
	void *__real_##name params; \
	void *__wrap_##name params; \
	void *__wrap_##name params \
	{ \
		return fails() ? NULL : __real_##name args; \
	}

WRAP(malloc, (size_t size), (size))
WRAP(calloc, (size_t n, size_t size), (n, size))
WRAP(realloc, (void *p, size_t size), (p, size))
WRAP(aligned_alloc, (size_t align, size_t size), (align, size))
WRAP(strdup, (const char *text), (text))
WRAP(open_memstream, (char **text, size_t *size), (text, size))

void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return fails() ? MAP_FAILED : __real_mmap(addr, len, prot, flags, fd, offset);
}

/* Opens with the nth allocation failing, until none is left to fail. */
static int first_success(int (*attempt)(const char *dir), const char *dir)
{
	for (int n = 0; n < 1000; n++) {
		int ret;

		countdown = n;
		ret = attempt(dir);
		if (countdown >= 0) {		/* it was not reached */
			countdown = -1;
			CU_ASSERT_EQUAL(ret, 0);
			return n;
		}
		CU_ASSERT_EQUAL(ret, UKL_ERR_NOMEM);
	}
	return -1;
}

static int write_trace(const char *dir)
{
	struct ukl_writer *w;
	struct ukl_error err = { .code = UKL_OK };
	struct ukl_env env = { 0, NULL };
	int ret = ukl_env_set(&env, UKL_ENV_CLOCK, "order", &err);

	if (!ret)
		ret = ukl_writer_open(&w, dir, &env, 2, &err);
	if (!ret)
		ret = ukl_writer_close(w, &err);
	ukl_env_deinit(&env);
	CU_ASSERT_EQUAL(ret, (int)err.code);
	return ret;
}

static int read_trace(const char *dir)
{
	struct ukl_error err = { .code = UKL_OK };
	struct ukl_reader *r;
	int ret = ukl_reader_open(&r, dir, &err);

	CU_ASSERT_EQUAL(ret, (int)err.code);
	if (ret)
		return ret;
	while (ukl_reader_next(r))
		;
	ukl_reader_close(r);
	return 0;
}

static void writer(void)
{
	CU_ASSERT_TRUE(first_success(write_trace, unit_dir()) > 8);
}

static void reader(void)
{
	const char *dir = unit_dir();

	ukl_writer_close(unit_writer(dir, 2, UKL_PACKET_MAX), NULL);
	CU_ASSERT_TRUE(first_success(read_trace, dir) > 8);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "opening a writer", writer },
		{ "opening a reader", reader },
		{ NULL, NULL }
	};

	return unit_main("oom", tests);
}
