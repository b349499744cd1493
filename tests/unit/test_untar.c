/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_untar.c - a trace out of a tar archive on standard input
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static struct {
	uint8_t *data;
	size_t len;
	const char *dir;		/* the trace in it */
	char path[4096];
} tar;

/* The system's tar makes the archive; nothing here shares code with the reader. */
static void run_tar(const char *options)
{
	char command[9000];

	snprintf(command, sizeof(command), "tar -C '%s' -cf '%s' %s .", tar.dir,
		 tar.path, options);
	if (system(command)) {
		fprintf(stderr, "cannot run: %s\n", command);
		exit(2);
	}
}

static void make_archive(void)
{
	struct ukl_writer *w;

	tar.dir = unit_dir();
	w = unit_writer(tar.dir, 2, 1024);
	free(unit_write_random(w, 2, 40, 3, false).event);
	ukl_writer_close(w, NULL);
	snprintf(tar.path, sizeof(tar.path), "%s/a.tar", unit_dir());
	run_tar("");
	tar.data = unit_read_file(tar.path, &tar.len);
}

/* Opens the archive as it is on disk through standard input. */
static int open_archive(struct ukl_reader **r, struct ukl_error *err)
{
	int fd = open(tar.path, O_RDONLY), ret;

	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		exit(2);
	close(fd);
	ret = ukl_reader_open(r, "-", err);
	return ret;
}

/* The number of events, or -1 if it cannot be opened. */
static int read_archive(struct ukl_summary *sum)
{
	struct ukl_reader *r;
	struct ukl_error err;
	int n = 0;

	if (open_archive(&r, &err))
		return -1;
	while (ukl_reader_next(r))
		n++;
	ukl_reader_summary(r, sum);
	ukl_reader_close(r);
	return n;
}

static void whole(void)
{
	struct ukl_summary sum;

	unit_write_file(tar.path, tar.data, tar.len);
	CU_ASSERT_EQUAL(read_archive(&sum), 42);
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_COMPLETE);
}

/* More than the header's hundred bytes: GNU's members of type L, ustar's prefix. */
static void long_paths(void)
{
	char options[400], x[151];
	struct ukl_summary sum;

	memset(x, 'x', 150);
	x[150] = '\0';
	snprintf(options, sizeof(options), "--format=gnu --transform='s,^\\.,%s,'", x);
	run_tar(options);
	CU_ASSERT_EQUAL(read_archive(&sum), 42);
	x[75] = '/';
	snprintf(options, sizeof(options), "--format=ustar --transform='s|^\\.|%s|'", x);
	run_tar(options);
	CU_ASSERT_EQUAL(read_archive(&sum), 42);
}

/* Once the last stream's bytes are complete, the rest is only filling. */
static void cut_everywhere(void)
{
	struct ukl_summary sum;
	int last = -1, complete = 0;

	for (size_t cut = 0; cut < tar.len; cut += cut % 512 < 8 ? 1 : 61) {
		int n;

		unit_write_file(tar.path, tar.data, cut);
		n = read_archive(&sum);
		CU_ASSERT_TRUE(n >= last);
		if (n >= 0 && sum.state == UKL_TRACE_COMPLETE) {
			CU_ASSERT_EQUAL(n, 42);
			complete++;
		} else {
			CU_ASSERT_EQUAL(complete, 0);
		}
		last = n;
	}
	CU_ASSERT_TRUE(complete > 0);
}

static void flipped(void)
{
	struct ukl_summary sum;
	uint64_t seed = 8;

	for (int i = 0; i < 5000; i++) {
		size_t bit = unit_random(&seed) % (tar.len * 8);

		tar.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		unit_write_file(tar.path, tar.data, tar.len);
		if (read_archive(&sum) >= 0 && sum.state == UKL_TRACE_COMPLETE)
			CU_ASSERT_EQUAL(sum.events, 42);
		tar.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void not_tar(void)
{
	struct ukl_reader *r;
	struct ukl_error err;
	char junk[2048];

	unit_write_file(tar.path, "hello", 5);
	CU_ASSERT_EQUAL(open_archive(&r, &err), UKL_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "tar -cf"));
	/* The name of the first member changed: only the checksum can tell. */
	tar.data[0] ^= 1;
	unit_write_file(tar.path, tar.data, tar.len);
	CU_ASSERT_EQUAL(open_archive(&r, &err), UKL_ERR_FORMAT);
	CU_ASSERT_EQUAL(err.offset, 0);
	tar.data[0] ^= 1;
	memset(junk, 'x', sizeof(junk));
	unit_write_file(tar.path, junk, sizeof(junk));
	CU_ASSERT_EQUAL(open_archive(&r, &err), UKL_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "tar -cf"));
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "an archive reads like its directory", whole },
		{ "paths longer than a header's field", long_paths },
		{ "cut in many places", cut_everywhere },
		{ "5000 random bits flipped", flipped },
		{ "something else than tar", not_tar },
		{ NULL, NULL }
	};
	int ret;

	make_archive();
	ret = unit_main("untar", tests);
	free(tar.data);
	return ret;
}
