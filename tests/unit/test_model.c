/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_model.c - the model's step function, its tasks and its catalogue
 *
 * What each invariant says is tested by tests/fixtures; here, that contexts open,
 * nest, travel with their task and close, that memory stays bounded, and that no
 * nonsense can break the model.
 */
#include <stdlib.h>
#include <string.h>

#include "../../model/model.h"
#include "unit.h"

#define S(name) UKL_S_##name

enum {
	APP = 0x81800000, GATE = 0x81600040, SEAM_OUT = 0x81600140, IRET = 0x8160014e,
	KERNEL = 0x81000000,
};

#define K(low) (0xffffffff00000000ull | (low))
#define TASK_A 0xffff888001000000ull
#define TASK_B 0xffff888001001000ull
#define STACK_A 0xffffc90000100000ull
#define STACK_B 0xffffc90000200000ull
#define CEA 0xfffffe0000000000ull
#define GS 0xffff88800f800000ull

static const struct ukl_layout layout = {
	.app_text_start = K(APP), .app_text_end = K(APP) + 0x10000,
	.app_entry = K(APP), .gate_call = K(GATE), .gate_jump = K(GATE) + 4,
	.seam_in_start = K(GATE), .seam_in_end = K(GATE) + 0x80,
	.seam_out_start = K(SEAM_OUT), .seam_out_end = K(SEAM_OUT) + 0x10,
	.text_start = K(KERNEL), .text_end = K(KERNEL) + 0x1000000,
	.kernel_idt = CEA, .app_idt = K(0x82600000), .cea_start = CEA,
	.cea_end = CEA + 0x8000000000, .task_size_max = 0x7ffffffff000,
	.thread_size = 0x4000, .app_csx = 0xffffffffffff0010, .kernel_cs = 0x10,
	.kernel_ds = 0x18, .user_cs = 0x33, .user32_cs = 0x23, .user_ds = 0x2b,
	.pf_kthread = 0x200000, .cr4_pinned = 0x310800,
};

static uint64_t order;
static struct ukl_model *model;
static unsigned int reports;
static unsigned int allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

static void on_report(void *arg, const struct ukl_violation *violation)
{
	(void)arg;
	CU_ASSERT_PTR_NOT_NULL(violation->inv);
	CU_ASSERT(violation->finding->n > 0);
	reports++;
}

