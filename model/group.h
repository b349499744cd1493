/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * group.h - the end of a group's file: its table, and its blocks as straight code
 *
 * The file defines UKL_GROUP (se) and UKL_BLOCKS, the list of its blocks that is made
 * from it (see model.mk), and includes this behind the last one.  For each kind of
 * event there is then a function that calls the checks that apply to it, in their
 * order.  Both are constants to the compiler: what is left of them is the comparisons.
 */
#define UKL_JOIN(a, b, c) UKL_JOIN_(a, b, c)
#define UKL_JOIN_(a, b, c) a##b##c

#define UKL_INVARIANT(name) &name,
static const struct ukl_invariant *const UKL_JOIN(, UKL_GROUP, _invariants)[] = {
#include UKL_BLOCKS
	NULL
};
#undef UKL_INVARIANT
_Static_assert(sizeof(UKL_JOIN(, UKL_GROUP, _invariants)) <=
	       (UKL_GROUP_MAX + 1) * sizeof(struct ukl_invariant *), "raise UKL_GROUP_MAX");

#define UKL_INVARIANT(name) \
	if (name.events >> kind & 1) \
		ukl_tally(t, i, name.check(v, &f), &f); \
	i++;
static inline __attribute__((always_inline))
void UKL_JOIN(judge_, UKL_GROUP, )(const struct ukl_view *v, enum ukl_kind kind,
				   struct ukl_tally *t)
{
	struct ukl_pair pair[UKL_MODEL_PAIRS];
	struct ukl_finding f = { .pair = pair };
	unsigned int i = 0;

#include UKL_BLOCKS
}
#undef UKL_INVARIANT

#define UKL_JUDGE(kind, text) \
	UKL_JUDGE_LINKAGE \
	void UKL_JOIN(ukl_judge_, UKL_GROUP, _##kind)(const struct ukl_view *v, \
						     struct ukl_tally *t) \
	{ \
		UKL_JOIN(judge_, UKL_GROUP, )(v, UKL_K_##kind, t); \
	}
UKL_KINDS_TABLE(UKL_JUDGE)
#undef UKL_JUDGE

#undef UKL_JOIN
#undef UKL_JOIN_
#undef UKL_GROUP
#undef UKL_BLOCKS
