// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * faults.c - memory that comes when it is touched, and memory that never does
 */
#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "sigs.h"

#define PAGES	  64
#define HUGE_PAGE (2ul << 20)
#define DEEP	  (1ul << 20)

static char alternate[64 * 1024] __attribute__((aligned(16)));

static void *map(size_t size, int prot, int flags, int fd)
{
	return mmap(NULL, size, prot, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
}

/* --- the heap ------------------------------------------------------------------------- */

static long minor_faults(void)
{
	struct rusage r;

	getrusage(RUSAGE_THREAD, &r);
	return r.ru_minflt;
}

/* Writes a word to each page. Return: how many faults it took. */
static long touch(volatile char *p, unsigned long pages)
{
	long before = minor_faults();

	for (unsigned long i = 0; i < pages; i++)
		*(volatile unsigned long *)(p + i * PAGE) = i + 1;
	return minor_faults() - before;
}

static bool touched(const volatile char *p, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		if (*(const volatile unsigned long *)(p + i * PAGE) != i + 1)
			return false;
	return true;
}

static bool all_zero(const volatile char *p, unsigned long size)
{
	for (unsigned long i = 0; i < size; i += sizeof(long))
		if (*(const volatile unsigned long *)(p + i))
			return false;
	return true;
}

/* As a handler's next step: leave the function that touched what is not there. */
static bool faults_at(void *p, int code)
{
	bool fault;

	catch_signal(SIGSEGV, SA_ONSTACK, leave_function);
	fault = probe_store(p) && caught.code == code &&
		caught.addr == (unsigned long)p && n_caught == 1;
	default_signals();
	return fault;
}

static void heap(void)
{
	char *start = (char *)syscall(SYS_brk, 0);
	char *p = (char *)(((unsigned long)start + PAGE - 1) & -PAGE);

	check("brk() grows the heap", syscall(SYS_brk, p + PAGES * PAGE) ==
	      (long)(p + PAGES * PAGE));
	check("each new page is a fault, and zero",
	      all_zero(p, PAGES * PAGE) && touch(p, PAGES) == PAGES && touched(p, PAGES));
	check("beyond the heap: SIGSEGV at that address",
	      faults_at(p + PAGES * PAGE, SEGV_MAPERR));
	syscall(SYS_brk, p);
	check("what brk() took away, too", faults_at(p, SEGV_MAPERR));
	syscall(SYS_brk, p + PAGE);
	check("and is zero when it comes again", all_zero(p, PAGE));
	syscall(SYS_brk, start);
}

static void anonymous(void)
{
	char *p = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	check("mmap(): each page is a fault when it is written",
	      touch(p, PAGES) == PAGES && touched(p, PAGES));
	madvise(p, PAGES * PAGE, MADV_DONTNEED);
	check("MADV_DONTNEED: zero again", all_zero(p, PAGES * PAGE));
	munmap(p, PAGES * PAGE);
	check("munmap(): SIGSEGV at that address", faults_at(p + PAGE, SEGV_MAPERR));
	p = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, -1);
	check("MAP_POPULATE: no fault", touch(p, PAGES) == 0 && touched(p, PAGES));
	munmap(p, PAGES * PAGE);
}

/* --- files ------------------------------------------------------------------------------ */

static int new_file(unsigned long pages)
{
	char name[] = "/tmp/probe-XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	for (unsigned long i = 1; i <= pages; i++)
		pwrite(fd, &i, sizeof(i), (off_t)((i - 1) * PAGE));
	ftruncate(fd, (off_t)(pages * PAGE));
	return fd;
}

static unsigned long file_word(int fd, unsigned long page)
{
	unsigned long word = 0;

	pread(fd, &word, sizeof(word), (off_t)(page * PAGE));
	return word;
}

static void one_file(const char *how, int flags)
{
	char line[80];
	int fd = new_file(PAGES);
	volatile char *p = map(PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd);
	bool shared = flags & MAP_SHARED, ok;

	ok = touched(p, PAGES);
	*(volatile unsigned long *)(p + 3 * PAGE) = 77;
	snprintf(line, sizeof(line), "a file mapped %s: read, written", how);
	check(line, ok && file_word(fd, 3) == (shared ? 77 : 4));
	snprintf(line, sizeof(line), "a file mapped %s, truncated: SIGBUS", how);
	ftruncate(fd, PAGE);
	catch_signal(SIGBUS, 0, leave_function);
	check(line, probe_store((char *)p + 5 * PAGE) && caught.code == BUS_ADRERR &&
	      caught.addr == (unsigned long)p + 5 * PAGE);
	default_signals();
	munmap((void *)p, PAGES * PAGE);
	close(fd);
}

