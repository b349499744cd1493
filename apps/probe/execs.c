// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execs.c - what is executed, in which ring it finds itself, and execs that fail
 *
 * "-report" tells of the process it is in; whoever executes it reads that from a pipe.
 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define UKL   "/UKL"
#define PLAIN "/bin/probe"
#define NOBODY 65534

extern char **environ;

static long word = 5, zero;
static __thread long own = 7;
static volatile bool running;

static char ring(void)
{
	return in_ring0() ? '0' : '3';
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Makes everything different that an exec must make as it was. */
static void spoil(void)
{
	word = zero = own = 99;
	signal(SIGUSR1, on_signal);
	fcntl(open("/dev/null", O_RDONLY), F_DUPFD_CLOEXEC, 100);
}

static int n_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	int n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static bool fresh(void)
{
	struct sigaction sa;

	return word == 5 && !zero && own == 7 && getpid() == syscall(SYS_gettid) &&
	       n_threads() == 1 && !sigaction(SIGUSR1, NULL, &sa) &&
	       sa.sa_handler == SIG_DFL && fcntl(100, F_GETFD) == -1;
}

/* Writes ring, "f"resh or "s"tale, and the ring of a child. */
static void report(void)
{
	char me[2] = { ring(), fresh() ? 'f' : 's' }, child;
	pid_t pid;

	write(1, me, 2);
	pid = fork();
	if (!pid) {
		child = ring();
		write(1, &child, 1);
		_exit(0);
	}
	status_of(pid);
}

/* Reports, then a child executes the first argument with the others; then itself. */
int help_report(char **argv)
{
	char *args[] = { "probe", "-report", argv[0] ? argv[1] : NULL, NULL };
	pid_t pid;

	report();
	if (!argv[0])
		return 0;
	spoil();
	pid = fork();
	if (!pid) {
		execv(argv[0], args);
		_exit(127);
	}
	status_of(pid);
	execv(argv[0], args);
	return 127;
}

/* --- what is read from children --------------------------------------------------- */

static char answer[64];
static int out[2];

static bool answered(const char *expected)
{
	size_t n = 0;
	ssize_t got;

	close(out[1]);
	while ((got = read(out[0], answer + n, sizeof(answer) - 1 - n)) > 0)
		n += (size_t)got;
	answer[n] = '\0';
	close(out[0]);
	return !strcmp(answer, expected);
}

/* Becomes path, its standard output the pipe. */
static void become(const char *path, const char *next, const char *after)
{
	dup2(out[1], 1);
	close(out[0]);
	close(out[1]);
	spoil();
	execl(path, "probe", "-report", next, after, NULL);
	_exit(127);
}

/* A child becomes path, which executes next, twice, which executes after, twice. */
static bool reports(const char *path, const char *next, const char *after,
		    const char *expected)
{
	pid_t pid;
	bool good = !pipe(out);

	pid = fork();
	if (!pid)
		become(path, next, after);
	good &= answered(expected);
	return exited(pid, 0) && good;
}

static char *ringed(const char *pattern)
{
	static char text[32];
	char *p = strcpy(text, pattern);

	while ((p = strchr(p, 'R')))
		*p = ring();
	return text;
}

static void test_rings(void)
{
	const char *self = self_name();

	check("an ordinary program is in ring 3, its child, too",
	      reports(PLAIN, NULL, NULL, "3f3"));
	check("and what it executes", reports(PLAIN, PLAIN, NULL, "3f33f33f3"));
	check("this program again: its own ring, and fresh data",
	      reports(self, NULL, NULL, ringed("RfR")));
	check("once more by itself", reports(self, self, NULL, ringed("RfRRfRRfR")));
	check("by an ordinary program", reports(PLAIN, self, NULL, ringed("3f3RfRRfR")));
	check("an ordinary program by this one",
	      reports(self, PLAIN, NULL, ringed("RfR3f33f3")));
	check("data and ring of this process are what they were",
	      word == 5 && !zero && own == 7);
}

/* --- other ways to begin ------------------------------------------------------------- */

static bool spawned(const char *path, const char *expected)
{
	char *argv[] = { "probe", "-report", NULL };
	posix_spawn_file_actions_t actions;
	bool good = !pipe(out);
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addclose(&actions, out[0]);
	posix_spawn_file_actions_addclose(&actions, out[1]);
	good &= !posix_spawn(&pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	good &= answered(expected);
	return exited(pid, 0) && good;
}

static bool vforked(const char *path, const char *expected)
{
	bool good = !pipe(out);
	pid_t pid = vfork();

	if (!pid) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execl(path, "probe", "-report", NULL);
		_exit(127);
	}
	good &= answered(expected);
	return exited(pid, 0) && good;
}

static void *compute(void *arg)
{
	for (running = true;;)
		__asm__ volatile("" : : "r"(arg));
	return NULL;
}

static void *become_here(void *path)
{
	become(path, NULL, NULL);
	return NULL;
}

/* Another thread than the first one executes it; the others end, the pid stays. */
static bool from_a_thread(const char *path, const char *expected)
{
	bool good = !pipe(out);
	pid_t pid = fork();
	pthread_t t;

	if (!pid) {
		pthread_create(&t, NULL, compute, NULL);
		wait_until(running);
		pthread_create(&t, NULL, become_here, (void *)path);
		for (;;)
			pause();
	}
	good &= answered(expected);
	return exited(pid, 0) && good;
}

static void test_ways(void)
{
	static const struct {
		const char *what;
		bool (*way)(const char *path, const char *expected);
	} ways[] = {
		{ "vfork and exec of %s", vforked },
		{ "posix_spawn of %s", spawned },
		{ "exec by a thread, others running, of %s", from_a_thread },
	};
	char line[80];

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		snprintf(line, sizeof(line), ways[i].what, "an ordinary program");
		check(line, ways[i].way(PLAIN, "3f3"));
		snprintf(line, sizeof(line), ways[i].what, "this program");
		check(line, ways[i].way(self_name(), ringed("RfR")));
	}
	check("a name that leads to the same file, but is not it: ENOEXEC",
	      execl("/." UKL, "probe", NULL) == -1 && errno == ENOEXEC);
}

