/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.c - fuzz target: the bytes of a trace's streams
 *
 * A byte: 1, make the packets' checksums right, which chance never would; 2, there is
 * a .recording; 12, streams less one.  Then two bytes with the length of each stream
 * but the last, and the streams.
 *
 * Whatever comes, every event that is yielded is one that the format knows, in order;
 * the summary counts them; and a second reading is the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../traces/metadata.h"
#include "../../traces/packet.h"
#include "../../traces/reader.h"
#include "../../traces/vocabulary.h"
#include "fuzz.h"

#define MAX_STREAMS 4u

enum { SEAL = 1, RECORDING = 2, STREAMS = 12 };

static uint8_t uuid[16];

static void setup(void)
{
	size_t size;
	struct ukl_env env;
	char number[32], *text;

	if (*fuzz_dir() && !access(fuzz_path("1/metadata"), F_OK))
		return;
	text = (char *)fuzz_metadata(&size);
	ukl_env_init(&env);
	FUZZ_EXPECT(!ukl_metadata_parse(text, size, "base", &env, uuid, NULL));
	for (unsigned int n = MAX_STREAMS; n; n--) {
		snprintf(number, sizeof(number), "%u", n);
		FUZZ_EXPECT(!mkdir(fuzz_path(number), 0777));
		FUZZ_EXPECT(!ukl_env_set(&env, UKL_ENV_STREAMS, number, NULL));
		text = ukl_metadata_text(&env, uuid);
		snprintf(number, sizeof(number), "%u/metadata", n);
		fuzz_file(number, text, strlen(text));
		free(text);
	}
	ukl_env_deinit(&env);
}

/* --- the input as files -------------------------------------------------- */

/* The size is made possible, so that what was cut or stretched stays a packet. */
static size_t seal_packet(uint8_t *at, size_t left, unsigned int cpu)
{
	struct ukl_packet p;
	size_t size;

	memcpy(&p, at, sizeof(p));
	size = p.packet_size / 8;
	if (size < sizeof(p) || size > left || size > UKL_PACKET_MAX || size % 8)
		size = (left < UKL_PACKET_MAX ? left : UKL_PACKET_MAX) & ~(size_t)7;
	p.magic = UKL_CTF_MAGIC;
	p.stream_id = 0;
	memcpy(p.uuid, uuid, sizeof(uuid));
	p.cpu_id = cpu;
	p.content_size = p.packet_size = 8 * size;
	memcpy(at, &p, sizeof(p));
	p.crc32c = ukl_packet_crc(at, size);
	memcpy(at, &p, sizeof(p));
	return size;
}

static void seal(uint8_t *data, size_t size, unsigned int cpu)
{
	while (size >= sizeof(struct ukl_packet)) {
		size_t packet = seal_packet(data, size, cpu);

		data += packet;
		size -= packet;
	}
}

static void put_stream(struct fuzz_input *in, unsigned int dir, unsigned int cpu,
		       size_t size, bool sealed)
{
	uint8_t *data = malloc(size + 1);
	char name[32];

	fuzz_take(in, data, size);
	if (sealed)
		seal(data, size, cpu);
	snprintf(name, sizeof(name), "%u/stream_%u", dir, cpu);
	fuzz_file(name, data, size);
	free(data);
}

static void put_recording(unsigned int dir, bool there)
{
	char name[32];

	snprintf(name, sizeof(name), "%u/.recording", dir);
	if (there)
		fuzz_file(name, "", 0);
	else
		unlink(fuzz_path(name));
}

/* The directory of the trace. */
static const char *put_trace(struct fuzz_input *in)
{
	uint8_t flags = fuzz_byte(in);
	unsigned int n = 1 + (flags & STREAMS) / 4;
	uint16_t size[MAX_STREAMS] = { 0 };
	char name[8];

	fuzz_take(in, size, 2 * (n - 1));
	for (unsigned int i = 0; i < n; i++)
		put_stream(in, n, i, i + 1 < n && size[i] < fuzz_left(in) ? size[i] :
			   fuzz_left(in), flags & SEAL);
	put_recording(n, flags & RECORDING);
	snprintf(name, sizeof(name), "%u", n);
	return fuzz_path(name);
}

/* --- promises ------------------------------------------------------------ */

static void look_at(const struct ukl_event *ev, uint64_t order, uint64_t time,
		    unsigned int streams)
{
	const struct ukl_class_info *info = &ukl_class_info[ev->cls];

	FUZZ_EXPECT(ev->order == order && ev->time >= time);
	FUZZ_EXPECT(ev->cls < UKL_CLASSES && info->name);
	FUZZ_EXPECT(ev->side < UKL_SIDES && ev->cpu < streams);
	for (unsigned int i = info->n_args; i < UKL_MAX_ARGS; i++)
		FUZZ_EXPECT(!ev->arg[i]);
}

static void look_at_summary(const struct ukl_reader *r, uint64_t events)
{
	struct ukl_stream_summary stream;
	struct ukl_summary sum;

	ukl_reader_summary(r, &sum);
	FUZZ_EXPECT(sum.events == events);
	FUZZ_EXPECT(sum.n_streams == ukl_reader_streams(r));
	FUZZ_EXPECT(!ukl_reader_trouble(r, NULL));
	FUZZ_EXPECT((sum.state == UKL_TRACE_COMPLETE) == !*sum.reason.text);
	for (unsigned int i = 0; i < sum.n_streams; i++) {
		ukl_reader_stream(r, i, &stream);
		FUZZ_EXPECT(sum.state != UKL_TRACE_COMPLETE || stream.last);
	}
}

/* Returns a sum over all that was yielded. */
static uint32_t read_trace(const char *path)
{
	const struct ukl_event *ev;
	struct ukl_reader *r;
	uint64_t events = 0, time = 0;
	uint32_t crc = 0;

	FUZZ_EXPECT(!ukl_reader_open(&r, path, NULL));
	while ((ev = ukl_reader_next(r))) {
		look_at(ev, events++, time, ukl_reader_streams(r));
		time = ev->time;
		crc = ukl_crc32c(crc, ev, sizeof(*ev));
	}
	look_at_summary(r, events);
	ukl_reader_close(r);
	return crc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, data + size };
	const char *path;

	setup();
	path = put_trace(&in);
	FUZZ_EXPECT(read_trace(path) == read_trace(path));
	return 0;
}
