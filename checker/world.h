/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world.h - a correct kernel and its programs, as far as their events tell
 *
 * A machine of one CPU with three tasks: the application in ring 0, a program in
 * ring 3, and a kernel thread; a fourth is made by clone or fork.  A move is a step of
 * this machine: a system call begins, an interrupt comes, a signal is delivered.  It
 * makes the events that the recorder would have seen.  What can happen next depends on
 * nothing but the struct, which can be copied: so all that can happen can be tried.
 *
 * It is written from what Linux does, not from the model, and shares nothing with it.
 *
 * Thread rule: pure functions of their arguments.
 */
#ifndef UKL_WORLD_H
#define UKL_WORLD_H

#include <stdbool.h>

#include "../traces/layout.h"
#include "../traces/ukl_trace.h"

#define UKL_WORLD_TASKS 4u
#define UKL_WORLD_DEPTH 3u	/* open contexts of one task */

/*
 * The moves.
 *
 *   MOVE(NAME, "text")
 */
#define UKL_MOVES_TABLE(MOVE) \
	MOVE(CALL,      "system call") \
	MOVE(JUMP,      "system call by JMP") \
	MOVE(BAD_CALL,  "read() to an address of the kernel's") \
	MOVE(SET_FS,    "arch_prctl(ARCH_SET_FS)") \
	MOVE(CLONE,     "clone of a thread") \
	MOVE(VFORK,     "vfork") \
	MOVE(EXEC,      "exec of a ring-3 program") \
	MOVE(EXEC_UKL,  "exec of the application") \
	MOVE(EXIT,      "exit") \
	MOVE(SIGRETURN, "rt_sigreturn") \
	MOVE(IRQ,       "interrupt") \
	MOVE(FAULT,     "page fault") \
	MOVE(GATE_FAULT, "page fault at the gate") \
	MOVE(NMI,       "NMI") \
	MOVE(DEBUG,     "#DB in the kernel") \
	MOVE(FIXUP,     "look-up in the exception table") \
	MOVE(FLUSH,     "write of CR3") \
	MOVE(KILL,      "exit by a fatal signal") \
	MOVE(SIGNAL,    "signal's handler is set up") \
	MOVE(NO_FRAME,  "signal whose frame cannot be written") \
	MOVE(BORN,      "a child is made") \
	MOVE(SWITCH,    "switch to the next task") \
	MOVE(SWITCH_BACK, "switch to the task before") \
	MOVE(RETURN,    "return") \
	MOVE(RETURN_RESTART, "return that begins the call anew") \
	MOVE(IRET_FAULT, "return whose IRET faults, is mended and tried again") \
	MOVE(WRFSBASE,  "WRFSBASE")

enum ukl_move {
#define UKL_MOVE_ENUM(name, text) UKL_MOVE_##name,
	UKL_MOVES_TABLE(UKL_MOVE_ENUM)
#undef UKL_MOVE_ENUM
	UKL_MOVES
};

extern const char *const ukl_move_name[UKL_MOVES];	/* "CALL" */
extern const char *const ukl_move_text[UKL_MOVES];

/* What a task does in the kernel. */
struct ukl_world_frame {
	enum { UKL_FRAME_CALL, UKL_FRAME_EVENT, UKL_FRAME_CHILD, UKL_FRAME_KTHREAD } how;
	bool kernel;			/* an event in the kernel */
	bool gate;			/* an event in the gate */
	bool gated;			/* a call by the gate */
	bool signalled, exec, dead, born;
	uint8_t vector;
	uint64_t nr;			/* CALL */
	uint64_t hw;			/* EVENT: address of the pushed words */
	uint64_t regs[UKL_FRAME_SLOTS];	/* its pt_regs */
};

struct ukl_world_task {
	bool alive, app, kthread;
	uint8_t waits_for;		/* vfork: the child's number, or 0 */
	uint64_t addr, stack, fs, user_gs, cr3, mode;
	uint64_t regs[UKL_FRAME_SLOTS];	/* the program's */
	uint64_t saved[UKL_FRAME_SLOTS];	/* under a signal's handler */
	bool in_handler;
	unsigned int depth;		/* 0: the program runs */
	struct ukl_world_frame frame[UKL_WORLD_DEPTH];
};

struct ukl_world {
	uint64_t order, swapgs;
	unsigned int cur, before;	/* who runs, and who did */
	bool app_idt;
	struct ukl_world_task task[UKL_WORLD_TASKS];
};

typedef void ukl_emit_fn(void *arg, const struct ukl_event *ev);

/* The machine's addresses, and the state after the events of its beginning. */
extern const struct ukl_layout ukl_world_layout;
void ukl_world_init(struct ukl_world *w, ukl_emit_fn *emit, void *arg);

/* Can this happen now? */
bool ukl_world_can(const struct ukl_world *w, enum ukl_move move);
/* Only if it can. */
void ukl_world_do(struct ukl_world *w, enum ukl_move move, ukl_emit_fn *emit, void *arg);

#endif /* UKL_WORLD_H */
