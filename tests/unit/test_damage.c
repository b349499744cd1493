/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_damage.c - a trace cut or changed anywhere
 *
 * The promise: no crash, never "complete", and every whole packet before the
 * damage still read.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../traces/packet.h"
#include "../../traces/vocabulary.h"
#include "unit.h"

#define PACKETS_MAX 64

static struct {
	const char *dir, *stream;	/* where it is damaged and read */
	uint8_t *data;			/* undamaged */
	size_t len;
	struct unit_events all;
	unsigned int n_packets;
	size_t begin[PACKETS_MAX + 1];	/* of packets; then len */
	size_t events[PACKETS_MAX + 1];	/* in the packets before */
} t;

/* One stream of about 6 KiB in packets of less than 1 KiB. */
static void make_sample(void)
{
	static char path[4096];
	struct ukl_writer *w;
	size_t at = 0;

	t.dir = unit_dir();
	snprintf(path, sizeof(path), "%s/stream_0", t.dir);
	t.stream = path;
	w = unit_writer(t.dir, 1, 1024);
	t.all = unit_write_random(w, 1, 28, 99, false);
	ukl_writer_close(w, NULL);
	t.data = unit_read_file(path, &t.len);
	while (at < t.len) {
		const struct ukl_packet *p = (const struct ukl_packet *)(t.data + at);

		t.begin[t.n_packets] = at;
		t.events[t.n_packets + 1] = t.events[t.n_packets] + p->n_events;
		at += p->packet_size / 8;
		t.n_packets++;
	}
	t.begin[t.n_packets] = t.len;
	if (t.len < 4096 || t.len > 8192 || t.n_packets < 5) {
		fprintf(stderr, "sample has %zu bytes, %u packets\n", t.len,
			t.n_packets);
		exit(2);
	}
}

/* Reads what is on disk; true if it yields exactly the first n events. */
static bool yields(size_t n, struct ukl_summary *sum)
{
	const struct ukl_event *e;
	struct ukl_reader *r;
	struct ukl_error err;
	bool right = true;
	size_t i = 0;

	if (ukl_reader_open(&r, t.dir, &err)) {
		ukl_error_print(stderr, &err);
		exit(2);
	}
	for (; (e = ukl_reader_next(r)); i++)
		if (e->cls != UKL_EV_END)
			right &= i < t.all.n && e->time == t.all.event[i].time &&
				 !memcmp(e->state, t.all.event[i].state,
					 sizeof(e->state));
	ukl_reader_summary(r, sum);
	ukl_reader_close(r);
	return right && i == n;
}

/* The packet that holds the byte. */
static unsigned int packet_of(size_t at)
{
	unsigned int i = 0;

	while (t.begin[i + 1] <= at)
		i++;
	return i;
}

static void whole(void)
{
	struct ukl_summary sum;

	unit_write_file(t.stream, t.data, t.len);
	CU_ASSERT_TRUE(yields(t.all.n + 1, &sum));
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_COMPLETE);
	CU_ASSERT_EQUAL(sum.packets, t.n_packets);
}

static void cut_everywhere(void)
{
	struct ukl_summary sum;

	for (size_t cut = 0; cut < t.len; cut++) {
		unit_write_file(t.stream, t.data, cut);
		CU_ASSERT_TRUE(yields(t.events[packet_of(cut)], &sum));
		CU_ASSERT_EQUAL(sum.state, UKL_TRACE_TORN);
		CU_ASSERT_EQUAL(sum.reason.offset, t.begin[packet_of(cut)]);
	}
}

/* One byte in place: writing the whole file 100 000 times takes its time. */
static void put_byte(int fd, size_t at, uint8_t value)
{
	if (pwrite(fd, &value, 1, (off_t)at) != 1)
		exit(2);
}

static int open_undamaged(void)
{
	unit_write_file(t.stream, t.data, t.len);
	return open(t.stream, O_WRONLY);
}

static void expect_flip_found(int fd, size_t bit)
{
	size_t at = bit / 8;
	struct ukl_summary sum;

	put_byte(fd, at, t.data[at] ^ (uint8_t)(1u << bit % 8));
	CU_ASSERT_TRUE(yields(t.events[packet_of(at)], &sum));
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_TORN);
	CU_ASSERT_TRUE(sum.reason.offset >= t.begin[packet_of(at)]);
	put_byte(fd, at, t.data[at]);
}

static void flip_headers(void)
{
	int fd = open_undamaged();

	for (unsigned int i = 0; i < t.n_packets; i++)
		for (size_t bit = 0; bit < UKL_PACKET_HEADER * 8; bit++)
			expect_flip_found(fd, t.begin[i] * 8 + bit);
	close(fd);
	whole();
}

/* Bits anywhere but in the packets' headers. */
static void flip_bodies(void)
{
	int fd = open_undamaged();
	uint64_t seed = 4711;

	for (int i = 0; i < 100000;) {
		size_t bit = unit_random(&seed) % (t.len * 8);

		if (bit / 8 - t.begin[packet_of(bit / 8)] < UKL_PACKET_HEADER)
			continue;
		expect_flip_found(fd, bit);
		i++;
	}
	close(fd);
	whole();
}

