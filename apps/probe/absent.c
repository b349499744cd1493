// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * absent.c - the page a thread stands on is gone, or shared, when it is needed
 *
 * A thread loops on a stack of its own without touching it (hold), while another takes
 * the page away and makes sure that it is gone.  What then needs it comes from outside:
 * the call to the gate, an interrupt, a signal.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"
#include "sigs.h"

#define STACK_PAGES 16
#define ROUNDS	    30

static char *stack;	    /* of the thread that is held */
static unsigned long at_sp; /* the page where it stands */
static pthread_t held;

static void find_sp(ucontext_t *uc)
{
	at_sp = context_reg(uc, REG_RSP) & -PAGE;
}

/* Starts the thread on a stack that is *shared* or private. */
static void hold_on(int shared, void *(*thread)(void *))
{
	pthread_attr_t attr;

	stack = mmap(NULL, STACK_PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_ANONYMOUS | shared, -1, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, STACK_PAGES * PAGE);
	hold_prepare(SYS_gettid);
	pthread_create(&held, &attr, thread, NULL);
	wait_until(hold_there);
	catch_signal(SIGUSR1, 0, find_sp);
	hit_held(SIGUSR1);
}

/* Lets it make its call and end. */
static bool let_go(void)
{
	hold_go = 1;
	pthread_join(held, NULL);
	munmap(stack, STACK_PAGES * PAGE);
	return hold_kept() && hold_done[HOLD_RAX] == (unsigned long)hold_tid;
}

/* Shared memory is only unmapped by this: its pages stay in the page cache. */
static bool take_stack(void)
{
	madvise(stack, STACK_PAGES * PAGE, MADV_DONTNEED);
	return page_absent((void *)at_sp);
}

/* --- each need of the page ------------------------------------------------------------ */

static bool call_without_stack(void)
{
	bool absent;

	hold_on(MAP_SHARED, hold_thread);
	absent = take_stack();
	return let_go() && absent;
}

/* Ticks of its processor's clock, while the thread stands on nothing. */
static bool interrupts_without_stack(void)
{
	int cpu = n_cpus - 1;
	unsigned long ticks;
	bool absent;

	hold_on(MAP_SHARED, hold_thread);
	move_to(hold_tid, cpu);
	absent = take_stack();
	ticks = interrupts("LOC", cpu);
	absent &= wait_until(interrupts("LOC", cpu) - ticks > 4);
	absent &= page_absent((void *)at_sp);
	return let_go() && absent;
}

static bool signal_without_stack(void)
{
	unsigned long sp;
	bool absent;

	hold_on(MAP_SHARED, hold_thread);
	sp = caught.sp;
	absent = take_stack();
	hit_held(SIGUSR1);
	return let_go() && absent && caught.sp == sp && n_caught == 2 &&
	       caught.tid == hold_tid;
}

static bool each_time(bool (*round)(void))
{
	bool ok = true;

	for (int i = 0; i < ROUNDS; i++)
		ok &= round();
	return ok;
}

static void stack_taken(void)
{
	check("a system call with its stack's page gone", each_time(call_without_stack));
	check("interrupts do not need it: it stays gone",
	      each_time(interrupts_without_stack));
	check("a signal's frame is put on it", each_time(signal_without_stack));
}

/* --- dropped: a new page of zeros --------------------------------------------------------- */

/*
 * The stack below the thread is empty, and so is the page that it stands at the end of:
 * the call finds a page of zeros, and leaves one.
 */
long call_at(unsigned long sp, long nr, unsigned long flags);

__asm__(".text\n"
	"call_at:\n"
	"	mov %rsp, saved_sp(%rip)\n"
	"	mov %rsi, %rax\n"
	"	push %rdx\n"
	"	popfq\n"
	"	mov %rdi, %rsp\n"
	"	" SYSTEM_CALL "\n"
	"	mov saved_sp(%rip), %rsp\n"
	"	ret\n"
	".local saved_sp\n"
	".comm saved_sp, 8\n");

static unsigned long flags_now(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; pop %0" : "=r"(flags));
	return flags;
}

/* The call is made with these flags. */
static bool without_stack(char *p, unsigned long flags)
{
	bool ok = true;

	for (int i = 0; i < ROUNDS; i++) {
		madvise(p, 2 * PAGE, MADV_DONTNEED);
		ok &= page_absent(p) &&
		      call_at((unsigned long)p + PAGE, SYS_getpid, flags) == getpid();
		ok &= *(long *)(p + PAGE - 16) == 0;
	}
	return ok;
}

/* Interrupts are not ring 3's to turn off, nor the application's: it has them back. */
enum { INTERRUPTS = 1 << 9 };

static bool fault_with(char *p, unsigned long flags)
{
	unsigned long after;

	madvise(p, PAGE, MADV_DONTNEED);
	__asm__ volatile("push %1; popfq; movb $0, (%2); pushfq; pop %0"
			 : "=r"(after) : "r"(flags), "r"(p) : "memory", "cc");
	return after & INTERRUPTS;
}

static bool call_with(unsigned long flags)
{
	unsigned long after;
	long nr = SYS_getpid;

	__asm__ volatile("push %2; popfq; " SYSTEM_CALL "; pushfq; pop %1"
			 : "+a"(nr), "=d"(after) : "d"(flags) : "rcx", "r11", "memory", "cc");
	return nr == getpid() && after & INTERRUPTS;
}

