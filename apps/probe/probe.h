/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h - what the groups of probes share
 *
 * A group is one file and one function, listed in PROBE_GROUPS.  It does one kind of
 * transition in every way it can be done and prints one line for each thing that must
 * hold, the same in ring 0 and in ring 3: nothing that differs from run to run (pids,
 * addresses, times) is printed.
 *
 * Thread rule: check() may be called by any thread; groups run one after the other.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>

#include <sys/types.h>

/* GROUP(name): void probe_name(void), in name.c */
#define PROBE_GROUPS(GROUP) \
	GROUP(calls) \
	GROUP(threads) \
	GROUP(smp) \
	GROUP(procs) \
	GROUP(execs) \
	GROUP(timers) \
	GROUP(irqs) \
	GROUP(traps) \
	GROUP(signals) \
	GROUP(sigstack) \
	GROUP(faults) \
	GROUP(absent) \
	GROUP(sigsync) \
	GROUP(storm) \
	GROUP(ptrace) \
	GROUP(seccomp) \
	GROUP(rseq) \
	GROUP(bases) \
	GROUP(uffd) \
	GROUP(share) \
	GROUP(statics) \
	GROUP(dio) \
	GROUP(uring)

#define PROBE_DECLARE(name) void probe_##name(void);
PROBE_GROUPS(PROBE_DECLARE)
#undef PROBE_DECLARE

/* The instruction that makes a system call; RCX and R11 are lost. */
#ifdef __UKL__
#define SYSTEM_CALL "call entry_SYSCALL_64"
#else
#define SYSTEM_CALL "syscall"
#endif

/* A system call that needs nothing of the C library, not even errno. */
static inline long raw_syscall(long nr, long a, long b, long c)
{
	__asm__ volatile(SYSTEM_CALL : "+a"(nr) : "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return nr;
}

/* HELPER(name): int help_name(char **argv): what "probe -name ARG..." does instead */
#define PROBE_HELPERS(HELPER) \
	HELPER(leave) \
	HELPER(report) \
	HELPER(traced) \
	HELPER(tracer) \
	HELPER(serve) \
	HELPER(storm) \
	HELPER(spin) \
	HELPER(ptracee) \
	HELPER(ptracer) \
	HELPER(filtered) \
	HELPER(randomless) \
	HELPER(idle)

#define HELPER_DECLARE(name) int help_##name(char **argv);
PROBE_HELPERS(HELPER_DECLARE)
#undef HELPER_DECLARE

/* Prints "WHAT ok" or "WHAT wrong"; one wrong line makes the program end with 1. */
void check(const char *what, bool ok);

/* Whether this is the application in the kernel: CPL 0. */
bool in_ring0(void);

/* The name to execute for another process like this: /UKL or the ring-3 program. */
const char *self_name(void);

/* The same program in ring 3, whatever this one is. */
const char *twin_name(void);

/* call6(NR, A1...A6) makes one system call, which returns to call6_return. */
long call6(long nr, long a, long b, long c, long d, long e, long f);
extern const char call6_return[];

/* Runs it in a child, which exits with its value; the child's wait status. */
int in_child(int (*run)(void));

/* A child that executes *path* as "probe -helper arg". */
pid_t start_helper(const char *path, const char *helper, const char *arg);

/*
 * Waits until the condition holds, at most 20 seconds; whether it holds.  Yields
 * meanwhile, or computes without any system call.
 */
#define wait_until(condition) WAIT_UNTIL(condition, true)
#define spin_until(condition) WAIT_UNTIL(condition, false)
#define WAIT_UNTIL(condition, yield) ({ \
	long since_ = seconds(); \
	while (!(condition) && patient(since_, yield)) \
		; \
	(condition); })

/* A few page faults, system calls and computing. */
void work(void);

long seconds(void);
bool patient(long since, bool yield);

/* A row of /proc/interrupts, such as "RES": of one processor, or the sum of all. */
#define ALL_CPUS (-1)
unsigned long interrupts(const char *row, int cpu);

/*
 * How many processors the program was given.  They are counted from 0 here, whatever
 * numbers Linux gives them.
 */
extern int n_cpus;

/* The one it runs on. */
int my_cpu(void);

/* That thread (0: the calling one) runs on that processor only, or on any. */
bool move_to(pid_t tid, int cpu);

/* The status that waitpid() tells of a child, or -1. */
int status_of(pid_t pid);

/* Whether the child ended by exit(code), by a signal. */
bool exited(pid_t pid, int code);
bool killed(pid_t pid, int sig);

#endif /* PROBE_H */
