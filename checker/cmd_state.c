/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_state.c - "ukl state": what the model knows at an event
 *
 * The model steps over all events before that one; what it then holds true of the
 * task that runs there is printed, and what was violated on the way.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "../model/model.h"
#include "../traces/reader.h"
#include "../traces/vocabulary.h"
#include "cmd.h"
#include "story.h"
#include "wrap.h"

static const char help[] =
	"usage: ukl state [OPTION...] TRACE\n\n"
	"Prints what the model knows just before an event: the task that runs, where, the\n"
	"value of its ukl_mode, the kernel contexts that are open, innermost first, each\n"
	"with the truth saved at its entry, and what was violated until then.\n"
	"Each line begins with a word that says what it tells.\n\n"
	"  --event N       before event N (default: after the last)\n"
	"  --cpu N         of this virtual CPU (default: event N's)\n"
	"  --truth         of each context, all saved slots, not only ip, sp and flags\n"
	"  --vmlinux FILE  take names from this kernel, not from the recorded one\n"
	"  --help          show this text\n\n"
	"exit status: 0 nothing was violated until then; 1 something was; 2 trouble\n";

struct state {
	const char *trace, *vmlinux;
	uint64_t event, cpu;
	bool have_cpu, truth;
	uint64_t events, violations;
	struct ukl_reader *reader;
	struct ukl_model *model;
	struct ukl_annotate *annotate;
};

static const char *const tag_name[UKL_TAGS] = {
	[UKL_TAG_NONE] = "none", [UKL_TAG_SYSCALL] = "syscall",
	[UKL_TAG_USER_SYSCALL] = "user_syscall", [UKL_TAG_EVENT] = "event",
	[UKL_TAG_FORK_CHILD] = "fork_child",
};

static const char *const phase_name[UKL_PHASES] = {
	"entry", "entered", "C", "left", "out",
};

static const char *const where_name[UKL_WHERES] = {
	"unknown", "app", "gate", "kernel", "gate", "user",
};

static void on_violation(void *arg, const struct ukl_violation *v)
{
	struct state *s = arg;

	s->violations++;
	ukl_story_brief(stdout, "violation ", v, s->annotate);
}

static void put_slot(const struct state *s, unsigned int slot, uint64_t value)
{
	printf(" %%%s=0x%" PRIx64, ukl_slot_info[slot].name, value);
	ukl_annotate_put(s->annotate, value, stdout);
}

static void put_context(const struct state *s, const struct ukl_ctx *ctx)
{
	const uint32_t brief = UKL_BIT(ip) | UKL_BIT(sp) | UKL_BIT(flags);

	printf("context %s phase=%s from=%s event=%" PRIu64, tag_name[ctx->tag],
	       phase_name[ctx->phase], where_name[ctx->from], ctx->order);
	if (ctx->tag == UKL_TAG_EVENT)
		printf(" vector=0x%x", ctx->vector);
	printf(" pc=0x%" PRIx64, ctx->pc);
	ukl_annotate_put(s->annotate, ctx->pc, stdout);
	for (unsigned int i = 0; i < UKL_STATE_SLOTS; i++)
		if (s->truth || brief >> i & 1)
			put_slot(s, i, ctx->truth[i]);
	putchar('\n');
}

static int put_task(const struct state *s)
{
	const struct ukl_task *t = ukl_model_current(s->model, (unsigned int)s->cpu);

	printf("task 0x%" PRIx64 " pid=%" PRIu32 " comm=", t->addr, t->pid);
	ukl_put_text(stdout, t->comm);
	putchar('\n');
	printf("at %s: %s\n", where_name[t->where], ukl_state_text[t->state]);
	printf("mode %s\n", t->mode_known ? (char[]){ (char)('0' + t->mode), 0 } :
					    "unknown");
	printf("depth %u\n", t->depth);
	for (unsigned int i = t->depth; i; i--)
		put_context(s, &t->ctx[i - 1]);
	printf("events %" PRIu64 "\n", s->events);
	printf("violations %" PRIu64 "\n", s->violations);
	return s->violations ? UKL_EXIT_VIOLATION : 0;
}

