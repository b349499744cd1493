// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * events.c - called by the placed probes: builds the events
 *
 * A callback runs before its instruction (a memory callback after the access) on
 * the thread of its virtual CPU.  It allocates nothing and waits for nobody.
 *
 * Which side executes is decided from the program counter, the code segment and
 * nothing else; ukl_mode is only copied, as the kernel's claim.
 */
#include <string.h>

#include "recorder.h"

/* The slots of a class that are registers rather than memory. */
#define REGISTERS \
	(UKL_SET_GPRS | UKL_BIT(flags) | UKL_BIT(sp) | UKL_SET_CPU | UKL_BIT(cr2))

static uint32_t registers_of(enum ukl_class cls)
{
	return ukl_class_info[cls].samples & REGISTERS;
}

/*
 * Closing the trace must wait for callbacks that are under way on other threads:
 * each raises its flag first and looks at recorder.live second.
 */
static bool enter(struct draft *d, unsigned int vcpu, void *probe)
{
	d->io = &recorder.cpu[vcpu];
	d->vcpu = vcpu;
	d->probe = probe;
	d->sampled = 0;
	memset(d->arg, 0, sizeof(d->arg));
	atomic_store(&d->io->busy, true);
	if (atomic_load(&recorder.live))
		return true;
	atomic_store(&d->io->busy, false);
	return false;
}

void draft_leave(struct draft *d)
{
	atomic_store_explicit(&d->io->busy, false, memory_order_release);
}

/*
 * Single-threaded TCG with several virtual CPUs tells callbacks a wrong index;
 * the kernel GS base knows better.  Before a CPU has one, it cannot be named.
 */
static struct cpu *cpu_of_gs(struct draft *d)
{
	uint64_t number;
	const struct field field = { recorder.layout.pcpu_cpu, 4, &number };

	if (!kernel_half(d->gs))
		return NULL;
	for (unsigned int i = 0; i < recorder.n_cpus; i++)
		if (recorder.cpu[i].gs_base == d->gs)
			return &recorder.cpu[i];
	if (!guest_fields(d->io, d->gs, &field, 1) || number >= recorder.n_cpus)
		return NULL;
	recorder.cpu[number].gs_base = d->gs;
	return &recorder.cpu[number];
}

/*
 * The clock.  Counting by blocks, the block was added as a whole when it began;
 * one by one, this instruction is the last that was added.
 */
static uint64_t now(const struct draft *d)
{
	const struct board *board;

	if (!recorder.insn_clock)
		return atomic_fetch_add_explicit(&recorder.order, 1,
						 memory_order_relaxed);
	board = qemu_plugin_scoreboard_find(recorder.board, d->vcpu);
	return board->insns - (recorder.exact_clock ? 1 : d->probe->back);
}

/*
 * QEMU takes back an instruction that began and then faulted, so an exact clock
 * does, too.  Not those faults that QEMU raises instead of an instruction (#UD,
 * #NM), nor that of a fetch, which begins nothing.
 */
#define FAULTS_BEGUN 0x000b7c21u	/* #DE #BR #TS #NP #SS #GP #PF #MF #AC #XM */
#define FETCH	     0x10u

static void take_back(const struct draft *d, uint32_t vector)
{
	bool fetch = vector == 14 && d->arg[UKL_A_INT_IN_error] & FETCH;
	struct board *board;

	if (!recorder.exact_clock || vector >= 32 || fetch ||
	    !(FAULTS_BEGUN >> vector & 1))
		return;
	board = qemu_plugin_scoreboard_find(recorder.board, d->vcpu);
	board->insns--;
}

/* Names the CPU and the time.  False: there is nobody to attribute this to. */
static bool locate(struct draft *d, bool from_user)
{
	d->gs = guest_kernel_gs(from_user, d->state[UKL_S_gs_base],
				d->state[UKL_S_kgs_base]);
	d->cpu = recorder.threads == TCG_SINGLE ? cpu_of_gs(d) : d->io;
	if (!d->cpu)
		return false;
	d->time = now(d);
	return true;
}

/* The usual start: read registers, name the CPU. */
bool draft_begin(struct draft *d, unsigned int vcpu, void *probe, uint32_t registers)
{
	if (!enter(d, vcpu, probe))
		return false;
	guest_registers(d->io, registers | UKL_BIT(gs_base), d->state);
	/* Mostly the active base is the kernel's and the other one is not needed. */
	if (!(registers & UKL_BIT(kgs_base)) && !kernel_half(d->state[UKL_S_gs_base]))
		guest_registers(d->io, UKL_BIT(kgs_base), d->state);
	d->sampled = registers;
	if (locate(d, false))
		return true;
	draft_leave(d);
	return false;
}

