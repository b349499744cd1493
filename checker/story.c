/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * story.c - tells a violation so that a person understands it; see story.h
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../traces/vocabulary.h"
#include "event_text.h"
#include "json.h"
#include "qemu.h"
#include "story.h"
#include "wrap.h"

#define WIDTH 78u	/* of wrapped text, heading included */
#define INDENT 12u

int ukl_story_init(struct ukl_story *story, unsigned int cpus)
{
	story->cpus = cpus;
	story->ring = calloc(cpus, sizeof(*story->ring));
	story->count = calloc(cpus, sizeof(*story->count));
	if (story->ring && story->count)
		return 0;
	ukl_story_deinit(story);
	return -1;
}

void ukl_story_deinit(struct ukl_story *story)
{
	free(story->ring);
	free(story->count);
	memset(story, 0, sizeof(*story));
}

/* The n-th event of the CPU, if it is still remembered; its state is all zero. */
static struct ukl_event recall(const struct ukl_story *story, unsigned int cpu,
			       uint64_t n)
{
	struct ukl_event ev;

	memset(&ev, 0, sizeof(ev));
	memcpy(&ev, &story->ring[cpu][n % UKL_STORY_RING],
	       offsetof(struct ukl_event, state));
	return ev;
}

/* How many events of the CPU are told. */
static uint64_t told(const struct ukl_story *story, unsigned int cpu)
{
	uint64_t n = story->count[cpu];

	return n < UKL_STORY_EVENTS ? n : UKL_STORY_EVENTS;
}

/*
 * TEXT
 */

static void heading(FILE *out, const char *text, bool bold)
{
	fprintf(out, "  %s%-*s%s", bold ? "\033[1m" : "", (int)(INDENT - 2), text,
		bold ? "\033[0m" : "");
}

static void expectation(FILE *out, const struct ukl_pair *p,
			struct ukl_annotate *annotate)
{
	switch (p->rel) {
	case UKL_REL_EQ:
		fprintf(out, "0x%" PRIx64, p->expected);
		ukl_annotate_put(annotate, p->expected, out);
		break;
	case UKL_REL_NE:
		fprintf(out, "anything but 0x%" PRIx64, p->expected);
		break;
	case UKL_REL_IN:
		fprintf(out, "from 0x%" PRIx64 " up to, not including, 0x%" PRIx64,
			p->expected, p->limit);
		break;
	case UKL_REL_OUT:
		fprintf(out, "outside 0x%" PRIx64 " .. 0x%" PRIx64, p->expected,
			p->limit);
		break;
	case UKL_REL_SET:
		fprintf(out, "bits 0x%" PRIx64 " set", p->expected);
		break;
	case UKL_REL_CLEAR:
		fprintf(out, "bits 0x%" PRIx64 " clear", p->expected);
		break;
	}
}

void ukl_story_pairs(FILE *out, const struct ukl_pair *pair, unsigned int n,
		     struct ukl_annotate *annotate, bool bold)
{
	for (const struct ukl_pair *p = pair; p < pair + n; p++) {
		heading(out, "expected", bold);
		fprintf(out, "%s: ", p->name);
		expectation(out, p, annotate);
		fputc('\n', out);
		heading(out, "found", bold);
		fprintf(out, "%s: 0x%" PRIx64, p->name, p->found);
		ukl_annotate_put(annotate, p->found, out);
		fputc('\n', out);
	}
}

static void place(FILE *out, const struct ukl_event *ev, struct ukl_annotate *annotate)
{
	char line[512];

	fprintf(out, "0x%" PRIx64, ev->arg[0]);
	ukl_annotate_put(annotate, ev->arg[0], out);
	if (*ukl_annotate_line(annotate, ev->arg[0], line, sizeof(line)))
		fprintf(out, " at %s", line);
	fputc('\n', out);
}

static bool has_pc(const struct ukl_event *ev)
{
	const struct ukl_class_info *info = &ukl_class_info[ev->cls];

	return info->n_args && !strcmp(info->arg[0], "pc");
}

static void who(FILE *out, const struct ukl_view *v)
{
	const struct ukl_task *t = v->task;

	fprintf(out, "event %" PRIu64 " (%s), cpu %u", v->ev->order,
		ukl_kind_name[v->kind], v->ev->cpu);
	if (!t->addr)
		return;
	fprintf(out, ", task 0x%" PRIx64, t->addr);
	if (!t->pid && !*t->comm)
		return;
	fprintf(out, " pid %" PRIu32 " \"", t->pid);
	ukl_put_text(out, t->comm);
	fputc('"', out);
}