static void files(void)
{
	one_file("privately", MAP_PRIVATE);
	one_file("shared", MAP_SHARED);
	one_file("privately, populated", MAP_PRIVATE | MAP_POPULATE);
	one_file("shared, populated", MAP_SHARED | MAP_POPULATE);
}

/* --- the stack -------------------------------------------------------------------------- */

/* One page after the other, each by a call. */
__attribute__((noinline)) static unsigned long step_down(unsigned long pages)
{
	volatile char here[PAGE];

	here[0] = (char)pages;
	return pages ? 1 + step_down(pages - 1) + (unsigned long)(here[0] == 0) : 0;
}

/* Many at once: the first touch is at the far end. */
__attribute__((noinline)) static bool leap_down(unsigned long size)
{
	volatile char *p = alloca(size);

	p[0] = 5;
	syscall(SYS_getppid);
	return p[0] == 5;
}

__attribute__((noinline)) static unsigned long bottomless(unsigned long n)
{
	volatile char here[512];

	here[0] = (char)n;
	return n == ~0ul ? 0 : bottomless(n + 1) + (unsigned long)here[0];
}

static unsigned long stack_top, stack_limit;

/* In the child: did it end where the limit says, the guard gap counted in? */
static void judge_overflow(ucontext_t *uc)
{
	unsigned long depth = stack_top - caught.addr;

	(void)uc;
	_exit(depth > stack_limit / 2 && depth < stack_limit + (1ul << 20) &&
	      caught.code == SEGV_MAPERR && caught.trapno == 14 ? 42 : 1);
}

static void use_alternate(void)
{
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

	sigaltstack(&ss, NULL);
}

static bool stack_ends(void)
{
	struct rlimit limit;
	pid_t pid = fork();

	if (!pid) {
		getrlimit(RLIMIT_STACK, &limit);
		limit.rlim_cur = stack_limit = 4 * DEEP;
		stack_top = (unsigned long)&limit;
		setrlimit(RLIMIT_STACK, &limit);
		use_alternate();
		catch_signal(SIGSEGV, SA_ONSTACK, judge_overflow);
		bottomless(0);
		_exit(0);
	}
	return exited(pid, 42);
}

static void stack(void)
{
	check("the stack grows page by page", step_down(PAGES) >= PAGES);
	check("a megabyte at once, then a system call", leap_down(DEEP));
	check("beyond its limit: SIGSEGV, on the alternate stack", stack_ends());
}

/* A thread's stack ends at a page without access. */
static void *into_the_guard(void *guard)
{
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

	sigaltstack(&ss, NULL);
	return (void *)(long)faults_at((char *)guard + PAGE - 8, SEGV_ACCERR);
}

static void guard(void)
{
	char *p = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	pthread_attr_t attr;
	pthread_t t;
	void *ok;

	mprotect(p, PAGE, PROT_NONE);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, p + PAGE, 15 * PAGE);
	pthread_create(&t, &attr, into_the_guard, p);
	pthread_join(t, &ok);
	check("the guard page of a thread's stack: SIGSEGV, ACCERR", !!ok);
	munmap(p, 16 * PAGE);
}

/* --- huge, locked, moved ------------------------------------------------------------------ */

static bool write_word(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, word, strlen(word)) == (ssize_t)strlen(word);

	close(fd);
	return ok;
}

#define HUGE_SWITCH "/sys/kernel/mm/transparent_hugepage/enabled"