void draft_sample_task(struct draft *d)
{
	d->sampled |= guest_task_state(d->io, d->gs, d->state);
}

/* A pt_regs in guest memory becomes slots 0-20. */
void draft_sample_frame(struct draft *d, uint64_t frame)
{
	uint64_t words[UKL_FRAME_SLOTS];

	d->sampled &= ~UKL_SET_FRAME;
	if (!guest_read(d->io, frame, words, sizeof(words)))
		return;
	memcpy(d->state, words, sizeof(words));
	d->sampled |= UKL_SET_FRAME;
}

static enum ukl_side side_of(uint64_t pc, enum ukl_side before)
{
	const struct ukl_layout *l = &recorder.layout;

	if (in_app_text(pc))
		return UKL_SIDE_APP;
	if ((pc >= l->seam_in_start && pc < l->seam_in_end) ||
	    (pc >= l->seam_out_start && pc < l->seam_out_end))
		return UKL_SIDE_GATE;
	if (pc >= l->text_start && pc < l->text_end)
		return UKL_SIDE_KERNEL;
	/* Elsewhere at CPL 0 (initialisation, a module, a wild jump): no change. */
	return before == UKL_SIDE_USER ? UKL_SIDE_KERNEL : before;
}

/* Translated code of application blocks asks the board, not the struct cpu. */
static void set_side(struct draft *d, enum ukl_side side)
{
	struct board *board;

	d->cpu->iret_to = 0;
	if ((d->cpu->side == UKL_SIDE_APP) != (side == UKL_SIDE_APP)) {
		board = qemu_plugin_scoreboard_find(recorder.board, d->vcpu);
		board->in_app = side == UKL_SIDE_APP;
	}
	d->cpu->side = side;
}

/* With from=app nothing is written before some thread becomes a UKL thread. */
static bool started(const struct draft *d, enum ukl_class cls)
{
	if (atomic_load_explicit(&recorder.started, memory_order_relaxed))
		return true;
	if (cls != UKL_EV_MODE_WRITE || !d->arg[UKL_A_MODE_WRITE_value])
		return false;
	atomic_store(&recorder.started, true);
	return true;
}

static void put(struct draft *d, enum ukl_class cls, enum ukl_side side)
{
	if (!started(d, cls))
		return;
	ukl_writer_event(recorder.writer, d->cpu->number, d->time, cls, side, d->arg,
			 d->sampled & ukl_class_info[cls].samples, d->state);
	if (recorder.write_events)
		ukl_writer_show(recorder.writer, d->cpu->number);
}

/* For events whose program counter says which side executes. */
static enum ukl_side here(struct draft *d)
{
	set_side(d, side_of(d->probe->pc, d->cpu->side));
	return d->cpu->side;
}

void draft_put_here(struct draft *d, enum ukl_class cls)
{
	put(d, cls, here(d));
}

/* The pt_regs at the top of the stack; no padding above, as CONFIG_X86_FRED is off. */
uint64_t draft_user_frame(const struct draft *d)
{
	return d->state[UKL_S_top] - 8 * UKL_FRAME_SLOTS;
}

/* TASK: who a task is.  Uses the draft's CPU and a time of its own. */
static void announce(struct draft *d, uint64_t task)
{
	const struct ukl_layout *l = &recorder.layout;
	struct draft t = { .probe = d->probe, .io = d->io, .cpu = d->cpu,
			   .vcpu = d->vcpu };
	uint64_t pid = 0, tgid = 0, comm[2] = { 0, 0 };
	const struct field ids[] = {
		{ l->off_task_pid, 4, &pid },
		{ l->off_task_tgid, 4, &tgid },
	};
	const struct field stack = { l->off_task_stack, 8, &t.arg[UKL_A_TASK_stack] };

	if (!atomic_load_explicit(&recorder.started, memory_order_relaxed))
		return;
	guest_fields(d->io, task, ids, 2);
	guest_fields(d->io, task, &stack, 1);
	guest_read(d->io, task + l->off_task_comm, comm, sizeof(comm));
	t.arg[UKL_A_TASK_task] = task;
	t.arg[UKL_A_TASK_ids] = tgid << 32 | pid;
	t.arg[UKL_A_TASK_comm0] = comm[0];
	t.arg[UKL_A_TASK_comm1] = comm[1];
	t.time = now(&t);
	put(&t, UKL_EV_TASK, d->cpu->side);
	tasks_set(task, TASK_ANNOUNCED, 0);
}

