/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_dump.c - "ukl dump": a trace as text
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../traces/reader.h"
#include "../traces/vocabulary.h"
#include "cmd.h"
#include "event_text.h"

static const char help[] =
	"usage: ukl dump [OPTION...] TRACE\n\n"
	"Prints one event per line:\n\n"
	"  ORDER TIME CPU SIDE CLASS ARG=VALUE ... %SLOT=VALUE ...\n\n"
	"SIDE is where the processor was before the event. A SLOT is a register or a\n"
	"word of the kernel's that the event found changed. Text in <> explains the\n"
	"value before it.\n"
	"TRACE is a directory, or - for a tar archive of one on standard input.\n\n"
	"  --from N           begin at event N\n"
	"  --to N             end after event N\n"
	"  --to-time T        end before the first event after time T\n"
	"  --last N           only the last N of those chosen\n"
	"  --class NAME,...   only events of these classes (may be repeated)\n"
	"  --cpu N            only events of this virtual CPU\n"
	"  --state            every slot that the event looked at, changed or not\n"
	"  --no-state         no slots\n"
	"  --disassemble      the instruction at pc, after \";\"\n"
	"  --lines            the source line of pc, after \"@\"\n"
	"  --vmlinux FILE     take names from this kernel, not from the recorded one\n"
	"  --assemble         print what ukl_assemble reads\n"
	"  --help             show this text\n\n"
	"exit status: 0 the trace is whole; 2 trouble; 3 it is torn, still being\n"
	"recorded, or has lost events (all that can be read is printed)\n";

enum { MAX_LAST = 1000000 };

struct dump {
	const char *trace, *vmlinux;
	uint64_t from, to, to_time;
	uint64_t last;			/* 0: all */
	struct ukl_event *ring;		/* of that size */
	uint64_t n_chosen;
	int cpu;			/* -1: all */
	bool chosen[UKL_CLASSES];	/* by --class */
	bool some_chosen;
	bool assemble;
	unsigned int flags;
	struct ukl_reader *reader;
	struct ukl_annotate *annotate;
};

/* --- the command line ---------------------------------------------------- */

static int choose_classes(struct dump *d, char *list)
{
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		int cls = ukl_class_find(name);

		if (cls < 0)
			return ukl_cmd_usage("dump", "--class: there is no class"
					     " \"%s\"", name);
		d->chosen[cls] = true;
		d->some_chosen = true;
	}
	return 0;
}

/* A CPU that the trace does not have selects nothing. */
static int parse_cpu(struct dump *d, const char *text)
{
	uint64_t cpu;
	int ret = ukl_cmd_number("dump", "cpu", text, &cpu);

	if (!ret)
		d->cpu = cpu > INT32_MAX ? INT32_MAX : (int)cpu;
	return ret;
}

static int parse_last(struct dump *d, const char *text)
{
	if (ukl_cmd_number("dump", "last", text, &d->last))
		return UKL_EXIT_TROUBLE;
	if (d->last && d->last <= MAX_LAST)
		return 0;
	return ukl_cmd_usage("dump", "--last wants a number from 1 to %d", MAX_LAST);
}

enum option_key {
	OPT_HELP = 256, OPT_FROM, OPT_TO, OPT_TO_TIME, OPT_LAST, OPT_CLASS,
	OPT_CPU, OPT_STATE, OPT_NO_STATE,
	OPT_INSN, OPT_LINES, OPT_VMLINUX, OPT_ASSEMBLE,
};

static const struct option options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "to", required_argument, NULL, OPT_TO },
	{ "to-time", required_argument, NULL, OPT_TO_TIME },
	{ "last", required_argument, NULL, OPT_LAST },
	{ "class", required_argument, NULL, OPT_CLASS },
	{ "cpu", required_argument, NULL, OPT_CPU },
	{ "state", no_argument, NULL, OPT_STATE },
	{ "no-state", no_argument, NULL, OPT_NO_STATE },
	{ "disassemble", no_argument, NULL, OPT_INSN },
	{ "lines", no_argument, NULL, OPT_LINES },
	{ "vmlinux", required_argument, NULL, OPT_VMLINUX },
	{ "assemble", no_argument, NULL, OPT_ASSEMBLE },
	{ NULL, 0, NULL, 0 }
};

/* 0, an exit status, or -1 if getopt_long() was not content. */
static int parse_option(struct dump *d, int key)
{
	switch (key) {
	case OPT_FROM:
		return ukl_cmd_number("dump", "from", optarg, &d->from);
	case OPT_TO:
		return ukl_cmd_number("dump", "to", optarg, &d->to);
	case OPT_TO_TIME:
		return ukl_cmd_number("dump", "to-time", optarg, &d->to_time);
	case OPT_LAST:
		return parse_last(d, optarg);
	case OPT_CLASS:
		return choose_classes(d, optarg);
	case OPT_CPU:
		return parse_cpu(d, optarg);
	case OPT_STATE:
		d->flags |= UKL_TEXT_STATE;
		return 0;
	case OPT_NO_STATE:
		d->flags &= ~(unsigned int)(UKL_TEXT_CHANGED | UKL_TEXT_STATE);
		return 0;
	case OPT_INSN:
		d->flags |= UKL_TEXT_INSN;
		return 0;
	case OPT_LINES:
		d->flags |= UKL_TEXT_LINE;
		return 0;
	case OPT_VMLINUX:
		d->vmlinux = optarg;
		return 0;
	case OPT_ASSEMBLE:
		d->assemble = true;
		return 0;
	}
	return -1;
}

