// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uffd.c - page faults of the application that one of its threads resolves
 *
 * A handler thread waits on a userfaultfd and fills each missing page with a byte, or
 * takes the protection off; the main thread faults by an instruction or by the kernel's
 * copying on its behalf.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

#define PAGE 4096ul
#define PAGES 16
#define FILL 0x5a

static char static_area[PAGES * PAGE] __attribute__((aligned(4096)));
static char source[PAGE] __attribute__((aligned(4096)));
static int uffd = -1, quit[2];
static volatile unsigned long missing, protected, written, last;

static void resolve(const struct uffd_msg *msg)
{
	unsigned long address = msg->arg.pagefault.address & -PAGE;
	struct uffdio_copy copy = { .dst = address,
				    .src = (unsigned long)source,
				    .len = PAGE };
	struct uffdio_writeprotect off = { .range = { address, PAGE } };

	last = address;
	if (msg->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP) {
		protected++;
		ioctl(uffd, UFFDIO_WRITEPROTECT, &off);
		return;
	}
	missing++;
	written += !!(msg->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE);
	ioctl(uffd, UFFDIO_COPY, &copy);
}

static void *handler(void *unused)
{
	struct pollfd p[2] = { { .fd = uffd, .events = POLLIN },
			       { .fd = quit[0], .events = POLLIN } };
	struct uffd_msg msg;

	while (poll(p, 2, -1) > 0 && !p[1].revents)
		if (read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_PAGEFAULT)
			resolve(&msg);
	return unused;
}

static bool watch(void *area, unsigned long mode)
{
	struct uffdio_register r = { .range = { (unsigned long)area, PAGES * PAGE },
				     .mode = mode };

	return !ioctl(uffd, UFFDIO_REGISTER, &r);
}

static bool protect(void *area)
{
	struct uffdio_writeprotect wp = { .range = { (unsigned long)area,
						     PAGES * PAGE },
					  .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	return !ioctl(uffd, UFFDIO_WRITEPROTECT, &wp);
}

static bool unwatch(void *area)
{
	struct uffdio_range r = { (unsigned long)area, PAGES * PAGE };

	return !ioctl(uffd, UFFDIO_UNREGISTER, &r);
}

static void missing_pages(volatile char *area)
{
	int pipes[2];

	missing = written = 0;
	check("a read of a missing page is filled", area[5] == FILL && missing == 1);
	area[PAGE + 7] = 1;
	check("a write to one, too",
	      area[PAGE] == FILL && area[PAGE + 7] == 1 && missing == 2 &&
		      written == 1);
	check("the fault's address is told", last == (unsigned long)area + PAGE);
	pipe(pipes);
	check("write() from a missing page",
	      write(pipes[1], (char *)area + 2 * PAGE, 1) == 1 && missing == 3);
	check("read() into a missing page",
	      read(pipes[0], (char *)area + 3 * PAGE, 1) == 1 && missing == 4 &&
		      area[3 * PAGE] == FILL && area[3 * PAGE + 1] == FILL);
	write(pipes[1], "ab", 2);
	check("read() over the edge of two",
	      read(pipes[0], (char *)area + 5 * PAGE - 1, 2) == 2 && missing == 6 &&
		      area[5 * PAGE - 1] == 'a' && area[5 * PAGE] == 'b');
	__asm__ volatile("rep movsb"
			 :
			 : "D"(area + 7 * PAGE - 8), "S"(source), "c"(16)
			 : "memory");
	check("a string instruction over the edge of two",
	      missing == 8 && area[7 * PAGE] == FILL);
	close(pipes[0]);
	close(pipes[1]);
}

static void stack_there(volatile char *area)
{
	unsigned long top = (unsigned long)area + 10 * PAGE;
	long result;

	missing = 0;
	/* the page that CALL and the gate's POP use is missing when they do */
	__asm__ volatile("mov %%rsp, %%rbx\n"
			 "	mov %[top], %%rsp\n"
			 "	" SYSTEM_CALL "\n"
			 "	push %%rax\n"
			 "	pop %%rax\n"
			 "	mov %%rbx, %%rsp\n"
			 : "=a"(result)
			 : "a"(SYS_getpid), [top] "r"(top)
			 : "rbx", "rcx", "r11", "memory");
	check("a system call with a missing page for a stack",
	      result == getpid() && missing == 1);
}

static void protected_pages(volatile char *area)
{
	int pipes[2];

	protected = 0;
	for (unsigned int i = 0; i < PAGES; i++)
		area[i * PAGE] = 1;
	check("write protection", protect((void *)area));
	check("a read goes through it", area[0] == 1 && !protected);
	area[9] = 2;
	check("a write is let through by the handler", area[9] == 2 && protected == 1);
	pipe(pipes);
	write(pipes[1], "x", 1);
	check("read() into a protected page",
	      read(pipes[0], (char *)area + PAGE, 1) == 1 && area[PAGE] == 'x' &&
		      protected == 2);
	close(pipes[0]);
	close(pipes[1]);
}

void probe_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	volatile char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t;

	memset(source, FILL, sizeof(source));
	pipe(quit);
	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	check("userfaultfd()", uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api));
	pthread_create(&t, NULL, handler, NULL);
	check("missing pages of a mapping",
	      watch((void *)area, UFFDIO_REGISTER_MODE_MISSING));
	missing_pages(area);
	stack_there(area);
	check("unregistered", unwatch((void *)area));
	check("protected pages of a mapping",
	      watch((void *)area, UFFDIO_REGISTER_MODE_WP));
	protected_pages(area);
	check("unregistered again", unwatch((void *)area));
	check("missing pages of static data",
	      watch(static_area, UFFDIO_REGISTER_MODE_MISSING));
	missing_pages(static_area);
	check("unregistered once more", unwatch(static_area));
	check("protected pages of static data",
	      watch(static_area, UFFDIO_REGISTER_MODE_WP));
	protected_pages(static_area);
	write(quit[1], "q", 1);
	pthread_join(t, NULL);
	close(uffd);
	munmap((void *)area, PAGES * PAGE);
}
