// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bases.c - segment bases and tables, ports, and what prctl() knows of a thread
 */
#include <asm/hwcap2.h>
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#define SYSCALL_DISPATCH_FILTER_ALLOW 0
#define SYSCALL_DISPATCH_FILTER_BLOCK 1
#endif

static long words[4] = { 0x0111, 0x0222, 0x0333, 0x0444 };
static volatile siginfo_t info;

static long arch(int code, unsigned long value)
{
	return call6(SYS_arch_prctl, code, (long)value, 0, 0, 0, 0);
}

static unsigned long base_of(int code)
{
	unsigned long value = 1;

	return arch(code, (unsigned long)&value) ? 1 : value;
}

/* Sleeps, so that another task runs, be it the idle one: a yield alone switches nothing. */
static void switch_away(void)
{
	struct timespec moment = { 0, 100000 };

	call6(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
}

/* The thread pointer moves away, over a system call, and back: musl sees nothing. */
static bool fs_moves(void)
{
	unsigned long old = base_of(ARCH_GET_FS), there, by_instruction;
	long set = arch(ARCH_SET_FS, (unsigned long)words), word;

	switch_away();
	__asm__ volatile("mov %%fs:8, %0" : "=r"(word));
	__asm__ volatile("rdfsbase %0" : "=r"(by_instruction));
	there = base_of(ARCH_GET_FS);
	arch(ARCH_SET_FS, old);
	return !set && word == 0x0222 && there == (unsigned long)words &&
		by_instruction == there;
}

static bool fs_by_instruction(void)
{
	unsigned long old = base_of(ARCH_GET_FS), there;
	long word;

	__asm__ volatile("wrfsbase %0" : : "r"(words + 1) : "memory");
	switch_away();
	__asm__ volatile("mov %%fs:8, %0" : "=r"(word));
	there = base_of(ARCH_GET_FS);
	__asm__ volatile("wrfsbase %0" : : "r"(old) : "memory");
	return word == 0x0333 && there == (unsigned long)(words + 1);
}

#ifdef __UKL__
/* The kernel's, whose own base no call tells. */
static bool gs_is_right(void)
{
	return arch(ARCH_SET_GS, (unsigned long)words) == -EPERM &&
		arch(ARCH_SET_GS, 0) == -EPERM && !base_of(ARCH_GET_GS) &&
		!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE);
}

static bool gs_is_inherited(void)
{
	return !base_of(ARCH_GET_GS);
}
#else
/* Kept for the thread across switches, and shown */
static bool gs_is_right(void)
{
	bool ok = !arch(ARCH_SET_GS, (unsigned long)words);
	long word;

	for (unsigned int i = 0; i < 100; i++) {
		switch_away();
		ok &= base_of(ARCH_GET_GS) == (unsigned long)words;
	}
	__asm__ volatile("mov %%gs:8, %0" : "=r"(word));
	return ok && word == 0x0222 && !arch(ARCH_SET_GS, 0) && !base_of(ARCH_GET_GS) &&
		getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
}

static bool gs_is_inherited(void)
{
	return base_of(ARCH_GET_GS) == (unsigned long)words;
}
#endif

static void *gs_of_thread(void *unused)
{
	(void)unused;
	return gs_is_right() ? words : NULL;
}

static int gs_of_child(void)
{
	return !gs_is_inherited();
}

static void bases(void)
{
	pthread_t t;
	void *ret = NULL;

	check("ARCH_SET_FS moves it", fs_moves());
	check("wrfsbase moves it", fs_by_instruction());
	check("ARCH_SET_GS: kept in ring 3, refused where GS is the kernel's", gs_is_right());
	pthread_create(&t, NULL, gs_of_thread, NULL);
	pthread_join(t, &ret);
	check("in another thread, too", ret == words);
	arch(ARCH_SET_GS, (unsigned long)words);
	check("a forked child has it", !in_child(gs_of_child));
	arch(ARCH_SET_GS, 0);
	check("a base in the kernel's half: EPERM",
	      arch(ARCH_SET_FS, 0xffff888000000000ul) == -EPERM &&
		      arch(ARCH_SET_GS, 0xffff888000000000ul) == -EPERM);
	check("a code that is none: EINVAL", arch(0x1234, 0) == -EINVAL);
	check("CPUID faulting is off, or is not there",
	      arch(ARCH_GET_CPUID, 0) == 1 && arch(ARCH_SET_CPUID, 0) == -ENODEV);
}

static bool ldt_data(void)
{
	struct user_desc d = {
		.entry_number = 1,
		.base_addr = 0,
		.limit = 0xfffff,
		.seg_32bit = 1,
		.limit_in_pages = 1,
		.useable = 1,
	};
	unsigned int got[2][2], rights = 0;
	unsigned short selector = 1 << 3 | 7;
	bool there;

	if (call6(SYS_modify_ldt, 1, (long)&d, sizeof(d), 0, 0, 0))
		return false;
	switch_away();
	__asm__ volatile("lar %w2, %1; setz %0"
			 : "=q"(there), "=r"(rights)
			 : "r"(selector)
			 : "cc");
	return there && (rights >> 8 & 0x9a) == 0x92 &&
		call6(SYS_modify_ldt, 0, (long)got, sizeof(got), 0, 0, 0) ==
		sizeof(got);
}

/* es is nobody's in 64-bit mode: a selector of the LDT stays there over calls. */
static int ldt_loaded(void)
{
	unsigned short selector = 1 << 3 | 7, es;

	if (!ldt_data())
		return 1;
	__asm__ volatile("mov %0, %%es" : : "r"(selector));
	for (unsigned int i = 0; i < 50; i++)
		switch_away();
	__asm__ volatile("mov %%es, %0" : "=r"(es));
	return es != selector;
}

