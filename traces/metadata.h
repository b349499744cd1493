/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metadata.h - the trace's TSDL text, both ways
 *
 * The text is: a signature line; an env block with the format version first; a
 * trace block, constant but for the uuid; and the description of packets and
 * events, constant for one format version.  The reader does not interpret that
 * description: it compares it with its own.
 *
 * Thread rule: no shared state.
 */
#ifndef UKL_METADATA_H
#define UKL_METADATA_H

#include <stddef.h>
#include <stdint.h>

#include "env.h"
#include "error.h"

#define UKL_METADATA_MAX (8u * 1024u * 1024u)	/* bytes; a sane one has 20 KiB */
#define UKL_UUID_TEXT    37u			/* 36 characters and NUL */

/* Returns the text, to be freed by the caller; NULL: out of memory. */
char *ukl_metadata_text(const struct ukl_env *env, const uint8_t uuid[16]);

/*
 * Fills env (initialised by the caller; on an error its content is unspecified)
 * and uuid.  text need not end in NUL.  file is for the error.
 */
int ukl_metadata_parse(const char *text, size_t len, const char *file,
		       struct ukl_env *env, uint8_t uuid[16], struct ukl_error *err);

void ukl_uuid_text(const uint8_t uuid[16], char text[UKL_UUID_TEXT]);

#endif /* UKL_METADATA_H */
