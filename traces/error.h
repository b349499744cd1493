/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.h - how every function here reports trouble
 *
 * A function that can fail returns 0 or a member of enum ukl_error_code, and in
 * the second case has filled the caller's struct ukl_error (which may be NULL if
 * the caller does not care).  Results are set only on success.
 *
 * The text is one sentence: what, where, what to do.  It never ends in a newline.
 *
 * Thread rule: a struct ukl_error belongs to its caller.
 */
#ifndef UKL_ERROR_H
#define UKL_ERROR_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum ukl_error_code {
	UKL_OK = 0,
	UKL_ERR_USAGE,		/* the caller asked for something impossible */
	UKL_ERR_IO,		/* the operating system refused */
	UKL_ERR_FORMAT,		/* bytes that are not what they claim to be */
	UKL_ERR_VERSION,	/* sound, but of another format version */
	UKL_ERR_NOMEM,
	UKL_ERR_BUSY,		/* someone else is writing there */
	UKL_ERR_SYMBOL,		/* the kernel lacks a symbol */
};

#define UKL_NOWHERE UINT64_MAX	/* offset or event: does not apply */

struct ukl_error {
	enum ukl_error_code code;
	uint64_t offset;	/* byte in the file, or UKL_NOWHERE */
	uint64_t event;		/* order in the merged trace, or UKL_NOWHERE */
	char file[256];		/* may be empty; shortened on the left */
	char text[512];
};

/* Fills *err, if there is one, and returns the code. */
__attribute__((format(printf, 5, 6)))
int ukl_error_set(struct ukl_error *err, enum ukl_error_code code, const char *file,
		  uint64_t offset, const char *format, ...);

/* The same, for a failed system call: appends the text of errno. */
__attribute__((format(printf, 3, 4)))
int ukl_error_errno(struct ukl_error *err, const char *file, const char *format, ...);

/* Prints "ukl: FILE: byte OFFSET: event N: TEXT" with a newline. */
void ukl_error_print(FILE *out, const struct ukl_error *err);

#endif /* UKL_ERROR_H */