static void stack_dropped(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	unsigned long flags = flags_now(), off = flags & ~(unsigned long)INTERRUPTS;

	check("a system call on a page that was dropped", without_stack(p, flags));
	check("popf turns interrupts off, a system call on again", call_with(off));
	check("so does a page fault", fault_with(p, off));
	check("and a system call's", without_stack(p, off));
	munmap(p, 2 * PAGE);
}

/* --- protected ----------------------------------------------------------------------------- */

static char alternate[64 * 1024] __attribute__((aligned(16)));

static void unprotect(ucontext_t *uc)
{
	(void)uc;
	mprotect((void *)at_sp, PAGE, PROT_READ | PROT_WRITE);
}

static void *hold_with_alternate(void *unused)
{
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

	sigaltstack(&ss, NULL);
	return hold_thread(unused);
}

/*
 * SYSCALL does not touch the stack, CALL does: in ring 0 the call itself faults, and is
 * made once the handler has repaired the cause.  In ring 3 the POP after it faults.
 */
static void stack_protected(void)
{
	unsigned long at = (unsigned long)(in_ring0() ? hold_call : hold_pop);
	bool went_well;

	hold_on(MAP_PRIVATE, hold_with_alternate);
	catch_signal(SIGSEGV, SA_ONSTACK, unprotect);
	mprotect((void *)at_sp, PAGE, PROT_NONE);
	went_well = let_go();
	check("a system call on a stack without access: SIGSEGV there, repaired",
	      went_well && n_caught == 1 && caught.code == SEGV_ACCERR && caught.ip == at &&
	      caught.stack - (unsigned long)alternate < sizeof(alternate));
}

/* --- copied on write ------------------------------------------------------------------------ */

/*
 * The fork protects the page that the held thread stands on.  The first write is its
 * call, or the frame of that signal.
 */
static bool writes_after_fork(int sig)
{
	pid_t pid;
	bool ok;

	hold_on(MAP_PRIVATE, hold_thread);
	pid = fork();
	if (!pid)
		_exit(0);
	if (sig)
		hit_held(sig);
	ok = let_go() && (!sig || n_caught == 2);
	return exited(pid, 0) && ok;
}

static bool call_after_fork(void)
{
	return writes_after_fork(0);
}

static bool signal_after_fork(void)
{
	return writes_after_fork(SIGUSR1);
}

/* Each side's first write to the page below is the CALL to the gate. */
static bool apart_after_fork(void)
{
	volatile unsigned long mine = 1;
	pid_t pid = fork();

	if (!pid) {
		mine = 2;
		syscall(SYS_getppid);
		_exit(mine == 2 ? 42 : 1);
	}
	syscall(SYS_getppid);
	mine += 2;
	return exited(pid, 42) && mine == 3;
}

static void copied(void)
{
	check("a system call is the first write after a fork", each_time(call_after_fork));
	check("a signal's frame is", each_time(signal_after_fork));
	check("parent and child have stacks of their own", each_time(apart_after_fork));
}

/* --- on a disk --------------------------------------------------------------------- */

/* Pages that wait in some processor's list for theirs cannot be taken from it. */
static void drain_lists(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	write(fd, "1", 1);
	close(fd);
}

/* Anonymous pages go to a disk, if the guest has one. */
static bool swap_out(void *p, unsigned long size)
{
	madvise(p, size, MADV_PAGEOUT);
	for (int tries = 0; tries < 100 && !page_absent(p); tries++) {
		drain_lists();
		madvise(p, size, MADV_PAGEOUT);
	}
	return page_absent(p);
}

/* With the thread's words of the C library, which are above its stack. */
static bool swapped_stack(void)
{
	bool absent;

	hold_on(MAP_PRIVATE, hold_thread);
	absent = swap_out((void *)at_sp, (unsigned long)stack + STACK_PAGES * PAGE - at_sp);
	return let_go() && absent;
}

static char data_page[PAGE] __attribute__((aligned(4096)));

/* The kernel reads it on the program's behalf, from the disk. */
static bool swapped_data(void)
{
	int fds[2];
	char byte = 0;
	bool ok;

	data_page[5]++;
	ok = swap_out(data_page, PAGE) && !pipe(fds);
	ok &= write(fds[1], data_page + 5, 1) == 1 && read(fds[0], &byte, 1) == 1;
	close(fds[0]);
	close(fds[1]);
	return ok && byte && byte == data_page[5];
}

static bool have_swap(void)
{
	char line[128] = "";
	FILE *f = fopen("/proc/swaps", "r");
	int lines = 0;

	while (f && fgets(line, sizeof(line), f))
		lines++;
	if (f)
		fclose(f);
	return lines > 1;
}

static void swapped(void)
{
	if (!have_swap()) {
		printf("# no swap disk: no private page was taken away\n");
		return;
	}
	check("a system call with its stack swapped out", each_time(swapped_stack));
	check("a system call reads static data that is", each_time(swapped_data));
}

void probe_absent(void)
{
	stack_taken();
	stack_dropped();
	stack_protected();
	copied();
	swapped();
	default_signals();
}
