/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_text.c - see event_text.h
 */
#include "event_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "../traces/vocabulary.h"
#include "wrap.h"

/* SDM volume 3, table 6-1. */
static const char *const vector_name[32] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
	"#DF", NULL, "#TS", "#NP", "#SS", "#GP", "#PF", NULL,
	"#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
};

const char *ukl_vector_name(uint64_t vector)
{
	return vector < 32 ? vector_name[vector] : NULL;
}

/* The sixteen characters of comm from two words. */
static void put_comm(FILE *out, const uint64_t word[2])
{
	char comm[17] = "";

	memcpy(comm, word, 16);
	fputs(" <\"", out);
	ukl_put_text(out, comm);
	fputs("\">", out);
}

/* Arguments that are not addresses; returns true if it said all there is. */
static bool put_special(FILE *out, const struct ukl_event *e, unsigned int arg)
{
	char buf[32];

	if (e->cls == UKL_EV_INT_IN && arg == UKL_A_INT_IN_vector) {
		if (ukl_vector_name(e->arg[arg]))
			fprintf(out, " <%s>", ukl_vector_name(e->arg[arg]));
		return true;
	}
	if (e->cls == UKL_EV_CTRL && arg == UKL_A_CTRL_reg) {
		fprintf(out, " <%s>", ukl_ctrl_name(e->arg[arg], buf));
		return true;
	}
	if (e->cls == UKL_EV_TASK && arg >= UKL_A_TASK_comm0) {
		if (arg == UKL_A_TASK_comm1)
			put_comm(out, &e->arg[UKL_A_TASK_comm0]);
		return true;
	}
	return false;
}

/* Bare: without the notes in angle brackets. */
static void put_args(FILE *out, const struct ukl_event *e,
		     struct ukl_annotate *annotate, bool bare)
{
	const struct ukl_class_info *info = &ukl_class_info[e->cls];

	for (unsigned int i = 0; i < info->n_args; i++) {
		fprintf(out, " %s=0x%" PRIx64, info->arg[i], e->arg[i]);
		if (!bare && !put_special(out, e, i))
			ukl_annotate_put(annotate, e->arg[i], out);
	}
}

/* In the order of the vector, whatever order changed them. */
static void put_slots(FILE *out, const struct ukl_event *e, uint32_t slots,
		      struct ukl_annotate *annotate)
{
	for (unsigned int i = 0; i < UKL_STATE_SLOTS; i++) {
		if (!(slots >> i & 1))
			continue;
		fprintf(out, " %%%s=0x%" PRIx64, ukl_slot_info[i].name, e->state[i]);
		ukl_annotate_put(annotate, e->state[i], out);
	}
}

/* Last in the line, as both may hold blanks. */
static void put_place(FILE *out, const struct ukl_event *e,
		      struct ukl_annotate *annotate, unsigned int flags)
{
	int pc = ukl_arg_find((enum ukl_class)e->cls, "pc");
	char text[512];

	if (pc < 0)
		return;
	if ((flags & UKL_TEXT_INSN) &&
	    *ukl_annotate_insn(annotate, e->arg[pc], text, sizeof(text)))
		fprintf(out, " ; %s", text);
	if ((flags & UKL_TEXT_LINE) &&
	    *ukl_annotate_line(annotate, e->arg[pc], text, sizeof(text)))
		fprintf(out, " @ %s", text);
}

void ukl_event_text(FILE *out, const struct ukl_event *e,
		    struct ukl_annotate *annotate, unsigned int flags)
{
	uint32_t slots = flags & UKL_TEXT_CHANGED ? e->changed : 0;

	if (flags & UKL_TEXT_STATE)
		slots |= ukl_class_info[e->cls].samples;
	fprintf(out, "%" PRIu64 " %" PRIu64 " %u %s %s", e->order, e->time, e->cpu,
		ukl_side_name[e->side], ukl_class_info[e->cls].name);
	put_args(out, e, annotate, false);
	put_slots(out, e, slots, annotate);
	put_place(out, e, annotate, flags);
}

/* Bare numbers only: the assembler has no use for what people like to read. */
void ukl_event_assemble(FILE *out, const struct ukl_event *e)
{
	fprintf(out, "%" PRIu64 " %u %s %s", e->time, e->cpu, ukl_side_name[e->side],
		ukl_class_info[e->cls].name);
	put_args(out, e, NULL, true);
	put_slots(out, e, e->changed, NULL);
}
