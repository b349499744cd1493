/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crc32c.c - see crc32c.h.  SSE4.2's CRC32 instruction where the processor has
 * it, else one table of 256 entries that the first caller fills.
 */
#include "crc32c.h"

#include <pthread.h>
#include <string.h>

#define POLY 0x82f63b78u		/* 0x1EDC6F41 with its bits reversed */

static uint32_t table[256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

/* Filled at run time: 256 constants would be harder to check than this loop. */
static void table_init(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLY : 0);
		table[i] = crc;
	}
}

/* A byte at a time; processors without SSE4.2 are old and slow anyway. */
uint32_t ukl_crc32c_portable(uint32_t crc, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	pthread_once(&table_once, table_init);
	crc = ~crc;
	while (len--)
		crc = (crc >> 8) ^ table[(crc ^ *p++) & 0xff];
	return ~crc;
}

#ifdef __x86_64__
/* Eight bytes at a time; a packet of 64 KiB takes some eight microseconds. */
__attribute__((target("sse4.2")))
static uint32_t crc32c_sse42(uint32_t crc, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	uint64_t acc = ~crc, word;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		acc = __builtin_ia32_crc32di(acc, word);
	}
	while (len--)
		acc = __builtin_ia32_crc32qi((uint32_t)acc, *p++);
	return ~(uint32_t)acc;
}
#endif

uint32_t ukl_crc32c(uint32_t crc, const void *buf, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, buf, len);
#endif
	return ukl_crc32c_portable(crc, buf, len);
}
