/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vocabulary.c - see vocabulary.h.  Each table is one expansion of an X-macro.
 */
#include "vocabulary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CLASS_INFO(id, NAME, string, sample_set, text, args) \
	[id] = { \
		.name = string, \
		.meaning = text, \
		.samples = sample_set, \
		.n_args = UKL_NARGS_##NAME, \
		args \
	},
#define CLASS_ARG(NAME, string, text) \
	.arg[UKL_A_##NAME##_##string] = #string, \
	.arg_meaning[UKL_A_##NAME##_##string] = text,

const struct ukl_class_info ukl_class_info[UKL_CLASSES] = {
	UKL_EVENTS(CLASS_INFO, CLASS_ARG)
};

/* An argument beyond arg[] would not compile; this says so more plainly. */
#define CLASS_FITS(id, NAME, string, sample_set, text, args) \
	_Static_assert(UKL_NARGS_##NAME <= UKL_MAX_ARGS, "raise UKL_MAX_ARGS");
#define ARG_NONE(NAME, string, text)
UKL_EVENTS(CLASS_FITS, ARG_NONE)

#define SLOT_INFO(number, string, text) [number] = { #string, text },

const struct ukl_slot_info ukl_slot_info[UKL_STATE_SLOTS] = {
	UKL_STATE(SLOT_INFO)
};

const char *const ukl_side_name[UKL_SIDES] = {
	[UKL_SIDE_UNKNOWN] = "unknown",
	[UKL_SIDE_APP] = "app",
	[UKL_SIDE_GATE] = "gate",
	[UKL_SIDE_KERNEL] = "kernel",
	[UKL_SIDE_USER] = "user",
};

#define LAYOUT_ITEM(member, elf, text) \
	{ #member, elf, text, offsetof(struct ukl_layout, member) },

const struct ukl_layout_item ukl_layout_item[UKL_LAYOUT_ITEMS] = {
	UKL_LAYOUT(LAYOUT_ITEM)
};

/* Names come from command lines and hand-written traces; a walk is fast enough. */
int ukl_class_find(const char *name)
{
	for (int i = 1; i < UKL_CLASSES; i++)
		if (ukl_class_info[i].name && !strcmp(ukl_class_info[i].name, name))
			return i;
	return -1;
}

int ukl_arg_find(enum ukl_class cls, const char *name)
{
	const struct ukl_class_info *info = &ukl_class_info[cls];

	for (unsigned int i = 0; i < info->n_args; i++)
		if (!strcmp(info->arg[i], name))
			return (int)i;
	return -1;
}

int ukl_slot_find(const char *name)
{
	for (int i = 0; i < UKL_STATE_SLOTS; i++)
		if (!strcmp(ukl_slot_info[i].name, name))
			return i;
	return -1;
}

int ukl_side_find(const char *name)
{
	for (int i = 0; i < UKL_SIDES; i++)
		if (!strcmp(ukl_side_name[i], name))
			return i;
	return -1;
}

int ukl_layout_find(const char *name)
{
	for (int i = 0; i < UKL_LAYOUT_ITEMS; i++)
		if (!strcmp(ukl_layout_item[i].name, name))
			return i;
	return -1;
}

const char *ukl_ctrl_name(uint64_t reg, char buf[32])
{
	switch (reg) {
	case UKL_CTRL_IDTR:
		return "idtr";
	case UKL_CTRL_FSBASE:
		return "fsbase";
	case UKL_CTRL_GSBASE:
		return "gsbase";
	}
	snprintf(buf, 32, reg < UKL_CTRL_IDTR ? "cr%" PRIu64 : "msr 0x%" PRIx64, reg);
	return buf;
}
