/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runs.c - runs a program again and again, with another call failing each time
 *
 *   LD_PRELOAD=fault.so FAULT=memory|calls|short|interrupted PROGRAM ARGUMENT...
 *
 * The first run is left alone; then the 1st, the 2nd, the 3rd ... call of that kind
 * fails, until a run ends before it gets there ("short" and "interrupted" are about
 * all calls at once, so one run is enough).  Each is a fork taken before main().
 *
 * A failure may be harmless: then status and output are those of the first run, or a
 * line on stderr says what is missing.  Otherwise the status is 2 and stderr has one
 * line, which begins with "ukl: " (or two: who writes traces tells at once what is
 * lost, and at the end what becomes of it).  Nothing else is accepted; least of all a
 * signal, a sanitizer's report, or a run of more than LIMIT seconds.
 *
 * FAULT_BEFORE is a shell command for before each run, FAULT_AFTER one for behind it,
 * which fails if what the run left behind is not right; it gets its exit status in $1.
 *
 * FAULT_NTH=N lets the Nth fail in this very process and judges nothing: for a debugger.
 *
 * Prints how many calls failed, or for each broken rule a line; exit status 0 or 1.
 */
#define _GNU_SOURCE			/* RTLD_NEXT, memfd_create */
#include "fault.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 120u			/* seconds; a sanitizer makes all slow */

static const char *const kind_name[FAULT_KINDS] = {
	[FAULT_MEMORY] = "memory", [FAULT_CALLS] = "calls", [FAULT_SHORT] = "short",
	[FAULT_INTERRUPTED] = "interrupted",
};

struct text {
	char *start;
	size_t len;
};

struct run {
	int status;		/* as wait() has it */
	struct text out, err;
};

typedef int main_function(int argc, char **argv, char **env);
static main_function *program;

__attribute__((noreturn))
static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

/* --- one run ------------------------------------------------------------- */

static int new_file(void)
{
	int fd = memfd_create("fault", MFD_CLOEXEC);

	if (fd < 0)
		give_up("memfd_create");
	return fd;
}

static struct text take_file(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct text text = { calloc(1, (size_t)size + 1), (size_t)size };

	if (!text.start || pread(fd, text.start, text.len, 0) != size)
		give_up("reading back");
	close(fd);
	return text;
}

/* In the child. */
__attribute__((noreturn))
static void run_program(int argc, char **argv, char **env, int out, int err)
{
	int status;

	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		give_up("dup2");
	lseek(STDIN_FILENO, 0, SEEK_SET);	/* unless it is nothing of the kind */
	fault_stdout();
	alarm(LIMIT);
	fault->armed = true;
	status = program(argc, argv, env);
	fault->armed = false;
	exit(status);
}

static struct run run_once(uint64_t nth, int argc, char **argv, char **env)
{
	int out = new_file(), err = new_file();
	struct run run = { .status = 0 };
	pid_t child;

	fault->nth = nth;
	fault->seen = 0;
	fault->name = NULL;
	child = fork();
	if (!child)
		run_program(argc, argv, env, out, err);
	if (child < 0 || waitpid(child, &run.status, 0) != child)
		give_up("fork");
	fault->armed = false;
	run.out = take_file(out);
	run.err = take_file(err);
	return run;
}

static void free_run(struct run *run)
{
	free(run->out.start);
	free(run->err.start);
}

/* --- judging ------------------------------------------------------------- */

static bool same(const struct text *a, const struct text *b)
{
	return a->len == b->len && !memcmp(a->start, b->start, a->len);
}

/* Lines, or -1 if one of them does not begin as the program's own do. */
static int own_lines(const struct text *err)
{
	int n = 0;

	for (const char *p = err->start; *p; n++) {
		const char *end = strchr(p, '\n');

		if (strncmp(p, "ukl: ", 5) || !end)
			return -1;
		p = end + 1;
	}
	return n;
}