/* --- the work ------------------------------------------------------------ */

static bool wanted(const struct dump *d, const struct ukl_event *e)
{
	return e->order >= d->from && (!d->some_chosen || d->chosen[e->cls]) &&
	       (d->cpu < 0 || e->cpu == d->cpu);
}

/* The same escapes as the metadata. */
static void put_quoted(const char *text)
{
	putchar('"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", stdout);
		else if (*(const unsigned char *)p < ' ' || *p == 0x7f)
			printf("\\%03o", (unsigned int)*p);
		else
			putchar(*p);
	}
	putchar('"');
}

/* Layout entries become layout lines, so that values can be written by name. */
static bool put_layout(const struct ukl_env_item *item)
{
	const char prefix[] = "layout_";
	size_t len = sizeof(prefix) - 1;

	if (strncmp(item->key, prefix, len) || ukl_layout_find(item->key + len) < 0)
		return false;
	printf("layout %s %s\n", item->key + len, item->value);
	return true;
}

static void put_head(const struct ukl_reader *reader)
{
	const struct ukl_env *env = ukl_reader_env(reader);

	printf("streams %u\n", ukl_reader_streams(reader));
	for (unsigned int i = 0; i < env->n; i++) {
		const struct ukl_env_item *item = &env->items[i];

		if (!strcmp(item->key, UKL_ENV_STREAMS) || put_layout(item))
			continue;
		printf("env %s ", item->key);
		put_quoted(item->value);
		putchar('\n');
	}
}

/* END is made by the assembler's writer, so it is not in its language. */
static void put_event(const struct dump *d, const struct ukl_event *e)
{
	if (!d->assemble)
		ukl_event_text(stdout, e, d->annotate, d->flags);
	else if (e->cls == UKL_EV_END)
		return;
	else
		ukl_event_assemble(stdout, e);
	putchar('\n');
}

/* A trace that is not whole must not look like one, whatever was printed. */
static int verdict(const struct dump *d)
{
	struct ukl_summary sum;

	ukl_reader_summary(d->reader, &sum);
	if (sum.state != UKL_TRACE_COMPLETE) {
		if (d->assemble)
			puts("torn");
		fflush(stdout);
		ukl_error_print(stderr, &sum.reason);
		return sum.reason.code == UKL_ERR_IO ? UKL_EXIT_TROUBLE :
						       UKL_EXIT_INCONCLUSIVE;
	}
	if (!sum.discarded)
		return 0;
	fflush(stdout);
	fprintf(stderr, "ukl: %s: %" PRIu64 " events were lost while recording\n",
		ukl_reader_name(d->reader), sum.discarded);
	return UKL_EXIT_INCONCLUSIVE;
}

/* Prints it, or keeps it until it is known to be among the last. */
static void take(struct dump *d, const struct ukl_event *e)
{
	if (d->last)
		d->ring[d->n_chosen++ % d->last] = *e;
	else
		put_event(d, e);
}

static void put_last(const struct dump *d)
{
	uint64_t n = d->n_chosen < d->last ? d->n_chosen : d->last;

	for (uint64_t i = d->n_chosen - n; i < d->n_chosen; i++)
		put_event(d, &d->ring[i % d->last]);
}

static int dump_events(struct dump *d)
{
	const struct ukl_event *e;

	if (d->assemble)
		put_head(d->reader);
	while ((e = ukl_reader_next(d->reader)) && !ferror(stdout) &&
	       e->order <= d->to && e->time <= d->to_time)
		if (wanted(d, e))
			take(d, e);
	put_last(d);
	/* Whether the rest is whole was not asked. */
	return e ? 0 : verdict(d);
}

/* Names are looked for after the trace is open: its env says where. */
static int run(struct dump *d)
{
	struct ukl_error err;
	int ret;

	if (d->last && !(d->ring = calloc(d->last, sizeof(*d->ring)))) {
		ukl_error_set(&err, UKL_ERR_NOMEM, "", UKL_NOWHERE,
			      "not enough memory for --last");
		return ukl_cmd_fail(&err);
	}
	if (ukl_reader_open(&d->reader, d->trace, &err))
		return ukl_cmd_fail(&err);
	if (!d->assemble && ukl_annotate_open(&d->annotate, d->vmlinux,
					      ukl_reader_env(d->reader), &err))
		ret = ukl_cmd_fail(&err);
	else
		ret = dump_events(d);
	ukl_annotate_close(d->annotate);
	ukl_reader_close(d->reader);
	free(d->ring);
	return ret;
}

int ukl_cmd_dump(int argc, char **argv)
{
	struct dump d = { .to = UINT64_MAX, .to_time = UINT64_MAX, .cpu = -1,
			  .flags = UKL_TEXT_CHANGED };
	int key, ret;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (key == OPT_HELP) {
			fputs(help, stdout);
			return 0;
		}
		ret = parse_option(&d, key);
		if (ret)
			return ret > 0 ? ret : ukl_cmd_bad_option("dump", key, argv);
	}
	if (argc - optind != 1)
		return ukl_cmd_usage("dump", "give one trace");
	d.trace = argv[optind];
	return run(&d);
}
