/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.h - writes a trace directory
 *
 * Promise: the process that records is never harmed by a trace problem.  After
 * ukl_writer_open() nothing blocks, allocates or fails: a packet that cannot be
 * written (full disk, I/O error) is taken back whole, its events are counted as
 * discarded, one line goes to stderr, and the next packet is tried again.  What
 * was written before stays readable whatever happens later.
 *
 * Cost: an event is a copy into the stream's own 64 KiB packet; a full packet is
 * one system call.
 *
 * Thread rule: each stream is used by one thread at a time; different streams
 * need no lock.  _open and _close belong to one thread while no other writes.
 * A child of fork() may write, too: it has the same streams.
 */
#ifndef UKL_WRITER_H
#define UKL_WRITER_H

#include <stdint.h>

#include "env.h"
#include "error.h"
#include "ukl_trace.h"

#define UKL_MAX_STREAMS 256u		/* ukl_event.cpu has eight bits */
#define UKL_EVENT_MAX   (UKL_EVENT_HEADER + 8u * (UKL_MAX_ARGS + UKL_STATE_SLOTS))
#define UKL_PACKET_MIN  (UKL_PACKET_HEADER + 2u * UKL_EVENT_MAX)

struct ukl_writer;

/*
 * Creates dir, or takes over one that is empty or holds only an older trace, and
 * locks it.  env is copied; it must hold "clock", and should hold the layout and
 * the other keys of env.h.  n_streams is 1 .. UKL_MAX_STREAMS.
 *
 * SIGXFSZ, if it has its default action, is ignored from here on: a file size
 * limit must not kill the guest.
 */
int ukl_writer_open(struct ukl_writer **writer, const char *dir,
		    const struct ukl_env *env, unsigned int n_streams,
		    struct ukl_error *err);

/*
 * Writes END and a last packet to every stream, removes .recording and frees the
 * writer in any case.  On an error the trace stays torn.
 */
int ukl_writer_close(struct ukl_writer *writer, struct ukl_error *err);

/* Frees everything and leaves the trace as a killed recorder would. */
void ukl_writer_abandon(struct ukl_writer *writer);

/*
 * One event.  args has as many words as the class has arguments.  sampled says
 * which members of state are valid; the others keep the value this stream had
 * before (state may be NULL if sampled is 0).  time must not decrease within the
 * stream: a smaller one is raised to the stream's last.
 */
void ukl_writer_event(struct ukl_writer *writer, unsigned int stream, uint64_t time,
		      enum ukl_class cls, enum ukl_side side, const uint64_t *args,
		      uint32_t sampled, const uint64_t *state);

/* Says that n events of this stream were lost before they got here. */
void ukl_writer_discard(struct ukl_writer *writer, unsigned int stream, uint64_t n);

/* Writes out a stream's packet now, if it holds anything. */
void ukl_writer_flush(struct ukl_writer *writer, unsigned int stream);

/*
 * Lets readers see the stream's packet as it is, which goes on growing: the trace ends
 * up as it would without.  Costs as much as writing the packet.
 */
void ukl_writer_show(struct ukl_writer *writer, unsigned int stream);

/* Counters since the start; any thread, then perhaps a little old. */
uint64_t ukl_writer_events(const struct ukl_writer *writer);	/* kept */
uint64_t ukl_writer_discarded(const struct ukl_writer *writer);	/* lost */

/*
 * Moves all descriptors to numbers from that one up: a program in the same process
 * takes the lowest free ones and must find those that it would find alone.
 */
int ukl_writer_move(struct ukl_writer *writer, int from, struct ukl_error *err);

/* For tests, before the first event: UKL_PACKET_MIN .. UKL_PACKET_MAX bytes. */
void ukl_writer_packet_size(struct ukl_writer *writer, unsigned int bytes);

#endif /* UKL_WRITER_H */
