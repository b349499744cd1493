// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * victim.c - at the application itself, from another process
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define REG(name) offsetof(struct user_regs_struct, name)
#define PIDFD_OF_THREAD O_EXCL	/* PIDFD_THREAD, since Linux 6.9 */

static char word[8];

static int open_proc(pid_t pid, const char *file, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return open(path, flags | O_CLOEXEC);
}

static bool fails(long ret, int error)
{
	return ret == -1 && errno == error;
}

static long vm(int call, pid_t pid, unsigned long addr)
{
	struct iovec here = { word, sizeof(word) }, there = { (void *)addr, sizeof(word) };

	return syscall(call, pid, &here, 1ul, &there, 1ul, 0ul);
}

/* What needs control over a process: refused to whoever may not control ring 0. */
static void no_control(pid_t pid, const char *who)
{
	static const struct {
		const char *what;
		int request;
	} requests[] = {
		{ "PTRACE_ATTACH", PTRACE_ATTACH }, { "PTRACE_SEIZE", PTRACE_SEIZE },
	};
	char text[96];
	int pidfd = (int)syscall(SYS_pidfd_open, pid, PIDFD_OF_THREAD);

#define REFUSED(what, error, expr) do { \
		snprintf(text, sizeof(text), "%s the application%s: " #error, what, who); \
		check(text, fails(expr, error)); \
	} while (0)

	for (unsigned int i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		REFUSED(requests[i].what, EPERM,
			ptrace(requests[i].request, pid, NULL, NULL));
	REFUSED("/proc/PID/mem of", EACCES, open_proc(pid, "mem", O_RDWR));
	REFUSED("/proc/PID/maps of", EACCES, open_proc(pid, "maps", O_RDONLY));
	REFUSED("process_vm_readv() from", EPERM, vm(SYS_process_vm_readv, pid, 0x400000));
	REFUSED("process_vm_writev() into", EPERM, vm(SYS_process_vm_writev, pid, 0x400000));
	REFUSED("pidfd_getfd() from", EPERM, syscall(SYS_pidfd_getfd, pidfd, 0, 0));
#undef REFUSED
	close(pidfd);
}

static void without_rawio(const void *arg)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	(void)arg;
	syscall(SYS_capget, &header, data);
	data[0].effective &= ~(1u << CAP_SYS_RAWIO);
	data[0].permitted &= ~(1u << CAP_SYS_RAWIO);
	data[0].inheritable = 0;
	if (syscall(SYS_capset, &header, data))
		_exit(1);
	no_control(attacker.victim, ", without CAP_SYS_RAWIO");
	no_control(attacker.worker, "'s io worker, without CAP_SYS_RAWIO");
}

static bool pokes(size_t reg, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, attacker.victim, reg, value) == 0;
}

static unsigned long peek(size_t reg)
{
	return (unsigned long)ptrace(PTRACE_PEEKUSER, attacker.victim, reg, NULL);
}

/* Root may trace it, but not change what it is. */
static void traced(void)
{
	int status, mem = open_proc(attacker.victim, "mem", O_RDWR);
	const unsigned long text = attacker.target[AT_APP_TEXT];
	bool ok = true;

	if (ptrace(PTRACE_SEIZE, attacker.victim, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, attacker.victim, NULL, NULL) ||
	    waitpid(attacker.victim, &status, 0) != attacker.victim) {
		check("root attaches to the application", false);
		return;
	}
	check("its tracer sees CS 0x33 and SS 0x2b",
	      peek(REG(cs)) == USER_CS && peek(REG(ss)) == USER_DS);
	for (unsigned int cs = 0; cs < SELECTORS; cs = next_selector(cs))
		ok = ok && pokes(REG(cs), cs) == (cs == USER_CS);
	check("POKEUSER, each CS: EIO for all but 0x33", ok);
	for (unsigned int ss = 0; ss < SELECTORS; ss = next_selector(ss))
		ok = ok && pokes(REG(ss), ss) == (ss == USER_DS);
	check("POKEUSER, each SS: EIO for all but 0x2b", ok);
	check("FS base of the kernel: EIO",
	      !pokes(REG(fs_base), attacker.target[AT_TASK]));
	check("POKETEXT into the application's text: EIO",
	      fails(ptrace(PTRACE_POKETEXT, attacker.victim, text, 0x9090), EIO));
	check("/proc/PID/mem at the application's text: EIO",
	      lseek(mem, (off_t)text, SEEK_SET) == (off_t)text &&
		      fails(write(mem, word, sizeof(word)), EIO));
	check("process_vm_writev() there: EFAULT",
	      fails(vm(SYS_process_vm_writev, attacker.victim, text), EFAULT));
	ptrace(PTRACE_DETACH, attacker.victim, NULL, NULL);
	close(mem);
}

void attack_victim(void)
{
	struct rlimit limit = { 0, 0 };

	if (attacker.root) {
		check("all this without CAP_SYS_RAWIO",
		      in_child(without_rawio, NULL) == 0);
		traced();
		return;
	}
	no_control(attacker.victim, "");
	no_control(attacker.worker, "'s io worker");
	check("SIGSEGV for the application: EPERM", fails(kill(attacker.victim, SIGSEGV),
							 EPERM));
	check("prlimit() of the application: EPERM",
	      fails(syscall(SYS_prlimit64, attacker.victim, RLIMIT_STACK, &limit, NULL),
		    EPERM));
}
