/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_stats.c - "ukl stats": what a trace holds, in numbers
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../traces/reader.h"
#include "../traces/vocabulary.h"
#include "../traces/writer.h"
#include "cmd.h"
#include "json.h"
#include "wrap.h"

static const char help[] =
	"usage: ukl stats [OPTION...] TRACE\n\n"
	"Counts events by class and by virtual CPU, bytes, packets and losses, and\n"
	"says whether the trace is whole.\n"
	"TRACE is a directory, or - for a tar archive of one on standard input.\n\n"
	"  --format=text|json  how to print it (text)\n"
	"  --help              show this text\n\n"
	"exit status: 0 the trace is whole; 2 trouble; 3 it is torn, still being\n"
	"recorded, or has lost events\n";

struct stats {
	const struct ukl_reader *reader;
	struct ukl_summary sum;
	uint64_t by_class[UKL_CLASSES];
	uint64_t by_side[UKL_SIDES];
};

/* Packet headers included: it is what the disk pays. */
static double per_event(const struct ukl_summary *sum)
{
	return sum->events ? (double)sum->bytes / (double)sum->events : 0;
}

static const char *env(const struct stats *s, const char *key)
{
	const char *value = ukl_env_get(ukl_reader_env(s->reader), key);

	return value ? value : "";
}

/* --- text ---------------------------------------------------------------- */

static void text_env(const char *before, const char *value)
{
	fputs(before, stdout);
	ukl_put_text(stdout, value);
}

/* The numbers that people compare between runs. */
static void text_head(const struct stats *s)
{
	const struct ukl_summary *sum = &s->sum;
	char id[17];

	printf("trace      %s\n", ukl_reader_name(s->reader));
	printf("state      %s\n", ukl_trace_state_name[sum->state]);
	snprintf(id, sizeof(id), "%.16s", env(s, "build_id"));
	text_env("recorded   app ", env(s, "app"));
	if (ukl_env_is_user(ukl_reader_env(s->reader))) {
		fputs(", in user mode", stdout);
	} else {
		text_env(", variant ", env(s, "variant"));
		text_env(", kernel ", id);
	}
	text_env(", qemu ", env(s, "qemu"));
	text_env("\nclock      ", env(s, "clock"));
	printf(", %" PRIu64 " to %" PRIu64 ", %" PRIu64 " in all\n", sum->first_time,
	       sum->last_time, sum->last_time - sum->first_time);
	printf("events     %" PRIu64 "\n", sum->events);
	printf("discarded  %" PRIu64 "\n", sum->discarded);
	printf("packets    %" PRIu64 "\n", sum->packets);
	printf("bytes      %" PRIu64 ", %.1f per event\n", sum->bytes, per_event(sum));
}

static void text_counts(const char *title, const char *const name[],
			const uint64_t count[], unsigned int n, uint64_t all)
{
	printf("\n%-12s %14s %7s\n", title, "events", "share");
	for (unsigned int i = 0; i < n; i++)
		if (count[i])
			printf("%-12s %14" PRIu64 " %6.2f%%\n", name[i], count[i],
			       100.0 * (double)count[i] / (double)all);
}

/* Losses by CPU: a stream that was not closed shows here. */
static void text_streams(const struct stats *s)
{
	struct ukl_stream_summary one;

	printf("\n%-12s %14s %10s %14s %10s\n", "cpu", "events", "packets", "bytes",
	       "discarded");
	for (unsigned int i = 0; i < s->sum.n_streams; i++) {
		ukl_reader_stream(s->reader, i, &one);
		printf("%-12u %14" PRIu64 " %10" PRIu64 " %14" PRIu64 " %10" PRIu64
		       "%s\n", i, one.events, one.packets, one.bytes, one.discarded,
		       one.last ? "" : "  not closed");
	}
}

static void print_text(const struct stats *s)
{
	const char *name[UKL_CLASSES];

	for (unsigned int i = 0; i < UKL_CLASSES; i++)
		name[i] = ukl_class_info[i].name;
	text_head(s);
	text_counts("class", name, s->by_class, UKL_CLASSES, s->sum.events);
	text_counts("side", ukl_side_name, s->by_side, UKL_SIDES, s->sum.events);
	text_streams(s);
}

/* --- json ---------------------------------------------------------------- */

static void json_number(const char *name, uint64_t value, const char *end)
{
	printf("  \"%s\": %" PRIu64 "%s", name, value, end);
}