static void begin(unsigned int cpus, unsigned int tasks)
{
	const struct ukl_model_options options = {
		.cpus = cpus, .tasks = tasks, .report = on_report,
	};

	ukl_model_destroy(model);
	model = ukl_model_create(&layout, &options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	order = 0;
	reports = 0;
}

/* An event in the kernel of task A; the caller changes what it is about. */
static struct ukl_event event(enum ukl_class cls, uint64_t pc)
{
	struct ukl_event ev = { .cls = cls, .arg = { pc } };

	ev.state[S(task)] = TASK_A;
	ev.state[S(gs_base)] = GS;
	ev.state[S(cs)] = 0x10;
	ev.state[S(ss)] = 0x18;
	ev.state[S(flags)] = 0x40202;
	ev.state[S(sp)] = 0x7ffc0000;
	ev.state[S(cr4)] = 0x310ff0;
	ev.state[S(top)] = STACK_A + 0x4000;
	return ev;
}

static void step(struct ukl_event *ev)
{
	ev->order = ev->time = order++;
	ukl_model_step(model, ev);
}

static void switch_to(uint64_t prev, uint64_t next, uint64_t stack, uint64_t mode)
{
	struct ukl_event ev = event(UKL_EV_SWITCH, K(KERNEL));

	ev.arg[UKL_A_SWITCH_prev] = prev;
	ev.arg[UKL_A_SWITCH_next] = next;
	ev.arg[UKL_A_SWITCH_mode] = mode;
	ev.arg[UKL_A_SWITCH_stack] = stack;
	ev.arg[UKL_A_SWITCH_rsp] = stack + 0x3000;
	step(&ev);
}

static void gate_in(void)
{
	struct ukl_event ev = event(UKL_EV_GATE_IN, K(GATE));

	ev.arg[UKL_A_GATE_IN_ret] = K(APP) + 0x105;
	ev.state[S(mode)] = 2;
	step(&ev);
}

static void mode_write(uint64_t task, uint64_t value)
{
	struct ukl_event ev = event(UKL_EV_MODE_WRITE, K(KERNEL));

	ev.arg[UKL_A_MODE_WRITE_task] = task;
	ev.arg[UKL_A_MODE_WRITE_value] = value;
	ev.arg[UKL_A_MODE_WRITE_rsp] = STACK_A + 0x3f58;
	ev.state[S(mode)] = value == 2 ? 1 : 2;
	step(&ev);
}

static void sys_enter(void)
{
	struct ukl_event ev = event(UKL_EV_SYS_ENTER, K(GATE) + 0x90);

	ev.state[S(mode)] = 1;
	step(&ev);
}

static void int_in(uint64_t vector, uint64_t ip, uint64_t rsp, uint64_t sp,
		   uint64_t mode)
{
	struct ukl_event ev = event(UKL_EV_INT_IN, K(KERNEL) + 0x900);

	ev.arg[UKL_A_INT_IN_vector] = vector;
	ev.arg[UKL_A_INT_IN_rsp] = rsp;
	ev.state[S(ip)] = ip;
	ev.state[S(sp)] = sp;
	ev.state[S(mode)] = mode;
	step(&ev);
}

static void int_out(uint64_t pc, uint64_t ip, uint64_t rsp, uint64_t sp, uint64_t mode)
{
	struct ukl_event ev = event(UKL_EV_INT_OUT, pc);

	ev.arg[UKL_A_INT_OUT_rsp] = rsp;
	ev.state[S(ip)] = ip;
	ev.state[S(sp)] = sp;
	ev.state[S(mode)] = mode;
	step(&ev);
}

static void app_in(uint64_t pc)
{
	struct ukl_event ev = event(UKL_EV_APP_IN, pc);

	ev.state[S(mode)] = 2;
	step(&ev);
}

/* Task A runs its application. */
static void begin_app(void)
{
	begin(1, 0);
	switch_to(TASK_B, TASK_A, STACK_A, 1);
	mode_write(TASK_A, 2);
	int_out(K(IRET), K(APP), STACK_A + 0x3fd8, 0x7ffc0000, 2);
	app_in(K(APP));
}

static const struct ukl_task *task_a(void)
{
	const struct ukl_task *t = ukl_model_task(model, TASK_A);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

static void begin_syscall(void)
{
	begin_app();
	gate_in();
	mode_write(TASK_A, 1);
	sys_enter();
}

/* What a system call does to a task's place and stack of contexts. */
static void test_system_call(void)
{
	begin_app();
	CU_ASSERT_EQUAL(task_a()->where, UKL_AT_APP);
	CU_ASSERT_EQUAL(task_a()->depth, 0);
	CU_ASSERT_TRUE(task_a()->base_known);
	gate_in();
	CU_ASSERT_EQUAL(task_a()->where, UKL_AT_SEAM_IN);
	CU_ASSERT_EQUAL(task_a()->depth, 1);
	CU_ASSERT_EQUAL(task_a()->ctx[0].tag, UKL_TAG_SYSCALL);
	CU_ASSERT_EQUAL(task_a()->ctx[0].ret, K(APP) + 0x105);
	CU_ASSERT_EQUAL(task_a()->ctx[0].sp, 0x7ffc0008);
	mode_write(TASK_A, 1);
	CU_ASSERT_EQUAL(task_a()->where, UKL_AT_KERNEL);
	CU_ASSERT_EQUAL(task_a()->ctx[0].flips_in, 1);
	sys_enter();
	CU_ASSERT_EQUAL(task_a()->ctx[0].phase, UKL_PHASE_C);
	mode_write(TASK_A, 2);
	CU_ASSERT_EQUAL(task_a()->where, UKL_AT_SEAM_OUT);
	int_out(K(IRET), K(APP) + 0x105, STACK_A + 0x3fd8, 0x7ffc0008, 2);
	CU_ASSERT_EQUAL(task_a()->where, UKL_AT_APP);
	CU_ASSERT_EQUAL(task_a()->depth, 0);
}

/* Events in the kernel open contexts above, and close from the top. */
static void test_nesting(void)
{
	begin_syscall();
	int_in(14, K(KERNEL) + 0x100, STACK_A + 0x3800, STACK_A + 0x3840, 1);
	int_in(0xec, K(KERNEL) + 0x200, STACK_A + 0x3600, STACK_A + 0x3640, 1);
	CU_ASSERT_EQUAL(task_a()->depth, 3);
	CU_ASSERT_EQUAL(task_a()->ctx[1].hw, STACK_A + 0x3808);
	CU_ASSERT_EQUAL(task_a()->ctx[2].vector, 0xec);
	CU_ASSERT_EQUAL(task_a()->ctx[2].hw, STACK_A + 0x3600);
	int_out(K(KERNEL) + 0x300, K(KERNEL) + 0x200, STACK_A + 0x3600,
		STACK_A + 0x3640, 1);
	CU_ASSERT_EQUAL(task_a()->depth, 2);
	int_out(K(KERNEL) + 0x300, K(KERNEL) + 0x100, STACK_A + 0x3808,
		STACK_A + 0x3840, 1);
	CU_ASSERT_EQUAL(task_a()->depth, 1);
	CU_ASSERT_EQUAL(task_a()->where, UKL_AT_KERNEL);
}

/* sync_core() and the NMI entry return to themselves: nothing closes. */
static void test_iret_to_self(void)
{
	begin_syscall();
	int_out(K(KERNEL) + 0x300, K(KERNEL) + 0x302, STACK_A + 0x3600,
		STACK_A + 0x3628, 1);
	CU_ASSERT_EQUAL(task_a()->depth, 1);
	CU_ASSERT_EQUAL(ukl_model_kind_count(model, UKL_K_INT_OUT_SELF), 1);
}

/* Contexts travel with their task through a switch. */
static void test_switch(void)
{
	begin_syscall();
	int_in(0xec, K(KERNEL) + 0x200, STACK_A + 0x3600, STACK_A + 0x3640, 1);
	switch_to(TASK_A, TASK_B, STACK_B, 0);
	CU_ASSERT_EQUAL(ukl_model_current(model, 0)->addr, TASK_B);
	CU_ASSERT_EQUAL(ukl_model_task(model, TASK_B)->depth, 0);
	CU_ASSERT_EQUAL(task_a()->depth, 2);
	int_in(0xec, K(KERNEL) + 0x200, STACK_B + 0x3600, STACK_B + 0x3640, 0);
	CU_ASSERT_EQUAL(ukl_model_task(model, TASK_B)->depth, 1);
	CU_ASSERT_EQUAL(task_a()->depth, 2);
	switch_to(TASK_B, TASK_A, STACK_A, 1);
	int_out(K(KERNEL) + 0x300, K(KERNEL) + 0x200, STACK_A + 0x3600,
		STACK_A + 0x3640, 1);
	CU_ASSERT_EQUAL(task_a()->depth, 1);
	CU_ASSERT_EQUAL(ukl_model_task(model, TASK_B)->depth, 1);
}

/* An NMI in the return seam: the task is in the seam again afterwards. */
static void test_nmi_in_seam(void)
{
	begin_syscall();
	mode_write(TASK_A, 2);
	int_in(2, K(SEAM_OUT) + 7, CEA + 0x5fd8, STACK_A + 0x3fc8, 2);
	CU_ASSERT_EQUAL(task_a()->depth, 2);
	CU_ASSERT_TRUE(task_a()->ctx[1].paranoid);
	CU_ASSERT_EQUAL(task_a()->ctx[1].from, UKL_AT_SEAM_OUT);
	mode_write(TASK_A, 1);
	mode_write(TASK_A, 2);
	CU_ASSERT_EQUAL(task_a()->ctx[0].flips_out, 1);
	CU_ASSERT_EQUAL(task_a()->ctx[1].flips_out, 1);
	int_out(K(KERNEL) + 0x300, K(SEAM_OUT) + 7, CEA + 0x5f00, STACK_A + 0x3fc8, 2);
	CU_ASSERT_EQUAL(task_a()->where, UKL_AT_SEAM_OUT);
	CU_ASSERT_EQUAL(task_a()->depth, 1);
	int_out(K(IRET), K(APP) + 0x105, STACK_A + 0x3fd8, 0x7ffc0008, 2);
	CU_ASSERT_EQUAL(task_a()->depth, 0);
}

/* An event in the gate before the stack is switched is the application's. */
static void test_event_in_gate(void)
{
	begin_app();
	gate_in();
	int_in(14, K(GATE) + 3, CEA + 0x2fd0, 0x7ffc0000, 2);
	CU_ASSERT_EQUAL(task_a()->depth, 2);
	CU_ASSERT_TRUE(task_a()->ctx[1].app);
	mode_write(TASK_A, 1);
	mode_write(TASK_A, 2);
	int_out(K(IRET), K(GATE) + 3, STACK_A + 0x3fd8, 0x7ffc0000, 2);
	CU_ASSERT_EQUAL(task_a()->where, UKL_AT_SEAM_IN);
	CU_ASSERT_EQUAL(task_a()->depth, 1);
	CU_ASSERT_EQUAL(task_a()->ctx[0].tag, UKL_TAG_SYSCALL);
	/* The same instruction again: still one call. */
	gate_in();
	CU_ASSERT_EQUAL(task_a()->depth, 1);
}

static void fork_b(uint64_t pf)
{
	struct ukl_event ev = event(UKL_EV_FORK, K(KERNEL));

	ev.arg[UKL_A_FORK_child] = TASK_B;
	ev.arg[UKL_A_FORK_mode] = pf ? 0 : 1;
	ev.arg[UKL_A_FORK_pf] = pf;
	ev.arg[UKL_A_FORK_stack] = STACK_B;
	ev.state[S(ip)] = K(APP) + 0x305;
	ev.state[S(mode)] = 1;
	step(&ev);
}

/* A child begins with one context, that of its birth; exec and exit leave marks. */
static void test_life(void)
{
	const struct ukl_task *b;
	struct ukl_event ev;

	begin_syscall();
	fork_b(0);
	b = ukl_model_task(model, TASK_B);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(b->depth, 1);
	CU_ASSERT_EQUAL(b->ctx[0].tag, UKL_TAG_FORK_CHILD);
	CU_ASSERT_EQUAL(b->ctx[0].regs[S(ip)], K(APP) + 0x305);
	CU_ASSERT_EQUAL(b->mode, 1);
	CU_ASSERT_FALSE(b->kthread);
	ev = event(UKL_EV_EXEC, K(KERNEL));
	step(&ev);
	CU_ASSERT_TRUE(task_a()->ctx[0].exec);
	ev = event(UKL_EV_EXIT, K(KERNEL));
	step(&ev);
	CU_ASSERT_TRUE(task_a()->exiting);
	/* The address is used again, by a kernel thread. */
	fork_b(0x200000);
	CU_ASSERT_TRUE(ukl_model_task(model, TASK_B)->kthread);
	CU_ASSERT_EQUAL(ukl_model_task(model, TASK_B)->depth, 1);
}

/* More tasks and deeper nesting than there is room for: the oldest are forgotten. */
static void test_bounds(void)
{
	begin(2, 8);
	for (uint64_t i = 1; i < 1000; i++) {
		uint64_t prev = TASK_A + (i - 1) * 0x1000, next = TASK_A + i * 0x1000;

		switch_to(prev, next, STACK_A, 0);
		CU_ASSERT_PTR_NOT_NULL(ukl_model_task(model, next));
		CU_ASSERT_EQUAL(ukl_model_current(model, 0)->addr, next);
	}
	CU_ASSERT_PTR_NULL(ukl_model_task(model, TASK_A));
	begin_syscall();
	for (uint64_t i = 0; i < 3 * UKL_MODEL_DEPTH; i++)
		int_in(0xec, K(KERNEL) + i, STACK_A + 0x3000 - i * 64, STACK_A + 0x3030,
		       1);
	CU_ASSERT_EQUAL(task_a()->depth, UKL_MODEL_DEPTH);
	CU_ASSERT_FALSE(task_a()->base_known);
	for (uint64_t i = 0; i < 3 * UKL_MODEL_DEPTH; i++)
		int_out(K(KERNEL) + 0x300, K(KERNEL), STACK_A + 0x100 + i * 64,
			STACK_A + 0x3030, 1);
	CU_ASSERT_EQUAL(task_a()->depth, 0);
}

/* The model does not trust events: no nonsense may break it. */
static void test_nonsense(void)
{
	static const uint64_t word[] = {
		TASK_A, TASK_B, STACK_A, STACK_B, K(APP), K(GATE), K(GATE) + 4,
		K(SEAM_OUT),
		K(KERNEL), CEA, GS, 0, 1, 2, 3, 14, 0x10, 0x33, 0x7ffc0000, 101, 57,
		158,
	};
	uint64_t seed = 42;

	begin(3, 16);
	for (unsigned int i = 0; i < 300000; i++) {
		struct ukl_event ev = event(unit_random(&seed) % (UKL_CLASSES + 2), 0);

		ev.cpu = unit_random(&seed) % 4;
		for (unsigned int a = 0; a < UKL_MAX_ARGS; a++)
			ev.arg[a] = word[unit_random(&seed) % (sizeof(word) / 8)];
		for (unsigned int s = 0; s < UKL_STATE_SLOTS; s++)
			ev.state[s] = word[unit_random(&seed) % (sizeof(word) / 8)];
		step(&ev);
	}
	CU_ASSERT(reports > 0);
}

static void test_no_allocation(void)
{
	unsigned int before;

	begin_syscall();
	before = allocations;
	for (unsigned int i = 0; i < 1000; i++) {
		fork_b(0);
		switch_to(TASK_A, TASK_B + i * 0x1000, STACK_B, 1);
		switch_to(TASK_B + i * 0x1000, TASK_A, STACK_A, 1);
	}
	CU_ASSERT_EQUAL(allocations, before);
}

/* After a gap nothing is known, so nothing can be wrong. */
static void test_forget(void)
{
	begin_syscall();
	ukl_model_forget(model);
	CU_ASSERT_PTR_NULL(ukl_model_task(model, TASK_B));
	reports = 0;
	int_out(K(KERNEL) + 0x300, K(KERNEL) + 0x200, STACK_A + 0x3600,
		STACK_A + 0x3640, 1);
	CU_ASSERT_EQUAL(reports, 0);

	/* That task may be gone, and its memory a child's that is not born yet. */
	switch_to(TASK_A, TASK_B, STACK_B, 1);
	ukl_model_forget(model);
	CU_ASSERT_PTR_NULL(ukl_model_task(model, TASK_A));
	switch_to(TASK_B + 0x1000, TASK_B, STACK_B, 1);
	mode_write(TASK_A, 0);
	CU_ASSERT_EQUAL(reports, 0);
}

/* --only: what is not asked for is not judged. */
static void test_only(void)
{
	bool *only = calloc(ukl_invariant_count(), sizeof(*only));
	const struct ukl_model_options options = {
		.cpus = 1, .report = on_report, .only = only,
	};

	CU_ASSERT_PTR_NOT_NULL_FATAL(only);
	only[ukl_invariant_find("SE-return-address")] = true;
	ukl_model_destroy(model);
	model = ukl_model_create(&layout, &options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	gate_in();
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		uint64_t n = ukl_model_count(model, i, UKL_HOLDS) +
			     ukl_model_count(model, i, UKL_VACUOUS) +
			     ukl_model_count(model, i, UKL_VIOLATED);

		CU_ASSERT_EQUAL(n, only[i]);
	}
	free(only);
}

static void test_catalogue(void)
{
	unsigned int n = ukl_invariant_count();

	CU_ASSERT(n >= 45);
	CU_ASSERT_PTR_NULL(ukl_invariant_at(n, NULL));
	CU_ASSERT_EQUAL(ukl_invariant_find("SE-nothing"), -1);
	for (unsigned int i = 0; i < n; i++) {
		const struct ukl_group *group;
		const struct ukl_invariant *inv = ukl_invariant_at(i, &group);

		CU_ASSERT_EQUAL(ukl_invariant_find(inv->id), (int)i);
		CU_ASSERT_EQUAL(strncmp(inv->id, group->id, strlen(group->id)), 0);
		CU_ASSERT_EQUAL(inv->id[strlen(group->id)], '-');
		CU_ASSERT(*inv->sentence && *inv->why && *inv->source);
		CU_ASSERT(*inv->exceptions);
		CU_ASSERT(inv->events && inv->variants && inv->check);
		CU_ASSERT_EQUAL(inv->events >> UKL_KINDS, 0);
	}
	for (unsigned int g = 0; ukl_catalogue[g]; g++) {
		unsigned int members = 0;

		while (ukl_catalogue[g]->inv[members])
			members++;
		CU_ASSERT(members >= 3);
	}
}

static uint64_t taken(enum ukl_state from, enum ukl_kind kind, enum ukl_state to)
{
	return ukl_model_edge_count(model, from, kind, to);
}

/* Each event is counted once, on the edge that its task walked. */
static void test_edges(void)
{
	begin_syscall();
	CU_ASSERT_EQUAL(taken(UKL_IN_APP, UKL_K_GATE_IN, UKL_IN_GATE), 1);
	CU_ASSERT_EQUAL(taken(UKL_IN_GATE, UKL_K_MODE_WRITE, UKL_IN_GATE_KERNEL), 1);
	CU_ASSERT_EQUAL(taken(UKL_IN_GATE_KERNEL, UKL_K_SYS_ENTER, UKL_IN_SYSCALL), 1);
	CU_ASSERT_EQUAL(task_a()->state, UKL_IN_SYSCALL);
	int_in(14, K(KERNEL) + 0x100, STACK_A + 0x3800, STACK_A + 0x3840, 1);
	CU_ASSERT_EQUAL(task_a()->state, UKL_IN_KERNEL_STUB);
	int_in(2, K(KERNEL) + 0x100, CEA + 0x5fd8, STACK_A + 0x3800, 1);
	CU_ASSERT_EQUAL(task_a()->state, UKL_IN_OWN_STACK);
	fork_b(0);
	CU_ASSERT_EQUAL(ukl_model_task(model, TASK_B)->state, UKL_IN_CHILD);
	fork_b(0x200000);
	CU_ASSERT_EQUAL(ukl_model_task(model, TASK_B)->state, UKL_IN_KTHREAD);
	CU_ASSERT_EQUAL(taken(UKL_IN_OWN_STACK, UKL_K_FORK, UKL_IN_OWN_STACK), 2);
	CU_ASSERT_EQUAL(ukl_model_kind_count(model, UKL_K_FORK), 2);
	CU_ASSERT_EQUAL(ukl_model_kind_count(model, UKL_K_GATE_IN), 1);
}

/* Every state has a way in and a way out, and no edge is declared twice. */
static void test_machine(void)
{
	uint32_t in = 0, out = 0, all = (1u << UKL_STATES) - 1 - (1u << UKL_IN_UNKNOWN);

	for (const struct ukl_edge *e = ukl_machine; e->kind; e++) {
		CU_ASSERT_EQUAL((e->from | e->to) & ~all, 0);
		CU_ASSERT_NOT_EQUAL(e->from, 0);
		in |= e->to;
		out |= e->to ? e->from : 0;
		for (const struct ukl_edge *f = ukl_machine; f < e; f++) {
			uint32_t both = e->kind == f->kind ? e->from & f->from : 0;

			for (; both; both &= both - 1) {
				uint32_t stay = both & -both;

				CU_ASSERT_EQUAL((e->to ? e->to : stay) &
						(f->to ? f->to : stay), 0);
			}
		}
	}
	CU_ASSERT_EQUAL(in & ~(1u << UKL_IN_KTHREAD | 1u << UKL_IN_CHILD),
			all & ~(1u << UKL_IN_KTHREAD | 1u << UKL_IN_CHILD));
	CU_ASSERT_EQUAL(out, all);
	CU_ASSERT_PTR_NOT_NULL(ukl_edge_find(UKL_IN_APP, UKL_K_GATE_IN, UKL_IN_GATE));
	CU_ASSERT_PTR_NULL(ukl_edge_find(UKL_IN_USER, UKL_K_GATE_IN, UKL_IN_GATE));
	CU_ASSERT_PTR_NULL(ukl_edge_find(UKL_IN_GATE, UKL_K_SYS_ENTER, UKL_IN_SYSCALL));
}

static void test_variants(void)
{
	CU_ASSERT_EQUAL(ukl_variant_set("base"), UKL_VARIANT_BASE);
	CU_ASSERT_EQUAL(ukl_variant_set("ret+byp"), UKL_VARIANT_RET | UKL_VARIANT_BYP);
	CU_ASSERT_EQUAL(ukl_variant_set("pf_ss"), UKL_VARIANT_PF_SS);
	CU_ASSERT_EQUAL(ukl_variant_set("ret+"), 0);
	CU_ASSERT_EQUAL(ukl_variant_set("ret+best"), 0);
	CU_ASSERT_EQUAL(ukl_variant_set(""), 0);
}

static const struct unit_test tests[] = {
	{ "a system call opens and closes a context", test_system_call },
	{ "events nest", test_nesting },
	{ "an IRET to the next instruction closes nothing", test_iret_to_self },
	{ "contexts travel with their task", test_switch },
	{ "an NMI in the return seam", test_nmi_in_seam },
	{ "an event in the gate", test_event_in_gate },
	{ "fork, exec, exit and an address used again", test_life },
	{ "more tasks and contexts than there is room for", test_bounds },
	{ "random events break nothing", test_nonsense },
	{ "no allocation after creation", test_no_allocation },
	{ "after a gap nothing is known", test_forget },
	{ "only what is asked for is judged", test_only },
	{ "edges are counted", test_edges },
	{ "the state machine is whole and says nothing twice", test_machine },
	{ "names of variants", test_variants },
	{ "the catalogue is complete and consistent", test_catalogue },
	{ NULL, NULL }
};

int main(void)
{
	int ret = unit_main("model", tests);

	ukl_model_destroy(model);
	return ret;
}
