/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrap.c - text for people; see wrap.h
 */
#include "wrap.h"

#include <stdbool.h>
#include <string.h>

#include "utf8.h"

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

/* Control characters are below the blank, DEL, and U+0080 to U+009F. */
static bool is_control(const unsigned char *p)
{
	return *p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);
}

void ukl_put_text(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		size_t n = ukl_utf8_length(p);

		if (n && !is_control(p))
			fwrite(p, 1, n, out);
		else
			fputc('?', out);
		p += n ? n : 1;
	}
}
