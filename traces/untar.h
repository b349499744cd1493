/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * untar.h - a trace directory out of a pipe
 *
 * The streams of a trace are read side by side, which a pipe cannot give, so the
 * parts are kept in temporary files without a name: nothing is left behind
 * however the program ends.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_UNTAR_H
#define UKL_UNTAR_H

#include "error.h"
#include "writer.h"

struct ukl_parts {
	int metadata, recording;		/* descriptors; -1: no such file */
	int stream[UKL_MAX_STREAMS];
};

void ukl_parts_init(struct ukl_parts *parts);
void ukl_parts_deinit(struct ukl_parts *parts);

/*
 * Reads an uncompressed tar archive (ustar or GNU) of one trace directory from fd
 * to its end.  Members other than a trace's files are skipped; an archive that
 * breaks off gives what was there.  Temporary files are made in $TMPDIR or /tmp.
 */
int ukl_parts_untar(struct ukl_parts *parts, int fd, struct ukl_error *err);

/* Like open(): a new descriptor, or -1 with errno ENOENT. */
int ukl_parts_open(const struct ukl_parts *parts, const char *name);

#endif /* UKL_UNTAR_H */
