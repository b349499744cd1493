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
#include <signal.h>
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
static pid_t waiter;
static volatile bool by_signal, resolved, in_time;

/* Has the thread that waits resolve it itself, by the handler of a signal. */
static bool resolved_by_signal(void)
{
	syscall(SYS_tgkill, getpid(), waiter, SIGUSR1);
	in_time = wait_until(resolved);
	by_signal = false;
	return in_time;
}

static void resolve(const struct uffd_msg *msg)
{
	unsigned long address = msg->arg.pagefault.address & -PAGE;
	struct uffdio_copy copy = { .dst = address,
				    .src = (unsigned long)source,
				    .len = PAGE };
	struct uffdio_writeprotect off = { .range = { address, PAGE } };

	last = address;
	if (by_signal && resolved_by_signal())
		return;
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

/*
 * A system call whose return address is in a page that is missing when the gate reads
 * it, as if another thread had taken it away behind the CALL.  In ring 3 a POP reads it.
 */
#ifdef __UKL__
#define READ_AND_CALL "	jmp *%rsi\n"
#else
#define READ_AND_CALL "	pop %rdx\n	syscall\n	jmp *%rdx\n"
#endif

long call_behind(unsigned long *word, unsigned long gate);
extern const char behind_call[], behind_return[];

__asm__(".text\n"
	".type call_behind, @function\n"
	"call_behind:\n"
	"	push %rbx\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdi, %rsp\n"
	"	mov $39, %eax\n"
	READ_AND_CALL
	"behind_call:\n"
	"	" SYSTEM_CALL "\n"
	"behind_return:\n"
	"	mov %rbx, %rsp\n"
	"	pop %rbx\n"
	"	ret\n"
	".size call_behind, . - call_behind\n");

/* Where the CALL goes, by its displacement */
static unsigned long gate_address(void)
{
	int distance;

	memcpy(&distance, behind_call + 1, sizeof(distance));
	return (unsigned long)behind_return + (unsigned long)(long)distance;
}

static unsigned long *behind_word;

static void on_usr1(int sig)
{
	struct uffdio_copy copy = { .dst = (unsigned long)behind_word & -PAGE,
				    .src = (unsigned long)source,
				    .len = PAGE };

	(void)sig;
	ioctl(uffd, UFFDIO_COPY, &copy);
	resolved = true;
}

static void gives_way(volatile char *area)
{
	static char alternate[16384] __attribute__((aligned(16)));
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	stack_t off = { .ss_flags = SS_DISABLE };
	struct sigaction sa = { .sa_handler = on_usr1, .sa_flags = SA_ONSTACK };
	long result;

	waiter = (pid_t)syscall(SYS_gettid);
	behind_word = (unsigned long *)(area + 12 * PAGE - sizeof(long));
	*(const char **)(source + PAGE - sizeof(long)) = behind_return;
	sigaltstack(&ss, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	resolved = in_time = false;
	by_signal = true;
	result = call_behind(behind_word, gate_address());
	check("a system call that waits for its stack gives way to a signal",
	      wait_until(!by_signal) && result == getpid() && resolved && in_time);
	memset(source, FILL, sizeof(source));
	signal(SIGUSR1, SIG_DFL);
	sigaltstack(&off, NULL);
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
	gives_way(area);
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
