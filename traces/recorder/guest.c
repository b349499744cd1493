// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest.c - registers and memory of the guest
 *
 * Only to be used from a callback that was registered with R_REGS, on the thread
 * that runs the virtual CPU.  A register costs about 20 ns and a read of guest memory
 * 10 to 200 ns whatever its length, so neighbours are read together.
 */
#include <pthread.h>
#include <string.h>

#include "recorder.h"

/* QEMU's names for the state slots that are registers. */
static const char *const register_name[UKL_STATE_SLOTS] = {
	[UKL_S_r15] = "r15", [UKL_S_r14] = "r14", [UKL_S_r13] = "r13",
	[UKL_S_r12] = "r12", [UKL_S_bp] = "rbp",  [UKL_S_bx] = "rbx",
	[UKL_S_r11] = "r11", [UKL_S_r10] = "r10", [UKL_S_r9] = "r9",
	[UKL_S_r8] = "r8",   [UKL_S_ax] = "rax",  [UKL_S_cx] = "rcx",
	[UKL_S_dx] = "rdx",  [UKL_S_si] = "rsi",  [UKL_S_di] = "rdi",
	[UKL_S_ip] = "rip",  [UKL_S_cs] = "cs",   [UKL_S_flags] = "eflags",
	[UKL_S_sp] = "rsp",  [UKL_S_ss] = "ss",
	[UKL_S_fs_base] = "fs_base",
	[UKL_S_gs_base] = "gs_base",
	[UKL_S_kgs_base] = "k_gs_base",
	[UKL_S_cr2] = "cr2", [UKL_S_cr3] = "cr3", [UKL_S_cr4] = "cr4",
};

/* The same on every virtual CPU; set when the first one starts. */
static struct qemu_plugin_register *handle[UKL_STATE_SLOTS];

static void set_handle(const qemu_plugin_reg_descriptor *descriptor)
{
	for (int slot = 0; slot < UKL_STATE_SLOTS; slot++)
		if (register_name[slot] && !handle[slot] &&
		    !strcmp(register_name[slot], descriptor->name))
			handle[slot] = descriptor->handle;
}

int guest_init_registers(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	GArray *all = qemu_plugin_get_registers();
	const qemu_plugin_reg_descriptor *descriptor = (const void *)all->data;
	int missing = -1;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < all->len; i++)
		set_handle(&descriptor[i]);
	for (int slot = 0; slot < UKL_STATE_SLOTS; slot++)
		if (register_name[slot] && !handle[slot])
			missing = slot;
	pthread_mutex_unlock(&lock);
	g_array_free(all, 1);
	if (missing < 0)
		return 0;
	recorder_say("QEMU does not show the register %s to plugins; use QEMU 10.0",
		     register_name[missing]);
	return -1;
}

void guest_registers(struct cpu *io, uint32_t slots, uint64_t *state)
{
	unsigned int at = 0;

	/* Reading appends, so one array takes all of them. */
	g_byte_array_set_size(io->regs, 0);
	for (uint32_t left = slots; left; left &= left - 1) {
		int slot = __builtin_ctz(left);
		unsigned int len;

		state[slot] = 0;
		if (!READ_REGISTER(handle[slot], io->regs))
			continue;
		len = io->regs->len - at;
		memcpy(&state[slot], io->regs->data + at, len < 8 ? len : 8);
		at = io->regs->len;
	}
}

uint64_t guest_register(struct cpu *io, enum ukl_slot slot)
{
	uint64_t state[UKL_STATE_SLOTS];

	guest_registers(io, 1u << slot, state);
	return state[slot];
}

/* From QEMU itself. */
bool guest_ask(struct cpu *io, uint64_t addr, void *buf, size_t len)
{
	g_byte_array_set_size(io->mem, 0);
	if (!qemu_plugin_read_memory_vaddr(addr, io->mem, len) || io->mem->len < len)
		return false;
	memcpy(buf, io->mem->data, len);
	return true;
}

bool guest_read(struct cpu *io, uint64_t addr, void *buf, size_t len)
{
	return ram_read(io, 0, addr, buf, len) || guest_ask(io, addr, buf, len);
}

/* The same with the current page tables at hand, which the user half needs. */
bool guest_read_user(struct cpu *io, uint64_t cr3, uint64_t addr, void *buf, size_t len)
{
	return ram_read(io, cr3, addr, buf, len) || guest_ask(io, addr, buf, len);
}

/*
 * Where the per-CPU area is.  from_user says that the event came straight from
 * ring 3, whose own GS base is still active and may be any canonical address.
 */
uint64_t guest_kernel_gs(bool from_user, uint64_t gs, uint64_t kgs)
{
	if (from_user)
		return kernel_half(kgs) ? kgs : gs;
	return kernel_half(gs) ? gs : kgs;
}

#define CLOSE 128u

/* With one read if the members are close to each other. */
bool guest_fields(struct cpu *io, uint64_t base, const struct field *field, size_t n)
{
	uint64_t low = UINT64_MAX, high = 0;
	uint8_t buf[CLOSE];

	for (size_t i = 0; i < n; i++) {
		uint64_t end = field[i].offset + field[i].len;

		low = field[i].offset < low ? field[i].offset : low;
		high = end > high ? end : high;
	}
	if (high - low > sizeof(buf))
		return n > 1 && guest_fields(io, base, field, 1) &&
		       guest_fields(io, base, field + 1, n - 1);
	if (!guest_read(io, base + low, buf, high - low))
		return false;
	for (size_t i = 0; i < n; i++) {
		*field[i].value = 0;
		memcpy(field[i].value, buf + (field[i].offset - low), field[i].len);
	}
	return true;
}

/* The slots of UKL_SET_TASK; returns those that could be read. */
uint32_t guest_task_state(struct cpu *io, uint64_t gs, uint64_t *state)
{
	const struct ukl_layout *l = &recorder.layout;
	uint64_t flags = 0, work = 0;
	const struct field pcpu[] = {
		{ l->pcpu_current, 8, &state[UKL_S_task] },
		{ l->pcpu_preempt, 4, &state[UKL_S_preempt] },
		{ l->pcpu_top, 8, &state[UKL_S_top] },
	};
	const struct field task[] = {
		{ l->off_task_mode, 4, &state[UKL_S_mode] },
		{ l->off_task_ti_flags, 4, &flags },
		{ l->off_task_ti_work, 4, &work },
	};

	if (!kernel_half(gs) || !guest_fields(io, gs, pcpu, 3))
		return 0;
	if (!kernel_half(state[UKL_S_task]) ||
	    !guest_fields(io, state[UKL_S_task], task, 3))
		return UKL_BIT(task) | UKL_BIT(preempt) | UKL_BIT(top);
	state[UKL_S_work] = work << 32 | flags;
	return UKL_SET_TASK;
}