/*
 * A gate's first instruction was reached, but not by the application: the gate for
 * CALL runs on into the gate for JMP, and an event at or between the two comes back
 * by IRET.  An event exactly at a gate's first instruction either came before the
 * instruction's probe or, if it is the instruction's own fault, after it; INT_IN
 * knows, and has left a mark at the task, which may be on another CPU by now.
 */
static bool inside_gate(const struct draft *d)
{
	return d->cpu->iret_to == d->probe->pc &&
	       tasks_flags(d->state[UKL_S_task]) & TASK_IN_GATE;
}

static bool ran_on(const struct cpu *cpu, uint64_t pc)
{
	const struct ukl_layout *l = &recorder.layout;
	uint64_t back = cpu->iret_to;

	return pc == l->gate_jump &&
	       (back ? back > l->gate_call && back < pc : cpu->side == UKL_SIDE_GATE);
}

/* The other end: an event interrupts the first instruction of a gate. */
static void mark_in_gate(struct draft *d)
{
	uint64_t ip = d->state[UKL_S_ip], task = d->state[UKL_S_task];
	const struct ukl_layout *l = &recorder.layout;

	/* Two events in a row at one place: the first one's mark stands. */
	if ((ip != l->gate_call && ip != l->gate_jump) || ip == d->cpu->iret_to ||
	    !kernel_half(task))
		return;
	tasks_set(task, d->cpu->side == UKL_SIDE_GATE ? TASK_IN_GATE : 0, TASK_IN_GATE);
}

/* It is entered: what brings the task back to a gate later is another matter. */
static void forget_in_gate(uint64_t task)
{
	if (tasks_flags(task) & TASK_IN_GATE)
		tasks_set(task, 0, TASK_IN_GATE);
}

static void gate(unsigned int vcpu, void *probe)
{
	struct draft d;
	enum ukl_side before;

	if (recorder.threads != TCG_SINGLE &&
	    ran_on(&recorder.cpu[vcpu], ((const struct probe *)probe)->pc))
		return;
	if (!draft_begin(&d, vcpu, probe, registers_of(UKL_EV_GATE_IN)))
		return;
	draft_sample_task(&d);
	if (ran_on(d.cpu, d.probe->pc) || inside_gate(&d)) {
		set_side(&d, UKL_SIDE_GATE);
		draft_leave(&d);
		return;
	}
	d.state[UKL_S_ip] = d.probe->pc;
	d.sampled |= UKL_BIT(ip);
	d.arg[UKL_A_GATE_IN_pc] = d.probe->pc;
	guest_read_user(d.io, d.state[UKL_S_cr3], d.state[UKL_S_sp],
			&d.arg[UKL_A_GATE_IN_ret], 8);
	d.arg[UKL_A_GATE_IN_swapgs] = d.cpu->swapgs;
	/* An event between the call and the gate's first instruction came back here. */
	before = d.cpu->iret_to == d.probe->pc ? UKL_SIDE_APP : d.cpu->side;
	set_side(&d, UKL_SIDE_GATE);
	forget_in_gate(d.state[UKL_S_task]);
	put(&d, UKL_EV_GATE_IN, before);
	draft_leave(&d);
}

/* SYS_ENTER, SYS_LEAVE and INT_C have the same arguments in the same places. */
static void framed(struct draft *d, enum ukl_class cls, enum ukl_slot pointer)
{
	uint64_t frame = d->state[pointer];

	d->arg[UKL_A_SYS_ENTER_pc] = d->probe->pc;
	d->arg[UKL_A_SYS_ENTER_frame] = frame;
	d->arg[UKL_A_SYS_ENTER_rsp] = d->state[UKL_S_sp];
	d->arg[UKL_A_SYS_ENTER_now] = d->state[UKL_S_flags];
	draft_sample_frame(d, frame);
	draft_sample_task(d);
	put(d, cls, here(d));
	draft_leave(d);
}

#define CALL_REGISTERS (UKL_BIT(di) | UKL_BIT(sp) | UKL_BIT(flags))

static void sys_enter(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (draft_begin(&d, vcpu, probe, CALL_REGISTERS | UKL_BIT(gs_base)))
		framed(&d, UKL_EV_SYS_ENTER, UKL_S_di);
}

/* The gate called do_syscall_64() with the frame at the stack pointer. */
static void sys_leave(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (draft_begin(&d, vcpu, probe, CALL_REGISTERS | UKL_BIT(gs_base)))
		framed(&d, UKL_EV_SYS_LEAVE, UKL_S_sp);
}

