/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - the rooms inside the recorder plugin
 *
 *   plugin.c      arguments, start and end, the one struct recorder
 *   sites.c       which addresses matter, from the symbols of vmlinux
 *   opcodes.c     which instructions matter, from their bytes
 *   instrument.c  called by QEMU for each translated block: places the probes
 *   guest.c       registers and memory of the guest
 *   ram.c         the same memory, faster
 *   tasks.c       which tasks are known
 *   events.c      called by the placed probes: builds the events
 *   signals.c     the same for signals
 *   user.c        instead of all these where there is one program and no kernel
 *
 * Thread rule: everything in struct recorder is constant once plugin.c has
 * installed the callbacks, unless said otherwise.  A struct cpu belongs to the
 * thread that runs that virtual CPU.  Translation may happen on any of them at
 * the same time, so what it shares is locked where it lives.
 */
#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../symbols.h"
#include "../ukl_trace.h"
#include "../vocabulary.h"
#include "../writer.h"
#include "qemu_api.h"

#define MAX_CPUS UKL_MAX_STREAMS
#define USER_STREAMS 64u	/* threads of a program that run at the same time */

/* What a probe reports.  One callback each, in the table of events.c. */
enum probe_kind {
	PROBE_NONE = 0,
	PROBE_GATE,		/* gate entry */
	PROBE_SYS_ENTER,
	PROBE_SYS_LEAVE,
	PROBE_MODE_WRITE,
	PROBE_INT_IN,		/* target of an IDT gate */
	PROBE_INT_C,		/* C handler, rdi = pt_regs */
	PROBE_SYSCALL,		/* USER_IN by SYSCALL */
	PROBE_SYSENTER,		/* USER_IN by SYSENTER */
	PROBE_SWITCH,
	PROBE_FORK,
	PROBE_EXEC,
	PROBE_EXIT,
	PROBE_FIXUP,
	PROBE_EXEC_BEGIN,
	PROBE_OOPS,
	PROBE_SIG_CHECK,
	PROBE_SIG_SETUP,
	PROBE_SIG_DONE,
	PROBE_SIG_RETURN,
	PROBE_SIG_RESTORED,
	PROBE_SIG_FORCE,
	/* from here on found by opcode */
	PROBE_IRET,
	PROBE_SYSRET,
	PROBE_SYSEXIT,
	PROBE_SWAPGS,
	PROBE_MOV_CR,
	PROBE_WRMSR,
	PROBE_WRFSBASE,
	PROBE_WRGSBASE,
	PROBE_LIDT,
	/* application text and stores */
	PROBE_APP_BLOCK,
	PROBE_EDGE_DIRECT,	/* target known */
	PROBE_EDGE_REG,		/* target in a register */
	PROBE_EDGE_MEM,		/* target in memory, seen by its load */
	PROBE_EDGE_RET,
	PROBE_STORE,		/* any kernel store, writers=prove */
	PROBE_KINDS
};

#define NO_VECTOR 256u

/* An address that matters.  Only vector changes after start: relaxed atomic. */
struct site {
	uint64_t pc;
	enum probe_kind kind;
	_Atomic uint32_t vector;
};

/* What is handed to a callback: one instruction at one place of a block. */
struct probe {
	uint64_t pc;
	uint64_t target;	/* EDGE_DIRECT: where to */
	struct site *site;	/* NULL if found by opcode */
	uint32_t back;		/* instructions from this one to the block's end */
	uint16_t kind;
	uint8_t reg;		/* state slot of the register operand */
	uint8_t which;		/* MOV_CR: the register's number; IRET: see iret() */
};

/* What opcodes.c says about an instruction. */
struct opcode {
	enum probe_kind kind;
	uint8_t reg;
	uint8_t which;
	uint64_t target;
};

/* In a scoreboard, so that translated code can use it without a call. */
struct board {
	uint64_t insns;		/* see now() */
	uint64_t in_app;	/* side == UKL_SIDE_APP */
};

/* A virtual CPU, by its number in the guest. */
struct cpu {
	unsigned int number;
	enum ukl_side side;
	uint64_t swapgs;
	uint64_t iret_to;		/* where the last IRET went, 0 if used up */
	uint64_t gs_base;		/* kernel GS base, once known */
	uint64_t pending[UKL_STATE_SLOTS];	/* state before a MODE_WRITE */
	uint32_t pending_mask;
	uint64_t pending_rsp, pending_now;
	GByteArray *regs, *mem;		/* scratch, by QEMU's index */
	uint64_t delivered, handled;	/* interrupts and exceptions, the same */
	atomic_bool busy;
} __attribute__((aligned(64)));

enum tcg_threads { TCG_ONE_CPU, TCG_MULTI, TCG_SINGLE };

struct recorder {
	struct ukl_symbols *symbols;
	struct ukl_layout layout;
	uint64_t entry_start, entry_end;	/* .entry.text */
	struct ukl_writer *writer;
	const char *program;		/* its name, in user mode; else NULL */
	enum tcg_threads threads;	/* settled before the first instruction */
	bool detect_threads;
	unsigned int n_cpus;
	bool insn_clock;		/* otherwise the order counter */
	bool exact_clock;		/* counts one by one, not by block */
	bool prove_writers;
	bool ret_edges;
	bool write_events;		/* each at once */
	bool from_app;
	struct qemu_plugin_scoreboard *board;
	qemu_plugin_u64 insns, in_app;
	atomic_bool live;		/* false: callbacks return at once */
	atomic_bool started;		/* false: nothing is written yet (from=app) */
	_Atomic uint64_t order;
	struct cpu cpu[MAX_CPUS];
};

