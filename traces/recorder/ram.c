// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ram.c - reads guest memory where it lies in QEMU's own memory
 *
 * QEMU's function for reading guest memory costs about 190 ns, of which the copy is
 * the least.  But the interface also tells where an instruction lies in the host's
 * memory.  From one instruction of the kernel, whose physical address is known,
 * follows where guest RAM begins; the rest is a walk through the guest's own page
 * tables, ten times as fast.
 *
 * Promise: this is only a short cut.  Every read is refused that does not end in
 * RAM as far as known, the caller then asks QEMU.  The first reads, and one in a
 * thousand later, are compared with QEMU's answer; if they ever differ the short
 * cut is closed for good.
 *
 * Any thread may read; what it needs is published once.
 */
#include <stdio.h>
#include <string.h>

#include "recorder.h"

#define PAGE		4096ull
#define ENTRY_ADDR	0x000ffffffffff000ull
#define ENTRY_PRESENT	1ull
#define ENTRY_LARGE	0x80ull
#define LEVELS		4

/* Where the kernel maps its own image: physical address 0 (mm.rst). */
#define KERNEL_MAP	0xffffffff80000000ull

/* Below lie devices and ROM; above 2 GiB, on this machine, a hole. */
#define RAM_FIRST	0x100000ull
#define RAM_PAST	0x80000000ull

#define ALWAYS_CHECKED	1000u
#define CHECK_ONE_IN	1024u

static const uint8_t *base;		/* of guest RAM in this process */
static uint64_t size;			/* in bytes, from physical address 0 */
static uint64_t kernel_root;		/* physical address of init_top_pgt */
static atomic_bool open_;		/* base, size and kernel_root are good */
static _Atomic uint32_t reads;

/* Where the mapping of this process that holds addr begins and ends. */
static bool find_mapping(uint64_t addr, unsigned long long *from,
			 unsigned long long *to)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[512];

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%llx-%llx rw", from, to) == 2 && *from <= addr &&
			addr < *to;
	if (maps)
		fclose(maps);
	return found;
}

/* Called for blocks of the kernel's text as they are translated; one is enough. */
void ram_learn(uint64_t vaddr, const void *host)
{
	static atomic_bool done;
	const struct ukl_symbol *root;
	unsigned long long from, to;
	uint64_t at = (uintptr_t)host, physical = vaddr - KERNEL_MAP;

	if (!host || vaddr < recorder.layout.text_start ||
	    vaddr >= recorder.layout.text_end || atomic_exchange(&done, true))
		return;
	root = ukl_symbols_find(recorder.symbols, "init_top_pgt");
	if (!root || !find_mapping(at, &from, &to) || at - from < physical)
		return;
	base = (const uint8_t *)host - physical;
	size = to - (at - physical);
	size = size < RAM_PAST ? size : RAM_PAST;
	kernel_root = root->addr - KERNEL_MAP;
	atomic_store(&open_, true);
}

static bool entry(uint64_t table, unsigned int index, uint64_t *value)
{
	uint64_t physical = (table & ENTRY_ADDR) + 8 * index;

	if (physical < RAM_FIRST || physical + 8 > size)
		return false;
	*value = *(const volatile uint64_t *)(base + physical);
	return *value & ENTRY_PRESENT;
}

/* SDM volume 3, figure 4-8: nine bits of the address at each level. */
static bool walk(uint64_t root, uint64_t vaddr, uint64_t *physical)
{
	uint64_t value = root;

	for (int shift = 12 + 9 * (LEVELS - 1); shift >= 12; shift -= 9) {
		if (!entry(value, vaddr >> shift & 511, &value))
			return false;
		if (shift == 12 || value & ENTRY_LARGE) {
			uint64_t offset = (1ull << shift) - 1;

			if (shift > 30)
				return false;
			*physical = (value & ENTRY_ADDR & ~offset) | (vaddr & offset);
			return true;
		}
	}
	return false;
}

static bool copy(uint64_t root, uint64_t vaddr, uint8_t *to, size_t len)
{
	while (len) {
		uint64_t physical, part = PAGE - vaddr % PAGE;

		part = part < len ? part : len;
		if (!walk(root, vaddr, &physical) || physical < RAM_FIRST ||
		    physical + part > size)
			return false;
		memcpy(to, base + physical, part);
		to += part;
		vaddr += part;
		len -= part;
	}
	return true;
}

/* Another CPU may write just now, so one difference proves nothing. */
static bool agrees(struct cpu *io, uint64_t root, uint64_t vaddr, void *buf, size_t len)
{
	uint8_t theirs[256];

	for (int attempt = 0; attempt < 3; attempt++) {
		if (guest_ask(io, vaddr, theirs, len) && !memcmp(theirs, buf, len))
			return true;
		if (!copy(root, vaddr, buf, len))
			return false;
	}
	return false;
}

/* cr3: of the page tables for the user half; 0 refuses such addresses. */
bool ram_read(struct cpu *io, uint64_t cr3, uint64_t vaddr, void *buf, size_t len)
{
	uint64_t root = kernel_half(vaddr) ? kernel_root : cr3;
	uint32_t n;

	if (!atomic_load_explicit(&open_, memory_order_acquire) || !root || len > 256 ||
	    !copy(root, vaddr, buf, len))
		return false;
	n = atomic_fetch_add_explicit(&reads, 1, memory_order_relaxed);
	if ((n > ALWAYS_CHECKED && n % CHECK_ONE_IN) ||
	    agrees(io, root, vaddr, buf, len))
		return true;
	atomic_store(&open_, false);
	return false;
}
