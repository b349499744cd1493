/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attack.h - what the groups of attacks share
 *
 * A group is one file and one function, listed in ATTACK_GROUPS, and runs in a process
 * of its own.  It tries one way of becoming the application, or of getting to ring 0,
 * and prints one line for each trick and what must come of it.
 *
 * No threads: all state belongs to the process that runs the group.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <ucontext.h>

/* GROUP(name): void attack_name(void), in name.c */
#define ATTACK_GROUPS(GROUP) \
	GROUP(sigreturn)     \
	GROUP(sigreturn32)   \
	GROUP(ldt)           \
	GROUP(jump)          \
	GROUP(gsbase)        \
	GROUP(registers)     \
	GROUP(exec)          \
	GROUP(victim)        \
	GROUP(memory)

#define ATTACK_DECLARE(name) void attack_##name(void);
ATTACK_GROUPS(ATTACK_DECLARE)
#undef ATTACK_DECLARE

enum {
	SELECTORS = 0x10000,
	DESCRIPTORS = 0x200,	/* GDT, and what we have of an LDT, lie below */
	USER_CS = 0x33, USER32_CS = 0x23, USER_DS = 0x2b,
	KERNEL_CS = 0x10,
};

/* The bits of the CS slot that mark a frame of the application */
#define CS_MARK 0xffffffffffff0000ul
#define NON_CANONICAL 0x0000800000000000ul

/* Places in the kernel's half that an attacker would like to reach */
enum target {
	AT_GATE, AT_GATE_JUMP, AT_RETURN, AT_APP_TEXT, AT_SYSCALL, AT_TASK, TARGETS
};

struct attacker {
	bool root;		/* full root; else nobody, no capability */
	pid_t victim;		/* the application, waiting for a connection */
	pid_t worker;		/* a thread of it that stays in the kernel */
	unsigned int step;	/* between the selectors tried */
	unsigned long target[TARGETS];
};

extern struct attacker attacker;

/* Prints "WHAT ok" or "WHAT wrong"; one wrong line makes the program end with 1. */
void check(const char *what, bool ok);

/* After a selector: the next one, or from where no descriptor can be on, a later one. */
static inline unsigned int next_selector(unsigned int selector)
{
	return selector + (selector < DESCRIPTORS ? 1 : attacker.step);
}

/* The privilege level that this code runs at. */
unsigned int cpl(void);

/*
 * Runs the function in a child.  Returns 0 if it came back and was still in ring 3,
 * the number of the signal that killed it, or 0x100 + the exit status.
 */
int in_child(void (*run)(const void *), const void *arg);

/* What came of a flight: the first signal and the context that it interrupted. */
struct landing {
	int sig, code;
	unsigned short cs, ss;
	unsigned long ip, sp, flags, addr;
	unsigned int cpl;	/* of the signal's handler */
};

/*
 * Interrupts itself by a signal, has the context that will be returned to changed by
 * steer, and returns to it.  Whatever signal comes next ends the flight; the process
 * goes on here as it was.
 */
struct landing fly(void (*steer)(ucontext_t *, const void *), const void *arg);

/* From now on the signals that end flights kill, as for any process. */
void no_flights(void);

/* INT3, in memory below 4 GiB: a place to land, for 64-bit and 32-bit code */
extern const char landing_pad[];

/* Stack below 4 GiB; flights may write anything on it. */
extern unsigned long low_stack[512];

static inline bool landed_at(const struct landing *l, const void *pad)
{
	return l->sig == 5 /* SIGTRAP */ && l->ip == (unsigned long)pad + 1 &&
	       (l->cs & 3) == 3 && l->cpl == 3;
}

/* SIGSEGV in ring 3 at that address */
static inline bool refused_at(const struct landing *l, unsigned long addr)
{
	return l->sig == 11 /* SIGSEGV */ && l->addr == addr && l->cpl == 3;
}

/* SIGSEGV in ring 3 from a general-protection fault */
static inline bool refused(const struct landing *l)
{
	return refused_at(l, 0) && l->code == 0x80 /* SI_KERNEL */;
}

#endif /* ATTACK_H */
