/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * annotate.c - see annotate.h.  libdw and Capstone are set up at first use: the
 * DWARF of a kernel takes a second that most runs need not wait for.
 */
#include "annotate.h"

#include <capstone/capstone.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../traces/symbols.h"
#include "cmd.h"
#include "wrap.h"

#define INSN_MAX 15u		/* bytes; SDM volume 2, section 2.3.11 */

struct ukl_annotate {
	struct ukl_symbols *symbols;	/* NULL: the layout's names must do */
	struct ukl_layout layout;
	bool insn_tried, line_tried, told;
	csh capstone;		/* 0: none */
	Dwfl *dwfl;
};

/* --- which vmlinux ------------------------------------------------------- */

/* Tells it, with what follows from it. */
static bool build_id_differs(const struct ukl_env *env, const struct ukl_symbols *s,
			     const char *so)
{
	const char *recorded = ukl_env_get(env, UKL_ENV_BUILD_ID);
	const char *found = ukl_symbols_build_id(s);

	if (!recorded || !*recorded || !strcmp(recorded, found))
		return false;
	fputs("ukl: ", stderr);
	ukl_put_text(stderr, ukl_symbols_path(s));
	fprintf(stderr, ": its build-id is %s, but the trace was recorded with ",
		*found ? found : "missing");
	ukl_put_text(stderr, recorded);
	fprintf(stderr, ": %s\n", so);
	return true;
}

/* A path from env is only a hint, so its trouble is a note. */
static int from_env(struct ukl_symbols **symbols, const struct ukl_env *env)
{
	const char *path = ukl_env_get(env, UKL_ENV_VMLINUX);
	struct ukl_error err;

	if (!path || !*path)
		return UKL_ERR_SYMBOL;
	if (ukl_symbols_open(symbols, path, &err)) {
		fputs("ukl: ", stderr);
		ukl_put_text(stderr, path);
		fprintf(stderr, ": %s; going on without names (see --vmlinux)\n",
			err.text);
		return err.code;
	}
	if (!build_id_differs(env, *symbols, "left aside, going on without names (see"
			      " --vmlinux)"))
		return 0;
	ukl_symbols_close(*symbols);
	return UKL_ERR_SYMBOL;
}

/* The symbol table is read now, as every line needs it. */
int ukl_annotate_open(struct ukl_annotate **annotate, const char *vmlinux,
		      const struct ukl_env *env, struct ukl_error *err)
{
	struct ukl_symbols *symbols = NULL;
	struct ukl_layout layout = { 0 };
	struct ukl_error none;
	int ret;

	*annotate = NULL;
	if (ukl_env_is_user(env))
		return 0;
	if (vmlinux) {
		ret = ukl_symbols_open(&symbols, vmlinux, err);
		if (ret)
			return ret;
		build_id_differs(env, symbols, "names and lines may be wrong");
	} else if (from_env(&symbols, env)) {
		symbols = NULL;
		if (ukl_env_get_layout(env, &layout, &none))
			return 0;
	}
	*annotate = calloc(1, sizeof(**annotate));
	if (!*annotate) {
		if (symbols)
			ukl_symbols_close(symbols);
		return ukl_error_set(err, UKL_ERR_NOMEM, NULL, UKL_NOWHERE,
				     "out of memory");
	}
	(*annotate)->symbols = symbols;
	(*annotate)->layout = layout;
	return 0;
}

void ukl_annotate_close(struct ukl_annotate *a)
{
	if (!a)
		return;
	if (a->capstone)
		cs_close(&a->capstone);
	if (a->dwfl)
		dwfl_end(a->dwfl);
	if (a->symbols)
		ukl_symbols_close(a->symbols);
	free(a);
}

/* --- answers ------------------------------------------------------------- */

/* Small numbers are no addresses, though per-CPU symbols have small values. */
static bool may_be_address(uint64_t addr)
{
	return addr >= 0x10000 && addr < UINT64_MAX - 0x1000;
}

/* What the trace itself knows of its kernel, innermost first. */
static const struct place {
	const char *name;
	size_t start, end;	/* in struct ukl_layout; the same for one address */
} places[] = {
#define PLACE(name, start, end) \
	{ name, offsetof(struct ukl_layout, start), offsetof(struct ukl_layout, end) }
	PLACE("gate_call", gate_call, gate_jump),
	PLACE("gate_jump", gate_jump, seam_in_end),
	PLACE("seam_out", seam_out_start, seam_out_end),
	PLACE("app_text", app_text_start, app_text_end),
	PLACE("text", text_start, text_end),
	PLACE("app_idt", app_idt, app_idt),
	PLACE("kernel_idt", kernel_idt, kernel_idt),
	PLACE("entry_area", cea_start, cea_end),
#undef PLACE
};

static uint64_t bound(const struct ukl_annotate *a, size_t offset)
{
	return *(const uint64_t *)((const char *)&a->layout + offset);
}

static const char *place_at(const struct ukl_annotate *a, uint64_t addr,
			    uint64_t *offset)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint64_t start = bound(a, places[i].start);
		uint64_t end = bound(a, places[i].end);

		*offset = addr - start;
		if (start && (addr == start || *offset < end - start))
			return places[i].name;
	}
	return NULL;
}

static const char *name_at(const struct ukl_annotate *a, uint64_t addr,
			   uint64_t *offset)
{
	const struct ukl_symbol *symbol;

	if (!a || !may_be_address(addr))
		return NULL;
	if (!a->symbols)
		return place_at(a, addr, offset);
	symbol = ukl_symbols_at(a->symbols, addr, offset);
	return symbol ? symbol->name : NULL;
}

