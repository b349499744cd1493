/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_trace.c - what the writer writes is what the reader yields
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../traces/packet.h"
#include "unit.h"

/* Reads all; the events but END must be the expected ones, in that order. */
static size_t compare(struct ukl_reader *r, const struct unit_events *expected)
{
	const struct ukl_event *e;
	size_t n = 0, order = 0, wrong = 0;

	while ((e = ukl_reader_next(r))) {
		const struct ukl_event *x = &expected->event[n];

		wrong += e->order != order++;
		if (e->cls == UKL_EV_END)
			continue;
		if (n++ >= expected->n)
			return SIZE_MAX;
		wrong += e->time != x->time || e->cls != x->cls || e->side != x->side ||
			 e->cpu != x->cpu || e->changed != x->changed ||
			 memcmp(e->arg, x->arg, sizeof(e->arg)) ||
			 memcmp(e->state, x->state, sizeof(e->state));
	}
	CU_ASSERT_EQUAL(n, expected->n);
	return wrong;
}

static struct ukl_reader *open_reader(const char *dir)
{
	struct ukl_reader *r = NULL;
	struct ukl_error err;

	if (ukl_reader_open(&r, dir, &err)) {
		ukl_error_print(stderr, &err);
		exit(2);
	}
	return r;
}

/* UINT64_MAX at the end, which no test expects. */
static uint64_t next_time(struct ukl_reader *r)
{
	const struct ukl_event *e = ukl_reader_next(r);

	return e ? e->time : UINT64_MAX;
}

static void round_trip(unsigned int streams, unsigned int packet, size_t n, bool ties)
{
	const char *dir = unit_dir();
	struct ukl_writer *w = unit_writer(dir, streams, packet);
	struct unit_events all = unit_write_random(w, streams, n, 7 + n, ties);
	struct ukl_summary sum;
	struct ukl_reader *r;

	CU_ASSERT_EQUAL(ukl_writer_events(w), n);
	CU_ASSERT_EQUAL(ukl_writer_close(w, NULL), 0);
	r = open_reader(dir);
	CU_ASSERT_EQUAL(compare(r, &all), 0);
	CU_ASSERT_FALSE(ukl_reader_gap(r));
	ukl_reader_summary(r, &sum);
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_COMPLETE);
	CU_ASSERT_EQUAL(sum.events, n + streams);
	CU_ASSERT_EQUAL(sum.discarded, 0);
	CU_ASSERT_EQUAL(sum.n_streams, streams);
	ukl_reader_close(r);
	free(all.event);
}

static void one_stream(void)
{
	round_trip(1, UKL_PACKET_MAX, 0, false);
	round_trip(1, UKL_PACKET_MAX, 1, false);
	round_trip(1, UKL_PACKET_MAX, 20000, false);
}

static void small_packets(void)
{
	round_trip(1, UKL_PACKET_MIN, 5000, false);
	round_trip(1, 1024, 5000, true);
	round_trip(3, UKL_PACKET_MIN, 5000, false);
}

static void many_streams(void)
{
	round_trip(2, UKL_PACKET_MAX, 20000, false);
	round_trip(4, 4096, 20000, true);
	round_trip(UKL_MAX_STREAMS, 2048, 20000, true);
}

static void clock_is_raised(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *w = unit_writer(dir, 1, UKL_PACKET_MAX);
	uint64_t arg[UKL_MAX_ARGS] = { 0 };
	struct ukl_reader *r;

	ukl_writer_event(w, 0, 50, UKL_EV_TASK, UKL_SIDE_KERNEL, arg, 0, NULL);
	ukl_writer_event(w, 0, 40, UKL_EV_TASK, UKL_SIDE_KERNEL, arg, 0, NULL);
	ukl_writer_close(w, NULL);
	r = open_reader(dir);
	CU_ASSERT_EQUAL(next_time(r), 50);
	CU_ASSERT_EQUAL(next_time(r), 50);
	ukl_reader_close(r);
}

static void discarded_are_counted(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *w = unit_writer(dir, 2, UKL_PACKET_MAX);
	uint64_t arg[UKL_MAX_ARGS] = { 0 };
	struct ukl_summary sum;
	struct ukl_reader *r;

	ukl_writer_event(w, 0, 1, UKL_EV_TASK, UKL_SIDE_KERNEL, arg, 0, NULL);
	ukl_writer_flush(w, 0);
	ukl_writer_discard(w, 0, 5);
	ukl_writer_event(w, 0, 2, UKL_EV_TASK, UKL_SIDE_KERNEL, arg, 0, NULL);
	ukl_writer_discard(w, 1, 2);
	CU_ASSERT_EQUAL(ukl_writer_discarded(w), 7);
	ukl_writer_close(w, NULL);
	r = open_reader(dir);
	while (ukl_reader_next(r))
		;
	ukl_reader_summary(r, &sum);
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_COMPLETE);
	CU_ASSERT_EQUAL(sum.discarded, 7);
	CU_ASSERT_TRUE(ukl_reader_gap(r));
	ukl_reader_close(r);
}