static void int_c(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (draft_begin(&d, vcpu, probe, CALL_REGISTERS | UKL_BIT(gs_base) | UKL_BIT(cr2)))
		framed(&d, UKL_EV_INT_C, UKL_S_di);
}

/* Before the store: the state as it was. */
static void mode_write_before(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(sp) | UKL_BIT(flags) | UKL_BIT(gs_base)))
		return;
	draft_sample_task(&d);
	d.cpu->pending_rsp = d.state[UKL_S_sp];
	d.cpu->pending_now = d.state[UKL_S_flags];
	d.cpu->pending_mask = d.sampled;
	memcpy(d.cpu->pending, d.state, sizeof(d.state));
	draft_leave(&d);
}

static uint64_t stored_value(qemu_plugin_meminfo_t info)
{
	unsigned int shift = qemu_plugin_mem_size_shift(info);
	qemu_plugin_mem_value value = qemu_plugin_mem_get_value(info);

	return shift < 3 ? value.data.u64 & ((1ull << (8u << shift)) - 1)
			 : value.data.u64;
}

static void mode_write(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
		       void *probe)
{
	struct draft d;
	bool first;

	if (!draft_begin(&d, vcpu, probe, 0))
		return;
	memcpy(d.state, d.cpu->pending, sizeof(d.state));
	d.sampled = d.cpu->pending_mask;
	d.arg[UKL_A_MODE_WRITE_pc] = d.probe->pc;
	d.arg[UKL_A_MODE_WRITE_task] = vaddr - recorder.layout.off_task_mode;
	d.arg[UKL_A_MODE_WRITE_value] = stored_value(info);
	d.arg[UKL_A_MODE_WRITE_rsp] = d.cpu->pending_rsp;
	d.arg[UKL_A_MODE_WRITE_now] = d.cpu->pending_now;
	first = !atomic_load_explicit(&recorder.started, memory_order_relaxed);
	put(&d, UKL_EV_MODE_WRITE, here(&d));
	if (first)
		announce(&d, d.arg[UKL_A_MODE_WRITE_task]);
	draft_leave(&d);
}

/* SDM volume 3, table 6-1: these push an error code below the other words. */
static bool has_error_code(uint32_t vector)
{
	return vector < 32 && (1u << vector & 0x60227d00u);
}

/* Reads the words that the processor pushed; 0 says they are not readable. */
static uint32_t pushed(struct draft *d, uint64_t rsp, bool error)
{
	uint64_t words[6];

	if (!guest_read(d->io, rsp, words + !error, error ? 48 : 40))
		return 0;
	if (error)
		d->arg[UKL_A_INT_IN_error] = words[0];
	memcpy(&d->state[UKL_S_ip], words + 1, 40);
	return UKL_SET_HWFRAME;
}

static void int_in(unsigned int vcpu, void *probe)
{
	uint32_t vector, frame;
	struct draft d;
	enum ukl_side from;
	bool user;

	if (!enter(&d, vcpu, probe))
		return;
	d.io->handled++;
	guest_registers(d.io, registers_of(UKL_EV_INT_IN) | UKL_BIT(sp), d.state);
	d.sampled = registers_of(UKL_EV_INT_IN) & ~UKL_SET_HWFRAME;
	vector = sites_vector(d.probe->site, d.io);
	d.arg[UKL_A_INT_IN_pc] = d.probe->pc;
	d.arg[UKL_A_INT_IN_vector] = vector;
	d.arg[UKL_A_INT_IN_rsp] = d.state[UKL_S_sp];
	frame = pushed(&d, d.state[UKL_S_sp], has_error_code(vector));
	take_back(&d, vector);
	user = frame && (d.state[UKL_S_cs] & 3) == 3;
	if (locate(&d, user)) {
		d.sampled |= frame;
		d.arg[UKL_A_INT_IN_swapgs] = d.cpu->swapgs;
		draft_sample_task(&d);
		from = !frame ? d.cpu->side : user ? UKL_SIDE_USER :
			side_of(d.state[UKL_S_ip], d.cpu->side);
		if (from == UKL_SIDE_GATE)
			mark_in_gate(&d);
		set_side(&d, UKL_SIDE_KERNEL);
		put(&d, UKL_EV_INT_IN, from);
	}
	draft_leave(&d);
}

/*
 * Outside the entry text Linux uses IRET to the following instruction to serialise
 * the processor (sync_core(), 30000 times in a boot).  That returns from nothing.
 */
static bool only_serialises(unsigned int vcpu, const struct probe *probe)
{
	struct cpu *io = &recorder.cpu[vcpu];
	uint64_t frame[2];

	return probe->which &&
	       guest_read(io, guest_register(io, UKL_S_sp), frame, 16) &&
	       frame[0] == probe->pc + 2 && frame[1] == recorder.layout.kernel_cs;
}