static void json_text(const char *name, const char *value, const char *end)
{
	printf("  \"%s\": ", name);
	ukl_json_string(stdout, value);
	fputs(end, stdout);
}

static void json_streams(const struct stats *s)
{
	struct ukl_stream_summary one;

	printf("  \"cpus\": [");
	for (unsigned int i = 0; i < s->sum.n_streams; i++) {
		ukl_reader_stream(s->reader, i, &one);
		printf("%s\n    {\"cpu\": %u, \"events\": %" PRIu64 ", \"packets\": %"
		       PRIu64 ", \"bytes\": %" PRIu64 ", \"discarded\": %" PRIu64
		       ", \"closed\": %s}", i ? "," : "", i, one.events, one.packets,
		       one.bytes, one.discarded, one.last ? "true" : "false");
	}
	printf("\n  ]\n");
}

static void json_classes(const struct stats *s)
{
	const char *comma = "";

	printf("  \"classes\": {");
	for (unsigned int i = 1; i < UKL_CLASSES; i++) {
		if (!ukl_class_info[i].name)
			continue;
		printf("%s\"%s\": %" PRIu64, comma, ukl_class_info[i].name,
		       s->by_class[i]);
		comma = ", ";
	}
	printf("},\n  \"sides\": {");
	for (unsigned int i = 0; i < UKL_SIDES; i++)
		printf("%s\"%s\": %" PRIu64, i ? ", " : "", ukl_side_name[i],
		       s->by_side[i]);
	printf("},\n");
}

/* The same facts as the text; names are stable, new ones may be added. */
static void print_json(const struct stats *s)
{
	const struct ukl_summary *sum = &s->sum;
	bool whole = sum->state == UKL_TRACE_COMPLETE;

	printf("{\n  \"schema_version\": 1,\n");
	json_text("trace", ukl_reader_name(s->reader), ",\n");
	json_text("uuid", ukl_reader_uuid(s->reader), ",\n");
	json_text("state", ukl_trace_state_name[sum->state], ",\n");
	json_text("reason", whole ? "" : sum->reason.text, ",\n");
	json_text("app", env(s, "app"), ",\n");
	json_text("variant", env(s, "variant"), ",\n");
	json_text("build_id", env(s, "build_id"), ",\n");
	json_text("qemu", env(s, "qemu"), ",\n");
	json_text("clock", env(s, "clock"), ",\n");
	json_number("first_time", sum->first_time, ",\n");
	json_number("last_time", sum->last_time, ",\n");
	json_number("events", sum->events, ",\n");
	json_number("discarded", sum->discarded, ",\n");
	json_number("packets", sum->packets, ",\n");
	json_number("bytes", sum->bytes, ",\n");
	printf("  \"bytes_per_event\": %.2f,\n", per_event(sum));
	json_classes(s);
	json_streams(s);
	printf("}\n");
}

/* --- the work ------------------------------------------------------------ */

static int verdict(const struct ukl_summary *sum)
{
	if (sum->state == UKL_TRACE_COMPLETE)
		return sum->discarded ? UKL_EXIT_INCONCLUSIVE : 0;
	fflush(stdout);
	ukl_error_print(stderr, &sum->reason);
	return sum->reason.code == UKL_ERR_IO ? UKL_EXIT_TROUBLE :
						UKL_EXIT_INCONCLUSIVE;
}

/* One pass; nothing is kept but the counters. */
static int run(const char *trace, bool json)
{
	struct stats s = { .reader = NULL };
	const struct ukl_event *e;
	struct ukl_reader *reader;
	struct ukl_error err;

	if (ukl_reader_open(&reader, trace, &err))
		return ukl_cmd_fail(&err);
	while ((e = ukl_reader_next(reader))) {
		s.by_class[e->cls]++;
		s.by_side[e->side]++;
	}
	s.reader = reader;
	ukl_reader_summary(reader, &s.sum);
	if (json)
		print_json(&s);
	else
		print_text(&s);
	ukl_reader_close(reader);
	return verdict(&s.sum);
}

int ukl_cmd_stats(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 }
	};
	bool json = false;
	int key;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (key == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (key != 'f')
			return ukl_cmd_bad_option("stats", key, argv);
		json = !strcmp(optarg, "json");
		if (!json && strcmp(optarg, "text"))
			return ukl_cmd_usage("stats", "--format: \"%s\" is neither text"
					     " nor json", optarg);
	}
	if (argc - optind != 1)
		return ukl_cmd_usage("stats", "give one trace");
	return run(argv[optind], json);
}