/* The gap is told with the first event behind it, not before. */
static void gap_is_told_in_time(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *w = unit_writer(dir, 1, UKL_PACKET_MAX);
	uint64_t arg[UKL_MAX_ARGS] = { 0 };
	struct ukl_reader *r;

	ukl_writer_event(w, 0, 1, UKL_EV_TASK, UKL_SIDE_KERNEL, arg, 0, NULL);
	ukl_writer_flush(w, 0);
	ukl_writer_discard(w, 0, 1);
	ukl_writer_event(w, 0, 2, UKL_EV_TASK, UKL_SIDE_KERNEL, arg, 0, NULL);
	ukl_writer_close(w, NULL);
	r = open_reader(dir);
	CU_ASSERT_EQUAL(next_time(r), 1);
	CU_ASSERT_FALSE(ukl_reader_gap(r));
	CU_ASSERT_EQUAL(next_time(r), 2);
	CU_ASSERT_TRUE(ukl_reader_gap(r));
	ukl_reader_close(r);
}

static enum ukl_trace_state state_of(const char *dir, struct ukl_summary *sum)
{
	struct ukl_reader *r = open_reader(dir);

	while (ukl_reader_next(r))
		;
	ukl_reader_summary(r, sum);
	ukl_reader_close(r);
	return sum->state;
}

/* Each event is there once it is shown; how often, the trace does not tell. */
static void shown_events_are_seen(void)
{
	enum { N = 200 };
	uint64_t arg[UKL_MAX_ARGS] = { 0 }, packets[2];
	struct ukl_summary sum;

	for (int show = 0; show < 2; show++) {
		const char *dir = unit_dir();
		struct ukl_writer *w = unit_writer(dir, 1, UKL_PACKET_MIN);
		size_t wrong = 0;

		for (uint64_t i = 1; i <= N; i++) {
			ukl_writer_event(w, 0, i, UKL_EV_TASK, UKL_SIDE_KERNEL, arg, 0,
					 NULL);
			if (!show)
				continue;
			ukl_writer_show(w, 0);
			wrong += state_of(dir, &sum) != UKL_TRACE_RECORDING ||
				 sum.events != i || sum.last_time != i;
		}
		CU_ASSERT_EQUAL(wrong, 0);
		ukl_writer_close(w, NULL);
		CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_COMPLETE);
		CU_ASSERT_EQUAL(sum.events, N + 1);
		packets[show] = sum.packets;
	}
	CU_ASSERT_EQUAL(packets[0], packets[1]);
	CU_ASSERT_TRUE(packets[0] > 2);
}

/* --- the directory ------------------------------------------------------- */

static void recording_then_torn(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *w = unit_writer(dir, 2, UKL_PACKET_MIN);
	struct unit_events all = unit_write_random(w, 2, 200, 3, false);
	struct ukl_summary sum;

	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_RECORDING);
	CU_ASSERT_TRUE(sum.events > 100);
	ukl_writer_abandon(w);
	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_TORN);
	CU_ASSERT_TRUE(sum.events > 100);
	CU_ASSERT_TRUE(sum.events < 200);
	free(all.event);
}

/* A recorder killed between its last packet and the removal of .recording. */
static void left_over_lock(void)
{
	const char *dir = unit_dir();
	struct ukl_summary sum;

	ukl_writer_close(unit_writer(dir, 1, UKL_PACKET_MAX), NULL);
	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_COMPLETE);
	unit_write_file(unit_path(dir, ".recording"), "", 0);
	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_TORN);
	/* Not readable is not absent; a link to itself is so even for root. */
	unlink(unit_path(dir, ".recording"));
	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_COMPLETE);
	CU_ASSERT_EQUAL(symlink(".recording", unit_path(dir, ".recording")), 0);
	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_TORN);
}

static void two_writers(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *first = unit_writer(dir, 1, UKL_PACKET_MAX), *second = NULL;
	struct unit_events all = unit_write_random(first, 1, 100, 5, false);
	struct ukl_summary sum;
	struct ukl_error err;
	struct ukl_env env;

	unit_env(&env);
	CU_ASSERT_EQUAL(ukl_writer_open(&second, dir, &env, 1, &err), UKL_ERR_BUSY);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "another recorder"));
	CU_ASSERT_EQUAL(ukl_writer_close(first, NULL), 0);
	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_COMPLETE);
	CU_ASSERT_EQUAL(sum.events, 101);
	ukl_env_deinit(&env);
	free(all.event);
}

static void older_trace_is_replaced(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *w = unit_writer(dir, 3, UKL_PACKET_MAX);
	struct unit_events all = unit_write_random(w, 3, 100, 5, false);
	struct ukl_summary sum;

	ukl_writer_abandon(w);
	ukl_writer_close(unit_writer(dir, 1, UKL_PACKET_MAX), NULL);
	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_COMPLETE);
	CU_ASSERT_EQUAL(sum.events, 1);
	CU_ASSERT_NOT_EQUAL(access(unit_path(dir, "stream_1"), F_OK), 0);
	free(all.event);
}

