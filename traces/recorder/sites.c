// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sites.c - which addresses matter, from the symbols of vmlinux
 *
 * The table is filled once from the ELF file and then only read, from any thread.
 * The vector of an interrupt stub is the exception: stubs of device interrupts
 * push theirs, exceptions have architectural ones, but a system vector is known
 * only from the guest's own IDT, which is read at the first event that needs it.
 */
#include <stdlib.h>
#include <string.h>

#include "recorder.h"

/* 256 gates, a stub or two for each, and what else has a name: a few hundred. */
#define MAX_SITES 4096u
#define BUCKETS   (4u * MAX_SITES)

static struct site sites[MAX_SITES];
static unsigned int n_sites;
static uint16_t bucket[BUCKETS];		/* index + 1 of a chain's first site */
static uint16_t chain[MAX_SITES];		/* index + 1 of the next one */

static unsigned int bucket_of(uint64_t pc)
{
	return (unsigned int)((pc * 0x9e3779b97f4a7c15ull) >> 40) % BUCKETS;
}

struct site *sites_at(uint64_t pc, struct site *after)
{
	unsigned int i = after ? chain[after - sites] : bucket[bucket_of(pc)];

	while (i && sites[i - 1].pc != pc)
		i = chain[i - 1];
	return i ? &sites[i - 1] : NULL;
}

static struct site *find(uint64_t pc, enum probe_kind kind)
{
	struct site *site = sites_at(pc, NULL);

	while (site && site->kind != kind)
		site = sites_at(pc, site);
	return site;
}

/* The same place under two names is one site. */
static void add(uint64_t pc, enum probe_kind kind, uint32_t vector)
{
	unsigned int b = bucket_of(pc);
	struct site *site;

	if (!pc || find(pc, kind) || n_sites == MAX_SITES)
		return;
	site = &sites[n_sites];
	site->pc = pc;
	site->kind = kind;
	atomic_init(&site->vector, vector);
	chain[n_sites] = bucket[b];
	bucket[b] = (uint16_t)++n_sites;
}

/* Architectural vectors (SDM volume 3, table 6-1), by the name of Linux's stub. */
static const struct {
	const char *name;
	uint32_t vector;
} exception[] = {
	{ "exc_divide_error", 0 },
	{ "exc_debug", 1 },
	{ "exc_nmi", 2 },
	{ "exc_int3", 3 },
	{ "exc_overflow", 4 },
	{ "exc_bounds", 5 },
	{ "exc_invalid_op", 6 },
	{ "exc_device_not_available", 7 },
	{ "exc_double_fault", 8 },
	{ "exc_coproc_segment_overrun", 9 },
	{ "exc_invalid_tss", 10 },
	{ "exc_segment_not_present", 11 },
	{ "exc_stack_segment", 12 },
	{ "exc_general_protection", 13 },
	{ "exc_page_fault", 14 },
	{ "exc_spurious_interrupt_bug", 15 },
	{ "exc_coprocessor_error", 16 },
	{ "exc_alignment_check", 17 },
	{ "exc_machine_check", 18 },
	{ "exc_simd_coprocessor_error", 19 },
	{ "exc_virtualization_exception", 20 },
	{ "exc_control_protection", 21 },
	{ "exc_vmm_communication", 29 },
	{ "int80_emulation", 0x80 },
};

static uint32_t exception_vector(const char *name)
{
	for (size_t i = 0; i < sizeof(exception) / sizeof(exception[0]); i++)
		if (!strcmp(exception[i].name, name))
			return exception[i].vector;
	return NO_VECTOR;
}

static void add_named(const struct ukl_symbols *symbols, const char *name,
		      enum probe_kind kind)
{
	const struct ukl_symbol *symbol = ukl_symbols_find(symbols, name);

	if (symbol)
		add(symbol->addr, kind, NO_VECTOR);
}

static void add_prefix(const struct ukl_symbols *symbols, const char *prefix,
		       enum probe_kind kind)
{
	size_t n;
	const struct ukl_symbol *symbol = ukl_symbols_prefix(symbols, prefix, &n);

	for (size_t i = 0; i < n; i++)
		add(symbol[i].addr, kind, NO_VECTOR);
}

/* asm_NAME is the IDT's target and calls NAME(regs). */
static void add_stubs(const struct ukl_symbols *symbols, const char *prefix)
{
	size_t n;
	const struct ukl_symbol *symbol = ukl_symbols_prefix(symbols, prefix, &n);

	for (size_t i = 0; i < n; i++) {
		const char *name = symbol[i].name + strlen("asm_");

		add(symbol[i].addr, PROBE_INT_IN, exception_vector(name));
		add_named(symbols, name, PROBE_INT_C);
	}
}

static uint64_t size_of(const struct ukl_symbols *symbols,
			const struct ukl_symbol *from, const char *end)
{
	const struct ukl_symbol *to = ukl_symbols_find(symbols, end);

	if (from->size || !to || to->addr < from->addr)
		return from->size;
	return to->addr - from->addr;
}

/*
 * irq_entries_start and spurious_entries_start: each stub is "push imm8; jmp",
 * perhaps after ENDBR64, and stands at a multiple of 8 or 16 bytes.  The byte
 * pushed is the vector.
 */
