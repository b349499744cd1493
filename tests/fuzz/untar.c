/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * untar.c - fuzz target: the archive that "-" reads
 *
 * A byte, then the archive.  With an odd byte every block that has "ustar" where a
 * header has it gets the right checksum, which chance would seldom find.
 *
 * The parts together are never longer than the archive.
 */
#define _GNU_SOURCE			/* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../traces/untar.h"
#include "fuzz.h"

enum { BLOCK = 512, CHECKSUM = 148, MAGIC = 257 };

static void seal(uint8_t *block)
{
	unsigned int sum = 0;

	memset(block + CHECKSUM, ' ', 8);
	for (unsigned int i = 0; i < BLOCK; i++)
		sum += block[i];
	snprintf((char *)block + CHECKSUM, 8, "%06o", sum);
}

static int archive(const uint8_t *data, size_t size)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	uint8_t *copy = malloc(size + 1);

	for (size_t i = 1; i < size; i++)
		copy[i] = data[i];
	for (size_t at = 1; size && data[0] & 1 && at + BLOCK <= size; at += BLOCK)
		if (!memcmp(copy + at + MAGIC, "ustar", 5))
			seal(copy + at);
	FUZZ_EXPECT(fd >= 0 && (size < 2 ||
		    write(fd, copy + 1, size - 1) == (ssize_t)(size - 1)));
	FUZZ_EXPECT(!lseek(fd, 0, SEEK_SET));
	free(copy);
	return fd;
}

static size_t part_size(int fd)
{
	struct stat st = { .st_size = 0 };

	if (fd >= 0)
		FUZZ_EXPECT(!fstat(fd, &st));
	return (size_t)st.st_size;
}

static void look_at(const struct ukl_parts *parts, size_t size)
{
	size_t all = part_size(parts->metadata) + part_size(parts->recording);

	for (unsigned int i = 0; i < UKL_MAX_STREAMS; i++)
		all += part_size(parts->stream[i]);
	FUZZ_EXPECT(all <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ukl_error err = { .code = UKL_OK };
	int fd = archive(data, size), ret;
	struct ukl_parts parts;

	setenv("TMPDIR", fuzz_dir(), 1);
	ukl_parts_init(&parts);
	ret = ukl_parts_untar(&parts, fd, &err);
	FUZZ_EXPECT(ret == (int)err.code && (!ret || *err.text));
	look_at(&parts, size);
	ukl_parts_deinit(&parts);
	close(fd);
	return 0;
}