static void foreign_directory_is_refused(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *w;
	struct ukl_error err;
	struct ukl_env env;

	unit_env(&env);
	unit_write_file(unit_path(dir, "stream_0"), "mine", 4);
	unit_write_file(unit_path(dir, "thesis.tex"), "mine", 4);
	CU_ASSERT_EQUAL(ukl_writer_open(&w, dir, &env, 1, &err), UKL_ERR_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "thesis.tex"));
	CU_ASSERT_EQUAL(access(unit_path(dir, "stream_0"), F_OK), 0);
	ukl_env_deinit(&env);
}

static void bad_requests(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *w;
	struct ukl_error err;
	struct ukl_env env;

	ukl_env_init(&env);
	CU_ASSERT_EQUAL(ukl_writer_open(&w, dir, &env, 1, &err), UKL_ERR_USAGE);
	ukl_env_deinit(&env);
	unit_env(&env);
	CU_ASSERT_EQUAL(ukl_writer_open(&w, dir, &env, 0, &err), UKL_ERR_USAGE);
	CU_ASSERT_EQUAL(ukl_writer_open(&w, dir, &env, UKL_MAX_STREAMS + 1, &err),
			UKL_ERR_USAGE);
	CU_ASSERT_EQUAL(ukl_writer_open(&w, unit_path(dir, "a/b"), &env, 1, &err),
			UKL_ERR_IO);
	ukl_env_deinit(&env);
}

/* --- parts that do not belong together ----------------------------------- */

static void copy(const char *from_dir, const char *from, const char *to_dir,
		 const char *to)
{
	size_t len;
	uint8_t *data = unit_read_file(unit_path(from_dir, from), &len);

	unit_write_file(unit_path(to_dir, to), data, len);
	free(data);
}

/* A closed trace of two streams in many small packets. */
static const char *sample(void)
{
	const char *dir = unit_dir();
	struct ukl_writer *w = unit_writer(dir, 2, UKL_PACKET_MIN);

	free(unit_write_random(w, 2, 200, 11, false).event);
	ukl_writer_close(w, NULL);
	return dir;
}

static void expect_torn(const char *dir, const char *words)
{
	struct ukl_summary sum;

	CU_ASSERT_EQUAL(state_of(dir, &sum), UKL_TRACE_TORN);
	CU_ASSERT_PTR_NOT_NULL(strstr(sum.reason.text, words));
	if (!strstr(sum.reason.text, words))
		printf("# found: %s\n", sum.reason.text);
}

static void mixed_up_files(void)
{
	const char *dir = sample(), *other = sample();

	copy(other, "stream_0", dir, "stream_0");
	expect_torn(dir, "another trace");
	dir = sample();
	copy(dir, "stream_1", dir, "stream_0");
	expect_torn(dir, "another stream");
	dir = sample();
	copy(dir, "stream_1", dir, "stream_2");
	expect_torn(dir, "says 2 streams");
	dir = sample();
	unlink(unit_path(dir, "stream_1"));
	expect_torn(dir, "No such file");
}

static size_t packet_bytes(const uint8_t *p)
{
	return ((const struct ukl_packet *)p)->packet_size / 8;
}

/* Whole packets taken out, doubled and appended; every checksum is right. */
static void moved_packets(void)
{
	const char *dir = sample(), *name = unit_path(dir, "stream_0");
	size_t len, first, second;
	uint8_t *data = unit_read_file(name, &len), *twice = malloc(2 * len);

	first = packet_bytes(data);
	second = packet_bytes(data + first);
	memcpy(twice, data, first);
	memcpy(twice + first, data + first + second, len - first - second);
	unit_write_file(name, twice, len - second);
	expect_torn(dir, "missing, doubled or out of order");
	memcpy(twice + first, data, len);
	unit_write_file(name, twice, first + len);
	expect_torn(dir, "missing, doubled or out of order");
	unit_write_file(name, data + first, len - first);
	expect_torn(dir, "missing, doubled or out of order");
	memcpy(twice, data, len);
	memcpy(twice + len, data, len);
	unit_write_file(name, twice, 2 * len);
	expect_torn(dir, "follows the closing packet");
	free(data);
	free(twice);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "one stream, round trip", one_stream },
		{ "small packets, round trip", small_packets },
		{ "streams are merged by time, then CPU", many_streams },
		{ "a clock that goes back is raised", clock_is_raised },
		{ "discarded events are counted", discarded_are_counted },
		{ "a gap is told when it is reached", gap_is_told_in_time },
		{ "shown events are seen while recording", shown_events_are_seen },
		{ "recording, then torn", recording_then_torn },
		{ "a left-over .recording means torn", left_over_lock },
		{ "two writers: the second is refused", two_writers },
		{ "an older trace is replaced", older_trace_is_replaced },
		{ "a directory with other files is left alone",
		  foreign_directory_is_refused },
		{ "impossible requests are refused", bad_requests },
		{ "streams that do not belong together", mixed_up_files },
		{ "packets missing, doubled, appended", moved_packets },
		{ NULL, NULL }
	};

	return unit_main("trace", tests);
}
