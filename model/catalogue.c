/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalogue.c - the groups of invariants, in order, and the words of findings
 *
 * The order is that of a transition: where one event breaks several rules, the
 * first one named is the one nearest to the cause.
 */
#include "judge.h"

const struct ukl_group *const ukl_catalogue[] = {
#define CATALOGUE_GROUP(group, kind) &ukl_group_##group,
	UKL_GROUPS(CATALOGUE_GROUP, )
#undef CATALOGUE_GROUP
	NULL
};

const char *const ukl_kind_name[UKL_KINDS] = {
	[UKL_K_NONE] = "unknown event",
#define UKL_KIND_TEXT(name, text) [UKL_K_##name] = text,
	UKL_KINDS_TABLE(UKL_KIND_TEXT)
#undef UKL_KIND_TEXT
};

const char *const ukl_variant_name[] = {
	"base", "ret", "byp", "nss", "pf_df", "pf_ss", "shortcut", NULL
};

static const char *const slot_name[UKL_STATE_SLOTS] = {
#define UKL_SLOT_TEXT(number, name, meaning) [number] = #name,
	UKL_STATE(UKL_SLOT_TEXT)
#undef UKL_SLOT_TEXT
};

unsigned int ukl_invariant_count(void)
{
	unsigned int n = 0;

	for (unsigned int g = 0; ukl_catalogue[g]; g++) {
		for (unsigned int i = 0; ukl_catalogue[g]->inv[i]; i++)
			n++;
	}
	return n;
}

const struct ukl_invariant *ukl_invariant_at(unsigned int index,
					     const struct ukl_group **group)
{
	for (unsigned int g = 0; ukl_catalogue[g]; g++) {
		for (unsigned int i = 0; ukl_catalogue[g]->inv[i]; i++) {
			if (index--)
				continue;
			if (group)
				*group = ukl_catalogue[g];
			return ukl_catalogue[g]->inv[i];
		}
	}
	return NULL;
}

int ukl_invariant_find(const char *id)
{
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		if (!strcmp(ukl_invariant_at(i, NULL)->id, id))
			return i;
	}
	return -1;
}

unsigned int ukl_noted(struct ukl_finding f, const char *name, enum ukl_relation rel,
		       uint64_t expected, uint64_t limit, uint64_t found)
{
	const struct ukl_pair pair = {
		.name = name, .rel = rel, .expected = expected, .limit = limit,
		.found = found,
	};

	if (f.n < UKL_MODEL_PAIRS)
		f.pair[f.n++] = pair;
	return f.n;
}

unsigned int ukl_noted_slots(struct ukl_finding f, uint32_t slots,
			     const uint64_t *expected, const uint64_t *found)
{
	for (uint32_t left = slots; left; left &= left - 1) {
		unsigned int i = __builtin_ctz(left);

		want(&f, slot_name[i], expected[i], found[i]);
	}
	return f.n;
}
