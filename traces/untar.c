/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * untar.c - see untar.h
 *
 * A tar archive is a row of members, each a header block of 512 bytes and its
 * data filled up to whole blocks.  Nothing in it is trusted: names choose among
 * the fixed parts of a trace, sizes only say how much to read.
 */
#define _GNU_SOURCE			/* mkostemp */
#include "untar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "whole.h"

#define BLOCK 512u

struct header {
	char name[100];
	char mode_uid_gid[24];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char rest[355];
};

_Static_assert(sizeof(struct header) == BLOCK, "tar");

struct tar {
	int fd;
	uint64_t at;			/* bytes read */
	char long_name[BLOCK];		/* GNU: name of the next member, or "" */
};

void ukl_parts_init(struct ukl_parts *parts)
{
	parts->metadata = parts->recording = -1;
	for (unsigned int i = 0; i < UKL_MAX_STREAMS; i++)
		parts->stream[i] = -1;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void ukl_parts_deinit(struct ukl_parts *parts)
{
	shut(&parts->metadata);
	shut(&parts->recording);
	for (unsigned int i = 0; i < UKL_MAX_STREAMS; i++)
		shut(&parts->stream[i]);
}

/* Where a file of this name belongs, or NULL. */
static const int *part(const struct ukl_parts *parts, const char *name)
{
	char again[32];

	if (!strcmp(name, "metadata"))
		return &parts->metadata;
	if (!strcmp(name, ".recording"))
		return &parts->recording;
	for (unsigned int i = 0; i < UKL_MAX_STREAMS; i++) {
		snprintf(again, sizeof(again), "stream_%u", i);
		if (!strcmp(name, again))
			return &parts->stream[i];
	}
	return NULL;
}

int ukl_parts_open(const struct ukl_parts *parts, const char *name)
{
	const int *fd = part(parts, name);

	if (fd && *fd >= 0)
		return dup(*fd);
	errno = ENOENT;
	return -1;
}

/* Up to len bytes; fewer only at the end of the archive; -1: error. */
static ssize_t take(struct tar *t, void *buf, size_t len)
{
	ssize_t got = read_whole(t->fd, buf, len, HERE);

	if (got > 0)
		t->at += (uint64_t)got;
	return got;
}

/* Octal, or GNU's base 256 for eight gigabytes and more. */
static bool parse_size(const char field[12], uint64_t *size)
{
	const uint8_t *p = (const uint8_t *)field;

	*size = 0;
	if (p[0] == 0x80) {
		for (int i = 4; i < 12; i++)
			*size = *size << 8 | p[i];
		return *size < UINT64_MAX / 2;
	}
	for (int i = 0; i < 12 && p[i] && p[i] != ' '; i++) {
		if (p[i] < '0' || p[i] > '7')
			return false;
		*size = *size * 8 + (p[i] - '0');
	}
	return true;
}

static bool checksum_right(const struct header *h)
{
	const uint8_t *p = (const uint8_t *)h;
	char field[9] = "";
	unsigned long sum = 0;

	memcpy(field, h->checksum, 8);
	for (size_t i = 0; i < BLOCK; i++) {
		bool own = p + i >= (const uint8_t *)h->checksum &&
			   p + i < (const uint8_t *)h->checksum + 8;

		sum += own ? ' ' : p[i];
	}
	return strtoul(field, NULL, 8) == sum;
}

/* Unlinked at once: it goes with its descriptor. */
static int temporary_file(struct ukl_error *err)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/ukl-XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		ukl_error_errno(err, path, "cannot create a temporary file");
	else
		unlink(path);
	return fd;
}

/* Copies size bytes to out, or nowhere if out is -1, and skips the filling. */
static int copy(struct tar *t, int out, uint64_t size, struct ukl_error *err)
{
	uint64_t left = (size + BLOCK - 1) / BLOCK * BLOCK;
	char buf[128 * BLOCK];

	while (left) {
		size_t want = left < sizeof(buf) ? left : sizeof(buf);
		ssize_t n = take(t, buf, want);
		size_t data;

		if (n < 0)
			return ukl_error_errno(err, "(standard input)", "cannot read");
		data = (uint64_t)n < size ? (size_t)n : size;
		errno = out < 0 ? 0 : write_whole(out, buf, data, HERE);
		if (errno)
			return ukl_error_errno(err, NULL, "cannot write a temporary"
					       " file (set TMPDIR to a place with"
					       " more room)");
		if ((size_t)n < want)
			return 0;
		size -= data;
		left -= want;
	}
	return 0;
}

/* Any directory in front is the packer's business. */
static const char *base_name(struct tar *t, const struct header *h, char name[BLOCK])
{
	const char *slash;

	if (t->long_name[0])
		snprintf(name, BLOCK, "%s", t->long_name);
	else
		snprintf(name, BLOCK, "%.100s", h->name);
	t->long_name[0] = '\0';
	slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

/* Names beyond a block cannot end in one of ours within it; they are skipped. */
static int long_name(struct tar *t, uint64_t size, struct ukl_error *err)
{
	if (!size || size >= BLOCK)
		return copy(t, -1, size, err);
	if (take(t, t->long_name, BLOCK) < 0)
		return ukl_error_errno(err, "(standard input)", "cannot read");
	t->long_name[size] = '\0';
	return 0;
}

static int not_tar(uint64_t at, struct ukl_error *err)
{
	return ukl_error_set(err, UKL_ERR_FORMAT, "(standard input)", at, "not a tar"
			     " archive here: give the output of \"tar -cf - DIR\","
			     " uncompressed");
}

/* A part that comes twice replaces the first, as tar itself would have it. */
static int member(struct tar *t, struct ukl_parts *parts, const struct header *h,
		  struct ukl_error *err)
{
	char name[BLOCK];
	uint64_t size;
	int *fd;

	if (!checksum_right(h) || !parse_size(h->size, &size))
		return not_tar(t->at - BLOCK, err);
	if (h->type == 'L')
		return long_name(t, size, err);
	fd = (int *)part(parts, base_name(t, h, name));
	if (!fd || (h->type != '0' && h->type))
		return copy(t, -1, h->type == '5' ? 0 : size, err);
	shut(fd);
	*fd = temporary_file(err);
	if (*fd < 0)
		return err ? (int)err->code : UKL_ERR_IO;
	return copy(t, *fd, size, err);
}

int ukl_parts_untar(struct ukl_parts *parts, int fd, struct ukl_error *err)
{
	struct tar t = { .fd = fd };
	struct header h;
	ssize_t n;
	int ret = 0;

	while (!ret && (n = take(&t, &h, BLOCK)) == BLOCK)
		if (h.name[0])		/* else: a block of the closing zeros */
			ret = member(&t, parts, &h, err);
	if (!ret && n < 0)
		ret = ukl_error_errno(err, "(standard input)", "cannot read");
	else if (!ret && t.at < BLOCK)
		ret = not_tar(0, err);
	return ret;
}
