/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbols.c - see symbols.h
 *
 * Two sorted arrays over the ELF symbol table: one by name for look-ups and
 * prefixes, one by address for "which function is this".
 */
#include "symbols.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vocabulary.h"
#include "whole.h"

#define BUILD_ID_MAX 64u		/* bytes; SHA-1 has 20 */

struct ukl_symbols {
	char *path;
	int fd;
	Elf *elf;
	char build_id[2 * BUILD_ID_MAX + 1];
	struct ukl_symbol *by_name;
	size_t n_names;
	const struct ukl_symbol **by_addr;
	size_t n_addrs;
};

static int elf_error(struct ukl_symbols *s, struct ukl_error *err)
{
	return ukl_error_set(err, UKL_ERR_FORMAT, s->path, UKL_NOWHERE,
			     "cannot read it as ELF: %s", elf_errmsg(-1));
}

static int no_memory(struct ukl_symbols *s, struct ukl_error *err)
{
	return ukl_error_set(err, UKL_ERR_NOMEM, s->path, UKL_NOWHERE, "out of memory");
}

/* --- the tables ---------------------------------------------------------- */

/* By address among equals, so that of several statics the lowest is found. */
static int order_names(const void *a, const void *b)
{
	const struct ukl_symbol *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->addr > y->addr) - (x->addr < y->addr);
}

/* Of several names for one place the last one wins a look-up: functions, sized. */
static int rank(const struct ukl_symbol *s)
{
	return (s->type == STT_FUNC ? 2 : 0) + (s->size ? 1 : 0);
}

static int order_addrs(const void *a, const void *b)
{
	const struct ukl_symbol *x = *(const struct ukl_symbol *const *)a;
	const struct ukl_symbol *y = *(const struct ukl_symbol *const *)b;

	if (x->addr != y->addr)
		return x->addr > y->addr ? 1 : -1;
	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	return strcmp(y->name, x->name);
}

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Labels that describe the kernel would cut real functions in pieces. */
static bool names_a_place(const struct ukl_symbol *s)
{
	if (s->absolute || s->type == STT_TLS)
		return false;
	return !starts_with(s->name, "ukl_site.") && !starts_with(s->name, "__ukl_") &&
	       !starts_with(s->name, "__pfx_") && s->name[0] != '.';
}

/* Undefined symbols have no address, sections and files no name to show. */
static bool wanted(const GElf_Sym *sym, const char *name)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return name && *name && sym->st_shndx != SHN_UNDEF && type != STT_SECTION &&
	       type != STT_FILE;
}

/*
 * Does the symbol's value name a place?  Constants do not, and neither do offsets into
 * the per-CPU area: vmlinux has that in a section at address 0.
 */
static bool is_offset(struct ukl_symbols *s, const GElf_Sym *sym)
{
	GElf_Shdr shdr;

	if (sym->st_shndx >= SHN_LORESERVE)
		return sym->st_shndx == SHN_ABS;
	return gelf_getshdr(elf_getscn(s->elf, sym->st_shndx), &shdr) && !shdr.sh_addr;
}

static void add_symbol(struct ukl_symbols *s, const GElf_Sym *sym, const char *name)
{
	s->by_name[s->n_names++] = (struct ukl_symbol) {
		.name = name,
		.addr = sym->st_value,
		.size = sym->st_size,
		.type = GELF_ST_TYPE(sym->st_info),
		.absolute = is_offset(s, sym),
	};
}

/* Pointers, so that both orders share one copy of the symbols. */
static int index_addrs(struct ukl_symbols *s, struct ukl_error *err)
{
	s->by_addr = calloc(s->n_names + 1, sizeof(*s->by_addr));
	if (!s->by_addr)
		return no_memory(s, err);
	for (size_t i = 0; i < s->n_names; i++)
		if (names_a_place(&s->by_name[i]))
			s->by_addr[s->n_addrs++] = &s->by_name[i];
	qsort(s->by_addr, s->n_addrs, sizeof(*s->by_addr), order_addrs);
	return 0;
}