/* --- lies with a right checksum ------------------------------------------ */

static void reseal(unsigned int packet)
{
	uint8_t *p = t.data + t.begin[packet];

	((struct ukl_packet *)p)->crc32c =
		ukl_packet_crc(p, t.begin[packet + 1] - t.begin[packet]);
}

/*
 * A packet made by somebody who knows the format: any bit changed, the checksum
 * put right.  What is said may be a lie then, but nothing may crash, and what does
 * not add up must be refused.
 */
static void sealed_lies(void)
{
	struct ukl_summary sum;
	uint64_t seed = 12;
	unsigned int refused = 0;

	for (int i = 0; i < 20000; i++) {
		size_t bit = unit_random(&seed) % (t.len * 8), at = bit / 8;
		unsigned int packet = packet_of(at);

		t.data[at] ^= (uint8_t)(1u << bit % 8);
		reseal(packet);
		unit_write_file(t.stream, t.data, t.len);
		yields(0, &sum);
		refused += sum.state != UKL_TRACE_COMPLETE;
		t.data[at] ^= (uint8_t)(1u << bit % 8);
		reseal(packet);
	}
	CU_ASSERT_TRUE(refused > 2000);
}

/* A byte of one packet changed; the stream must break off before packet broken. */
static void expect_lie(unsigned int packet, size_t at, uint8_t value,
		       unsigned int broken, const char *words)
{
	uint8_t *p = &t.data[t.begin[packet] + at], old = *p;
	struct ukl_summary sum;

	*p = value;
	reseal(packet);
	unit_write_file(t.stream, t.data, t.len);
	CU_ASSERT_TRUE(yields(t.events[broken], &sum));
	CU_ASSERT_EQUAL(sum.state, UKL_TRACE_TORN);
	CU_ASSERT_PTR_NOT_NULL(strstr(sum.reason.text, words));
	if (!strstr(sum.reason.text, words))
		printf("# found: %s\n", sum.reason.text);
	*p = old;
	reseal(packet);
}

static void expect_lie_refused(unsigned int packet, size_t at, uint8_t value,
			       const char *words)
{
	expect_lie(packet, at, value, packet, words);
}

/* Where in the packet its second event begins. */
static size_t next_event(unsigned int packet, size_t at)
{
	const uint8_t *p = t.data + t.begin[packet] + at;
	const struct ukl_event_header *e = (const struct ukl_event_header *)p;

	return at + UKL_EVENT_HEADER +
	       8u * (ukl_class_info[e->id].n_args + e->n_state);
}

static size_t second_event(unsigned int packet)
{
	return next_event(packet, UKL_PACKET_HEADER);
}

/* The first argument of END, which is the last event. */
static size_t end_argument(void)
{
	unsigned int last = t.n_packets - 1;
	size_t at = UKL_PACKET_HEADER, next = at;

	while (t.begin[last] + next < t.len) {
		at = next;
		next = next_event(last, at);
	}
	return at + UKL_EVENT_HEADER;
}

#define IN_PACKET(field) offsetof(struct ukl_packet, field)
#define IN_EVENT(field) \
	(UKL_PACKET_HEADER + offsetof(struct ukl_event_header, field))

static void chosen_lies(void)
{
	unsigned int last = t.n_packets - 1;

	expect_lie_refused(1, IN_PACKET(magic), 0, "no packet begins");
	expect_lie_refused(1, IN_PACKET(stream_id), 1, "no packet begins");
	expect_lie(1, IN_PACKET(events_discarded), 1, 2, "discarded events goes back");
	expect_lie_refused(1, second_event(1), 0, "backwards within");
	expect_lie_refused(1, IN_PACKET(timestamp_begin), 0, "backwards");
	expect_lie_refused(1, IN_PACKET(timestamp_end), 0xff, "last event");
	expect_lie_refused(1, IN_PACKET(n_events), 0, "counts other events");
	expect_lie_refused(1, IN_PACKET(flags), UKL_PACKET_LAST, "END event");
	expect_lie_refused(1, IN_PACKET(flags), 2, "flags");
	expect_lie_refused(last, IN_PACKET(flags), 0, "END event within");
	expect_lie_refused(last, IN_PACKET(events_discarded), 1, "other losses");
	expect_lie_refused(1, IN_EVENT(id), 200, "class");
	expect_lie_refused(1, IN_EVENT(id), 0, "class");
	expect_lie_refused(1, IN_EVENT(side), UKL_SIDES, "side");
	expect_lie_refused(1, IN_EVENT(n_state), 99, "n_state");
	expect_lie_refused(last, end_argument(), 7, "counts other events");
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "undamaged: complete", whole },
		{ "cut at every byte", cut_everywhere },
		{ "every bit of every packet header flipped", flip_headers },
		{ "100000 random bits of events flipped", flip_bodies },
		{ "a lie with a right checksum is named", chosen_lies },
		{ "random lies with a right checksum do not crash", sealed_lies },
		{ NULL, NULL }
	};
	int ret;

	make_sample();
	ret = unit_main("damage", tests);
	free(t.data);
	free(t.all.event);
	return ret;
}
