/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - reads a trace directory, whole or damaged
 *
 * Yields the events of all streams merged by time (ties: lower CPU first).  No
 * byte is trusted: a packet is checked completely before its first event is
 * yielded, and a stream ends before its first bad packet.  Memory use does not
 * depend on the trace's length.
 *
 * Thread rule: one thread at a time per reader.
 */
#ifndef UKL_READER_H
#define UKL_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "env.h"
#include "error.h"
#include "ukl_trace.h"

enum ukl_trace_state {
	UKL_TRACE_COMPLETE,	/* whole, undamaged and closed by its recorder */
	UKL_TRACE_RECORDING,	/* a recorder is still writing */
	UKL_TRACE_TORN,		/* anything else; reason says what and where */
	UKL_TRACE_STATES
};

extern const char *const ukl_trace_state_name[UKL_TRACE_STATES];

struct ukl_stream_summary {
	uint64_t events;	/* yielded; END included */
	uint64_t packets;	/* good ones */
	uint64_t bytes;		/* in good packets */
	uint64_t discarded;	/* lost while recording, as far as known */
	uint64_t first_time, last_time;
	bool last;		/* the packet with UKL_PACKET_LAST was read */
};

struct ukl_summary {
	enum ukl_trace_state state;
	struct ukl_error reason;	/* unless complete: why, file and offset */
	uint64_t events, packets, bytes, discarded;
	uint64_t first_time, last_time;
	unsigned int n_streams;
};

struct ukl_reader;

/*
 * Opens a trace directory, or for "-" an uncompressed tar archive of one on
 * standard input.  Fails only if there is no trace to read at all: no directory,
 * no metadata, another format version.
 */
int ukl_reader_open(struct ukl_reader **reader, const char *dir, struct ukl_error *err);
void ukl_reader_close(struct ukl_reader *reader);

/*
 * The next event, or NULL at the end.  It belongs to the reader and is good until
 * the next call.
 */
const struct ukl_event *ukl_reader_next(struct ukl_reader *reader);

/*
 * True as soon as some event is known to be missing before the one yielded last:
 * events were discarded, or another stream broke off earlier.  Never goes back.
 * What is judged while this is false is judged on whole evidence.
 */
bool ukl_reader_gap(const struct ukl_reader *reader);

/* Final once ukl_reader_next() has returned NULL; state is meaningless before. */
void ukl_reader_summary(const struct ukl_reader *reader, struct ukl_summary *summary);
/*
 * Did the system refuse to read what is there?  That is no damage, but trouble: 0, or
 * UKL_ERR_IO and the reason.  Final at the end, too.
 */
int ukl_reader_trouble(const struct ukl_reader *reader, struct ukl_error *err);
void ukl_reader_stream(const struct ukl_reader *reader, unsigned int stream,
		       struct ukl_stream_summary *summary);

/* All owned by the reader. */
const struct ukl_env *ukl_reader_env(const struct ukl_reader *reader);
const char *ukl_reader_name(const struct ukl_reader *reader);
unsigned int ukl_reader_streams(const struct ukl_reader *reader);
const char *ukl_reader_uuid(const struct ukl_reader *reader);	/* 36 characters */

#endif /* UKL_READER_H */
