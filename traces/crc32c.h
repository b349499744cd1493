/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crc32c.h - the Castagnoli CRC (reflected, polynomial 0x1EDC6F41) of packets
 *
 * Pass 0 to begin and the previous result to continue.  Any thread.
 */
#ifndef UKL_CRC32C_H
#define UKL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t ukl_crc32c(uint32_t crc, const void *buf, size_t len);

/* The same without SSE4.2; for processors that lack it, and for the test. */
uint32_t ukl_crc32c_portable(uint32_t crc, const void *buf, size_t len);

#endif /* UKL_CRC32C_H */