/* Names stay in the ELF file's mapping; only the array is ours. */
static int read_table(struct ukl_symbols *s, Elf_Scn *scn, const GElf_Shdr *shdr,
		      struct ukl_error *err)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = shdr->sh_entsize ? shdr->sh_size / shdr->sh_entsize : 0;

	if (!data)
		return elf_error(s, err);
	s->by_name = calloc(n + 1, sizeof(*s->by_name));
	if (!s->by_name)
		return no_memory(s, err);
	for (size_t i = 0; i < n; i++) {
		GElf_Sym sym;
		const char *name;

		if (!gelf_getsym(data, (int)i, &sym))
			return elf_error(s, err);
		name = elf_strptr(s->elf, shdr->sh_link, sym.st_name);
		if (wanted(&sym, name))
			add_symbol(s, &sym, name);
	}
	qsort(s->by_name, s->n_names, sizeof(*s->by_name), order_names);
	return index_addrs(s, err);
}

/* --- the build-id -------------------------------------------------------- */

/* The first build-id wins; a vmlinux has one. */
static void read_note(struct ukl_symbols *s, Elf_Data *data)
{
	size_t at = 0, name_at, desc_at;
	GElf_Nhdr note;

	while ((at = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0) {
		const char *name = (const char *)data->d_buf + name_at;
		const uint8_t *desc = (const uint8_t *)data->d_buf + desc_at;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp(name, "GNU", 4) || note.n_descsz > BUILD_ID_MAX)
			continue;
		for (unsigned int i = 0; i < note.n_descsz; i++)
			snprintf(s->build_id + 2 * i, 3, "%02x", desc[i]);
	}
}

/* Both the symbol table and the notes, in one pass over the section headers. */
static int read_sections(struct ukl_symbols *s, struct ukl_error *err)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	int ret = 0;

	while (!ret && (scn = elf_nextscn(s->elf, scn))) {
		if (!gelf_getshdr(scn, &shdr))
			return elf_error(s, err);
		if (shdr.sh_type == SHT_SYMTAB && !s->by_name)
			ret = read_table(s, scn, &shdr, err);
		else if (shdr.sh_type == SHT_NOTE && !s->build_id[0])
			read_note(s, elf_getdata(scn, NULL));
	}
	if (!ret && !s->n_names)
		ret = ukl_error_set(err, UKL_ERR_SYMBOL, s->path, UKL_NOWHERE,
				    "it has no symbol table: give the vmlinux of the"
				    " kernel build, not a stripped or compressed one");
	return ret;
}

static int setup(struct ukl_symbols *s, struct ukl_error *err)
{
	s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return ukl_error_errno(err, s->path, "cannot open the vmlinux");
	elf_version(EV_CURRENT);
	s->elf = elf_begin(s->fd, ELF_C_READ_MMAP, NULL);
	if (!s->elf)
		return elf_error(s, err);
	if (elf_kind(s->elf) != ELF_K_ELF || gelf_getclass(s->elf) != ELFCLASS64)
		return ukl_error_set(err, UKL_ERR_FORMAT, s->path, UKL_NOWHERE,
				     "not a 64-bit ELF file: give the vmlinux of the"
				     " kernel build, not a bzImage");
	/* libelf reads these when first asked; ask before there are threads. */
	elf_getphdrnum(s->elf, &(size_t){ 0 });
	return read_sections(s, err);
}

int ukl_symbols_open(struct ukl_symbols **symbols, const char *vmlinux,
		     struct ukl_error *err)
{
	struct ukl_symbols *s = calloc(1, sizeof(*s));
	int ret;

	if (!s || !(s->path = strdup(vmlinux))) {
		free(s);
		return ukl_error_set(err, UKL_ERR_NOMEM, vmlinux, UKL_NOWHERE,
				     "out of memory");
	}
	s->fd = -1;
	ret = setup(s, err);
	if (ret)
		ukl_symbols_close(s);
	else
		*symbols = s;
	return ret;
}

