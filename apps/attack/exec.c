// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exec.c - starting the application without the right, or by another name
 *
 * Nobody gets EPERM for the name, everybody ENOEXEC for every other name of the same
 * file: it is the name that starts the application, and the file holds no program.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define UKL_NAME "/UKL"
#define DIR	 "/tmp/attack"	/* made by root, for nobody to use afterwards */

static char *const args[] = { "UKL", "attack", NULL };
static char *const no_env[] = { NULL };

struct start {
	int (*how)(const void *);
	const void *arg;
	bool traceme;
};

/* Exec in a child: the error, or 0 if something was started. */
static int error_of(struct start s)
{
	int error = 0, status, fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	child = fork();
	if (!child) {
		if (s.traceme)
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		s.how(s.arg);
		error = cpl() == 3 ? errno : -1;
		_exit(write(fds[1], &error, sizeof(error)) != sizeof(error));
	}
	close(fds[1]);
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
		ptrace(PTRACE_KILL, child, NULL, NULL);
	if (read(fds[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(fds[0]);
	return error;
}

static int by_path(const void *path)
{
	return execve(path, args, no_env);
}

/* Descriptors close on exec only where that does not change the outcome. */
static int by_fd(const void *flags)
{
	int fd = open(UKL_NAME, *(const int *)flags);

	return (int)syscall(SYS_execveat, fd, "", args, no_env, AT_EMPTY_PATH);
}

static int by_dir_fd(const void *name)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	return (int)syscall(SYS_execveat, fd, name, args, no_env, 0);
}

static int by_cwd_at(const void *name)
{
	return (int)syscall(SYS_execveat, AT_FDCWD, name, args, no_env, 0);
}

static int from_root_dir(const void *name)
{
	return chdir("/") ? -1 : execve(name, args, no_env);
}

static int error_by(int (*how)(const void *), const void *arg)
{
	return error_of((struct start){ how, arg, false });
}

static void put_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || fchmod(fd, 04755))
		perror(path);
	close(fd);
}

/* An executable that wants /UKL for its interpreter, as a dynamic one wants ld.so */
static void put_elf(const char *path)
{
	struct {
		Elf64_Ehdr eh;
		Elf64_Phdr ph[2];
		char interp[8];
	} elf = {
		.eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64,
			.e_version = EV_CURRENT, .e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2 },
		.ph = { { .p_type = PT_INTERP, .p_filesz = sizeof(UKL_NAME),
			  .p_offset = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr) },
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x10000000,
			  .p_filesz = 4096, .p_memsz = 4096, .p_align = 4096 } },
		.interp = UKL_NAME,
	};

	put_file(path, &elf, sizeof(elf));
}

static void put_files(void)
{
	static const char script[] = "#!" UKL_NAME "\n", words[] = "not a program\n";

	mkdir(DIR, 0755);
	put_file(DIR "/copy", words, sizeof(words) - 1);
	put_file(DIR "/script", script, sizeof(script) - 1);
	put_file(DIR "/bound", words, sizeof(words) - 1);
	put_elf(DIR "/elf");
	if ((symlink(UKL_NAME, DIR "/symlink") || link(UKL_NAME, DIR "/hardlink") ||
	     mount(UKL_NAME, DIR "/bound", NULL, MS_BIND, NULL)) && errno != EEXIST)
		perror(DIR);
}

static const char *const aliases[][2] = {
	{ "//UKL", "exec of //UKL: ENOEXEC" },
	{ "/./UKL", "exec of /./UKL: ENOEXEC" },
	{ DIR "/symlink", "exec of a symbolic link to it: ENOEXEC" },
	{ DIR "/hardlink", "exec of a hard link to it: ENOEXEC" },
	{ DIR "/bound", "exec of a bind mount of it: ENOEXEC" },
	{ DIR "/copy", "exec of a set-uid copy: ENOEXEC" },
	{ DIR "/script", "exec of a set-uid script #!/UKL: ENOEXEC" },
};