static void iret(unsigned int vcpu, void *probe)
{
	uint64_t rsp, flags;
	struct draft d;
	enum ukl_side side;

	if (only_serialises(vcpu, probe))
		return;
	if (!draft_begin(&d, vcpu, probe, registers_of(UKL_EV_INT_OUT) |
					  UKL_BIT(sp) | UKL_BIT(flags)))
		return;
	rsp = d.state[UKL_S_sp];
	flags = d.state[UKL_S_flags];
	d.sampled &= ~UKL_SET_HWFRAME;
	d.sampled |= pushed(&d, rsp, false);
	draft_sample_task(&d);
	d.arg[UKL_A_INT_OUT_pc] = d.probe->pc;
	d.arg[UKL_A_INT_OUT_rsp] = rsp;
	d.arg[UKL_A_INT_OUT_now] = flags;
	d.arg[UKL_A_INT_OUT_swapgs] = d.cpu->swapgs;
	side = here(&d);
	put(&d, UKL_EV_INT_OUT, side);
	if (d.sampled & UKL_BIT(cs) && (d.state[UKL_S_cs] & 3) == 3)
		set_side(&d, UKL_SIDE_USER);
	else if (d.sampled & UKL_BIT(ip))
		d.cpu->iret_to = d.state[UKL_S_ip];
	draft_leave(&d);
}

/* Only called when the side was not the application's, unless TCG_SINGLE. */
static void app_block(unsigned int vcpu, void *probe)
{
	struct draft d;
	enum ukl_side before;

	if (recorder.threads == TCG_SINGLE) {
		if (!draft_begin(&d, vcpu, probe, UKL_BIT(gs_base)))
			return;
		before = d.cpu->side;
		draft_leave(&d);
		if (before == UKL_SIDE_APP)
			return;
	}
	if (!draft_begin(&d, vcpu, probe, registers_of(UKL_EV_APP_IN)))
		return;
	d.state[UKL_S_ip] = d.probe->pc;
	d.sampled |= UKL_BIT(ip);
	draft_sample_task(&d);
	d.arg[UKL_A_APP_IN_pc] = d.probe->pc;
	d.arg[UKL_A_APP_IN_swapgs] = d.cpu->swapgs;
	before = d.cpu->side;
	set_side(&d, UKL_SIDE_APP);
	put(&d, UKL_EV_APP_IN, before);
	draft_leave(&d);
}

/* A branch of the application to target is of interest. */
static bool is_edge(uint64_t target)
{
	const struct ukl_layout *l = &recorder.layout;

	return target >= l->text_start && target < l->text_end &&
	       !in_app_text(target) && target != l->gate_call && target != l->gate_jump;
}

static void edge(unsigned int vcpu, void *probe, uint64_t target)
{
	struct draft d;
	enum ukl_side before;

	if (!is_edge(target) || !draft_begin(&d, vcpu, probe, UKL_BIT(sp)))
		return;
	draft_sample_task(&d);
	d.arg[UKL_A_APP_EDGE_pc] = d.probe->pc;
	d.arg[UKL_A_APP_EDGE_target] = target;
	before = here(&d);
	set_side(&d, side_of(target, before));
	put(&d, UKL_EV_APP_EDGE, before);
	draft_leave(&d);
}

static void edge_direct(unsigned int vcpu, void *probe)
{
	edge(vcpu, probe, ((const struct probe *)probe)->target);
}

static void edge_register(unsigned int vcpu, void *probe)
{
	const struct probe *p = probe;

	edge(vcpu, probe, guest_register(&recorder.cpu[vcpu], p->reg));
}

static void edge_return(unsigned int vcpu, void *probe)
{
	struct cpu *io = &recorder.cpu[vcpu];
	uint64_t target = 0;

	guest_read(io, guest_register(io, UKL_S_sp), &target, sizeof(target));
	edge(vcpu, probe, target);
}

static void edge_memory(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
			void *probe)
{
	(void)vaddr;
	edge(vcpu, probe, stored_value(info));
}

