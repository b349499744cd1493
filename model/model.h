/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - the executable reference model of UKL's transitions
 *
 * The model consumes the events of one trace in order and keeps, for every task,
 * what must be true of it: the stack of open kernel contexts, each with the
 * machine state at its entry, and the value last stored to its ukl_mode.  Which
 * side was interrupted is derived from CS, RIP and RSP alone; ukl_mode is the
 * kernel's claim, and is judged.
 *
 * An invariant compares that truth with the machine at some kinds of event.  It
 * answers VACUOUS as long as its premise has not been seen, so a trace may begin
 * at any point of a run.
 *
 * Nothing is allocated after ukl_model_create(), and there is no I/O.  Memory is
 * bounded by the number of tasks alive at one time.
 *
 * Thread rule: one thread at a time per model.  The catalogue is constant.
 */
#ifndef UKL_MODEL_H
#define UKL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../traces/layout.h"
#include "../traces/ukl_trace.h"

#define UKL_MODEL_DEPTH 16u	/* open contexts of one task */
#define UKL_MODEL_TASKS 4096u	/* default capacity: tasks alive at one time */
#define UKL_MODEL_PAIRS 8u	/* named values in one finding */

/* Where a task executes. */
enum ukl_where {
	UKL_AT_UNKNOWN = 0,
	UKL_AT_APP,		/* application text */
	UKL_AT_SEAM_IN,		/* gate, before the flag says kernel */
	UKL_AT_KERNEL,
	UKL_AT_SEAM_OUT,	/* return text, after the flag says application */
	UKL_AT_USER,		/* ring 3 */
	UKL_WHERES
};

/*
 * The states of a task: where it executes and, in the kernel, what its innermost
 * open context is and how far that has come.
 *
 *   STATE(NAME, "text")
 */
#define UKL_MACHINE(STATE) \
	STATE(UNKNOWN,       "not known yet") \
	STATE(APP,           "application") \
	STATE(GATE,          "gate, the flag says application") \
	STATE(GATE_KERNEL,   "gate, the flag says kernel") \
	STATE(SYSCALL,       "application's system call") \
	STATE(SYSCALL_LEFT,  "gate, the call has returned") \
	STATE(APP_STUB,      "application interrupted, the flag says application") \
	STATE(APP_STUB_KERNEL, "application interrupted, the flag says kernel") \
	STATE(APP_EVENT,     "handler, for the application") \
	STATE(RETURN,        "return, the flag says application") \
	STATE(USER,          "ring 3") \
	STATE(USER_SYSCALL,  "ring 3's system call") \
	STATE(USER_STUB,     "ring 3 interrupted") \
	STATE(USER_EVENT,    "handler, for ring 3") \
	STATE(CHILD,         "new task before its first return") \
	STATE(KTHREAD,       "kernel thread") \
	STATE(KERNEL,        "kernel, no context known") \
	STATE(KERNEL_STUB,   "kernel interrupted") \
	STATE(KERNEL_EVENT,  "handler, for the kernel") \
	STATE(OWN_STACK,     "event with a stack of its own")

enum ukl_state {
#define UKL_MACHINE_ENUM(name, text) UKL_IN_##name,
	UKL_MACHINE(UKL_MACHINE_ENUM)
#undef UKL_MACHINE_ENUM
	UKL_STATES
};

/*
 * What happened: an event's class, told apart by the side that it concerns.
 *
 *   KIND(NAME, "text")
 */
