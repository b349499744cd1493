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
/*
 * The instruction takes three cycles, but one can begin in each: three stretches of
 * STRIDE bytes are done side by side, then joined.  A checksum in front of STRIDE
 * more bytes is as if they were zero, and that is a linear function of its bytes.
 */
#define STRIDE 1024u

static uint32_t behind[4][256];		/* by place and value of the byte */
static pthread_once_t behind_once = PTHREAD_ONCE_INIT;

__attribute__((target("sse4.2")))
static inline uint64_t crc_word(uint64_t acc, const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, 8);
	return __builtin_ia32_crc32di(acc, word);
}

__attribute__((target("sse4.2")))
static void behind_init(void)
{
	static const uint8_t zero[8];

	for (unsigned int i = 0; i < 4 * 256; i++) {
		uint64_t acc = (uint64_t)(i % 256) << 8 * (i / 256);

		for (unsigned int n = 0; n < STRIDE; n += 8)
			acc = crc_word(acc, zero);
		behind[i / 256][i % 256] = acc;
	}
}

static uint64_t skip_stride(uint32_t acc)
{
	return behind[0][acc & 0xff] ^ behind[1][acc >> 8 & 0xff] ^
	       behind[2][acc >> 16 & 0xff] ^ behind[3][acc >> 24];
}

__attribute__((target("sse4.2")))
static uint64_t three_strides(uint64_t a, const uint8_t *p)
{
	uint64_t b = 0, c = 0;

	for (unsigned int n = 0; n < STRIDE; n += 8, p += 8) {
		a = crc_word(a, p);
		b = crc_word(b, p + STRIDE);
		c = crc_word(c, p + 2 * STRIDE);
	}
	return skip_stride(skip_stride(a) ^ b) ^ c;
}

__attribute__((target("sse4.2")))
static uint32_t crc32c_sse42(uint32_t crc, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	uint64_t acc = ~crc;

	pthread_once(&behind_once, behind_init);
	for (; len >= 3 * STRIDE; len -= 3 * STRIDE, p += 3 * STRIDE)
		acc = three_strides(acc, p);
	for (; len >= 8; len -= 8, p += 8)
		acc = crc_word(acc, p);
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