/* What is wrong with it, or NULL. */
static const char *flaw(const struct run *run, const struct run *plain)
{
	int lines = own_lines(&run->err), status = WEXITSTATUS(run->status);

	if (!WIFEXITED(run->status))
		return WTERMSIG(run->status) == SIGALRM ? "it does not end" :
							  "it was ended by a signal";
	if (status > 3)
		return "an exit status that no page explains";
	if (lines < 0)
		return "a line on stderr that is not the program's";
	if (run->status == plain->status && same(&run->out, &plain->out) &&
	    same(&run->err, &plain->err))
		return NULL;
	if (!fault->name)
		return "nothing failed, and yet it differs";
	if (same(&run->err, &plain->err))
		return "it differs, and stderr does not say why";
	if (status != 2 && run->status != plain->status)
		return "neither trouble nor the same status";
	if (status == 2 && lines > own_lines(&plain->err) + 2)
		return "many sentences for one failure";
	return NULL;
}

/* Does the command say that all is well? */
static bool shell(const char *name, int status)
{
	const char *text = getenv(name);
	char command[4096];

	if (!text)
		return true;
	snprintf(command, sizeof(command), "set -- %d; %s", status, text);
	return !system(command);
}

static void complain(const char *what, const struct run *run)
{
	Dl_info where = { 0 };

	if (fault->caller)
		dladdr(fault->caller, &where);
	printf("%s %" PRIu64 ", %s", kind_name[fault->kind], fault->nth,
	       fault->name ? fault->name : "none");
	if (where.dli_fname)
		printf(" by %s+0x%tx", where.dli_fname,
		       (const char *)fault->caller - (const char *)where.dli_fbase);
	printf(": %s; status 0x%x, stderr:\n%s", what, (unsigned int)run->status,
	       run->err.start);
}

/* --- all runs ------------------------------------------------------------ */

static bool one_holds(uint64_t nth, const struct run *plain, int argc, char **argv,
		      char **env)
{
	struct run run;
	const char *what;

	if (!shell("FAULT_BEFORE", 0))
		give_up("FAULT_BEFORE");
	run = run_once(nth, argc, argv, env);
	what = flaw(&run, plain);
	if (!what && !shell("FAULT_AFTER", WEXITSTATUS(run.status)))
		what = "it left behind what it should not";
	if (what)
		complain(what, &run);
	free_run(&run);
	return !what;
}

/* The number of calls that failed; adds to *broken those that were not taken well. */
static uint64_t all_runs(const struct run *plain, uint64_t *broken, int argc, char **argv,
			 char **env)
{
	bool at_once = fault->kind == FAULT_SHORT || fault->kind == FAULT_INTERRUPTED;
	uint64_t nth = 0;

	do {
		*broken += !one_holds(++nth, plain, argc, argv, env);
		fflush(stdout);
	} while (!at_once && fault->name);
	return at_once ? fault->seen : nth - 1;
}

static int run_all(int argc, char **argv, char **env)
{
	struct run plain;
	uint64_t broken = 0, n;

	if (!shell("FAULT_BEFORE", 0))
		give_up("FAULT_BEFORE");
	plain = run_once(0, argc, argv, env);
	if (!WIFEXITED(plain.status) || own_lines(&plain.err) < 0)
		broken += printf("it fails by itself: %s", plain.err.start) > 0;
	n = all_runs(&plain, &broken, argc, argv, env);
	if (!broken)
		printf("%" PRIu64 "\n", n);
	free_run(&plain);
	return broken != 0;
}

static void choose_kind(const char *name)
{
	for (int i = 0; i < FAULT_KINDS; i++) {
		if (strcmp(name, kind_name[i]))
			continue;
		fault->kind = i;
		return;
	}
	fprintf(stderr, "FAULT=%s: no such kind\n", name);
	exit(2);
}

static int judge(int argc, char **argv, char **env)
{
	fault = mmap(NULL, sizeof(*fault), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fault == MAP_FAILED)
		give_up("mmap");
	choose_kind(getenv("FAULT"));
	if (!getenv("FAULT_NTH"))
		return run_all(argc, argv, env);
	fault->nth = strtoull(getenv("FAULT_NTH"), NULL, 10);
	fault->armed = true;
	return program(argc, argv, env);
}

/* The program's main() is reached through this, whatever the program is. */
int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	__typeof__(&__libc_start_main) real = (__typeof__(&__libc_start_main))
		dlsym(RTLD_NEXT, "__libc_start_main");

	unsetenv("LD_PRELOAD");
	program = main;
	return real(getenv("FAULT") ? judge : main, argc, argv, init, fini, rtld_fini,
		    stack_end);
}
