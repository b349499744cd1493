/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * whole.h - read and write that go on after short transfers and signals
 *
 * They begin at byte *at* of the file, or, if that is HERE, where the descriptor is,
 * which may then be a pipe's.
 *
 * Thread rule: any thread.
 */
#ifndef UKL_WHOLE_H
#define UKL_WHOLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HERE UINT64_MAX

/* As many of len bytes as there are before the end, or -1 and errno. */
ssize_t read_whole(int fd, void *buf, size_t len, uint64_t at);

/* All of buf: 0, or an errno. */
int write_whole(int fd, const void *buf, size_t len, uint64_t at);

#endif /* UKL_WHOLE_H */
