/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_full.c - recording when the disk is full
 *
 * RLIMIT_FSIZE stands for the full disk where no file system can be mounted: it
 * makes the same short writes.  As root a small tmpfs gives the real thing too.
 * The writer must go on, count what it lost, and leave whole packets only.
 */
#define _GNU_SOURCE			/* unshare */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define FULL_AT 200000u			/* bytes; not a multiple of a packet */
#define EVENTS  20000u			/* some 1.5 MB */

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	if (setrlimit(RLIMIT_FSIZE, &limit)) {
		perror("setrlimit");
		exit(2);
	}
}

static void read_back(const char *dir, struct ukl_summary *sum)
{
	struct ukl_reader *r;
	struct ukl_error err;

	if (ukl_reader_open(&r, dir, &err)) {
		ukl_error_print(stderr, &err);
		exit(2);
	}
	while (ukl_reader_next(r))
		;
	ukl_reader_summary(r, sum);
	ukl_reader_close(r);
}

/* What the writer says on stderr is part of the test; it goes to a file. */
static int redirect_stderr(const char *path)
{
	int saved = dup(STDERR_FILENO);

	fflush(stderr);
	if (!freopen(path, "w", stderr))
		exit(2);
	return saved;
}

static void restore_stderr(int saved)
{
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static void expect_one_complaint(const char *log)
{
	size_t len, lines = 0;
	uint8_t *text = unit_read_file(log, &len);

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	CU_ASSERT_EQUAL(lines, 1);
	text[len] = '\0';
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)text, "discarded and counted"));
	free(text);
}

/* Full until the end: torn or closed with a loss, but never a half packet. */
static void stays_full(void)
{
	const char *dir = unit_dir(), *log = unit_path(unit_dir(), "stderr");
	struct ukl_writer *w = unit_writer(dir, 1, UKL_PACKET_MAX);
	struct ukl_summary sum;
	struct stat st;
	uint64_t kept;
	int saved = redirect_stderr(log);

	limit_file_size(FULL_AT);
	free(unit_write_random(w, 1, EVENTS, 5, false).event);
	kept = ukl_writer_events(w);
	CU_ASSERT_EQUAL(kept + ukl_writer_discarded(w), EVENTS);
	CU_ASSERT_TRUE(ukl_writer_discarded(w) > EVENTS / 2);
	CU_ASSERT_EQUAL(stat(unit_path(dir, "stream_0"), &st), 0);
	CU_ASSERT_TRUE(st.st_size > 0 && st.st_size <= FULL_AT);
	ukl_writer_close(w, NULL);
	limit_file_size(RLIM_INFINITY);
	restore_stderr(saved);
	expect_one_complaint(log);
	read_back(dir, &sum);
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_COMPLETE);	/* END alone fits */
	CU_ASSERT_EQUAL(sum.events - 1 + sum.discarded, EVENTS);
	CU_ASSERT_TRUE(sum.discarded > 0);
}

/* Not even room for END. */
static void no_room_at_all(void)
{
	const char *dir = unit_dir(), *log = unit_path(unit_dir(), "stderr");
	struct ukl_writer *w = unit_writer(dir, 1, UKL_PACKET_MAX);
	struct ukl_summary sum;
	struct ukl_error err;
	int saved = redirect_stderr(log);

	limit_file_size(50);
	free(unit_write_random(w, 1, EVENTS, 5, false).event);
	CU_ASSERT_EQUAL(ukl_writer_close(w, &err), UKL_ERR_IO);
	limit_file_size(RLIM_INFINITY);
	restore_stderr(saved);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "stays torn"));
	read_back(dir, &sum);
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_TORN);
	CU_ASSERT_EQUAL(sum.events, 0);
}

/* Room again later: what follows is recorded, and the loss in between is known. */
static void recovers(void)
{
	const char *dir = unit_dir(), *log = unit_path(unit_dir(), "stderr");
	struct ukl_writer *w = unit_writer(dir, 1, UKL_PACKET_MAX);
	uint64_t arg[UKL_MAX_ARGS] = { 0 };
	struct ukl_summary sum;
	int saved = redirect_stderr(log);

	limit_file_size(FULL_AT);
	free(unit_write_random(w, 1, EVENTS, 5, false).event);
	limit_file_size(RLIM_INFINITY);
	for (unsigned int i = 0; i < EVENTS; i++)
		ukl_writer_event(w, 0, EVENTS + i, UKL_EV_TASK, UKL_SIDE_KERNEL, arg, 0,
				 NULL);
	CU_ASSERT_EQUAL(ukl_writer_close(w, NULL), 0);
	restore_stderr(saved);
	read_back(dir, &sum);
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_COMPLETE);
	CU_ASSERT_EQUAL(sum.events - 1 + sum.discarded, 2 * EVENTS);
	CU_ASSERT_TRUE(sum.events > EVENTS);
	CU_ASSERT_EQUAL(sum.last_time, 2 * EVENTS - 1);
}

/* In a child with its own mounts; exit status 0: as expected, 77: no mount. */
static int on_small_tmpfs(const char *dir)
{
	struct ukl_summary sum;
	struct ukl_writer *w;
	uint64_t lost;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", 0, "size=256k"))
		return 77;
	w = unit_writer(dir, 2, UKL_PACKET_MAX);
	free(unit_write_random(w, 2, EVENTS, 5, false).event);
	lost = ukl_writer_discarded(w);
	ukl_writer_close(w, NULL);
	read_back(dir, &sum);
	umount(dir);
	/* Either END found room or the trace is torn; whole packets in any case. */
	if (!lost || !sum.packets)
		return 1;
	if (sum.state == UKL_TRACE_TORN)
		return !strstr(sum.reason.text, "without its closing packet");
	return sum.events - 2 + sum.discarded != EVENTS;
}

static void small_tmpfs(void)
{
	const char *dir = unit_dir(), *log = unit_path(unit_dir(), "stderr");
	int status, saved = redirect_stderr(log);
	pid_t pid = fork();

	if (!pid) {
		status = on_small_tmpfs(dir);
		fflush(stderr);
		_exit(status);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	restore_stderr(saved);
	CU_ASSERT_TRUE(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		puts("# no right to mount a tmpfs here: only RLIMIT_FSIZE was tried");
		return;
	}
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	expect_one_complaint(log);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "full to the end", stays_full },
		{ "no room at all", no_room_at_all },
		{ "room again later", recovers },
		{ "a tmpfs of 256 KiB", small_tmpfs },
		{ NULL, NULL }
	};

	return unit_main("full", tests);
}
