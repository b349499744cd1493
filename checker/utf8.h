/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8.h - which bytes of a string from a trace are text
 */
#ifndef UKL_UTF8_H
#define UKL_UTF8_H

#include <stddef.h>

/* Length of the well-formed UTF-8 sequence at p, or 0 (RFC 3629). */
static inline size_t ukl_utf8_length(const unsigned char *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
		   p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

#endif /* UKL_UTF8_H */
