/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_kill.c - a recorder killed at any moment leaves a torn, readable trace
 *
 * The child writes for ever and tells its progress through a pipe; the parent lets
 * it come to a chosen point and kills it while it goes on.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define KILLS   50
#define STEP    500u			/* events between two signs of life */
#define PACKET  4096u

__attribute__((noreturn))
static void record_for_ever(const char *dir, int progress)
{
	struct ukl_writer *w = unit_writer(dir, 2, PACKET);
	uint64_t arg[UKL_MAX_ARGS] = { 0 }, state[UKL_STATE_SLOTS] = { 0 };

	for (uint64_t n = 0;; n++) {
		arg[0] = n;
		state[UKL_S_ax] = n / 2;
		ukl_writer_event(w, n % 2, n, UKL_EV_TASK, UKL_SIDE_KERNEL, arg,
				 UKL_BIT(ax), state);
		if (n % STEP == STEP - 1 && write(progress, "", 1) != 1)
			_exit(2);
	}
}

/* Returns how many events the child had surely made when it died. */
static uint64_t record_and_kill(const char *dir, int steps)
{
	int progress[2], status;
	pid_t pid;
	char sign;

	if (pipe(progress))
		exit(2);
	pid = fork();
	if (!pid)
		record_for_ever(dir, progress[1]);
	close(progress[1]);
	for (int i = 0; i < steps; i++)
		if (read(progress[0], &sign, 1) != 1)
			exit(2);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		exit(2);
	CU_ASSERT_TRUE(WIFSIGNALED(status));
	close(progress[0]);
	return (uint64_t)steps * STEP;
}

/* Every event that a whole packet may hold must be there, in order. */
static void read_prefix(const char *dir, uint64_t made)
{
	/* What may have been in the two packets in memory: 24 bytes is below any. */
	const uint64_t unwritten = 2 * PACKET / 24;
	const struct ukl_event *e;
	struct ukl_summary sum;
	struct ukl_reader *r;
	uint64_t n = 0, wrong = 0;

	if (ukl_reader_open(&r, dir, NULL))
		exit(2);
	for (; (e = ukl_reader_next(r)); n++)
		if (!ukl_reader_gap(r))
			wrong += e->arg[0] != n || e->state[UKL_S_ax] != n / 2;
	ukl_reader_summary(r, &sum);
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_TORN);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_TRUE(n + unwritten >= made);
	CU_ASSERT_TRUE(ukl_reader_gap(r));
	ukl_reader_close(r);
}

static void killed(void)
{
	uint64_t seed = 77;

	for (int i = 0; i < KILLS; i++) {
		const char *dir = unit_dir();

		read_prefix(dir, record_and_kill(dir, 1 + (int)(unit_random(&seed) % 40)));
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "killed at 50 moments", killed },
		{ NULL, NULL }
	};

	return unit_main("kill", tests);
}