static int thread_area(void)
{
	struct user_desc d = { .entry_number = -1u };

	return call6(SYS_set_thread_area, (long)&d, 0, 0, 0, 0, 0) != -ENOSYS ||
		call6(SYS_get_thread_area, (long)&d, 0, 0, 0, 0, 0) != -ENOSYS;
}

/* IN and OUT are refused by the linker of applications: the permission alone. */
static int ports(void)
{
	unsigned long flags;

	if (ioperm(0x80, 1, 1) || iopl(3))
		return 1;
	__asm__ volatile("pushfq; pop %0" : "=r"(flags));
	return flags & 3 << 12 || iopl(0) || ioperm(0x80, 1, 0);
}

static int other_personality(void)
{
	char *argv[] = { "probe", "-randomless", NULL };

	if (personality(0xffffffff) != 0 || personality(ADDR_NO_RANDOMIZE) != 0)
		return 1;
	execv(self_name(), argv);
	return 2;
}

int help_randomless(char **args)
{
	(void)args;
	return personality(0xffffffff) != ADDR_NO_RANDOMIZE;
}

static void tables(void)
{
	check("modify_ldt: a data segment, seen by lar and read back", ldt_data());
	check("a selector of the LDT in es survives switches", !in_child(ldt_loaded));
	check("set_thread_area is not for 64-bit programs", !in_child(thread_area));
	check("ioperm and iopl are granted, and IOPL stays 0", !in_child(ports));
	check("a number that is no system call: ENOSYS", call6(-1, 0, 0, 0, 0, 0, 0) == -ENOSYS);
	check("a personality is kept across exec", !in_child(other_personality));
}

static bool name_is_kept(void)
{
	char name[16] = "", file[32] = "";
	FILE *f;

	prctl(PR_SET_NAME, "a-probe-of-names", 0, 0, 0);
	prctl(PR_GET_NAME, name, 0, 0, 0);
	f = fopen("/proc/self/comm", "r");
	fgets(file, sizeof(file), f);
	fclose(f);
	return !strcmp(name, "a-probe-of-name") && !strcmp(file, "a-probe-of-name\n");
}

static int dumpable(void)
{
	return prctl(PR_GET_DUMPABLE) != 1 || prctl(PR_SET_DUMPABLE, 0) ||
		prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_SET_DUMPABLE, 1);
}

static int no_new_privs(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
		prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) != -1;
}

/* A grandchild whose parent dies gets the signal that it asked for. */
static bool parent_death(void)
{
	sigset_t set;
	int fds[2], sig = 0;
	char c = 0;

	if (pipe(fds))
		return false;
	if (!fork()) {
		if (!fork()) {
			sigemptyset(&set);
			sigaddset(&set, SIGUSR1);
			sigprocmask(SIG_BLOCK, &set, NULL);
			prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
			write(fds[1], "r", 1);
			sigwait(&set, &sig);
			write(fds[1], sig == SIGUSR1 ? "d" : "?", 1);
			_exit(0);
		}
		read(fds[0], &c, 1);
		_exit(0);
	}
	wait(NULL);
	read(fds[0], &c, 1);
	close(fds[0]);
	close(fds[1]);
	return c == 'd';
}

static char selector;

static void on_dispatch(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)context;
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	memcpy((void *)&info, si, sizeof(info));
}

/* All calls but those of musl's are handed to a handler. */
static int dispatched(void)
{
	struct sigaction sa = { .sa_sigaction = on_dispatch, .sa_flags = SA_SIGINFO };
	long result;

	sigaction(SIGSYS, &sa, NULL);
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector))
		return 1;
	selector = SYSCALL_DISPATCH_FILTER_BLOCK;
	result = call6(SYS_getppid, 0, 0, 0, 0, 0, 0);
	if (result != SYS_getppid || info.si_signo != SIGSYS || info.si_code != 2)
		return 2;
	if (info.si_call_addr != call6_return || info.si_syscall != SYS_getppid)
		return 3;
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	return call6(SYS_getppid, 0, 0, 0, 0, 0, 0) <= 0 ||
		prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
}

/* Calls from the given range of text are let through whatever the selector says. */
static int exempted(void)
{
	unsigned long start = (unsigned long)call6;
	long ok = prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, start,
			(unsigned long)call6_return - start + 1, &selector);

	if (ok)
		return 1;
	selector = SYSCALL_DISPATCH_FILTER_BLOCK;
	ok = call6(SYS_getppid, 0, 0, 0, 0, 0, 0);
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	return ok <= 0;
}

static int no_tsc(void)
{
	int mode = 0;
	unsigned int low, high;

	if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV) || prctl(PR_GET_TSC, &mode) ||
	    mode != PR_TSC_SIGSEGV)
		return 1;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | high ? 0 : 2;
}

static void threads(void)
{
	int status;

	check("PR_SET_NAME", name_is_kept());
	check("PR_SET_DUMPABLE", !in_child(dumpable));
	check("PR_SET_NO_NEW_PRIVS", !in_child(no_new_privs));
	check("PR_SET_PDEATHSIG", parent_death());
	check("SYSCALL_USER_DISPATCH", !in_child(dispatched));
	check("SYSCALL_USER_DISPATCH exempts a range of text", !in_child(exempted));
	status = in_child(no_tsc);
	check("PR_SET_TSC: rdtsc is SIGSEGV in ring 3; CR4.TSD spares ring 0",
	      in_ring0() ? !status
			 : WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

void probe_bases(void)
{
	bases();
	tables();
	threads();
}