static void add_entries(const struct ukl_symbols *symbols, const char *name,
			const char *end)
{
	static const uint8_t endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const struct ukl_symbol *start = ukl_symbols_find(symbols, name);
	uint64_t size = start ? size_of(symbols, start, end) : 0;
	uint8_t code[8];

	for (uint64_t at = 0; at + sizeof(code) <= size; at += sizeof(code)) {
		const uint8_t *push = code;

		if (ukl_symbols_bytes(symbols, start->addr + at, code, 8) != 8)
			break;
		if (!memcmp(code, endbr64, sizeof(endbr64)))
			push += sizeof(endbr64);
		if (push[0] == 0x6a && (push[2] == 0xe9 || push[2] == 0xeb))
			add(start->addr + at, PROBE_INT_IN, push[1]);
	}
}

/* The IDT of early boot: 32 stubs of one size. */
static void add_early(const struct ukl_symbols *symbols)
{
	const struct ukl_symbol *array =
		ukl_symbols_find(symbols, "early_idt_handler_array");
	uint64_t size = array ? size_of(symbols, array, "early_idt_handler_common") : 0;

	for (uint32_t v = 0; v < 32 && size; v++)
		add(array->addr + v * (size / 32), PROBE_INT_IN, v);
	add_named(symbols, "do_early_exception", PROBE_INT_C);
}

int sites_init(const struct ukl_symbols *symbols, struct ukl_error *err)
{
	add(recorder.layout.gate_call, PROBE_GATE, NO_VECTOR);
	add(recorder.layout.gate_jump, PROBE_GATE, NO_VECTOR);
	add_prefix(symbols, "ukl_site.sys_enter.", PROBE_SYS_ENTER);
	add_prefix(symbols, "ukl_site.sys_leave.", PROBE_SYS_LEAVE);
	add_prefix(symbols, "ukl_site.mode_write.", PROBE_MODE_WRITE);
	add_stubs(symbols, "asm_exc_");
	add_stubs(symbols, "asm_sysvec_");
	add_stubs(symbols, "asm_int80_emulation");
	add_prefix(symbols, "noist_exc_", PROBE_INT_C);
	add_named(symbols, "do_int80_emulation", PROBE_INT_C);
	add_named(symbols, "common_interrupt", PROBE_INT_C);
	add_named(symbols, "spurious_interrupt", PROBE_INT_C);
	add_entries(symbols, "irq_entries_start", "spurious_entries_start");
	add_entries(symbols, "spurious_entries_start", "asm_exc_divide_error");
	add_early(symbols);
	add_named(symbols, "entry_SYSCALL_64", PROBE_SYSCALL);
	add_named(symbols, "entry_SYSCALL_compat", PROBE_SYSCALL);
	add_named(symbols, "entry_SYSENTER_compat", PROBE_SYSENTER);
	add_named(symbols, "__switch_to", PROBE_SWITCH);
	add_named(symbols, "wake_up_new_task", PROBE_FORK);
	add_named(symbols, "finalize_exec", PROBE_EXEC);
	add_named(symbols, "do_exit", PROBE_EXIT);
	add_named(symbols, "fixup_exception", PROBE_FIXUP);
	add_named(symbols, "begin_new_exec", PROBE_EXEC_BEGIN);
	add_named(symbols, "oops_enter", PROBE_OOPS);
	add_named(symbols, "arch_do_signal_or_restart", PROBE_SIG_CHECK);
	add_named(symbols, "x64_setup_rt_frame", PROBE_SIG_SETUP);
	add_named(symbols, "signal_setup_done", PROBE_SIG_DONE);
	add_named(symbols, "__x64_sys_rt_sigreturn", PROBE_SIG_RETURN);
	add_named(symbols, "fpu__restore_sig", PROBE_SIG_RESTORED);
	add_named(symbols, "force_sig_fault", PROBE_SIG_FORCE);
	if (n_sites == MAX_SITES)
		return ukl_error_set(
			err, UKL_ERR_FORMAT, ukl_symbols_path(symbols), UKL_NOWHERE,
			"the kernel has more than %u places to"
			" watch; raise MAX_SITES in traces/recorder/sites.c",
			MAX_SITES);
	return 0;
}

/* An IDT gate (SDM volume 3, figure 6-8): where to, if it is present. */
static uint64_t gate_target(const uint8_t gate[16])
{
	uint64_t low, high;

	memcpy(&low, gate, 8);
	memcpy(&high, gate + 8, 8);
	if (!(low >> 47 & 1))
		return 0;
	return (low & 0xffff) | (low >> 48) << 16 | high << 32;
}

/* A handler that the symbols did not tell of would go unrecorded: said once. */
static void complain(uint32_t vector, uint64_t target)
{
	static atomic_bool said;

	if (!atomic_exchange(&said, true))
		recorder_say(
			"vector %u leads to 0x%llx, which is no handler known by its"
			" symbol; its events are missing from the trace",
			vector, (unsigned long long)target);
}

/* Several threads may do this at once; they write the same. */
static void read_idt(struct cpu *io, uint64_t idt)
{
	uint8_t gates[256 * 16];

	if (!idt || !guest_read(io, idt, gates, sizeof(gates)))
		return;
	for (uint32_t v = 0; v < 256; v++) {
		uint64_t target = gate_target(gates + 16 * v);
		struct site *site = find(target, PROBE_INT_IN);
		uint32_t none = NO_VECTOR;

		if (site)
			atomic_compare_exchange_strong(&site->vector, &none, v);
		else if (target)
			complain(v, target);
	}
}

uint32_t sites_vector(struct site *site, struct cpu *io)
{
	uint32_t vector = atomic_load_explicit(&site->vector, memory_order_relaxed);

	if (vector != NO_VECTOR)
		return vector;
	read_idt(io, recorder.layout.kernel_idt);
	read_idt(io, recorder.layout.app_idt);
	return atomic_load_explicit(&site->vector, memory_order_relaxed);
}
