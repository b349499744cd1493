/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrap.h - text for people: in lines of bearable length, and nothing but text
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

/*
 * Prints a text that the guest or a trace's metadata chose, a "?" for all in it that is
 * not printable UTF-8: it goes to a terminal, which must not obey it.
 */
void ukl_put_text(FILE *out, const char *text);

#endif /* UKL_WRAP_H */