/* --- through pipes to a ring-3 program and back ------------------------------------------ */

enum { AMOUNT = 300000 };

static unsigned char sent[AMOUNT], received[AMOUNT];

static void *send_all(void *fd)
{
	size_t n = 0;
	ssize_t put;

	while (n < AMOUNT && (put = write((int)(long)fd, sent + n, AMOUNT - n)) > 0)
		n += (size_t)put;
	close((int)(long)fd);
	return NULL;
}

static bool echoed(int to, int from)
{
	pthread_t t;
	size_t n = 0;
	ssize_t got;

	for (int i = 0; i < AMOUNT; i++)
		sent[i] = (unsigned char)(i * 7 + i / 256);
	pthread_create(&t, NULL, send_all, (void *)(long)to);
	while (n < AMOUNT && (got = read(from, received + n, AMOUNT - n)) > 0)
		n += (size_t)got;
	pthread_join(t, NULL);
	return n == AMOUNT && !memcmp(sent, received, AMOUNT);
}

static void test_pipes(void)
{
	int to[2], from[2];
	pid_t pid;
	bool good = !pipe(to) && !pipe(from);

	pid = fork();
	if (!pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		for (int i = 0; i < 2; i++) {
			close(to[i]);
			close(from[i]);
		}
		execl("/bin/busybox", "cat", NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	good &= echoed(to[1], from[0]);
	close(from[0]);
	check("300000 bytes to a ring-3 program and back", exited(pid, 0) && good);
}

/* --- execs that fail ------------------------------------------------------------------- */

static void no_user(void)
{
	setgid(NOBODY);
	setuid(NOBODY);
}

/* All capabilities but CAP_SYS_RAWIO, and still root. */
static void no_rawio(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &header, data);
	data[0].effective &= ~(1u << CAP_SYS_RAWIO);
	data[0].permitted &= ~(1u << CAP_SYS_RAWIO);
	syscall(SYS_capset, &header, data);
}

static void nothing(void)
{
}

static bool runs_true(void)
{
	pid_t pid = fork();

	if (!pid) {
		execl("/bin/busybox", "true", NULL);
		_exit(127);
	}
	return exited(pid, 0);
}

/* As *who*, to execute path fails with that error, and the process goes on. */
static bool refused(void (*who)(void), const char *path, const char *arg, int error)
{
	bool good = !pipe(out);
	char before = ring();
	pid_t pid = fork();

	if (!pid) {
		who();
		if (execl(path, "probe", "-report", arg, NULL) != -1 || errno != error ||
		    ring() != before || !runs_true())
			_exit(1);
		word = 6;
		dup2(out[1], 1);
		report();
		_exit(0);
	}
	good &= answered(ringed("RsR"));
	return exited(pid, 0) && good;
}

static char *long_argument(void)
{
	static char text[200000];

	return memset(text, 'x', sizeof(text) - 1);
}

static void write_file(const char *path, const void *what, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	write(fd, what, size);
	close(fd);
}

/* Good enough to be begun; its one segment does not fit into any address space. */
static void write_bad_elf(const char *path)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
	} elf = {
		.header = {
			.e_ident = ELFMAG, .e_type = ET_EXEC, .e_machine = EM_X86_64,
			.e_version = 1, .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1,
			.e_phentsize = sizeof(Elf64_Phdr), .e_ehsize = sizeof(Elf64_Ehdr),
		},
		.segment = {
			.p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = -8192ul,
			.p_filesz = 64, .p_memsz = 64, .p_align = 4096,
		},
	};

	elf.header.e_ident[EI_CLASS] = ELFCLASS64;
	elf.header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.header.e_ident[EI_VERSION] = EV_CURRENT;
	write_file(path, &elf, sizeof(elf), 0755);
}

static void no_memory(void)
{
	struct rlimit r = { 65536, 65536 };

	setrlimit(RLIMIT_AS, &r);
}

/* The old program is gone when it fails: it ends by SIGSEGV. */
static bool fails_late(void (*who)(void), const char *path)
{
	pid_t pid = fork();

	if (!pid) {
		who();
		execl(path, "probe", "-report", NULL);
		_exit(1);
	}
	return killed(pid, SIGSEGV);
}

static void test_failures(void)
{
	const char *elf = "/tmp/probe-elf", *text = "/tmp/probe-text";

	check("the application, without privilege: EPERM, and on it goes",
	      refused(no_user, UKL, NULL, EPERM));
	check("the application, root without CAP_SYS_RAWIO: EPERM",
	      refused(no_rawio, UKL, NULL, EPERM));
	check("an argument too long: E2BIG", refused(nothing, self_name(),
						     long_argument(), E2BIG));
	write_file(text, "text\n", 5, 0644);
	check("a file that is not executable: EACCES", refused(nothing, text, NULL, EACCES));
	chmod(text, 0755);
	check("a file of no format: ENOEXEC", refused(nothing, text, NULL, ENOEXEC));
	unlink(text);
	check("no file: ENOENT", refused(nothing, text, NULL, ENOENT));
	write_bad_elf(elf);
	check("an ordinary program that fails late: SIGSEGV", fails_late(nothing, elf));
	unlink(elf);
	check("this program, too late for want of memory: SIGSEGV",
	      fails_late(no_memory, self_name()));
}

void probe_execs(void)
{
	test_rings();
	test_ways();
	test_pipes();
	test_failures();
}