const char *ukl_annotate_symbol(struct ukl_annotate *a, uint64_t addr, char *buf,
				size_t size)
{
	uint64_t offset;
	const char *name = name_at(a, addr, &offset);

	buf[0] = '\0';
	if (name && offset)
		snprintf(buf, size, "%s+0x%" PRIx64, name, offset);
	else if (name)
		snprintf(buf, size, "%s", name);
	return buf;
}

void ukl_annotate_put(struct ukl_annotate *a, uint64_t value, FILE *out)
{
	char name[256];

	if (*ukl_annotate_symbol(a, value, name, sizeof(name)))
		fprintf(out, " <%s>", name);
}

/* Told once; what follows is less, but right. */
static void without(struct ukl_annotate *a, const char *what, const char *why)
{
	if (!a->told)
		fprintf(stderr, "ukl: %s: no %s: %s; going on without\n",
			ukl_symbols_path(a->symbols), what, why);
	a->told = true;
}

/* The libraries are not told: Capstone would crash, libdw exit with violation's status. */
__attribute__((noreturn))
static void out_of_memory(void)
{
	fputs("ukl: out of memory while looking into the kernel\n", stderr);
	exit(UKL_EXIT_TROUBLE);
}

static void *given(void *memory)
{
	if (!memory)
		out_of_memory();
	return memory;
}

static void *give(size_t size)
{
	return given(malloc(size));
}

static void *give_zeros(size_t n, size_t size)
{
	return given(calloc(n, size));
}

static void *give_again(void *memory, size_t size)
{
	return given(realloc(memory, size));
}

static cs_err capstone_setup(csh *capstone)
{
	cs_opt_mem memory = { give, give_zeros, give_again, free, vsnprintf };
	cs_err error = cs_option(0, CS_OPT_MEM, (size_t)&memory);

	return error ? error : cs_open(CS_ARCH_X86, CS_MODE_64, capstone);
}

/* Tried once. */
static bool capstone_ready(struct ukl_annotate *a)
{
	cs_err error = CS_ERR_OK;

	if (!a->insn_tried)
		error = capstone_setup(&a->capstone);
	a->insn_tried = true;
	if (error) {
		a->capstone = 0;
		without(a, "instructions", cs_strerror(error));
	}
	return a->capstone;
}

const char *ukl_annotate_insn(struct ukl_annotate *a, uint64_t addr, char *buf,
			      size_t size)
{
	uint8_t bytes[INSN_MAX];
	cs_insn *insn;
	size_t n;

	buf[0] = '\0';
	if (!a || !a->symbols)
		return buf;
	errno = 0;
	n = ukl_symbols_bytes(a->symbols, addr, bytes, sizeof(bytes));
	if (!n && errno)
		without(a, "instructions", strerror(errno));
	if (!n || !capstone_ready(a))
		return buf;
	n = cs_disasm(a->capstone, bytes, n, addr, 1, &insn);
	if (!n)
		return buf;
	snprintf(buf, size, "%s%s%s", insn->mnemonic, insn->op_str[0] ? " " : "",
		 insn->op_str);
	cs_free(insn, n);
	return buf;
}

/* An offline module at its linked addresses: the guest runs with nokaslr. */
static void dwfl_setup(struct ukl_annotate *a)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};
	const char *path = ukl_symbols_path(a->symbols);

	a->line_tried = true;
	a->dwfl = dwfl_begin(&callbacks);
	if (a->dwfl)
		dwfl_report_begin(a->dwfl);
	if (!a->dwfl || !dwfl_report_elf(a->dwfl, "vmlinux", path, -1, 0, true) ||
	    dwfl_report_end(a->dwfl, NULL, NULL))
		without(a, "source lines", dwfl_errmsg(-1));
}

/*
 * The part of path below what it shares with the directory of the compilation:
 * where a tree was built says nothing about the code in it.
 */
static const char *below_common(const char *path, const char *dir)
{
	const char *rest = path;

	for (size_t i = 0; dir && path[i] == dir[i] && path[i]; i++)
		if (path[i] == '/')
			rest = path + i + 1;
	/* All of dir is a prefix: its last name is shared as well. */
	if (dir && !strncmp(path, dir, strlen(dir)) && path[strlen(dir)] == '/')
		rest = path + strlen(dir) + 1;
	return rest;
}

const char *ukl_annotate_line(struct ukl_annotate *a, uint64_t addr, char *buf,
			      size_t size)
{
	Dwfl_Module *module = NULL;
	Dwarf_Addr bias;
	Dwfl_Line *line;
	Dwarf *dwarf;
	const char *file;
	int number;

	buf[0] = '\0';
	if (a && a->symbols && !a->line_tried)
		dwfl_setup(a);
	if (!a || !a->dwfl)
		return buf;
	/* dwfl_addrmodule() returns what it never set if memory is short (0.188). */
	dwfl_addrsegment(a->dwfl, addr, &module);
	dwarf = module ? dwfl_module_getdwarf(module, &bias) : NULL;
	if (dwarf)
		dwarf_new_oom_handler(dwarf, out_of_memory);
	line = module ? dwfl_module_getsrc(module, addr) : NULL;
	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (file)
		snprintf(buf, size, "%s:%d",
			 below_common(file, dwfl_line_comp_dir(line)), number);
	return buf;
}
