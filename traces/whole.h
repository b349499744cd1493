/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * whole.h - all or nothing: transfers that are short or interrupted, texts in memory
 *
 * Transfers begin at byte *at* of the file, or, if that is HERE, where the descriptor is,
 * which may then be a pipe's.
 *
 * Thread rule: any thread.
 */
#ifndef UKL_WHOLE_H
#define UKL_WHOLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define HERE UINT64_MAX

/* As many of len bytes as there are before the end, or -1 and errno. */
ssize_t read_whole(int fd, void *buf, size_t len, uint64_t at);

/* All of buf: 0, or an errno. */
int write_whole(int fd, const void *buf, size_t len, uint64_t at);

/*
 * Closes a stream of open_memstream(): 0, or -1 if memory was short for any of the
 * text; then *text is NULL.
 */
int close_text(FILE *out, char **text);

#endif /* UKL_WHOLE_H */