#define UKL_KINDS_TABLE(KIND) \
	KIND(GATE_IN,      "gate entry") \
	KIND(SYS_ENTER,    "call of do_syscall_64() from the gate") \
	KIND(SYS_LEAVE,    "return of do_syscall_64() to the gate") \
	KIND(MODE_WRITE,   "store to ukl_mode") \
	KIND(INT_IN_APP,   "interrupt or exception in the application") \
	KIND(INT_IN_KERNEL, "interrupt or exception in the kernel") \
	KIND(INT_IN_USER,  "interrupt or exception in ring 3") \
	KIND(INT_C_APP,    "C handler, for the application") \
	KIND(INT_C_KERNEL, "C handler, for the kernel") \
	KIND(INT_C_USER,   "C handler, for ring 3") \
	KIND(INT_C_OTHER,  "C handler, entered in a way not modelled") \
	KIND(INT_OUT_APP,  "IRET to the application") \
	KIND(INT_OUT_KERNEL, "IRET within the kernel") \
	KIND(INT_OUT_USER, "IRET to ring 3") \
	KIND(INT_OUT_SELF, "IRET to the next instruction") \
	KIND(APP_IN,       "first application instruction") \
	KIND(APP_EDGE,     "branch from the application into the kernel") \
	KIND(USER_IN,      "SYSCALL or SYSENTER") \
	KIND(USER_OUT,     "SYSRET or SYSEXIT") \
	KIND(SWITCH,       "task switch") \
	KIND(TASK,         "task description") \
	KIND(FORK,         "new task") \
	KIND(EXEC,         "exec") \
	KIND(EXIT,         "exit") \
	KIND(CTRL,         "control register write") \
	KIND(STRAY_WRITE,  "undeclared store to ukl_mode") \
	KIND(SIG_CHECK,    "look for signals") \
	KIND(SIG_SETUP,    "building of a signal's frame") \
	KIND(SIG_FRAME,    "signal's frame in memory") \
	KIND(SIG_START,    "signal handler set up") \
	KIND(SIG_RETURN,   "rt_sigreturn") \
	KIND(SIG_RESTORED, "registers restored by rt_sigreturn") \
	KIND(SIG_FORCE,    "fault that becomes a signal") \
	KIND(FIXUP,        "look-up in the exception table") \
	KIND(EXEC_BEGIN,   "exec, past the point of no return") \
	KIND(OOPS,         "oops") \
	KIND(END,          "end of a stream")

enum ukl_kind {
	UKL_K_NONE = 0,
#define UKL_KIND_ENUM(name, text) UKL_K_##name,
	UKL_KINDS_TABLE(UKL_KIND_ENUM)
#undef UKL_KIND_ENUM
	UKL_KINDS
};

#define UKL_ON(name) (1ull << UKL_K_##name)
#define UKL_ON_INT_IN (UKL_ON(INT_IN_APP) | UKL_ON(INT_IN_KERNEL) | UKL_ON(INT_IN_USER))
#define UKL_ON_INT_C (UKL_ON(INT_C_APP) | UKL_ON(INT_C_KERNEL) | UKL_ON(INT_C_USER))
/* A program has just run. */
#define UKL_ON_PROGRAM \
	(UKL_ON(GATE_IN) | UKL_ON(APP_IN) | UKL_ON(USER_IN) | UKL_ON(INT_IN_USER))
#define UKL_ON_INT_OUT \
	(UKL_ON(INT_OUT_APP) | UKL_ON(INT_OUT_KERNEL) | UKL_ON(INT_OUT_USER))

/* What opened a kernel context. */
enum ukl_tag {
	UKL_TAG_NONE = 0,
	UKL_TAG_SYSCALL,	/* the gate */
	UKL_TAG_USER_SYSCALL,	/* SYSCALL or SYSENTER from ring 3 */
	UKL_TAG_EVENT,		/* interrupt, exception or NMI, by vector */
	UKL_TAG_FORK_CHILD,	/* a new task: its first return is still to come */
	UKL_TAGS
};

enum ukl_phase {
	UKL_PHASE_ENTRY = 0,	/* gate or handler stub, before the flag changed */
	UKL_PHASE_ENTERED,	/* the flag said kernel */
	UKL_PHASE_C,		/* C code runs on the pt_regs */
	UKL_PHASE_LEFT,		/* do_syscall_64() returned */
	UKL_PHASE_OUT,		/* the flag says application again */
	UKL_PHASES
};

