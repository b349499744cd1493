// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * provoke.c - from ring 0, ask the kernel for what it must be able to tell
 *
 *   provoke lkdtm TYPE	a crash of that type, by a write to LKDTM's file
 *   provoke doublefault	a double fault while the application executes
 *   provoke ticks		how often is a second of computing interrupted?
 *
 * Says what it is about to do.  The first two are not meant to return; exit status 0
 * if they did, or after the last; 1 if something failed, which is named; 2 usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CRASH	"/sys/kernel/debug/provoke-crash/DIRECT"

static int failed(const char *what)
{
	dprintf(2, "provoke: %s failed: errno %d\n", what, errno);
	return 1;
}

static int lkdtm(const char *type)
{
	int fd = open(CRASH, O_WRONLY);

	if (fd < 0)
		return failed("open " CRASH);
	return write(fd, type, strlen(type)) < 0 ? failed("write " CRASH) : 0;
}

/*
 * With the kernel's IDT, whose page fault has no stack of its own, and a stack pointer
 * that leads nowhere, a push is a fault whose frame cannot be pushed.  An application is
 * refused LIDT when it is packed, so these instructions are hidden in a constant:
 *	lidt (%rdi); mov %rsi, %rsp; push %rax
 */
__asm__(".text\n"
	".type break_stack, @function\n"
	"break_stack:\n"
	"	jmp .Linside + 2\n"
	".Linside:\n"
	"	movabs $0x9050f489481f010f, %rax\n"
	"	ret\n"
	".size break_stack, . - break_stack\n");

void break_stack(const void *idt, unsigned long stack);

static int doublefault(const char *unused)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) kernel_idt = { 0xfff, 0xfffffe0000000000 };

	(void)unused;
	break_stack(&kernel_idt, 4096);
	return 0;
}

/* The last column of the row "LOC" of /proc/interrupts, or -1 */
static long local_timer_interrupts(void)
{
	static char text[16384];
	int fd = open("/proc/interrupts", O_RDONLY);
	char *row = text, *end;
	size_t have = 0;
	long n, last = -1;

	while ((n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += (size_t)n;
	close(fd);
	while ((row = strchr(row, 'L')) && strncmp(row, "LOC:", 4))
		row++;
	for (end = row ? row + 4 : text; n = strtol(end, &row, 10), row != end; end = row)
		last = n;
	return last;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int ticks(const char *unused)
{
	long before = local_timer_interrupts();
	uint64_t start = now_ns();

	(void)unused;
	while (now_ns() - start < 1000000000)
		for (volatile unsigned int i = 0; i < 1000000; i++)
			;
	dprintf(1, "provoke: %ld interrupts of the last processor's timer in a second\n",
		local_timer_interrupts() - before);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const char *);
} actions[] = {
	{ "lkdtm", lkdtm }, { "doublefault", doublefault }, { "ticks", ticks },
};

int main(int argc, char **argv)
{
	for (unsigned int i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (argc < 2 || strcmp(argv[1], actions[i].name))
			continue;
		dprintf(1, "provoke: %s %s\n", argv[1], argc > 2 ? argv[2] : "");
		return actions[i].run(argc > 2 ? argv[2] : "");
	}
	dprintf(2, "usage: provoke lkdtm TYPE | doublefault | ticks\n");
	return 2;
}
