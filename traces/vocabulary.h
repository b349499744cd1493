/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vocabulary.h - the tables of ukl_trace.h and layout.h as data
 *
 * Everything is generated from the X-macros, is constant and lives for ever, so
 * any thread may read it.  Look-ups by name are linear: they serve people, not
 * the path of an event.
 */
#ifndef UKL_VOCABULARY_H
#define UKL_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "ukl_trace.h"

struct ukl_class_info {
	const char *name;			/* NULL: no such class */
	const char *meaning;
	uint32_t samples;			/* slots that may be judged */
	unsigned int n_args;
	const char *arg[UKL_MAX_ARGS];
	const char *arg_meaning[UKL_MAX_ARGS];
};

struct ukl_slot_info {
	const char *name;
	const char *meaning;
};

struct ukl_layout_item {
	const char *name;
	const char *symbol;			/* in vmlinux */
	const char *meaning;
	size_t offset;				/* of the member in struct ukl_layout */
};

enum {
#define UKL_LAYOUT_COUNT(name, symbol, meaning) UKL_L_##name,
	UKL_LAYOUT(UKL_LAYOUT_COUNT)
#undef UKL_LAYOUT_COUNT
	UKL_LAYOUT_ITEMS
};

extern const struct ukl_class_info ukl_class_info[UKL_CLASSES];
extern const struct ukl_slot_info ukl_slot_info[UKL_STATE_SLOTS];
extern const char *const ukl_side_name[UKL_SIDES];
extern const struct ukl_layout_item ukl_layout_item[UKL_LAYOUT_ITEMS];

/* Each returns the index, or -1. */
int ukl_class_find(const char *name);
int ukl_arg_find(enum ukl_class cls, const char *name);
int ukl_slot_find(const char *name);
int ukl_side_find(const char *name);
int ukl_layout_find(const char *name);

static inline uint64_t *ukl_layout_value(struct ukl_layout *layout, int item)
{
	return (uint64_t *)((char *)layout + ukl_layout_item[item].offset);
}

static inline uint64_t ukl_layout_get(const struct ukl_layout *layout, int item)
{
	return *(const uint64_t *)((const char *)layout + ukl_layout_item[item].offset);
}

/* "cr4", "idtr", "msr 0xc0000102": where a CTRL event wrote; buf of 32 bytes. */
const char *ukl_ctrl_name(uint64_t reg, char buf[32]);

#endif /* UKL_VOCABULARY_H */