/* One open kernel context. */
struct ukl_ctx {
	uint8_t tag;		/* enum ukl_tag */
	uint8_t sort;		/* the enum ukl_state in which its C code runs */
	uint8_t phase;		/* enum ukl_phase */
	uint8_t from;		/* enum ukl_where that was interrupted */
	uint8_t vector;		/* EVENT */
	uint8_t cpu;		/* at entry */
	bool ist;		/* the frame lies on an entry or IST stack */
	bool moved;		/* ... or did, but was copied to the task stack */
	bool app;		/* the application was interrupted: an app frame */
	bool exec;		/* a new program image replaced the truth */
	bool edits;		/* a system call that edits other tasks' registers */
	bool edited;		/* opened while such a call was open */
	bool paranoid;		/* an event that keeps its own stack, see step.c */
	bool iret_fault;	/* an IRET out of the kernel faulted */
	bool kthread;		/* FORK_CHILD of a kernel thread */
	bool saving;		/* regs[] are about to be saved for a signal */
	bool renewed;		/* a signal or sigreturn replaced the registers: regs[] */
	bool handler;		/* ... a signal, by its handler's start */
	bool sigcontext;	/* sig[] was seen */
	bool forced;		/* the exception became a signal */
	bool exec_begun;	/* the old image is gone */
	bool vforked;		/* a vfork, whose child was born */
	bool fixup;		/* the exception table was asked about it */
	bool shares_mm;		/* FORK_CHILD of CLONE_VM */
	uint8_t flips_in;	/* stores of 1 to ukl_mode */
	uint8_t flips_out;	/* stores of 2 */
	uint8_t sig_checks;	/* looks for signals in its exit work */
	uint64_t order;		/* the event that opened it */
	uint64_t time;
	uint64_t edit_epoch;	/* how often such calls began or ended before */
	uint64_t error;
	uint64_t hw;		/* EVENT: address of the RIP that the processor pushed;
				   SYSCALL: address of the pt_regs */
	uint64_t pc;		/* gate or handler */
	uint64_t ret;		/* SYSCALL: return address */
	uint64_t sp;		/* SYSCALL: application RSP after the return */
	uint64_t swapgs;
	uint64_t switches;	/* of the CPU, at entry */
	uint64_t sigframe;	/* lowest address of the signal's frame, 0 if not seen */
	uint64_t result;	/* ax at the first such look */
	uint64_t caps;		/* exec_begun: the caller's capabilities */
	uint64_t vfork_child;	/* as long as it uses the memory */
	uint64_t parent_cr3;	/* FORK_CHILD: 0 if not known */
	bool have_regs;		/* regs[] was seen */
	bool left;		/* regs[] is what do_syscall_64() left */
	uint64_t truth[UKL_STATE_SLOTS];	/* at entry */
	uint64_t regs[UKL_FRAME_SLOTS];		/* pt_regs as last seen */
	uint64_t sig[UKL_FRAME_SLOTS];		/* sigcontext to be restored */
};

struct ukl_task {
	uint64_t addr;		/* 0: a CPU's stand-in until its task is known */
	struct ukl_task *next;	/* in the hash chain or the free list */
	uint64_t stack;		/* lowest address, 0 if not known */
	uint32_t pid, tgid;
	char comm[17];
	uint8_t where;		/* enum ukl_where */
	uint8_t state;		/* enum ukl_state, after the last event */
	uint8_t mode;		/* value last stored to ukl_mode */
	bool mode_known;
	bool base_known;	/* no context was open below ctx[0] */
	bool exiting;
	bool kthread;
	bool sequences;		/* asked for restartable ones (rseq), or its parent did */
	bool fs_known, cr3_known, kgs_known;
	uint8_t kgs_cpu;
	uint64_t fs_base, cr3, kgs_base;	/* as application code last saw them */
	uint64_t used;		/* order of the last switch to it, for eviction */
	uint64_t vfork_parent;	/* who waits for it to let go of its memory */
	uint32_t repeats;	/* the same page fault in succession */
	uint64_t last_fault[3];	/* RIP, CR2, error */
	unsigned int depth;
	struct ukl_ctx ctx[UKL_MODEL_DEPTH];
};

