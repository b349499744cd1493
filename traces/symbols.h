/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbols.h - names, addresses and bytes of one vmlinux
 *
 * Strings and symbols belong to the struct ukl_symbols and are good until it is
 * closed.  Once open it is constant, so any thread may ask.
 */
#ifndef UKL_SYMBOLS_H
#define UKL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "layout.h"

struct ukl_symbol {
	const char *name;
	uint64_t addr;
	uint64_t size;		/* 0: not known */
	uint8_t type;		/* STT_* */
	uint8_t absolute;	/* a constant or a per-CPU offset, not a place */
};

struct ukl_symbols;

int ukl_symbols_open(struct ukl_symbols **symbols, const char *vmlinux,
		     struct ukl_error *err);
void ukl_symbols_close(struct ukl_symbols *symbols);

/* By name; of several, the one with the lowest address.  NULL if none. */
const struct ukl_symbol *ukl_symbols_find(const struct ukl_symbols *symbols,
					  const char *name);

/* All whose name begins with prefix: an array of *n, ordered by name. */
const struct ukl_symbol *ukl_symbols_prefix(const struct ukl_symbols *symbols,
					    const char *prefix, size_t *n);

/* The function or object that holds addr, with the distance; NULL if none. */
const struct ukl_symbol *ukl_symbols_at(const struct ukl_symbols *symbols,
					uint64_t addr, uint64_t *offset);

/* Copies up to len bytes of code; returns how many there are, and sets errno on error. */
size_t ukl_symbols_bytes(const struct ukl_symbols *symbols, uint64_t addr, void *buf,
			 size_t len);

/* GNU build-id in hexadecimal, "" if the file has none. */
const char *ukl_symbols_build_id(const struct ukl_symbols *symbols);
const char *ukl_symbols_path(const struct ukl_symbols *symbols);

/* Every item of layout.h; the error names the first symbol that is missing. */
int ukl_layout_read(struct ukl_layout *layout, const struct ukl_symbols *symbols,
		    struct ukl_error *err);

#endif /* UKL_SYMBOLS_H */
