/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seed.c - turns a trace into an input of a fuzz target
 *
 *   seed HEAD TRACE > INPUT
 *
 * HEAD are the input's first bytes, in hexadecimal; what follows are the trace's events
 * as fuzz_trace() takes them.  Exit status: 0, or 2 with a message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../traces/packet.h"
#include "../../traces/reader.h"
#include "../../traces/vocabulary.h"

static void put(const void *data, size_t size)
{
	fwrite(data, 1, size, stdout);
}

static void put_head(const char *hex)
{
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		putchar((int)byte);
}

static void put_event(const struct ukl_event *ev)
{
	const struct ukl_event_header head = {
		.timestamp = ev->time, .id = ev->cls, .state_mask = ev->changed,
		.side = (uint8_t)(ev->side | ev->cpu << 4),
		.n_state = (uint8_t)__builtin_popcount(ev->changed),
	};

	put(&head, sizeof(head));
	put(ev->arg, 8 * ukl_class_info[ev->cls].n_args);
	for (uint32_t left = ev->changed; left; left &= left - 1)
		put(&ev->state[__builtin_ctz(left)], 8);
}

int main(int argc, char **argv)
{
	const struct ukl_event *ev;
	struct ukl_reader *reader;
	struct ukl_error err;

	if (argc != 3) {
		fprintf(stderr, "usage: seed HEAD TRACE\n");
		return 2;
	}
	if (ukl_reader_open(&reader, argv[2], &err)) {
		ukl_error_print(stderr, &err);
		return 2;
	}
	put_head(argv[1]);
	while ((ev = ukl_reader_next(reader)))
		if (ev->cls != UKL_EV_END)
			put_event(ev);
	ukl_reader_close(reader);
	return fflush(stdout) ? 2 : 0;
}