void ukl_symbols_close(struct ukl_symbols *s)
{
	if (!s)
		return;
	free(s->by_addr);
	free(s->by_name);
	elf_end(s->elf);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s);
}

/* --- questions ----------------------------------------------------------- */

/* Index of the first symbol whose name, cut to len bytes, is not below text. */
static size_t lower_bound(const struct ukl_symbols *s, const char *text, size_t len)
{
	size_t low = 0, high = s->n_names;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(s->by_name[middle].name, text, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The NUL takes part in the comparison: "do" must not find "do_exit". */
const struct ukl_symbol *ukl_symbols_find(const struct ukl_symbols *s, const char *name)
{
	size_t i = lower_bound(s, name, strlen(name) + 1);

	if (i == s->n_names || strcmp(s->by_name[i].name, name))
		return NULL;
	return &s->by_name[i];
}

/* Names that share a beginning lie side by side. */
const struct ukl_symbol *ukl_symbols_prefix(const struct ukl_symbols *s,
					    const char *prefix, size_t *n)
{
	size_t first = lower_bound(s, prefix, strlen(prefix)), i = first;

	while (i < s->n_names && starts_with(s->by_name[i].name, prefix))
		i++;
	*n = i - first;
	return &s->by_name[first];
}

const struct ukl_symbol *ukl_symbols_at(const struct ukl_symbols *s, uint64_t addr,
					uint64_t *offset)
{
	size_t low = 0, high = s->n_addrs;
	const struct ukl_symbol *found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->by_addr[middle]->addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	found = s->by_addr[low - 1];
	/* Beyond a known size there is padding or nothing; a label reaches on. */
	if (found->size && addr - found->addr >= found->size)
		return NULL;
	if (!found->size && addr - found->addr >= 1 << 20)
		return NULL;
	*offset = addr - found->addr;
	return found;
}

/* How much of [addr, addr + len) the segment's file image covers, if it is code. */
static size_t segment_bytes(const GElf_Phdr *ph, uint64_t addr, size_t len)
{
	if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X) || addr < ph->p_vaddr ||
	    addr - ph->p_vaddr >= ph->p_filesz)
		return 0;
	if (len > ph->p_filesz - (addr - ph->p_vaddr))
		len = ph->p_filesz - (addr - ph->p_vaddr);
	return len;
}

/* From the file and not from memory: nothing here is ever executed. */
size_t ukl_symbols_bytes(const struct ukl_symbols *s, uint64_t addr, void *buf,
			 size_t len)
{
	size_t n = 0;

	elf_getphdrnum(s->elf, &n);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;
		size_t have;
		ssize_t got;

		if (!gelf_getphdr(s->elf, (int)i, &ph))
			return 0;
		have = segment_bytes(&ph, addr, len);
		if (!have)
			continue;
		got = read_whole(s->fd, buf, have, ph.p_offset + addr - ph.p_vaddr);
		return got > 0 ? (size_t)got : 0;
	}
	return 0;
}

const char *ukl_symbols_build_id(const struct ukl_symbols *s)
{
	return s->build_id;
}

const char *ukl_symbols_path(const struct ukl_symbols *s)
{
	return s->path;
}

/* Into a copy first: the caller's layout is all or nothing. */
int ukl_layout_read(struct ukl_layout *layout, const struct ukl_symbols *s,
		    struct ukl_error *err)
{
	struct ukl_layout found;

	for (int i = 0; i < UKL_LAYOUT_ITEMS; i++) {
		const char *name = ukl_layout_item[i].symbol;
		const struct ukl_symbol *symbol = ukl_symbols_find(s, name);

		if (!symbol)
			return ukl_error_set(err, UKL_ERR_SYMBOL, s->path, UKL_NOWHERE,
					     "this kernel lacks the symbol %s, so it is"
					     " built without the UKL patches or from"
					     " others: give the vmlinux of a UKL build",
					     name);
		*ukl_layout_value(&found, i) = symbol->addr;
	}
	*layout = found;
	return 0;
}