/* Linux does not want them in a small machine, nor have them if it is preemptible all over. */
static void huge(void)
{
	char *p = map(2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	char *aligned = (char *)(((unsigned long)p + HUGE_PAGE - 1) & -HUGE_PAGE);
	unsigned long pages = HUGE_PAGE / PAGE;
	long faults;

	if (access(HUGE_SWITCH, F_OK)) {
		printf("# a kernel without transparent huge pages\n");
		return;
	}
	write_word(HUGE_SWITCH, "madvise");
	madvise(p, 2 * HUGE_PAGE, MADV_HUGEPAGE);
	faults = touch(aligned, pages);
	check("MADV_HUGEPAGE: one fault gives 512 pages", faults == 1 &&
	      touched(aligned, pages));
	mprotect(aligned + PAGE, PAGE, PROT_NONE);
	check("a hole in it: SIGSEGV there", faults_at(aligned + PAGE, SEGV_ACCERR));
	mprotect(aligned + PAGE, PAGE, PROT_READ | PROT_WRITE);
	check("it is still there, in small pages", touched(aligned, pages));
	munmap(p, 2 * HUGE_PAGE);
}

static bool reserve_huge(const char *pages)
{
	return write_word("/proc/sys/vm/nr_hugepages", pages);
}

static void hugetlb(void)
{
	unsigned long pages = HUGE_PAGE / PAGE;
	bool ok = reserve_huge("1");
	char *p = map(HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_HUGETLB, -1);

	check("MAP_HUGETLB: one fault", ok && p != MAP_FAILED && touch(p, pages) == 1 &&
	      touched(p, pages));
	munmap(p, HUGE_PAGE);
	reserve_huge("0");
}

static void locked(void)
{
	char *p = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	check("mlock() brings the pages", !mlock(p, PAGES * PAGE) && touch(p, PAGES) == 0);
	check("and MADV_DONTNEED does not take them",
	      madvise(p, PAGES * PAGE, MADV_DONTNEED) == -1 && errno == EINVAL &&
	      touched(p, PAGES));
	munmap(p, PAGES * PAGE);
}

static void moved(void)
{
	char *p = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	char *to = map(2 * PAGES * PAGE, PROT_NONE, MAP_PRIVATE, -1), *q;

	touch(p, PAGES);
	q = mremap(p, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	check("mremap() moves pages, and adds to them", q == to && touched(q, PAGES) &&
	      touch(q + PAGES * PAGE, PAGES) == PAGES);
	check("nothing is left behind", faults_at(p, SEGV_MAPERR));
	munmap(q, 2 * PAGES * PAGE);
}

/* --- by the kernel, on the application's behalf ---------------------------------------------- */

static void in_the_kernel(void)
{
	char *p = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	int fd = new_file(4);

	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	check("read() into a page that is not there yet", pread(fd, p, PAGE, 0) == PAGE &&
	      *(unsigned long *)p == 1);
	check("into one that is read-only: EFAULT",
	      pread(fd, p + 2 * PAGE, PAGE, 0) == -1 && errno == EFAULT);
	check("into one that ends: as much as fits",
	      pread(fd, p + PAGE, 2 * PAGE, 0) == PAGE && p[PAGE] == 1);
	munmap(p + 3 * PAGE, PAGE);
	check("write() out of a hole: EFAULT",
	      pwrite(fd, p + 3 * PAGE, PAGE, 0) == -1 && errno == EFAULT);
	check("nanosleep() of a pointer into the hole: EFAULT",
	      syscall(SYS_nanosleep, p + 3 * PAGE, NULL) == -1 && errno == EFAULT);
	close(fd);
	munmap(p, 3 * PAGE);
}

/* --- the program's own data ------------------------------------------------------------------ */

static volatile char data_word = 1;

/* The end of the mappings that follow one another from the data on; *next* begins then. */
static unsigned long end_of_data(unsigned long *next)
{
	unsigned long from, to, end = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	*next = 0;
	while (!*next && fscanf(f, "%lx-%lx%*[^\n]", &from, &to) == 2) {
		if (end && from > end)
			*next = from;
		else if (end || (unsigned long)&data_word - from < to - from)
			end = to;
	}
	fclose(f);
	return end;
}

static void data(void)
{
	unsigned long next, end = end_of_data(&next);

	check("the last byte of static data can be written", !probe_store((char *)end - 1));
	check("the next cannot: SIGSEGV there", faults_at((char *)end, SEGV_MAPERR));
	check("nor can the hole behind it",
	      faults_at((char *)(end + (next - end) / 2), SEGV_MAPERR));
}

void probe_faults(void)
{
	heap();
	anonymous();
	files();
	stack();
	guard();
	huge();
	hugetlb();
	locked();
	moved();
	in_the_kernel();
	data();
}