/* Who reads along must know how far behind the recorder that is. */
static void put_trace(const struct state *s)
{
	const char *write = ukl_env_get(ukl_reader_env(s->reader), UKL_ENV_WRITE);
	struct ukl_summary sum;

	ukl_reader_summary(s->reader, &sum);
	printf("trace %s", ukl_trace_state_name[sum.state]);
	if (sum.state == UKL_TRACE_RECORDING)
		printf(" %s", write ? write : "packets");
	putchar('\n');
}

/* The CPU of the event is known when it is reached. */
static int walk(struct state *s)
{
	const struct ukl_event *ev;
	struct ukl_error err;

	while ((ev = ukl_reader_next(s->reader)) && ev->order < s->event) {
		ukl_model_step(s->model, ev);
		s->events++;
	}
	if (!ev && ukl_reader_trouble(s->reader, &err))
		return ukl_cmd_fail(&err);
	if (!s->have_cpu)
		s->cpu = ev ? ev->cpu : 0;
	if (s->event == UINT64_MAX)
		put_trace(s);
	if (ev || s->event == UINT64_MAX)
		return put_task(s);
	fprintf(stderr, "ukl: state: %s has no event %" PRIu64 "; 'ukl stats' tells how"
		" many there are\n", s->trace, s->event);
	return UKL_EXIT_TROUBLE;
}

static int run(struct state *s)
{
	struct ukl_model_options o = { .report = on_violation, .arg = s };
	struct ukl_layout layout;
	struct ukl_error err;
	int ret = UKL_EXIT_TROUBLE;

	if (ukl_reader_open(&s->reader, s->trace, &err))
		return ukl_cmd_fail(&err);
	o.cpus = ukl_reader_streams(s->reader);
	if (s->have_cpu && s->cpu >= o.cpus)
		ret = ukl_cmd_usage("state", "--cpu: the trace has %u", o.cpus);
	else if (ukl_env_get_layout(ukl_reader_env(s->reader), &layout, &err) ||
		 ukl_annotate_open(&s->annotate, s->vmlinux, ukl_reader_env(s->reader),
				   &err))
		ret = ukl_cmd_fail(&err);
	else if (!(s->model = ukl_model_create(&layout, &o)))
		fputs("ukl: state: not enough memory\n", stderr);
	else
		ret = walk(s);
	if (s->model)
		ukl_model_destroy(s->model);
	ukl_annotate_close(s->annotate);
	ukl_reader_close(s->reader);
	return ret;
}

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "event", required_argument, NULL, 'e' },
	{ "cpu", required_argument, NULL, 'c' },
	{ "truth", no_argument, NULL, 't' },
	{ "vmlinux", required_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 }
};

/* 0, an exit status, or -1 if getopt_long() was not content. */
static int parse_option(struct state *s, int key)
{
	switch (key) {
	case 'e':
		return ukl_cmd_number("state", "event", optarg, &s->event);
	case 'c':
		s->have_cpu = true;
		return ukl_cmd_number("state", "cpu", optarg, &s->cpu);
	case 't':
		s->truth = true;
		return 0;
	case 'v':
		s->vmlinux = optarg;
		return 0;
	}
	return -1;
}

int ukl_cmd_state(int argc, char **argv)
{
	struct state s = { .event = UINT64_MAX };
	int key, ret;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (key == 'h') {
			fputs(help, stdout);
			return 0;
		}
		ret = parse_option(&s, key);
		if (ret)
			return ret > 0 ? ret : ukl_cmd_bad_option("state", key, argv);
	}
	if (argc - optind != 1)
		return ukl_cmd_usage("state", "give one trace");
	s.trace = argv[optind];
	return run(&s);
}
