/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * whole.c - see whole.h
 */
#include "whole.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

ssize_t read_whole(int fd, void *buf, size_t len, uint64_t at)
{
	size_t got = 0;

	while (got < len) {
		char *p = (char *)buf + got;
		ssize_t n = at == HERE ? read(fd, p, len - got) :
					 pread(fd, p, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int close_text(FILE *out, char **text)
{
	bool bad = ferror(out);

	/* Without memory for the last of it fclose() succeeds, and the text is gone. */
	bad |= fclose(out) != 0;
	if (!bad && *text)
		return 0;
	free(*text);
	*text = NULL;
	return -1;
}

int write_whole(int fd, const void *buf, size_t len, uint64_t at)
{
	size_t put = 0;

	while (put < len) {
		const char *p = (const char *)buf + put;
		ssize_t n = at == HERE ? write(fd, p, len - put) :
					 pwrite(fd, p, len - put, (off_t)(at + put));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : ENOSPC;
		put += (size_t)n;
	}
	return 0;
}
