/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sigs.h - what the groups about signals and faults share
 *
 * A handler that records what it was given (caught), a thread held in a loop that uses
 * no stack (hold), and waiting for what another task does.
 *
 * Thread rule: one test at a time; handlers run in whatever thread the test says.
 */
#ifndef SIGS_H
#define SIGS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <ucontext.h>

#define PAGE 4096ul

/* What the last handler was given, and where it ran. */
struct caught {
	int sig, code;
	pid_t tid;
	unsigned long addr, stack;
	unsigned long ip, sp, flags, err, trapno, cr2;
};

extern volatile struct caught caught;
extern volatile unsigned int n_caught;

/* What a handler does after recording; it may edit the context. */
typedef void then_fn(ucontext_t *uc);

/* From now on *sig* is recorded; n_caught is 0. */
void catch_signal(int sig, int flags, then_fn *then);

/* Stores a byte, in a function of its own. Return: 0, or 1 if a handler left it. */
long probe_store(void *p);

/* A then_fn: the interrupted function returns 1 at once, as if by RET. */
void leave_function(ucontext_t *uc);

unsigned long context_reg(const ucontext_t *uc, int reg);

/* All handlers as they were, the mask empty. */
void default_signals(void);

/*
 * hold() loads its registers from hold_in, sets hold_there and loops, without touching
 * the stack, until hold_go is set.  It stores them to hold_out, makes the system call
 * hold_nr at hold_call, and stores them to hold_done.  Indexed by the rows of
 * HOLD_REGS; one thread at a time.
 */
#define HOLD_REGS(REG) \
	REG(rax, RAX) REG(rbx, RBX) REG(rcx, RCX) REG(rdx, RDX) REG(rsi, RSI) \
	REG(rdi, RDI) REG(rbp, RBP) REG(r8, R8) REG(r9, R9) REG(r10, R10) \
	REG(r11, R11) REG(r12, R12) REG(r13, R13) REG(r14, R14) REG(r15, R15)

#define HOLD_INDEX(reg, uc_reg) HOLD_##uc_reg,
enum { HOLD_REGS(HOLD_INDEX) N_HOLD };
#undef HOLD_INDEX

extern unsigned long hold_in[N_HOLD], hold_out[N_HOLD], hold_done[N_HOLD];
extern unsigned long hold_nr;
extern volatile int hold_there, hold_go;
extern const char hold_begin[], hold_end[], hold_call[], hold_pop[];

void hold(void);

/* Makes hold() ready: patterns, not released. */
void hold_prepare(unsigned long nr);

/* A pthread's function: hold() in a thread, whose id is hold_tid once hold_there. */
void *hold_thread(void *unused);
extern volatile pid_t hold_tid;

/* Whether the registers came out of the loop, and out of the system call. */
bool hold_kept(void);

/* Sends to a thread of this process, and waits until a handler has run. */
void hit(pid_t tid, int sig);

/* The same to the held thread, and waits until it is back in its loop. */
void hit_held(int sig);

/* Waits until thread *tid* of process *pid* sleeps in system call *nr*; whether it does. */
bool wait_blocked(pid_t pid, pid_t tid, long nr);

/* Waits until all threads of *pid* are stopped; whether they are. */
bool wait_stopped(pid_t pid);

/* The status that waitpid() with *options* tells of a child, or -1. */
int next_change(pid_t pid, int options);

/* Whether the page has no frame of memory now (pagemap). */
bool page_absent(const volatile void *p);

#endif /* SIGS_H */
