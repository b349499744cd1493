/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - the on-disk structures of ukl_trace.h as C types
 *
 * For writer.c, reader.c and tests that damage traces; nobody else needs bytes.
 */
#ifndef UKL_PACKET_H
#define UKL_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "crc32c.h"
#include "ukl_trace.h"

/* The format is little endian, and both ends use it in place. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "needs a little-endian host");

struct ukl_packet {
	uint32_t magic;
	uint32_t stream_id;
	uint8_t uuid[16];
	uint64_t timestamp_begin;
	uint64_t timestamp_end;
	uint64_t content_size;		/* bits */
	uint64_t packet_size;		/* bits */
	uint64_t packet_seq_num;
	uint64_t events_discarded;
	uint32_t cpu_id;
	uint32_t crc32c;
	uint32_t n_events;
	uint32_t flags;
};

_Static_assert(sizeof(struct ukl_packet) == UKL_PACKET_HEADER, "format 1");

struct ukl_event_header {
	uint64_t timestamp;
	uint16_t id;
	uint8_t n_state;
	uint8_t side;
	uint32_t state_mask;
};

_Static_assert(sizeof(struct ukl_event_header) == UKL_EVENT_HEADER, "format 1");

/* The checksum of a packet of size bytes, its own field counted as zero. */
static inline uint32_t ukl_packet_crc(const void *packet, size_t size)
{
	static const uint8_t zero[4];
	const uint8_t *p = packet;
	const size_t at = offsetof(struct ukl_packet, crc32c);
	uint32_t crc = ukl_crc32c(0, p, at);

	crc = ukl_crc32c(crc, zero, sizeof(zero));
	return ukl_crc32c(crc, p + at + sizeof(zero), size - at - sizeof(zero));
}

#endif /* UKL_PACKET_H */
