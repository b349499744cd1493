/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * annotate.h - what a kernel address means to a person
 *
 * Symbol, instruction and source line, from one vmlinux.  Everything degrades:
 * with no vmlinux or no debug information the answer is shorter, never an error;
 * without vmlinux, names are those of the layout that every trace carries.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_ANNOTATE_H
#define UKL_ANNOTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../traces/env.h"
#include "../traces/error.h"

struct ukl_annotate;

/*
 * vmlinux: the path the user gave, or NULL to take the one in the trace's env.
 * A path from the user must be readable; one from env may be gone or rebuilt, and
 * is then left aside with a note on stderr.  A build-id that differs from env's is
 * always told.  *annotate is NULL if there is neither a usable vmlinux nor a
 * layout, or no kernel; all functions below take that.
 */
int ukl_annotate_open(struct ukl_annotate **annotate, const char *vmlinux,
		      const struct ukl_env *env, struct ukl_error *err);
void ukl_annotate_close(struct ukl_annotate *annotate);

/* Each fills buf and returns it; "" if nothing is known. */
const char *ukl_annotate_symbol(struct ukl_annotate *annotate, uint64_t addr,
				char *buf, size_t size);	/* "do_exit+0x10" */
const char *ukl_annotate_insn(struct ukl_annotate *annotate, uint64_t addr,
			      char *buf, size_t size);		/* "mov rax, rbx" */
const char *ukl_annotate_line(struct ukl_annotate *annotate, uint64_t addr,
			      char *buf, size_t size);	/* "kernel/exit.c:877" */

/* " <do_exit+0x10>", or nothing where no symbol is near: most values are no addresses. */
void ukl_annotate_put(struct ukl_annotate *annotate, uint64_t value, FILE *out);

#endif /* UKL_ANNOTATE_H */