/*
 * REGISTER DELTAS
 */

/* The slots of a context's truth that its opening event looked at. */
static const uint32_t truth_slots[UKL_TAGS] = {
	[UKL_TAG_SYSCALL] = UKL_SET_GPRS | UKL_BIT(sp) | UKL_BIT(ip) | UKL_BIT(flags) |
			    UKL_SET_CPU | UKL_SET_TASK,
	[UKL_TAG_USER_SYSCALL] = UKL_SET_GPRS | UKL_BIT(sp) | UKL_BIT(ip) |
				 UKL_BIT(flags) | UKL_SET_CPU | UKL_SET_TASK,
	[UKL_TAG_EVENT] = UKL_SET_GPRS | UKL_SET_HWFRAME | UKL_SET_CPU | UKL_BIT(cr2) |
			  UKL_SET_TASK,
	[UKL_TAG_FORK_CHILD] = UKL_SET_FRAME,
};

/* An event that begins something else has its own registers. */
static const bool begins[UKL_CLASSES] = {
	[UKL_EV_GATE_IN] = true, [UKL_EV_USER_IN] = true, [UKL_EV_INT_IN] = true,
	[UKL_EV_FORK] = true,
};

/* Was the context concerned opened by another event, whose truth can be compared? */
static bool has_truth(const struct ukl_view *v)
{
	return v->ctx && v->ctx->order != v->ev->order && !begins[v->ev->cls];
}

/* Slots that both events looked at, and that differ. */
static uint32_t changed(const struct ukl_view *v)
{
	uint32_t slots = truth_slots[v->ctx->tag] & ukl_class_info[v->ev->cls].samples;
	uint32_t differ = 0;

	for (unsigned int i = 0; i < UKL_STATE_SLOTS; i++)
		differ |= (uint32_t)(v->ctx->truth[i] != v->s[i]) << i;
	return slots & differ;
}

static void deltas(FILE *out, const struct ukl_view *v, struct ukl_annotate *annotate,
		   bool bold)
{
	uint32_t slots;

	if (!has_truth(v))
		return;
	slots = changed(v);
	heading(out, "changed", bold);
	fprintf(out, "%s since event %" PRIu64 ", which opened the context:\n",
		slots ? "these" : "no registers", v->ctx->order);
	for (uint32_t left = slots; left; left &= left - 1) {
		unsigned int i = __builtin_ctz(left);

		fprintf(out, "    %-8s 0x%" PRIx64, ukl_slot_info[i].name,
			v->ctx->truth[i]);
		ukl_annotate_put(annotate, v->ctx->truth[i], out);
		fprintf(out, " -> 0x%" PRIx64, v->s[i]);
		ukl_annotate_put(annotate, v->s[i], out);
		fputc('\n', out);
	}
}

/* What "ukl replay" needs is beside the trace. */
static bool replayable(const char *trace)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" UKL_REPLAY_LOG, trace);
	return !access(path, R_OK);
}

void ukl_story_text(const struct ukl_story *story, FILE *out,
		    const struct ukl_violation *violation, const char *trace,
		    struct ukl_annotate *annotate, bool bold)
{
	const struct ukl_view *v = violation->view;
	unsigned int cpu = v->ev->cpu;
	uint64_t n = told(story, cpu), count = story->count[cpu];
	uint64_t first = n ? recall(story, cpu, count - n).order : v->ev->order;

	fprintf(out, "violation of %s at ", violation->inv->id);
	who(out, v);
	fputs("\n\n", out);
	heading(out, "rule", bold);
	ukl_wrap(out, violation->inv->sentence, INDENT, INDENT, WIDTH);
	heading(out, "why", bold);
	ukl_wrap(out, violation->inv->why, INDENT, INDENT, WIDTH);
	ukl_story_pairs(out, violation->finding->pair, violation->finding->n, annotate,
			bold);
	if (has_pc(v->ev)) {
		heading(out, "where", bold);
		place(out, v->ev, annotate);
	}
	deltas(out, v, annotate, bold);
	heading(out, "before", bold);
	fprintf(out, "the last %" PRIu64 " events of cpu %u, this one included:\n", n,
		cpu);
	for (uint64_t i = count - n; i < count; i++) {
		struct ukl_event ev = recall(story, cpu, i);

		fputs("    ", out);
		ukl_event_text(out, &ev, annotate, UKL_TEXT_LINE);
		fputc('\n', out);
	}
	heading(out, "again", bold);
	fprintf(out, "ukl dump --from %" PRIu64 " --to %" PRIu64 " --lines %s\n", first,
		v->ev->order, trace);
	if (replayable(trace))
		fprintf(out, "%*sukl replay --event %" PRIu64 " %s\n", (int)INDENT, "",
			v->ev->order, trace);
	fprintf(out, "%*sukl describe %s\n\n", (int)INDENT, "", violation->inv->id);
}