/* What the last IRET to the application promised. */
struct ukl_landing {
	bool valid;
	bool syscall;		/* closed a gate system call */
	uint64_t pc;		/* the IRET */
	uint64_t orig_ax;
	uint64_t state[UKL_STATE_SLOTS];
};

struct ukl_cpu {
	struct ukl_task *cur;	/* never NULL */
	struct ukl_task *limbo;	/* cur as long as nobody said who runs */
	bool gs_known, idt_known, lstar_known, swapgs_known, app_idt_seen;
	uint8_t kernel_parity;	/* of the SWAPGS count with the kernel's GS */
	uint64_t gs_base;	/* the kernel's */
	uint64_t switches;	/* task switches so far */
	uint64_t idt;
	uint64_t lstar;
	uint64_t iret_pc;	/* the previous event was this IRET outwards */
	struct ukl_landing landing;
};

enum ukl_result { UKL_VACUOUS = 0, UKL_HOLDS, UKL_VIOLATED, UKL_RESULTS };

/* How found should relate to expected. */
enum ukl_relation {
	UKL_REL_EQ = 0,		/* found == expected */
	UKL_REL_NE,		/* found != expected */
	UKL_REL_IN,		/* expected <= found < limit */
	UKL_REL_OUT,		/* not so */
	UKL_REL_SET,		/* all bits of expected are set in found */
	UKL_REL_CLEAR,		/* none is */
};

struct ukl_pair {
	const char *name;	/* constant text */
	enum ukl_relation rel;
	uint64_t expected, limit, found;
};

struct ukl_finding {
	unsigned int n;		/* values beyond UKL_MODEL_PAIRS are not kept */
	struct ukl_pair *pair;	/* of a violation: valid during the call */
};

struct ukl_model;

/* What a check may look at: the state before the event is applied. */
struct ukl_view {
	const struct ukl_model *model;
	const struct ukl_layout *lay;
	const struct ukl_event *ev;
	const uint64_t *s;		/* ev->state */
	const struct ukl_cpu *cpu;
	const struct ukl_task *task;	/* current, by truth */
	const struct ukl_ctx *ctx;	/* the context concerned, or NULL */
	enum ukl_kind kind;
	enum ukl_where from;		/* INT_IN: which side was interrupted */
	uint64_t hw;			/* INT_IN, INT_OUT: address of the words */
	uint64_t edit_epoch;		/* see ukl_ctx.edit_epoch */
};

typedef enum ukl_result ukl_check_fn(const struct ukl_view *v, struct ukl_finding *f);

/* The transition variants of UKL that a kernel may be built for. */
enum ukl_variant {
	UKL_VARIANT_BASE = 1u << 0,
	UKL_VARIANT_RET = 1u << 1,
	UKL_VARIANT_BYP = 1u << 2,
	UKL_VARIANT_NSS = 1u << 3,
	UKL_VARIANT_PF_DF = 1u << 4,
	UKL_VARIANT_PF_SS = 1u << 5,
	UKL_VARIANT_SHORTCUT = 1u << 6,
	UKL_VARIANT_ALL = (1u << 7) - 1
};

/* All there is to say about an invariant.  Text is one paragraph without newlines. */
struct ukl_invariant {
	const char *id;			/* "SE-gs-live" */
	const char *sentence;		/* the rule */
	const char *why;		/* why Linux needs it, naming the function */
	const char *source;		/* where that can be read */
	const char *exceptions;		/* when it is not judged */
	uint64_t events;		/* UKL_ON() kinds at which it applies */
	uint32_t variants;		/* enum ukl_variant in which it holds */
	ukl_check_fn *check;
};

struct ukl_group {
	const char *id;			/* "SE": prefix of its invariants' ids */
	const char *title;
	const char *file;
	const struct ukl_invariant *const *inv;	/* NULL-terminated */
};

/*
 * One row of the machine: an event of this kind can happen in each of the states
 * "from", and then the task is in one of the states "to" (0: in the same one).
 */
