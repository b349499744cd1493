// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dio.c - O_DIRECT: a device reads and writes the application's own pages
 *
 * Needs the virtio disk that twin.sh --disk gives; without one all lines are wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define DISK "/dev/vdb"
#define BLOCK 512ul
#define SIZE (16 * BLOCK)

static char static_data[SIZE] __attribute__((aligned(512))) = "initial";
static char static_bss[2 * SIZE] __attribute__((aligned(4096)));
static int disk;

static void pattern(char *p, unsigned int seed)
{
	for (size_t i = 0; i < SIZE; i++)
		p[i] = (char)(i * seed + (i >> 8));
}

/* Written from *p*, overwritten in memory, read back into it. */
static bool round_trip(char *p, unsigned int seed)
{
	off_t at = (off_t)(seed * SIZE);
	char *expected = malloc(SIZE);
	bool ok;

	pattern(expected, seed);
	pattern(p, seed);
	ok = pwrite(disk, p, SIZE, at) == SIZE;
	memset(p, 0, SIZE);
	ok = ok && pread(disk, p, SIZE, at) == SIZE && !memcmp(p, expected, SIZE);
	free(expected);
	return ok;
}

/* What a child writes to its copy while the device reads is not the parent's. */
static bool forked(void)
{
	bool ok;
	pid_t pid;

	pattern(static_data, 21);
	pid = fork();
	if (!pid)
		_exit(!round_trip(static_data, 22));
	ok = round_trip(static_bss, 23) && exited(pid, 0);
	pattern(static_bss, 21);
	return ok && !memcmp(static_bss, static_data, SIZE);
}

void probe_dio(void)
{
	char stack[2 * SIZE], *aligned = stack + (-(unsigned long)stack & (BLOCK - 1));
	char *heap = aligned_alloc(BLOCK, SIZE);

	disk = open(DISK, O_RDWR | O_DIRECT);
	check("a disk, opened with O_DIRECT", disk >= 0);
	check("static data with its initial pages", round_trip(static_data, 1));
	check("static data without", round_trip(static_bss, 2));
	check("over the edge of two pages", round_trip(static_bss + 4096 - BLOCK, 3));
	check("the heap", round_trip(heap, 4));
	check("the stack", round_trip(aligned, 5));
	check("private to a forked process", forked());
	check("an address that is not aligned: EINVAL",
	      pread(disk, static_bss + 1, BLOCK, 0) == -1 && errno == EINVAL);
	check("the application's text, to be written: EFAULT",
	      pread(disk, (void *)((unsigned long)probe_dio & -BLOCK), BLOCK, 0) ==
			      -1 &&
		      errno == EFAULT);
	check("the kernel's half: EFAULT",
	      pread(disk, (void *)0xffff888000001000ul, BLOCK, 0) == -1 &&
		      errno == EFAULT);
	check("a constant, to be written: EFAULT",
	      pread(disk, (void *)(((unsigned long)DISK) & -BLOCK), BLOCK, 0) == -1 &&
		      errno == EFAULT);
	close(disk);
	free(heap);
}