/* SYSCALL saves its caller's ip and flags in rcx and r11; SYSENTER does not. */
static void user_in(unsigned int vcpu, void *probe)
{
	struct draft d;
	enum ukl_side from = UKL_SIDE_USER;

	if (!enter(&d, vcpu, probe))
		return;
	guest_registers(d.io, registers_of(UKL_EV_USER_IN), d.state);
	d.sampled = registers_of(UKL_EV_USER_IN) | UKL_BIT(ip);
	d.state[UKL_S_ip] = 0;
	if (d.probe->kind == PROBE_SYSCALL) {
		d.state[UKL_S_ip] = d.state[UKL_S_cx];
		d.state[UKL_S_flags] = d.state[UKL_S_r11];
		/* From CPL 0 it is a bug, which the trace must show. */
		if (kernel_half(d.state[UKL_S_ip]))
			from = side_of(d.state[UKL_S_ip], UKL_SIDE_KERNEL);
	}
	if (locate(&d, from == UKL_SIDE_USER)) {
		draft_sample_task(&d);
		d.arg[UKL_A_USER_IN_pc] = d.probe->pc;
		d.arg[UKL_A_USER_IN_swapgs] = d.cpu->swapgs;
		set_side(&d, UKL_SIDE_KERNEL);
		put(&d, UKL_EV_USER_IN, from);
	}
	draft_leave(&d);
}

static void user_out(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, registers_of(UKL_EV_USER_OUT)))
		return;
	d.sampled |= UKL_BIT(ip);
	if (d.probe->kind == PROBE_SYSRET) {
		d.state[UKL_S_ip] = d.state[UKL_S_cx];
		d.state[UKL_S_flags] = d.state[UKL_S_r11];
	} else {
		d.state[UKL_S_ip] = d.state[UKL_S_dx];
		d.state[UKL_S_sp] = d.state[UKL_S_cx];
	}
	d.arg[UKL_A_USER_OUT_pc] = d.probe->pc;
	d.arg[UKL_A_USER_OUT_swapgs] = d.cpu->swapgs;
	put(&d, UKL_EV_USER_OUT, here(&d));
	set_side(&d, UKL_SIDE_USER);
	draft_leave(&d);
}

static void switch_to(unsigned int vcpu, void *probe)
{
	const struct ukl_layout *l = &recorder.layout;
	struct draft d;
	uint64_t prev, next;

	if (!draft_begin(&d, vcpu, probe, registers_of(UKL_EV_SWITCH) | UKL_BIT(di) |
					  UKL_BIT(si) | UKL_BIT(sp)))
		return;
	prev = d.state[UKL_S_di];
	next = d.state[UKL_S_si];
	const struct field fields[] = {
		{ l->off_task_mode, 4, &d.arg[UKL_A_SWITCH_mode] },
		{ l->off_task_stack, 8, &d.arg[UKL_A_SWITCH_stack] },
	};
	recorder_check_kernel(d.io);
	guest_fields(d.io, next, fields, 2);
	here(&d);
	if (!(tasks_flags(prev) & TASK_ANNOUNCED))
		announce(&d, prev);
	if (!(tasks_flags(next) & TASK_ANNOUNCED))
		announce(&d, next);
	d.time = now(&d);
	d.arg[UKL_A_SWITCH_pc] = d.probe->pc;
	d.arg[UKL_A_SWITCH_prev] = prev;
	d.arg[UKL_A_SWITCH_next] = next;
	d.arg[UKL_A_SWITCH_rsp] = d.state[UKL_S_sp];
	put(&d, UKL_EV_SWITCH, d.cpu->side);
	/* An exiting task may be preempted and come back; it is not freed running. */
	if (tasks_flags(prev) & TASK_EXITED)
		tasks_set(prev, TASK_DEAD, 0);
	tasks_set(next, 0, TASK_DEAD);
	draft_leave(&d);
}

/* A recycled task_struct is a new task from here on. */
static void fork_child(unsigned int vcpu, void *probe)
{
	const struct ukl_layout *l = &recorder.layout;
	struct draft d;
	uint64_t child;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(di)))
		return;
	child = d.state[UKL_S_di];
	const struct field fields[] = {
		{ l->off_task_mode, 4, &d.arg[UKL_A_FORK_mode] },
		{ l->off_task_pf, 4, &d.arg[UKL_A_FORK_pf] },
		{ l->off_task_stack, 8, &d.arg[UKL_A_FORK_stack] },
	};
	guest_fields(d.io, child, fields, 3);
	tasks_set(child, 0, TASK_ANNOUNCED | TASK_EXITED | TASK_DEAD);
	d.arg[UKL_A_FORK_pc] = d.probe->pc;
	d.arg[UKL_A_FORK_child] = child;
	/* task_pt_regs(child): no padding above it, as CONFIG_X86_FRED is off. */
	draft_sample_frame(&d, d.arg[UKL_A_FORK_stack] + l->thread_size -
			       8 * UKL_FRAME_SLOTS);
	draft_sample_task(&d);
	put(&d, UKL_EV_FORK, here(&d));
	draft_leave(&d);
}