struct ukl_edge {
	uint32_t from, to;		/* sets: bit by enum ukl_state */
	uint8_t kind;			/* enum ukl_kind */
	uint32_t not_in;		/* enum ukl_variant in which it cannot happen */
	const char *idle;		/* why no workload takes it, or NULL */
};

/* An invariant that no workload of a correct kernel exercises, and why. */
struct ukl_idle {
	const char *id, *why;
};

extern const struct ukl_edge ukl_machine[];	/* ends with kind UKL_K_NONE */
extern const struct ukl_idle ukl_idle[];	/* ends with NULL */
extern const char *const ukl_state_name[UKL_STATES];	/* "APP_STUB" */
extern const char *const ukl_state_text[UKL_STATES];
extern const char *const ukl_kind_id[UKL_KINDS];	/* "GATE_IN" */

/* The row that declares it, or NULL. */
const struct ukl_edge *ukl_edge_find(enum ukl_state from, enum ukl_kind kind,
				     enum ukl_state to);
/* Not what describes a task, nor what happens to one of which too little is known. */
bool ukl_edge_counts(enum ukl_state from, enum ukl_kind kind, enum ukl_state to);

/* The set of enum ukl_variant that "base" or "ret+byp" names; 0 if it is not one. */
uint32_t ukl_variant_set(const char *name);

extern const struct ukl_group *const ukl_catalogue[];	/* NULL-terminated */
extern const char *const ukl_kind_name[UKL_KINDS];
extern const char *const ukl_variant_name[];	/* bit by bit, NULL-terminated */

unsigned int ukl_invariant_count(void);
/* In catalogue order, index < count.  The group is also told if not NULL. */
const struct ukl_invariant *ukl_invariant_at(unsigned int index,
					     const struct ukl_group **group);
/* -1 if there is none of that id. */
int ukl_invariant_find(const char *id);

struct ukl_violation {
	unsigned int index;		/* in the catalogue */
	const struct ukl_invariant *inv;
	const struct ukl_view *view;	/* valid during the call */
	const struct ukl_finding *finding;
};

typedef void ukl_report_fn(void *arg, const struct ukl_violation *violation);
typedef void ukl_observe_fn(void *arg, const struct ukl_view *view);

struct ukl_model_options {
	unsigned int cpus;		/* 1-256 */
	unsigned int tasks;		/* 0: UKL_MODEL_TASKS */
	ukl_report_fn *report;		/* may be NULL */
	ukl_observe_fn *observe;	/* every event, before it is judged; or NULL */
	void *arg;
	const bool *only;		/* [ukl_invariant_count()], or NULL for all */
};

/* NULL if memory is short.  The layout is copied; only is not kept. */
struct ukl_model *ukl_model_create(const struct ukl_layout *layout,
				   const struct ukl_model_options *options);
void ukl_model_destroy(struct ukl_model *model);

/* Judges the event, then applies it.  Returns how many invariants it violated. */
unsigned int ukl_model_step(struct ukl_model *model, const struct ukl_event *ev);

/* Events are missing here: forget everything learned so far. */
void ukl_model_forget(struct ukl_model *model);

/* Totals since the start; result says which. */
uint64_t ukl_model_count(const struct ukl_model *model, unsigned int index,
			 enum ukl_result result);
uint64_t ukl_model_kind_count(const struct ukl_model *model, enum ukl_kind kind);

/* How often an event of this kind took a task from one state to the other. */
uint64_t ukl_model_edge_count(const struct ukl_model *model, enum ukl_state from,
			      enum ukl_kind kind, enum ukl_state to);

/* For tests and stories.  NULL if the task is not known. */
const struct ukl_task *ukl_model_task(const struct ukl_model *model, uint64_t addr);
const struct ukl_task *ukl_model_current(const struct ukl_model *model,
					 unsigned int cpu);
unsigned int ukl_model_cpus(const struct ukl_model *model);
/* The pinned bits of CR4 that this machine has: set when the first program ran; NULL
 * before that. */
const uint64_t *ukl_model_cr4_pinned(const struct ukl_model *model);

#endif /* UKL_MODEL_H */
