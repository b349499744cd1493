/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrap.c - words in lines of bearable length; see wrap.h
 */
#include "wrap.h"

#include <string.h>

void ukl_wrap(FILE *out, const char *text, unsigned int column, unsigned int indent,
	      unsigned int width)
{
	unsigned int start = column;

	while (*text) {
		unsigned int len = strcspn(text, " ");

		if (column > start && column + 1 + len > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = start = indent;
		} else if (column > start) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, len, out);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}