static void exec(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, registers_of(UKL_EV_EXEC) | UKL_BIT(di)))
		return;
	draft_sample_task(&d);
	d.arg[UKL_A_EXEC_pc] = d.probe->pc;
	d.arg[UKL_A_EXEC_bprm] = d.state[UKL_S_di];
	put(&d, UKL_EV_EXEC, here(&d));
	if (d.sampled & UKL_BIT(task))
		announce(&d, d.state[UKL_S_task]);
	draft_leave(&d);
}

static void exit_task(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(di)))
		return;
	draft_sample_task(&d);
	d.arg[UKL_A_EXIT_pc] = d.probe->pc;
	d.arg[UKL_A_EXIT_code] = d.state[UKL_S_di];
	put(&d, UKL_EV_EXIT, here(&d));
	if (d.sampled & UKL_BIT(task))
		tasks_set(d.state[UKL_S_task], TASK_EXITED, 0);
	draft_leave(&d);
}

/* Is the caller privileged enough for what it is about to become? */
static void exec_begin(unsigned int vcpu, void *probe)
{
	const struct ukl_layout *l = &recorder.layout;
	uint64_t cred = 0;
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(di)))
		return;
	draft_sample_task(&d);
	const struct field pointer = { l->off_task_cred, 8, &cred };
	const struct field caps = { l->off_cred_caps, 8,
				    &d.arg[UKL_A_EXEC_BEGIN_caps] };

	guest_fields(d.io, d.state[UKL_S_task], &pointer, 1);
	guest_fields(d.io, cred, &caps, 1);
	d.arg[UKL_A_EXEC_BEGIN_pc] = d.probe->pc;
	d.arg[UKL_A_EXEC_BEGIN_bprm] = d.state[UKL_S_di];
	put(&d, UKL_EV_EXEC_BEGIN, here(&d));
	draft_leave(&d);
}

/* fixup_exception(regs, trapnr, error_code, fault_addr) */
static void fixup(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(di) | UKL_BIT(si) | UKL_BIT(cx)))
		return;
	d.arg[UKL_A_FIXUP_pc] = d.probe->pc;
	d.arg[UKL_A_FIXUP_frame] = d.state[UKL_S_di];
	d.arg[UKL_A_FIXUP_vector] = (uint32_t)d.state[UKL_S_si];
	d.arg[UKL_A_FIXUP_addr] = d.state[UKL_S_cx];
	draft_sample_frame(&d, d.arg[UKL_A_FIXUP_frame]);
	draft_sample_task(&d);
	put(&d, UKL_EV_FIXUP, here(&d));
	draft_leave(&d);
}

static void oops(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (!draft_begin(&d, vcpu, probe, 0))
		return;
	draft_sample_task(&d);
	d.arg[UKL_A_OOPS_pc] = d.probe->pc;
	put(&d, UKL_EV_OOPS, here(&d));
	draft_leave(&d);
}

static void ctrl(struct draft *d, uint64_t reg, uint64_t value)
{
	draft_sample_task(d);
	d->arg[UKL_A_CTRL_pc] = d->probe->pc;
	d->arg[UKL_A_CTRL_reg] = reg;
	d->arg[UKL_A_CTRL_value] = value;
	put(d, UKL_EV_CTRL, here(d));
}

/* MOV to CRn, WRFSBASE, WRGSBASE: the value is in a register. */
static void write_register(unsigned int vcpu, void *probe)
{
	const struct probe *p = probe;
	struct draft d;
	uint64_t value, reg = p->which;

	if (!draft_begin(&d, vcpu, probe, UKL_BIT(gs_base) | 1u << p->reg))
		return;
	value = d.state[p->reg];
	if (p->kind == PROBE_WRFSBASE)
		reg = UKL_CTRL_FSBASE;
	else if (p->kind == PROBE_WRGSBASE)
		reg = UKL_CTRL_GSBASE;
	ctrl(&d, reg, value);
	draft_leave(&d);
}

/*
 * EFER, STAR, LSTAR, CSTAR, FMASK; the three segment bases.  Of others it matters that
 * the application writes them.
 */
static bool msr_matters(uint64_t msr)
{
	return (msr >= 0xc0000080 && msr <= 0xc0000084) ||
	       (msr >= 0xc0000100 && msr <= 0xc0000102);
}

