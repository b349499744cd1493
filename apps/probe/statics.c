// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * statics.c - static data is memory like any other: to lock, to advise on, to dump, to move
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "sigs.h"

static char data[PAGE] __attribute__((aligned(4096))) = "linked";
static const char constant[PAGE] __attribute__((aligned(4096))) = "constant";
static char zeros[PAGE] __attribute__((aligned(4096)));

/* --- what the kernel says of a mapping ---------------------------------------------------- */

/* The line of the file that begins with *field*, behind that; from the mapping of *p* on. */
static bool find_line(const char *file, const char *field, const volatile void *p, char line[256])
{
	unsigned long start, end;
	FILE *f = fopen(file, "r");
	bool there = !p, found = false;

	while (f && !found && fgets(line, 256, f)) {
		if (p && sscanf(line, "%lx-%lx ", &start, &end) == 2)
			there = start <= (unsigned long)p && (unsigned long)p < end;
		found = there && !strncmp(line, field, strlen(field));
	}
	if (f)
		fclose(f);
	return found;
}

static bool has_flag(const volatile void *p, const char *flag)
{
	char line[256];

	return find_line("/proc/self/smaps", "VmFlags:", p, line) && strstr(line, flag);
}

static long locked_kb(void)
{
	char line[256];

	return find_line("/proc/self/status", "VmLck:", NULL, line) ? atol(line + 6) : -1;
}

/* --- locked ------------------------------------------------------------------------------- */

static bool locks(const char *p)
{
	long before = locked_kb();
	bool ok = !mlock(p, PAGE) && locked_kb() == before + 4 && !page_absent(p);

	ok &= madvise((void *)p, PAGE, MADV_PAGEOUT) == -1 && errno == EINVAL;
	ok &= !munlock(p, PAGE) && locked_kb() == before;
	return ok && !madvise((void *)p, PAGE, MADV_PAGEOUT);
}

static int one_page(void)
{
	return !locks(data) || !locks(constant) || !locks(zeros);
}

static int whole(void)
{
	if (mlockall(MCL_CURRENT))
		return 1;
	return !has_flag(data, " lo") || !has_flag(constant, " lo") || !has_flag(zeros, " lo") ||
		munlockall() || has_flag(data, " lo");
}

/* --- dumped ------------------------------------------------------------------------------- */

static void fill(char *p, unsigned int seed)
{
	for (unsigned int i = 0; i < PAGE; i++, seed = seed * 1103515245 + 12345)
		p[i] = (char)(seed >> 16);
}

static bool no_advice(void)
{
	return true;
}

static bool advised(void)
{
	return !madvise(data, PAGE, MADV_DONTDUMP);
}

static bool advised_otherwise(void)
{
	return advised() && !madvise(data, PAGE, MADV_DODUMP);
}

static bool filtered(void)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY);
	bool ok = write(fd, "0", 1) == 1;

	close(fd);
	return ok;
}

/* Dies with a page of static data that only its pid foretells. */
static void die_of(bool (*prepare)(void))
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	fill(data, (unsigned int)getpid());
	if (!prepare() || setrlimit(RLIMIT_CORE, &unlimited))
		_exit(1);
	abort();
}

/* Whether the page is in the file: 1 or 0, or -1 if there is no such file. */
static int holds(const char *name, const char *page)
{
	int fd = open(name, O_RDONLY), found;
	struct stat st;
	char *p;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	found = p == MAP_FAILED ? -1 : !!memmem(p, (size_t)st.st_size, page, PAGE);
	close(fd);
	munmap(p, (size_t)st.st_size);
	return found;
}

/* The core is the only file of a new directory. */
static int dumped(bool (*prepare)(void))
{
	char dir[] = "/tmp/statics.XXXXXX", name[64], page[PAGE];
	int status, found;
	pid_t pid;

	if (!mkdtemp(dir))
		return -1;
	pid = fork();
	if (!pid && !chdir(dir))
		die_of(prepare);
	status = status_of(pid);
	snprintf(name, sizeof(name), "%s/core", dir);
	fill(page, (unsigned int)pid);
	found = WIFSIGNALED(status) && WCOREDUMP(status) ? holds(name, page) : -1;
	unlink(name);
	rmdir(dir);
	return found;
}

/* --- moved, wiped ------------------------------------------------------------------------- */

enum { GROWN = 64 << 20 };

static int moved(void)
{
	char *p = mremap(data, PAGE, GROWN, MREMAP_MAYMOVE);

	if (p == MAP_FAILED || strcmp(p, "linked"))
		return 1;
	catch_signal(SIGBUS, 0, leave_function);
	return !probe_store(p + GROWN - PAGE) || caught.code != BUS_ADRERR;
}

static bool wiped(char *p)
{
	return !madvise(p, PAGE, MADV_WIPEONFORK);
}

/* --- where the process is said to have it ------------------------------------------------- */

/* As programs do that want another title in ps, from anonymous memory */
static int title(void)
{
	static const char words[] = "another title";
	char line[64] = "";
	int fd;

	memcpy(zeros, words, sizeof(words));
	if (prctl(PR_SET_MM, PR_SET_MM_ARG_START, zeros, 0, 0) ||
	    prctl(PR_SET_MM, PR_SET_MM_ARG_END, zeros + sizeof(words), 0, 0))
		return 1;
	fd = open("/proc/self/cmdline", O_RDONLY);
	return read(fd, line, sizeof(line)) != sizeof(words) || strcmp(line, words);
}

void probe_statics(void)
{
	check("mlock of a page: counted, and not to be paged out", !in_child(one_page));
	check("mlockall locks all of it", !in_child(whole));
	check("what may be written counts for the overcommit limit",
	      has_flag(data, " ac") && has_flag(zeros, " ac") && !has_flag(constant, " ac"));
	check("a core dump has it", dumped(no_advice) == 1);
	check("not after MADV_DONTDUMP", dumped(advised) == 0);
	check("but after MADV_DODUMP again", dumped(advised_otherwise) == 1);
	check("not if coredump_filter says so", dumped(filtered) == 0);
	check("MADV_WIPEONFORK is for anonymous memory: EINVAL",
	      !wiped(data) && errno == EINVAL && wiped(zeros));
	madvise(zeros, PAGE, MADV_KEEPONFORK);
	check("mremap makes it longer: SIGBUS behind its end", !in_child(moved));
	check("PR_SET_MM gives the process another title", !in_child(title));
}
