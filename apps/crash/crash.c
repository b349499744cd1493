// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crash - die in a known state, for whoever reads the core dump
 *
 *   crash abort	the only thread aborts
 *   crash segv		the only thread reads an address that is not mapped
 *   crash threads	one of five threads does; two wait in a system call, one
 *			computes, main() joins
 *
 * Prints first what a debugger should find, a line "crash: NAME=VALUE" each.  All
 * values are derived from the process's pid, so that those of another run differ.
 * Exit status: none, it dies of the signal; 1 something failed; 2 usage.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REGISTERS(R) R(rbx) R(r12) R(r13) R(r14) R(r15)

enum {
#define ENUM(name) name,
	REGISTERS(ENUM)
#undef ENUM
	FAULT, VALUES
};

/* What a debugger should know by name */
long crash_data = 1;
long crash_bss;
const long crash_rodata[4] = { 3, 1, 4, 159 };
char *crash_heap;

static unsigned long values[VALUES];
static int ready;		/* threads that are where they stay */

/* Loads the registers and reads from values[FAULT]. */
__attribute__((noinline, noclone)) static void die_here(const unsigned long *v)
{
	__asm__ volatile("mov 0(%0), %%rbx\n	mov 8(%0), %%r12\n"
			 "mov 16(%0), %%r13\n	mov 24(%0), %%r14\n"
			 "mov 32(%0), %%r15\n	mov 40(%0), %%rax\n"
			 ".globl crash_here\ncrash_here:	mov (%%rax), %%rax"
			 : : "r"(v)
			 : "rax", "rbx", "r12", "r13", "r14", "r15", "memory");
}

__attribute__((noinline, noclone)) static void inner(long twice)
{
	volatile long local = twice;

	die_here(values);
	local++;
}

__attribute__((noinline, noclone)) static void outer(void)
{
	volatile long local = crash_data;

	inner(2 * local);
	local++;
}

/* Waits here and nowhere else: no function of the C library is on its stack. */
static void *waiter(void *arg)
{
	long result;

	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	for (;;) {
#ifdef __UKL__
		__asm__ volatile("call entry_SYSCALL_64"
#else
		__asm__ volatile("syscall"
#endif
				 : "=a"(result) : "0"(SYS_pause)
				 : "rcx", "r11", "memory");
	}
	return arg;
}

static void *spinner(void *arg)
{
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		__asm__ volatile("pause");
	return arg;
}

static void *crasher(void *arg)
{
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < 3)
		sched_yield();
	outer();
	return arg;
}

static void run_threads(void)
{
	void *(*const start[])(void *) = { waiter, waiter, spinner, crasher };
	pthread_t t;

	for (unsigned int i = 0; i < sizeof(start) / sizeof(*start); i++)
		if (pthread_create(&t, NULL, start[i], NULL))
			exit(1);
	pthread_join(t, NULL);
}

static void prepare(void)
{
	long pid = getpid();

	crash_data += 0x10000 * pid;
	crash_bss = 3 * pid;
	crash_heap = malloc(64);
	if (!crash_heap)
		exit(1);
	snprintf(crash_heap, 64, "process %ld", pid);
	for (unsigned int i = 0; i < FAULT; i++)
		values[i] = 0x5eed000000000000ul + 0x1000 * i + pid;
	values[FAULT] = 0x10000 + 0x10 * pid;	/* below the static data */
}

static void announce(int signal, int threads)
{
	printf("crash: signal=%d\ncrash: threads=%d\n", signal, threads);
	printf("crash: data=%#lx\ncrash: bss=%#lx\n", crash_data, crash_bss);
	printf("crash: rodata=%#lx\ncrash: heap=%s\n", crash_rodata[3], crash_heap);
#define PRINT(name) printf("crash: " #name "=%#lx\n", values[name]);
	REGISTERS(PRINT)
#undef PRINT
	printf("crash: fault=%#lx\ncrash: local=%#lx\n", values[FAULT], 2 * crash_data);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *how = argc == 2 ? argv[1] : "";

	prepare();
	if (!strcmp(how, "abort")) {
		announce(SIGABRT, 1);
		abort();
	} else if (!strcmp(how, "segv")) {
		announce(SIGSEGV, 1);
		outer();
	} else if (!strcmp(how, "threads")) {
		announce(SIGSEGV, 5);
		run_threads();
	}
	fprintf(stderr, "usage: crash abort|segv|threads\n");
	return 2;
}