void ukl_story_brief(FILE *out, const char *prefix,
		     const struct ukl_violation *violation,
		     struct ukl_annotate *annotate)
{
	const struct ukl_finding *f = violation->finding;

	fprintf(out, "%s%s at ", prefix, violation->inv->id);
	who(out, violation->view);
	fputc('\n', out);
	for (unsigned int i = 0; i < f->n; i++) {
		fprintf(out, "%s  %s: expected ", prefix, f->pair[i].name);
		expectation(out, &f->pair[i], annotate);
		fprintf(out, ", found 0x%" PRIx64 "\n", f->pair[i].found);
	}
}

/*
 * JSON
 */

static const char *const relation_name[] = {
	[UKL_REL_EQ] = "equal", [UKL_REL_NE] = "not_equal", [UKL_REL_IN] = "in",
	[UKL_REL_OUT] = "not_in", [UKL_REL_SET] = "bits_set",
	[UKL_REL_CLEAR] = "bits_clear",
};

static void json_pair(FILE *out, const struct ukl_pair *p)
{
	fputs("{\"name\": ", out);
	ukl_json_string(out, p->name);
	fprintf(out, ", \"relation\": \"%s\", \"expected\": \"0x%" PRIx64 "\"",
		relation_name[p->rel], p->expected);
	if (p->rel == UKL_REL_IN || p->rel == UKL_REL_OUT)
		fprintf(out, ", \"limit\": \"0x%" PRIx64 "\"", p->limit);
	fprintf(out, ", \"found\": \"0x%" PRIx64 "\"}", p->found);
}

static void json_place(FILE *out, uint64_t pc, struct ukl_annotate *annotate)
{
	char buf[512];

	fprintf(out, ", \"pc\": \"0x%" PRIx64 "\"", pc);
	if (*ukl_annotate_symbol(annotate, pc, buf, sizeof(buf))) {
		fputs(", \"symbol\": ", out);
		ukl_json_string(out, buf);
	}
	if (*ukl_annotate_line(annotate, pc, buf, sizeof(buf))) {
		fputs(", \"line\": ", out);
		ukl_json_string(out, buf);
	}
}

static void json_deltas(FILE *out, const struct ukl_view *v)
{
	const char *comma = "";

	if (!has_truth(v))
		return;
	fprintf(out, ", \"opened\": %" PRIu64 ", \"changed\": [", v->ctx->order);
	for (uint32_t left = changed(v); left; left &= left - 1) {
		unsigned int i = __builtin_ctz(left);

		fprintf(out, "%s{\"slot\": \"%s\", \"before\": \"0x%" PRIx64
			"\", \"after\": \"0x%" PRIx64 "\"}", comma,
			ukl_slot_info[i].name, v->ctx->truth[i], v->s[i]);
		comma = ", ";
	}
	fputc(']', out);
}

static void json_values(FILE *out, const struct ukl_finding *f)
{
	fputs(", \"values\": [", out);
	for (unsigned int i = 0; i < f->n; i++) {
		fputs(i ? ", " : "", out);
		json_pair(out, &f->pair[i]);
	}
	fputc(']', out);
}

void ukl_story_json(const struct ukl_story *story, FILE *out,
		    const struct ukl_violation *violation,
		    struct ukl_annotate *annotate)
{
	const struct ukl_view *v = violation->view;
	uint64_t n = told(story, v->ev->cpu);

	fprintf(out, "\"id\": \"%s\", \"event\": %" PRIu64 ", \"time\": %" PRIu64
		", \"cpu\": %u, \"class\": \"%s\", \"task\": \"0x%" PRIx64
		"\", \"pid\": %" PRIu32 ", \"comm\": ", violation->inv->id, v->ev->order,
		v->ev->time, v->ev->cpu, ukl_class_info[v->ev->cls].name, v->task->addr,
		v->task->pid);
	ukl_json_string(out, v->task->comm);
	if (has_pc(v->ev))
		json_place(out, v->ev->arg[0], annotate);
	fprintf(out, ", \"from\": %" PRIu64,
		n ? recall(story, v->ev->cpu, story->count[v->ev->cpu] - n).order :
		    v->ev->order);
	json_values(out, violation->finding);
	json_deltas(out, v);
}
