// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * witness.c - compares a trace's interrupts and exceptions with QEMU's own log
 *
 *   witness INT-LOG TRACE-TEXT
 *
 * INT-LOG is what "-d int" wrote, TRACE-TEXT what babeltrace2 printed of a trace
 * of the same run with one virtual CPU.  Nothing here is shared with the recorder,
 * the writer or the reader.  Each event that the processor delivered through an
 * IDT in the kernel half must be an int_in of the trace, in the same order, with
 * the same vector, RIP and CPL, and each int_in must be such an event.
 *
 * The log's last event may be missing from the trace: QEMU can end between the
 * delivery and the handler's first instruction.
 *
 * Exit status: 0 they agree; 1 they differ, and the first difference is printed;
 * 2 trouble.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_IP 16
#define SLOT_CS 17
#define SLOTS   32

struct event {
	unsigned int vector, cpl;
	uint64_t ip;
};

/* A file read line by line, with the line at hand for messages. */
struct input {
	const char *name;
	FILE *file;
	char *line;
	size_t room;
	unsigned long number;		/* of the line */
	/* the trace's state vector, which begins anew in each packet */
	uint64_t state[SLOTS];
	char packet[32];
};

static void trouble(const char *what, const struct input *in)
{
	fprintf(stderr, "witness: %s:%lu: %s: %s", in->name, in->number, what,
		in->line ? in->line : "\n");
	exit(2);
}

static void input_open(struct input *in, const char *name)
{
	memset(in, 0, sizeof(*in));
	in->name = name;
	in->file = fopen(name, "r");
	if (!in->file) {
		perror(name);
		exit(2);
	}
}

static void input_close(struct input *in)
{
	fclose(in->file);
	free(in->line);
}

static bool next_line(struct input *in)
{
	in->number++;
	return getline(&in->line, &in->room, in->file) > 0;
}

/*
 * "     7: v=0e e=0004 i=0 cpl=3 IP=0033:00007f... pc=..." and, among the register
 * lines that follow, "IDT=     fffffe0000000000 00000fff".  With i=1 the event is
 * an INT3 or INT instruction, and IP is that of the instruction itself, while the
 * processor pushes that of the next.
 */
static bool log_event(const char *line, struct event *e)
{
	unsigned int error, software, cs;
	unsigned long number;

	if (sscanf(line, " %lu: v=%x e=%x i=%u cpl=%u IP=%x:%" SCNx64, &number,
		   &e->vector, &error, &software, &e->cpl, &cs, &e->ip) != 7)
		return false;
	if (software)
		e->ip += e->vector == 3 ? 1 : 2;
	return true;
}

static bool next_of_log(struct input *in, struct event *e)
{
	bool pending = false;
	uint64_t idt;

	while (next_line(in)) {
		if (log_event(in->line, e))
			pending = true;
		else if (pending && sscanf(in->line, "IDT= %" SCNx64, &idt) == 1) {
			pending = false;
			if (idt >> 63)
				return true;
		}
	}
	return false;
}

/* The number after "name = ", which must be there. */
static uint64_t number_after(const struct input *in, const char *from, const char *name)
{
	const char *at = strstr(from, name);

	if (!at)
		trouble(name, in);
	return strtoull(at + strlen(name), NULL, 0);
}

/* Applies "state_mask = M ... state = [ [0] = A, [1] = B ]": lowest slot first. */
static void apply_state(struct input *in)
{
	uint64_t mask = number_after(in, in->line, "state_mask = ");
	const char *at = strstr(in->line, "state = [");
	char packet[sizeof(in->packet)];

	if (!at ||
	    sscanf(strstr(in->line, "crc32c = "), "crc32c = %31[0-9A-Fx]", packet) != 1)
		trouble("no state", in);
	if (strcmp(packet, in->packet)) {
		memset(in->state, 0, sizeof(in->state));
		strcpy(in->packet, packet);
	}
	for (int slot = 0; slot < SLOTS; slot++) {
		if (!(mask >> slot & 1))
			continue;
		at = strstr(at, "] = ");
		if (!at)
			trouble("too few state words", in);
		in->state[slot] = strtoull(at + 4, NULL, 0);
		at += 4;
	}
}

static bool next_of_trace(struct input *in, struct event *e)
{
	while (next_line(in)) {
		if (!strstr(in->line, "state_mask = "))
			continue;
		apply_state(in);
		if (!strstr(in->line, ") int_in: {"))
			continue;
		e->vector = (unsigned int)number_after(in, in->line, " vector = ");
		e->ip = in->state[SLOT_IP];
		e->cpl = in->state[SLOT_CS] & 3;
		return true;
	}
	return false;
}

static void show(const struct input *in, bool there, const struct event *e)
{
	if (there)
		printf("  %s:%lu: vector %u at 0x%" PRIx64 ", CPL %u\n", in->name,
		       in->number, e->vector, e->ip, e->cpl);
	else
		printf("  %s: ends\n", in->name);
}

static bool same(const struct event *a, const struct event *b)
{
	return a->vector == b->vector && a->ip == b->ip && a->cpl == b->cpl;
}

int main(int argc, char **argv)
{
	struct input log, trace;
	struct event a, b;
	bool more_log, more_trace;
	unsigned long n = 0;

	if (argc != 3) {
		fputs("usage: witness INT-LOG TRACE-TEXT\n", stderr);
		return 2;
	}
	input_open(&log, argv[1]);
	input_open(&trace, argv[2]);
	for (;; n++) {
		more_log = next_of_log(&log, &a);
		more_trace = next_of_trace(&trace, &b);
		if (!more_log || !more_trace || !same(&a, &b))
			break;
	}
	/* One event delivered, but its handler never begun. */
	if (more_log && !more_trace) {
		struct event rest;

		more_log = next_of_log(&log, &rest);
	}
	if (more_log || more_trace) {
		printf("witness: after %lu equal events they differ:\n", n);
		show(&log, more_log, &a);
		show(&trace, more_trace, &b);
	} else {
		printf("witness: %lu interrupts and exceptions, the same in both\n", n);
	}
	input_close(&log);
	input_close(&trace);
	if (!n)
		fputs("witness: nothing was compared\n", stderr);
	return more_log || more_trace ? 1 : n ? 0 : 2;
}
