/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrap.h - words in lines of bearable length
 *
 * Thread rule: none; pure but for the stream.
 */
#ifndef UKL_WRAP_H
#define UKL_WRAP_H

#include <stdio.h>

/*
 * Prints text, whose words are parted by blanks, and a newline.  The first line goes
 * on at the column where the stream is; the others begin with indent blanks.  No line
 * gets longer than width, unless a word does.
 */
void ukl_wrap(FILE *out, const char *text, unsigned int column, unsigned int indent,
	      unsigned int width);

#endif /* UKL_WRAP_H */
