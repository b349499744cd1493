/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - tracers and tracees of the ptrace group
 *
 * Each section of checks is done three ways: a tracee that is forked by the tracer, a
 * tracee that is the application while the tracer is an ordinary program, and the
 * reverse.  A tracee does a role; what the tracer has to know of it is on the board, a
 * page that both share, written by the tracee before it says that it is ready.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/user.h>

enum { STEPS = 10, RESULTS = 8 };

struct board {
	volatile int ready, stop;
	volatile long count, landed, handled[2], result[RESULTS];
	volatile int ring0;
	volatile pid_t child;
	unsigned long data, heap, stack, rodata, text, landing, trap, after, page,
		counter;
	unsigned long steps[STEPS];
};

/* The page shared with the tracee that was started last. */
extern struct board *board;

/* Roles of a tracee; all but SPIN and READER ask to be traced, and stop. */
#define TRACE_ROLES(ROLE) \
	ROLE(spin) ROLE(reader) ROLE(caller) ROLE(stepper) ROLE(parent) ROLE(raiser)

enum role {
#define TRACE_ENUM(name) ROLE_##name,
	TRACE_ROLES(TRACE_ENUM)
#undef TRACE_ENUM
};

#define TRACE_DECLARE(name) void tracee_##name(void);
TRACE_ROLES(TRACE_DECLARE)
#undef TRACE_DECLARE

/* Starts a tracee, as a fork of this process or as the program of this way. */
pid_t tracee_start(enum role role);
/* Spins until the tracee is ready.  Ends the program if it is not in time. */
void await(volatile int *what);
/* Kills and reaps it. */
void tracee_end(pid_t pid);

/* Waits for the tracee's next stop; its status, or -1. */
int next_stop(pid_t pid);
bool stops_by(pid_t pid, int sig);		/* next_stop() is by this signal */
bool stops_with(pid_t pid, int event);		/* ... by this PTRACE_EVENT */
bool exits_with(pid_t pid, int code);

/* ptrace() without the casts; RESUME also takes the signal to deliver. */
long trace(int request, pid_t pid, unsigned long addr, unsigned long data);
bool get_regs(pid_t pid, struct user_regs_struct *regs);
bool set_regs(pid_t pid, const struct user_regs_struct *regs);

/* check(), with the way before the words */
void shown(const char *what, bool ok);

/* The sections */
void trace_memory(void);
void trace_registers(void);
void trace_stops(void);
void trace_steps(void);
void trace_events(void);
void trace_signals(void);
void trace_watch(void);

#endif /* TRACE_H */
