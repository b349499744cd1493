// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * instrument.c - called by QEMU for each translated block: places the probes
 *
 * All decisions are taken here, once per translation, so that an instruction that
 * does not matter costs nothing when it runs.  Only addresses in the kernel half
 * are looked at: early boot runs the same code at its physical addresses.
 *
 * A block may be translated many times.  Probes are therefore kept for ever and
 * found again, and memory use is bounded by the kernel's text.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "recorder.h"

#define BUCKETS    16384u
#define INSN_BYTES 15u

struct node {
	struct probe probe;
	struct node *next;
};

static struct node *bucket[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool same(const struct probe *a, const struct probe *b)
{
	return a->pc == b->pc && a->kind == b->kind && a->back == b->back &&
	       a->target == b->target && a->reg == b->reg && a->which == b->which;
}

/* NULL: out of memory. */
static struct probe *intern(const struct probe *probe)
{
	size_t hash = (probe->pc * 0x9e3779b97f4a7c15ull + probe->back) >> 48;
	struct node **head = &bucket[hash % BUCKETS], *node;

	pthread_mutex_lock(&lock);
	for (node = *head; node && !same(&node->probe, probe); node = node->next)
		;
	if (!node && (node = malloc(sizeof(*node)))) {
		node->probe = *probe;
		node->next = *head;
		*head = node;
	}
	pthread_mutex_unlock(&lock);
	if (!node)
		recorder_say("not enough memory to watch 0x%llx; its events are missing"
			     " from the trace", (unsigned long long)probe->pc);
	return node ? &node->probe : NULL;
}

static void place(struct qemu_plugin_insn *insn, const struct probe *wanted)
{
	struct probe *probe = intern(wanted);
	enum probe_kind kind = wanted->kind;

	if (!probe)
		return;
	if (probe_exec[kind])
		qemu_plugin_register_vcpu_insn_exec_cb(insn, probe_exec[kind],
						       QEMU_PLUGIN_CB_R_REGS, probe);
	if (probe_load[kind])
		qemu_plugin_register_vcpu_mem_cb(insn, probe_load[kind],
						 QEMU_PLUGIN_CB_R_REGS,
						 QEMU_PLUGIN_MEM_R, probe);
	if (probe_store[kind])
		qemu_plugin_register_vcpu_mem_cb(insn, probe_store[kind],
						 QEMU_PLUGIN_CB_R_REGS,
						 QEMU_PLUGIN_MEM_W, probe);
}

/* An instruction of the block being translated. */
struct place {
	struct qemu_plugin_insn *insn;
	uint64_t pc;
	uint32_t back;
	uint8_t bytes[INSN_BYTES];
	size_t len;
};

/* Labels from the symbol table.  True if ukl_mode's writers declare this one. */
static bool place_sites(const struct place *at)
{
	bool declared = false;

	for (struct site *site = sites_at(at->pc, NULL); site;
	     site = sites_at(at->pc, site)) {
		const struct probe probe = { .pc = at->pc, .back = at->back,
					     .site = site, .kind = (uint16_t)site->kind,
					     .reg = UKL_STATE_SLOTS };

		if (site->kind == PROBE_MODE_WRITE) {
			declared = true;
			if (!opcode_stores(at->bytes, at->len, at->pc))
				recorder_say(
					"the instruction at 0x%llx is labelled as a"
					" store to ukl_mode, but stores nothing;"
					" correct its label in the kernel",
					(unsigned long long)at->pc);
		}
		place(at->insn, &probe);
	}
	return declared;
}

static void place_opcode(const struct place *at, const struct opcode *op)
{
	struct probe probe = { .pc = at->pc, .back = at->back,
			       .kind = (uint16_t)op->kind, .reg = op->reg,
			       .which = op->which, .target = op->target };

	if (op->kind == PROBE_IRET)
		probe.which = at->pc < recorder.entry_start ||
			      at->pc >= recorder.entry_end;
	place(at->insn, &probe);
}

static void place_branch(const struct place *at)
{
	const struct ukl_layout *l = &recorder.layout;
	struct opcode op;

	if (!opcode_branch(at->bytes, at->len, at->pc, &op))
		return;
	if (op.kind == PROBE_EDGE_RET && !recorder.ret_edges)
		return;
	if (op.kind == PROBE_EDGE_DIRECT &&
	    (in_app_text(op.target) || op.target == l->gate_call ||
	     op.target == l->gate_jump))
		return;
	place_opcode(at, &op);
}

static void instrument_insn(const struct place *at, bool last)
{
	struct opcode op;
	bool declared = place_sites(at);

	if (opcode_system(at->bytes, at->len, at->pc, &op))
		place_opcode(at, &op);
	/* Only the last instruction of a block can be a branch. */
	if (last && in_app_text(at->pc))
		place_branch(at);
	if (recorder.prove_writers && !declared) {
		op = (struct opcode){ .kind = PROBE_STORE };
		place_opcode(at, &op);
	}
}

/* Called at each block of application text while the side is another one. */
static void instrument_app_block(struct qemu_plugin_tb *tb, uint64_t pc, size_t n)
{
	const struct probe wanted = { .pc = pc, .back = (uint32_t)n,
				      .kind = PROBE_APP_BLOCK };
	struct probe *probe = intern(&wanted);

	if (!probe)
		return;
	if (recorder.threads == TCG_SINGLE)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, probe_exec[PROBE_APP_BLOCK],
						     QEMU_PLUGIN_CB_R_REGS, probe);
	else
		qemu_plugin_register_vcpu_tb_exec_cond_cb(
			tb, probe_exec[PROBE_APP_BLOCK], QEMU_PLUGIN_CB_R_REGS,
			QEMU_PLUGIN_COND_NE, recorder.in_app, 1, probe);
}

/* The whole block at its start; or there the first instruction, and the others each. */
static void count_block(struct qemu_plugin_tb *tb, size_t n)
{
	if (!recorder.insn_clock)
		return;
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
		tb, QEMU_PLUGIN_INLINE_ADD_U64, recorder.insns,
		recorder.exact_clock ? 1 : n);
	for (size_t i = 1; recorder.exact_clock && i < n; i++)
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
			qemu_plugin_tb_get_insn(tb, i), QEMU_PLUGIN_INLINE_ADD_U64,
			recorder.insns, 1);
}

ON_TB(instrument_block, tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct place at;
	uint64_t pc = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));

	/* First, so that the count is right in every other callback. */
	count_block(tb, n);
	if (!kernel_half(pc))
		return;
	ram_learn(pc, qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0)));
	if (in_app_text(pc))
		instrument_app_block(tb, pc, n);
	for (size_t i = 0; i < n; i++) {
		at.insn = qemu_plugin_tb_get_insn(tb, i);
		at.pc = qemu_plugin_insn_vaddr(at.insn);
		at.back = (uint32_t)(n - i);
		at.len = qemu_plugin_insn_data(at.insn, at.bytes, sizeof(at.bytes));
		instrument_insn(&at, i + 1 == n);
	}
}
