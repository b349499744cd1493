/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols.c - symbols, layout and bytes of an ELF file: this very program
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../traces/symbols.h"
#include "../../traces/vocabulary.h"
#include "unit.h"

/* Every symbol of layout.h as an absolute one, with a value to recognise. */
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define BASE 0x7abc000000000000
#define DEFINE(name, symbol, meaning) \
	__asm__(".globl " symbol "\n\t.set " symbol ", " TEXT(BASE) " + " \
		TEXT(__COUNTER__));
UKL_LAYOUT(DEFINE)

__asm__(".globl ukl_site.test.1\n\t.set ukl_site.test.1, 1\n\t"
	".globl ukl_site.test.2\n\t.set ukl_site.test.2, 2\n\t"
	".globl ukl_site.tesu.1\n\t.set ukl_site.tesu.1, 3");

/* Four bytes of a function, then bytes of nobody's. */
__asm__(".text\n\t.type unit_padded, @function\nunit_padded:\n\t.skip 4\n\t"
	".size unit_padded, 4\n\t.skip 64");

static struct ukl_symbols *open_self(void)
{
	struct ukl_symbols *s;
	struct ukl_error err;

	if (ukl_symbols_open(&s, "/proc/self/exe", &err)) {
		ukl_error_print(stderr, &err);
		exit(2);
	}
	return s;
}

static void find(void)
{
	struct ukl_symbols *s = open_self();
	const struct ukl_symbol *symbol = ukl_symbols_find(s, "unit_main"), *at;
	uint64_t offset;

	CU_ASSERT_PTR_NOT_NULL_FATAL(symbol);
	CU_ASSERT_PTR_NULL(ukl_symbols_find(s, "unit_mai"));
	CU_ASSERT_PTR_NULL(ukl_symbols_find(s, "unit_main_"));
	at = ukl_symbols_at(s, symbol->addr + 3, &offset);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_STRING_EQUAL(at->name, "unit_main");
	CU_ASSERT_EQUAL(offset, 3);
	symbol = ukl_symbols_find(s, "unit_padded");
	CU_ASSERT_PTR_NOT_NULL_FATAL(symbol);
	CU_ASSERT_PTR_NOT_NULL(ukl_symbols_at(s, symbol->addr + 3, &offset));
	CU_ASSERT_PTR_NULL(ukl_symbols_at(s, symbol->addr + 4, &offset));
	CU_ASSERT_PTR_NULL(ukl_symbols_at(s, 0, &offset));
	CU_ASSERT_TRUE(strlen(ukl_symbols_build_id(s)) == 40);
	ukl_symbols_close(s);
}

static void prefix(void)
{
	struct ukl_symbols *s = open_self();
	const struct ukl_symbol *first;
	size_t n;

	first = ukl_symbols_prefix(s, "ukl_site.test.", &n);
	CU_ASSERT_EQUAL_FATAL(n, 2);
	CU_ASSERT_STRING_EQUAL(first[0].name, "ukl_site.test.1");
	CU_ASSERT_EQUAL(first[1].addr, 2);
	CU_ASSERT_TRUE(first[1].absolute);
	ukl_symbols_prefix(s, "ukl_site.tesv", &n);
	CU_ASSERT_EQUAL(n, 0);
	ukl_symbols_close(s);
}

static void bytes(void)
{
	struct ukl_symbols *s = open_self();
	const struct ukl_symbol *symbol = ukl_symbols_find(s, "unit_main");
	uint8_t buf[16];

	CU_ASSERT_PTR_NOT_NULL_FATAL(symbol);
	CU_ASSERT_EQUAL(ukl_symbols_bytes(s, symbol->addr, buf, sizeof(buf)), 16);
	CU_ASSERT_EQUAL(memcmp(buf, (const void *)(uintptr_t)unit_main, 16), 0);
	CU_ASSERT_EQUAL(ukl_symbols_bytes(s, UINT64_MAX - 4, buf, sizeof(buf)), 0);
	ukl_symbols_close(s);
}

static void layout(void)
{
	struct ukl_symbols *s = open_self();
	struct ukl_layout found;
	struct ukl_error err;

	CU_ASSERT_EQUAL(ukl_layout_read(&found, s, &err), 0);
	for (int i = 0; i < UKL_LAYOUT_ITEMS; i++)
		CU_ASSERT_EQUAL(ukl_layout_get(&found, i), BASE + (uint64_t)i);
	ukl_symbols_close(s);
}

/* Any other program stands for a kernel without the patches. */
static void missing_symbol(void)
{
	struct ukl_layout found;
	struct ukl_symbols *s;
	struct ukl_error err;
	const char *other = getenv("UKL_ASSEMBLE");

	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT_EQUAL_FATAL(ukl_symbols_open(&s, other, &err), 0);
	CU_ASSERT_EQUAL(ukl_layout_read(&found, s, &err), UKL_ERR_SYMBOL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "__ukl_text_start"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "without the UKL patches"));
	ukl_symbols_close(s);
}

static void not_a_vmlinux(void)
{
	const char *dir = unit_dir(), *path = unit_path(dir, "file");
	struct ukl_symbols *s;
	struct ukl_error err;
	uint8_t *data;
	size_t len;

	CU_ASSERT_EQUAL(ukl_symbols_open(&s, unit_path(dir, "none"), &err), UKL_ERR_IO);
	unit_write_file(path, "MZ not ELF", 10);
	CU_ASSERT_EQUAL(ukl_symbols_open(&s, path, &err), UKL_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "bzImage"));
	data = unit_read_file("/proc/self/exe", &len);
	/* Cut: the section table at the end is gone. */
	unit_write_file(path, data, len / 2);
	CU_ASSERT_NOT_EQUAL(ukl_symbols_open(&s, path, &err), 0);
	free(data);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "by name and by address", find },
		{ "by prefix", prefix },
		{ "bytes of code", bytes },
		{ "the layout, item by item", layout },
		{ "the first missing symbol is named", missing_symbol },
		{ "files that are no vmlinux", not_a_vmlinux },
		{ NULL, NULL }
	};

	return unit_main("symbols", tests);
}