static void wrmsr(unsigned int vcpu, void *probe)
{
	uint64_t msr = (uint32_t)guest_register(&recorder.cpu[vcpu], UKL_S_cx);
	struct draft d;

	if ((!msr_matters(msr) && !in_app_text(((const struct probe *)probe)->pc)) ||
	    !draft_begin(&d, vcpu, probe, UKL_BIT(gs_base) | UKL_BIT(ax) | UKL_BIT(dx)))
		return;
	ctrl(&d, msr, d.state[UKL_S_dx] << 32 | (uint32_t)d.state[UKL_S_ax]);
	draft_leave(&d);
}

/* LIDT loads the limit (16 bits) and the base (64 bits). */
static void lidt(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
		 void *probe)
{
	struct draft d;

	(void)vaddr;
	if (qemu_plugin_mem_size_shift(info) != 3 ||
	    !draft_begin(&d, vcpu, probe, UKL_BIT(gs_base)))
		return;
	ctrl(&d, UKL_CTRL_IDTR, stored_value(info));
	draft_leave(&d);
}

static void swapgs(unsigned int vcpu, void *probe)
{
	struct draft d;

	if (recorder.threads != TCG_SINGLE) {
		recorder.cpu[vcpu].swapgs++;
	} else if (draft_begin(&d, vcpu, probe, UKL_BIT(gs_base))) {
		d.cpu->swapgs++;
		draft_leave(&d);
	}
}

/*
 * Any store of the kernel that it has not declared as a writer of ukl_mode.  The
 * member is at a fixed place modulo 64, because task_structs lie on cache lines:
 * so at most two tasks come into question, and mostly none.
 */
static void store(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
		  void *probe)
{
	uint64_t size = 1u << qemu_plugin_mem_size_shift(info);
	uint64_t ahead = (recorder.layout.off_task_mode - vaddr) & 63;
	uint64_t task = vaddr + ahead - recorder.layout.off_task_mode;
	struct draft d;

	if (ahead > 60)
		task -= 64;		/* perhaps the end of the member is hit */
	else if (ahead >= size)
		return;
	if (!tasks_watched(task) || !draft_begin(&d, vcpu, probe, UKL_BIT(gs_base)))
		return;
	draft_sample_task(&d);
	d.arg[UKL_A_STRAY_WRITE_pc] = d.probe->pc;
	d.arg[UKL_A_STRAY_WRITE_task] = task;
	d.arg[UKL_A_STRAY_WRITE_value] = stored_value(info);
	put(&d, UKL_EV_STRAY_WRITE, here(&d));
	draft_leave(&d);
}

const qemu_plugin_exec_cb probe_exec[PROBE_KINDS] = {
	[PROBE_GATE] = gate,
	[PROBE_SYS_ENTER] = sys_enter,
	[PROBE_SYS_LEAVE] = sys_leave,
	[PROBE_MODE_WRITE] = mode_write_before,
	[PROBE_INT_IN] = int_in,
	[PROBE_INT_C] = int_c,
	[PROBE_SYSCALL] = user_in,
	[PROBE_SYSENTER] = user_in,
	[PROBE_SWITCH] = switch_to,
	[PROBE_FORK] = fork_child,
	[PROBE_EXEC] = exec,
	[PROBE_EXIT] = exit_task,
	[PROBE_FIXUP] = fixup,
	[PROBE_EXEC_BEGIN] = exec_begin,
	[PROBE_OOPS] = oops,
	[PROBE_SIG_CHECK] = signal_check,
	[PROBE_SIG_SETUP] = signal_setup,
	[PROBE_SIG_DONE] = signal_done,
	[PROBE_SIG_RETURN] = signal_return,
	[PROBE_SIG_RESTORED] = signal_restored,
	[PROBE_SIG_FORCE] = signal_force,
	[PROBE_IRET] = iret,
	[PROBE_SYSRET] = user_out,
	[PROBE_SYSEXIT] = user_out,
	[PROBE_SWAPGS] = swapgs,
	[PROBE_MOV_CR] = write_register,
	[PROBE_WRFSBASE] = write_register,
	[PROBE_WRGSBASE] = write_register,
	[PROBE_WRMSR] = wrmsr,
	[PROBE_APP_BLOCK] = app_block,
	[PROBE_EDGE_DIRECT] = edge_direct,
	[PROBE_EDGE_REG] = edge_register,
	[PROBE_EDGE_RET] = edge_return,
};

const qemu_plugin_mem_cb probe_load[PROBE_KINDS] = {
	[PROBE_LIDT] = lidt,
	[PROBE_EDGE_MEM] = edge_memory,
};

const qemu_plugin_mem_cb probe_store[PROBE_KINDS] = {
	[PROBE_MODE_WRITE] = mode_write,
	[PROBE_STORE] = store,
};
