/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.c - see error.h.  Nothing here allocates, so that running out of memory
 * can be reported too.
 */
#include "error.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Of a long path the end says more than the beginning. */
static void set_file(struct ukl_error *err, const char *file)
{
	size_t len = file ? strlen(file) : 0;

	if (len < sizeof(err->file))
		snprintf(err->file, sizeof(err->file), "%s", file ? file : "");
	else
		snprintf(err->file, sizeof(err->file), "...%s",
			 file + len - (sizeof(err->file) - 4));
}

/* A sentence that is too long is cut, never overrun. */
static void fill(struct ukl_error *err, enum ukl_error_code code, const char *file,
		 uint64_t offset, const char *format, va_list ap)
{
	err->code = code;
	err->offset = offset;
	err->event = UKL_NOWHERE;
	set_file(err, file);
	vsnprintf(err->text, sizeof(err->text), format, ap);
	/* It may quote what a trace says, and goes to a terminal. */
	for (char *p = err->text; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
}

int ukl_error_set(struct ukl_error *err, enum ukl_error_code code, const char *file,
		  uint64_t offset, const char *format, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, format);
	fill(err, code, file, offset, format, ap);
	va_end(ap);
	return code;
}

/* errno is taken first: everything after may change it. */
int ukl_error_errno(struct ukl_error *err, const char *file, const char *format, ...)
{
	int number = errno;
	enum ukl_error_code code = number == ENOMEM ? UKL_ERR_NOMEM : UKL_ERR_IO;
	size_t used;
	va_list ap;

	if (!err)
		return code;
	va_start(ap, format);
	fill(err, code, file, UKL_NOWHERE, format, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(number));
	return code;
}

void ukl_error_print(FILE *out, const struct ukl_error *err)
{
	fputs("ukl: ", out);
	if (err->file[0])
		fprintf(out, "%s: ", err->file);
	if (err->offset != UKL_NOWHERE)
		fprintf(out, "byte %" PRIu64 ": ", err->offset);
	if (err->event != UKL_NOWHERE)
		fprintf(out, "event %" PRIu64 ": ", err->event);
	fprintf(out, "%s\n", err->text);
}