static void other_names(void)
{
	static const int readable = O_RDONLY, path_only = O_PATH;

	for (unsigned int i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		check(aliases[i][1], error_by(by_path, aliases[i][0]) == ENOEXEC);
	check("exec of UKL from the root directory: ENOEXEC",
	      error_by(from_root_dir, "UKL") == ENOEXEC);
	check("execveat() of a descriptor of it: ENOEXEC",
	      error_by(by_fd, &readable) == ENOEXEC);
	check("execveat() of an O_PATH descriptor of it: ENOEXEC",
	      error_by(by_fd, &path_only) == ENOEXEC);
	check("execveat() of UKL in the root directory: ENOEXEC",
	      error_by(by_dir_fd, "UKL") == ENOEXEC);
	check("exec of an ELF file with /UKL for an interpreter: ELIBBAD",
	      error_by(by_path, DIR "/elf") == ELIBBAD);
}

/* For this process and what it starts, whatever its user id. */
static bool drop_rawio(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return false;
	data[0].effective &= ~(1u << CAP_SYS_RAWIO);
	data[0].permitted &= ~(1u << CAP_SYS_RAWIO);
	data[0].inheritable = 0;
	return !prctl(PR_CAPBSET_DROP, CAP_SYS_RAWIO) && !syscall(SYS_capset, &header, data);
}

static int without_rawio(const void *path)
{
	return drop_rawio() ? execve(path, args, no_env) : -1;
}

/* Waits until the parent is attached, by asking its own status, then execs. */
static int when_traced(const void *path)
{
	raise(SIGSTOP);
	return execve(path, args, no_env);
}

/*
 * A tracer with all capabilities but CAP_SYS_RAWIO, attached before the exec by itself
 * or by its child: it may not find itself holding the registers of ring 0.
 */
struct across_exec {
	bool by_child;
	int error;		/* what the exec must give */
};

static void trace_across_exec(const void *arg)
{
	const struct across_exec *wanted = arg;
	int status, fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC))
		_exit(1);
	child = fork();
	if (!child) {
		int e = 0;

		if (wanted->by_child)
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		when_traced(UKL_NAME);
		e = errno;
		_exit(write(fds[1], &e, sizeof(e)) != sizeof(e));
	}
	close(fds[1]);
	waitpid(child, &status, WUNTRACED);
	if (!drop_rawio() ||
	    ptrace(wanted->by_child ? PTRACE_CONT : PTRACE_SEIZE, child, NULL, NULL))
		_exit(2);
	if (!wanted->by_child)
		kill(child, SIGCONT);
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, child, NULL, NULL);
	status = 0;
	if (read(fds[0], &status, sizeof(status)) != sizeof(status))
		status = 0;
	if (status != wanted->error)
		_exit(3);
}

void attack_exec(void)
{
	static const struct across_exec attached = { false, EPERM }, traceme = { true, EPERM };

	if (attacker.root) {
		put_files();
		other_names();
		check("exec of /UKL by root without CAP_SYS_RAWIO: EPERM",
		      error_by(without_rawio, UKL_NAME) == EPERM);
		check("exec of /UKL under a tracer without CAP_SYS_RAWIO: EPERM",
		      in_child(trace_across_exec, &attached) == 0);
		check("the same when the child asked for it: EPERM",
		      in_child(trace_across_exec, &traceme) == 0);
		return;
	}
	other_names();
	check("exec of /UKL: EPERM", error_by(by_path, UKL_NAME) == EPERM);
	check("execveat() of /UKL: EPERM", error_by(by_cwd_at, UKL_NAME) == EPERM);
	check("exec of /UKL after PTRACE_TRACEME: EPERM",
	      error_of((struct start){ by_path, UKL_NAME, true }) == EPERM);
	check("a user namespace to be root in: refused, or exec of /UKL there: EPERM",
	      unshare(CLONE_NEWUSER) || error_by(by_path, UKL_NAME) == EPERM);
}