extern struct recorder recorder;

/* plugin.c: one line on stderr, then recording goes on. */
__attribute__((format(printf, 1, 2)))
void recorder_say(const char *format, ...);

/* plugin.c: at the first task switch; ends the recording if it is another kernel. */
void recorder_check_kernel(struct cpu *io);

/* sites.c */
int sites_init(const struct ukl_symbols *symbols, struct ukl_error *err);
struct site *sites_at(uint64_t pc, struct site *after);	/* NULL: no (more) */
uint32_t sites_vector(struct site *site, struct cpu *io);

/* opcodes.c: classify() needs the bytes of one whole instruction. */
int opcodes_init(struct ukl_error *err);
bool opcode_system(const uint8_t *bytes, size_t len, uint64_t pc, struct opcode *op);
bool opcode_branch(const uint8_t *bytes, size_t len, uint64_t pc, struct opcode *op);
bool opcode_stores(const uint8_t *bytes, size_t len, uint64_t pc);

/* instrument.c */
ON_TB(instrument_block, tb);

/* A member of a structure in guest memory: 4 or 8 bytes, widened to 64 bits. */
struct field {
	uint64_t offset;
	unsigned int len;
	uint64_t *value;
};

/* guest.c: io is the struct cpu of QEMU's index, whose scratch space is used. */
int guest_init_registers(void);
void guest_registers(struct cpu *io, uint32_t slots, uint64_t *state);
uint64_t guest_register(struct cpu *io, enum ukl_slot slot);
bool guest_ask(struct cpu *io, uint64_t addr, void *buf, size_t len);
bool guest_read(struct cpu *io, uint64_t addr, void *buf, size_t len);
bool guest_read_user(struct cpu *io, uint64_t cr3, uint64_t addr, void *buf,
		     size_t len);
bool guest_fields(struct cpu *io, uint64_t base, const struct field *field, size_t n);
uint64_t guest_kernel_gs(bool from_user, uint64_t gs, uint64_t kgs);
uint32_t guest_task_state(struct cpu *io, uint64_t gs, uint64_t *state);

/* ram.c: false: ask QEMU */
void ram_learn(uint64_t vaddr, const void *host);
bool ram_read(struct cpu *io, uint64_t cr3, uint64_t vaddr, void *buf, size_t len);

/* tasks.c */
enum {
	TASK_ANNOUNCED = 1,	/* a TASK event has been written */
	TASK_EXITED = 2,	/* has called do_exit() */
	TASK_DEAD = 4,		/* that, and is not running: perhaps freed */
	TASK_IN_GATE = 8,	/* see mark_in_gate() */
};
bool tasks_watched(uint64_t task);		/* lock free */
unsigned int tasks_flags(uint64_t task);	/* adds the task if it is new */
void tasks_set(uint64_t task, unsigned int set, unsigned int clear);

/* An event in the making. */
struct draft {
	const struct probe *probe;
	struct cpu *io;			/* scratch space, by QEMU's index */
	struct cpu *cpu;
	unsigned int vcpu;
	uint64_t gs;			/* kernel GS base */
	uint32_t sampled;
	uint64_t time;
	uint64_t arg[UKL_MAX_ARGS];
	uint64_t state[UKL_STATE_SLOTS];
};

/*
 * events.c: a callback begins a draft with the registers that it needs, samples what
 * its class says, puts it and leaves.  False from begin: leave it be.
 */
bool draft_begin(struct draft *d, unsigned int vcpu, void *probe, uint32_t registers);
void draft_sample_task(struct draft *d);
void draft_sample_frame(struct draft *d, uint64_t frame);
uint64_t draft_user_frame(const struct draft *d);
void draft_put_here(struct draft *d, enum ukl_class cls);
void draft_leave(struct draft *d);

/* signals.c */
void signal_check(unsigned int vcpu, void *probe);
void signal_setup(unsigned int vcpu, void *probe);
void signal_done(unsigned int vcpu, void *probe);
void signal_return(unsigned int vcpu, void *probe);
void signal_restored(unsigned int vcpu, void *probe);
void signal_force(unsigned int vcpu, void *probe);

/* user.c: the trace is open. */
int user_start(qemu_plugin_id_t id, struct ukl_error *err);

/* events.c */
extern const qemu_plugin_exec_cb probe_exec[PROBE_KINDS];
extern const qemu_plugin_mem_cb probe_load[PROBE_KINDS];
extern const qemu_plugin_mem_cb probe_store[PROBE_KINDS];

static inline bool kernel_half(uint64_t addr)
{
	return addr >> 63;
}

static inline bool in_app_text(uint64_t pc)
{
	return pc >= recorder.layout.app_text_start &&
	       pc < recorder.layout.app_text_end;
}

#endif /* RECORDER_RECORDER_H */
